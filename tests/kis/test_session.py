"""One session against the stand-in broker, over a real socket."""

import asyncio
import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import WebSocketException

from stockdesk.kis.messages import ExecutionNotice
from stockdesk.kis.session import MAX_REGISTRATIONS, Registration, Session, Verdict
from stockdesk.simulator.testing import RunningSimulator, new_key, running_simulator
from tests.moments import until


@pytest.fixture
def simulator() -> Iterator[RunningSimulator]:
    with running_simulator(symbols=120, ticks_per_second=0.0, pingpong_seconds=0.2) as running:
        yield running


class Ears:
    """What a session handed over."""

    def __init__(self) -> None:
        self.frames: list[bytes] = []
        self.notices: list[ExecutionNotice] = []


@pytest.fixture
def ears() -> Ears:
    return Ears()


async def approval(simulator: RunningSimulator, key: tuple[str, str] | None = None) -> str:
    app_key, secret = key or new_key()
    async with httpx.AsyncClient(trust_env=False) as client:
        body = {"grant_type": "client_credentials", "appkey": app_key, "secretkey": secret}
        return str((await client.post(f"{simulator.rest_url}/oauth2/Approval", json=body)).json()["approval_key"])


def made(simulator: RunningSimulator, approval_key: str, ears: Ears, **options: Any) -> Session:
    return Session(
        1,
        simulator.ws_url,
        approval_key,
        on_ticks=ears.frames.append,
        on_notices=ears.notices.extend,
        **{"spacing": 0.001, **options},
    )


def ticks(simulator: RunningSimulator, count: int) -> list[Registration]:
    return [Registration("H0STCNT0", i.symbol) for i in simulator.world.instruments[:count]]


async def test_what_is_wanted_gets_registered_and_its_ticks_are_handed_over(
    simulator: RunningSimulator, ears: Ears
) -> None:
    wanted = ticks(simulator, 3)
    session = made(simulator, await approval(simulator), ears)
    session.want(wanted)
    await session.open()
    await until(lambda: session.confirmed() == set(wanted))
    simulator.control.tick(wanted[1].tr_key, records=3)
    await until(lambda: ears.frames)
    assert ears.frames[0].startswith(b"0|H0STCNT0|003|" + wanted[1].tr_key.encode())
    assert session.ticked_at is not None
    await session.close()


async def test_one_changed_symbol_costs_one_unsubscribe_and_one_subscribe(
    simulator: RunningSimulator, ears: Ears
) -> None:
    one, two, three, four = ticks(simulator, 4)
    session = made(simulator, await approval(simulator), ears)
    session.want([one, two, three])
    await session.open()
    await until(lambda: len(session.confirmed()) == 3)
    session.want([one, four, three])
    await until(lambda: session.confirmed() == {one, three, four})
    (shown,) = simulator.control.seen()["sessions"]
    assert set(shown["registered"]) == {f"H0STCNT0 {r.tr_key}" for r in (one, three, four)}
    assert simulator.control.seen()["connects"]["total"] == 1
    await session.close()


async def test_pingpong_is_echoed_as_it_came(simulator: RunningSimulator, ears: Ears) -> None:
    session = made(simulator, await approval(simulator), ears)
    await session.open()
    seen = await asyncio.to_thread(simulator.control.wait_until, lambda seen: seen["sessions"][0]["echoes"] >= 3)
    assert seen["sessions"][0]["echo_longest_ms"] < 1000
    assert session.counts.echoes >= 3
    assert session.is_open
    await session.close()


async def test_the_farewell_unregisters_and_closes_with_a_close_frame(ears: Ears) -> None:
    said: list[tuple[str, str]] = []
    ended: asyncio.Future[int | None] = asyncio.get_running_loop().create_future()

    async def broker(socket: ServerConnection) -> None:
        async for text in socket:
            message = json.loads(text)
            said.append((message["header"]["tr_type"], message["body"]["input"]["tr_key"]))
        ended.set_result(socket.protocol.close_rcvd.code if socket.protocol.close_rcvd else None)

    async with serve(broker, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        session = Session(
            1, f"ws://127.0.0.1:{port}", "key", on_ticks=ears.frames.append, on_notices=ears.notices.extend
        )
        session.want([Registration("H0STCNT0", "005930"), Registration("H0STCNT0", "000660")])
        await session.open()
        await until(lambda: len(said) == 2)
        await session.close()
        assert await asyncio.wait_for(ended, 10) == 1000
    assert said == [("1", "005930"), ("1", "000660"), ("2", "005930"), ("2", "000660")]


async def test_a_second_session_of_the_same_key_learns_that_it_is_in_use(
    simulator: RunningSimulator, ears: Ears
) -> None:
    key = new_key()
    first = made(simulator, await approval(simulator, key), ears)
    first.want(ticks(simulator, 1))
    await first.open()
    await until(first.confirmed)
    second = made(simulator, await approval(simulator, key), Ears())
    second.want(ticks(simulator, 1))
    await second.open()
    await until(lambda: second.verdict is not None)
    assert second.verdict is Verdict.KEY_IN_USE
    assert not second.is_open
    assert first.is_open
    await second.abort()
    await first.close()


async def test_a_rejected_approval_key_ends_the_session_and_is_not_shown(
    simulator: RunningSimulator, ears: Ears, caplog: pytest.LogCaptureFixture
) -> None:
    session = made(simulator, "11111111-aaaa-4bbb-8ccc-222222222222", ears)
    session.want(ticks(simulator, 1))
    await session.open()
    await until(lambda: session.verdict is not None)
    assert session.verdict is Verdict.APPROVAL_REJECTED
    assert "11111111-aaaa" not in caplog.text + repr(session)
    await session.abort()


async def test_a_registration_too_many_leaves_the_others_in_place(simulator: RunningSimulator, ears: Ears) -> None:
    simulator.control.change(registrations=4)
    wanted = ticks(simulator, 5)
    session = made(simulator, await approval(simulator), ears)
    session.want(wanted)
    await session.open()
    await until(lambda: session.refused())
    assert session.refused() == {wanted[4]: "OPSP0008"}
    assert session.confirmed() == set(wanted[:4])
    assert session.is_open
    await session.close()


async def test_an_unanswered_registration_is_repeated_once_and_then_given_up(
    simulator: RunningSimulator, ears: Ears
) -> None:
    simulator.control.mishap_on("deaf")
    wanted = ticks(simulator, 1)
    session = made(simulator, await approval(simulator), ears, answer_within=0.2)
    session.want(wanted)
    await session.open()
    await until(session.refused)
    assert session.refused() == {wanted[0]: "silent"}
    assert simulator.control.seen()["mishaps_struck"]["deaf"] == 2
    await session.close()


async def test_a_refused_registration_is_asked_for_once_more(simulator: RunningSimulator, ears: Ears) -> None:
    simulator.control.mishap_on("full", count=1)
    session = made(simulator, await approval(simulator), ears, answer_within=0.2)
    session.want(ticks(simulator, 1))
    await session.open()
    await until(session.confirmed)
    assert session.refused() == {}
    await session.close()


async def test_a_wrong_hts_id_is_refused_and_prices_go_on(
    simulator: RunningSimulator, ears: Ears, caplog: pytest.LogCaptureFixture
) -> None:
    simulator.control.mishap_on("wrong-hts-id")
    notices, tick = Registration("H0STCNI0", "SecretHtsId"), ticks(simulator, 1)[0]
    session = made(simulator, await approval(simulator), ears)
    session.want([notices, tick])
    await session.open()
    await until(lambda: session.refused() and session.confirmed())
    assert session.refused() == {notices: "OPSP0017"}
    assert session.confirmed() == {tick}
    assert "SecretHtsId" not in caplog.text
    await session.close()


async def test_an_execution_notice_is_decrypted(simulator: RunningSimulator, ears: Ears) -> None:
    session = made(simulator, await approval(simulator), ears)
    session.want([Registration("H0STCNI0", "toyuser")])
    await session.open()
    await until(session.confirmed)
    assert simulator.control.send_notice({"STCK_SHRN_ISCD": "005930", "CNTG_QTY": "0000000003"}) == 1
    await until(lambda: ears.notices)
    assert (ears.notices[0].symbol, ears.notices[0].quantity) == ("005930", 3)
    await session.close()


async def test_a_notice_under_a_wrong_key_is_dropped_and_counted(simulator: RunningSimulator, ears: Ears) -> None:
    session = made(simulator, await approval(simulator), ears)
    session.want([Registration("H0STCNI0", "toyuser")])
    await session.open()
    await until(session.confirmed)
    simulator.control.mishap_on("wrong-key")
    simulator.control.send_notice()
    await until(lambda: session.counts.undecryptable)
    assert ears.notices == []
    assert session.is_open
    await session.close()


@pytest.mark.parametrize("mishap", ["garbage", "bad-utf8", "truncated"])
async def test_damaged_frames_do_not_end_the_session(simulator: RunningSimulator, ears: Ears, mishap: str) -> None:
    wanted = ticks(simulator, 1)
    session = made(simulator, await approval(simulator), ears)
    session.want(wanted)
    await session.open()
    await until(session.confirmed)
    simulator.control.mishap_on(mishap, count=1)
    simulator.control.tick(wanted[0].tr_key)
    simulator.control.tick(wanted[0].tr_key)
    await until(lambda: session.counts.bad + len(ears.frames) >= 2)
    assert session.is_open
    assert ears.frames[-1].count(b"^") >= 45
    await session.close()


async def test_a_frame_larger_than_any_of_kis_closes_the_session(simulator: RunningSimulator, ears: Ears) -> None:
    wanted = ticks(simulator, 1)
    session = made(simulator, await approval(simulator), ears)
    session.want(wanted)
    await session.open()
    await until(session.confirmed)
    simulator.control.mishap_on("oversize", count=1)
    simulator.control.tick(wanted[0].tr_key)
    await until(lambda: not session.is_open)
    await session.abort()


async def test_a_server_that_refuses_is_an_error_of_open(simulator: RunningSimulator, ears: Ears) -> None:
    simulator.control.mishap_on("refuse-connects")
    session = made(simulator, await approval(simulator), ears)
    with pytest.raises((OSError, WebSocketException)):
        await session.open()
    assert not session.is_open


def test_more_than_41_registrations_are_refused_before_anything_is_sent(ears: Ears) -> None:
    session = Session(1, "ws://nowhere", "key", on_ticks=ears.frames.append, on_notices=ears.notices.extend)
    with pytest.raises(ValueError, match="41"):
        session.want(Registration("H0STCNT0", f"{n:06d}") for n in range(MAX_REGISTRATIONS + 1))


def test_no_repr_shows_a_key_or_an_hts_id(ears: Ears) -> None:
    session = Session(1, "ws://nowhere", "approval-secret", on_ticks=ears.frames.append, on_notices=print)
    session.want([Registration("H0STCNI0", "HtsSecret")])
    shown = repr(session) + repr(Registration("H0STCNI0", "HtsSecret")) + json.dumps(str(session.refused()))
    assert "approval-secret" not in shown
    assert "HtsSecret" not in shown

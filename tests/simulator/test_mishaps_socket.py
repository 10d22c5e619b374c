"""What can be made to go wrong at the socket."""

import asyncio
import socket

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, ConnectionClosedError, InvalidHandshake

from stockdesk.kis.fields import H0STCNT0
from tests.simulator.clients import Caller, watching

WIDTH = len(H0STCNT0)


@pytest.fixture
def simulator(start):
    return start(pingpong_seconds=0.1, ticks_per_second=0.0)


@pytest.fixture
async def caller(simulator):
    async with Caller(simulator) as caller:
        yield caller


@pytest.fixture
async def watcher(simulator, caller):
    async with watching(simulator, caller) as watcher:
        await watcher.register("005930")
        yield watcher


async def tick(simulator, watcher):
    """The fields of one fresh frame."""
    simulator.control.tick("005930")
    return (await watcher.frame())[3].split("^")


async def test_connects_can_be_refused_for_a_while(simulator, caller):
    simulator.control.mishap_on("refuse-connects", count=1)
    with pytest.raises((OSError, InvalidHandshake, EOFError)):
        await connect(simulator.ws_url)
    async with watching(simulator, caller) as watcher:
        assert (await watcher.register("005930"))["body"]["rt_cd"] == "0"
    connects = simulator.control.seen()["connects"]
    assert connects["list"][0]["ended"] == "refused"


@pytest.mark.parametrize("value", [None, "cut"])
async def test_a_server_that_accepts_and_closes_counts_every_connect(simulator, value):
    simulator.control.mishap_on("accept-and-close", seconds=60, value=value)
    for _ in range(3):
        async with connect(simulator.ws_url) as wire:
            with pytest.raises(ConnectionClosed):
                await wire.recv()
    connects = simulator.control.seen()["connects"]
    assert (connects["total"], connects["most_in_60_seconds"]) == (3, 3)
    assert connects["closest_seconds"] < 5
    simulator.control.mishap_off("accept-and-close")
    async with connect(simulator.ws_url) as wire:
        assert "PINGPONG" in await wire.recv()


async def test_connects_of_a_key_are_counted_when_it_is_closed_at_its_first_message(simulator, caller):
    simulator.control.mishap_on("close-at-message", key=None, count=2)
    for _ in range(2):
        async with watching(simulator, caller) as watcher:
            await watcher.socket.send(watcher.wish("005930"))
            with pytest.raises(ConnectionClosedError):
                await watcher.next(lambda text: False)
    by_key = simulator.control.seen()["connects"]["by_key"]
    assert [pace["total"] for pace in by_key.values()] == [2]


@pytest.mark.parametrize(("how", "with_close_frame"), [("clean", True), ("cut", False), ("reset", False)])
async def test_one_session_is_closed_and_the_other_goes_on(simulator, watcher, how, with_close_frame):
    async with Caller(simulator) as other_key, watching(simulator, other_key) as other:
        await other.register("005930")
        assert simulator.control.close_session(key=1, how=how, code=1001) == 1
        with pytest.raises(ConnectionClosed) as caught:
            await watcher.next(lambda text: False)
        assert (caught.value.rcvd is not None) == with_close_frame
        assert (await tick(simulator, other))[0] == "005930"


async def test_a_silent_session_sends_nothing_at_all_and_stays_open(simulator, watcher):
    simulator.control.mishap_on("silent")
    await watcher.socket.send(watcher.wish("000660"))
    simulator.control.tick("005930")
    with pytest.raises(TimeoutError):  # noqa: PT012 - what came before the switch may still be read
        while True:
            await watcher.next(lambda text: True, seconds=0.5)
    simulator.control.mishap_off("silent")
    await watcher.pingpong()
    assert (await tick(simulator, watcher))[0] == "005930"


async def test_pingpong_flows_while_ticks_do_not(simulator, watcher):
    simulator.control.mishap_on("pingpong-only")
    for _ in range(3):
        simulator.control.tick("005930")
        assert "PINGPONG" in await watcher.next(lambda text: True)


async def test_ticks_flow_while_pingpong_does_not(simulator, caller):
    simulator.control.mishap_on("no-pingpong")
    simulator.control.change(ticks_per_second=200.0)
    async with watching(simulator, caller) as watcher:
        await watcher.register("005930")
        texts = [await watcher.next(lambda text: True) for _ in range(100)]
    assert {text[:11] for text in texts} == {"0|H0STCNT0|"}
    assert simulator.control.seen()["mishaps_struck"]["no-pingpong"] >= 1


async def test_a_mishap_can_be_kept_to_one_key(simulator, watcher):
    async with Caller(simulator) as other_key, watching(simulator, other_key) as other:
        await other.register("005930")
        simulator.control.mishap_on("pingpong-only", key=2)
        assert (await tick(simulator, watcher))[0] == "005930"
        with pytest.raises(TimeoutError):
            await other.next(lambda text: text.startswith("0|"), seconds=0.4)


async def test_the_first_message_can_be_told_that_the_key_is_in_use(simulator, caller):
    simulator.control.mishap_on("in-use", count=1)
    async with watching(simulator, caller) as watcher:
        assert (await watcher.register("005930"))["body"]["msg_cd"] == "OPSP8996"
        with pytest.raises(ConnectionClosedError):
            await watcher.next(lambda text: False)
    async with watching(simulator, caller) as watcher:
        assert (await watcher.register("005930"))["body"]["msg_cd"] == "OPSP0000"


async def test_an_unclean_end_can_keep_the_key_in_use_for_a_while(simulator, caller):
    simulator.control.mishap_on("held-slot", value=1.0)
    async with watching(simulator, caller) as watcher:
        await watcher.register("005930")
        watcher.socket.transport.abort()
    await asyncio.to_thread(simulator.control.wait_until, lambda seen: not seen["sessions"])
    async with watching(simulator, caller) as watcher:
        assert (await watcher.register("005930"))["body"]["msg_cd"] == "OPSP8996"
    await asyncio.sleep(1.1)
    async with watching(simulator, caller) as watcher:
        assert (await watcher.register("005930"))["body"]["msg_cd"] == "OPSP0000"


@pytest.mark.parametrize(
    ("mishap", "code"), [("full", "OPSP0008"), ("unknown-approval", "OPSP0011"), ("wrong-hts-id", "OPSP0017")]
)
async def test_the_next_registrations_are_refused_and_then_accepted(simulator, watcher, mishap, code):
    simulator.control.mishap_on(mishap, count=2)
    codes = [(await watcher.register("someone", "H0STCNI0"))["body"]["msg_cd"] for _ in range(3)]
    assert codes == [code, code, "OPSP0000"]
    assert simulator.control.seen()["refused_registrations"] == {code: 2}


async def test_a_registration_can_stay_unanswered(simulator, watcher):
    simulator.control.mishap_on("deaf", count=1)
    await watcher.socket.send(watcher.wish("000660"))
    reply = await watcher.register("000270")
    assert reply["header"]["tr_key"] == "000270"
    assert simulator.control.seen()["sessions"][0]["registrations"] == 2


async def test_a_truncated_frame_does_not_hold_what_it_announces(simulator, watcher):
    simulator.control.mishap_on("truncated")
    for _ in range(9):
        simulator.control.tick("005930", records=3)
        text = await watcher.next(lambda text: "PINGPONG" not in text)
        assert len(text.split("^")) < 3 * WIDTH


async def test_garbage_is_no_frame(simulator, watcher):
    simulator.control.mishap_on("garbage", count=8)
    for _ in range(8):
        simulator.control.tick("005930")
        text = await watcher.next(lambda text: "PINGPONG" not in text)
        assert not text.startswith("0|H0STCNT0|001|005930")
    assert len(await tick(simulator, watcher)) == WIDTH


@pytest.mark.parametrize(("mishap", "close_code"), [("bad-utf8", 1007), ("oversize", 1009)])
async def test_poison_makes_a_client_close_its_session(simulator, watcher, mishap, close_code):
    simulator.control.mishap_on(mishap, count=1)
    simulator.control.tick("005930")
    with pytest.raises(ConnectionClosedError) as caught:
        await watcher.next(lambda text: False)
    assert caught.value.sent is not None
    assert caught.value.sent.code == close_code


@pytest.mark.parametrize(("mishap", "text"), [("blank-fields", ""), ("null-fields", "(null)")])
async def test_fields_can_come_empty_all_of_them_or_some(simulator, watcher, mishap, text):
    simulator.control.mishap_on(mishap, count=1)
    fields = await tick(simulator, watcher)
    assert fields[0] == "005930"
    assert set(fields[2:]) == {text}
    simulator.control.mishap_on(mishap, count=1, value=5)
    whole = (await tick(simulator, watcher)).count(text)
    assert whole - (await tick(simulator, watcher)).count(text) in range(4, 6)  # one column is empty anyway


async def test_prices_can_come_as_nonsense(simulator, watcher):
    simulator.control.mishap_on("odd-values", value="-1", count=1)
    fields = await tick(simulator, watcher)
    assert [fields[place] for place in (2, 10, 11, 12, 13)] == ["-1"] * 5


async def test_records_can_be_longer_than_known_and_as_many_as_wanted(simulator, watcher):
    simulator.control.mishap_on("extra-columns", value=3)
    assert len(await tick(simulator, watcher)) == WIDTH + 3
    simulator.control.mishap_off("extra-columns")
    simulator.control.mishap_on("records", value=3)
    simulator.control.change(ticks_per_second=500.0)
    _, _, count, body = await watcher.frame()
    assert (count, len(body.split("^"))) == ("003", 3 * WIDTH)


async def test_old_trades_come_again_with_an_earlier_time_and_a_smaller_volume(simulator, watcher):
    fresh = await tick(simulator, watcher)
    simulator.control.mishap_on("old-ticks", value=120, count=1)
    stale = await tick(simulator, watcher)
    assert stale[1] != fresh[1]
    assert int(stale[13]) < int(fresh[13])
    assert int((await tick(simulator, watcher))[13]) > int(fresh[13])


async def test_a_client_that_does_not_read_loses_frames_and_holds_up_nobody(start):
    simulator = start(ticks_per_second=0.0, buffer_bytes=65536)
    async with Caller(simulator) as slow_key, Caller(simulator) as quick_key:
        wire = socket.create_connection((simulator.ws_url[5:].split(":")[0], int(simulator.ws_url.split(":")[2])))
        wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
        async with (
            watching(simulator, slow_key, sock=wire, max_queue=1) as slow,
            watching(simulator, quick_key) as quick,
        ):
            await slow.register("005930")
            await quick.register("000660")
            simulator.control.change(ticks_per_second=20_000.0)

            async def read_on() -> None:
                while True:
                    await quick.frame()

            reading = asyncio.create_task(read_on())
            seen = await asyncio.to_thread(simulator.control.wait_until, lambda seen: seen["dropped_frames"] > 100)
            sessions = {session["registered"][0]: session for session in seen["sessions"]}
            assert sessions["H0STCNT0 005930"]["dropped_frames"] > 0
            assert sessions["H0STCNT0 000660"]["dropped_frames"] == 0
            reading.cancel()
            slow.socket.transport.abort()

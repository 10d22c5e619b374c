"""One kept session against the stand-in broker, with a governor of the test's own."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest

from collectors import keeper as keeper_module
from collectors import liveness
from collectors.keeper import Keeper, State
from collectors.liveness import Movement
from stockdesk.governor import Permission
from stockdesk.kis.errors import NotSent
from stockdesk.kis.session import Registration, Session
from stockdesk.simulator.testing import RunningSimulator, new_key, running_simulator
from tests.moments import until


class GovernorOnPaper:
    """Says yes unless told otherwise, and writes down what it was asked and told."""

    key_id = "0123456789ab"

    def __init__(self) -> None:
        self.asked = 0
        self.proofs: list[int] = []
        self.endings: list[str] = []
        self.quarantines: list[str] = []
        self.closed_for = 0.0

    def ask(self, session: int) -> Permission:
        if self.closed_for:
            return Permission(False, self.closed_for, "quarantine", None)
        self.asked += 1
        return Permission(True, 0.0, "", self.asked)

    def proved(self, attempt_id: int) -> None:
        self.proofs.append(attempt_id)

    def ended(self, attempt_id: int, outcome: str) -> None:
        self.endings.append(outcome)

    def quarantine(self, seconds: float, reason: str) -> float:
        self.quarantines.append(reason)
        self.closed_for = seconds
        return seconds

    def connects_today(self, session: int | None = None) -> int:
        return self.asked


class SameThread:
    """Runs what the governor's thread would run."""

    async def run(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)


@pytest.fixture
def simulator() -> Iterator[RunningSimulator]:
    with running_simulator(symbols=120, ticks_per_second=200.0, pingpong_seconds=0.2) as running:
        yield running


@pytest.fixture
def governor() -> GovernorOnPaper:
    return GovernorOnPaper()


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same rules on a shorter clock."""
    monkeypatch.setattr(keeper_module, "LOOK_EVERY", 0.05)
    monkeypatch.setattr(keeper_module, "APPROVAL_PAUSE", 0.1)


@asynccontextmanager
async def kept(
    simulator: RunningSimulator, governor: GovernorOnPaper, *, others_move: bool = True, symbols: int = 12
) -> AsyncIterator[Keeper]:
    key, secret = new_key()
    stopping = asyncio.Event()
    back: list[int] = []

    async def approval_key() -> str:
        body = {"grant_type": "client_credentials", "appkey": key, "secretkey": secret}
        async with httpx.AsyncClient(trust_env=False) as client:
            return str((await client.post(f"{simulator.rest_url}/oauth2/Approval", json=body)).json()["approval_key"])

    def new_session(number: int, approval: str) -> Session:
        return Session(
            number,
            simulator.ws_url,
            approval,
            on_ticks=lambda frame: None,
            on_notices=lambda notices: None,
            spacing=0.001,
        )

    keeper = Keeper(
        number=1,
        governor=governor,  # type: ignore[arg-type]
        database=SameThread(),  # type: ignore[arg-type]
        approval_key=approval_key,
        new_session=new_session,
        hours_since=lambda: time.monotonic(),
        others=lambda _number: [Movement(since=-liveness.TICKLESS_AFTER)] if others_move else [],
        reconnected=back.append,
        stopping=stopping,
    )
    keeper.want([Registration("H0STCNT0", i.symbol) for i in simulator.world.instruments[:symbols]])
    task = asyncio.create_task(keeper.run())
    try:
        yield keeper
    finally:
        stopping.set()
        await asyncio.wait_for(task, 15)
    lives = [ending for ending in governor.endings if not ending.startswith("could not connect")]
    assert len(back) >= len(lives) - 1  # told of each return, so that gaps are filled


def confirmed(keeper: Keeper) -> int:
    return len(keeper.session.confirmed()) if keeper.session is not None else 0


async def test_it_connects_registers_and_leaves_politely(
    simulator: RunningSimulator, governor: GovernorOnPaper
) -> None:
    async with kept(simulator, governor) as keeper:
        await until(lambda: confirmed(keeper) == 12)
        assert keeper.lamp.state is State.LIVE
        assert keeper.last_frame_at() is not None
    assert governor.endings == ["stopped"]
    assert keeper.lamp.state is State.CLOSED


@pytest.mark.parametrize("how", ["clean", "cut", "reset"])
async def test_a_session_that_the_other_side_ends_is_replaced(
    simulator: RunningSimulator, governor: GovernorOnPaper, how: str
) -> None:
    async with kept(simulator, governor) as keeper:
        await until(lambda: confirmed(keeper) == 12)
        simulator.control.close_session(how=how)
        await until(lambda: governor.asked == 2 and confirmed(keeper) == 12)
    assert governor.endings == ["closed by the other side", "stopped"]


async def test_a_session_that_falls_silent_is_replaced(
    simulator: RunningSimulator, governor: GovernorOnPaper, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeper_module, "SILENT_AFTER", 1.0)
    async with kept(simulator, governor) as keeper:
        await until(lambda: confirmed(keeper) == 12)
        simulator.control.mishap_on("silent", key=1)
        await until(lambda: governor.endings)
        simulator.control.mishap_off("silent", key=1)
        await until(lambda: confirmed(keeper) == 12)
    assert governor.endings[0].startswith("silent for")


async def test_pingpong_without_ticks_is_not_life_while_the_market_moves(
    simulator: RunningSimulator, governor: GovernorOnPaper, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(liveness, "TICKLESS_AFTER", 0.8)
    simulator.control.mishap_on("pingpong-only")
    async with kept(simulator, governor):
        await until(lambda: governor.endings)
        simulator.control.mishap_off("pingpong-only")
    assert governor.endings[0] == "no ticks although the session answers"


@pytest.mark.parametrize(("others_move", "symbols"), [(False, 12), (True, 9)])
async def test_a_quiet_market_or_a_few_quiet_symbols_are_no_reason_to_reconnect(
    simulator: RunningSimulator,
    governor: GovernorOnPaper,
    monkeypatch: pytest.MonkeyPatch,
    others_move: bool,
    symbols: int,
) -> None:
    monkeypatch.setattr(liveness, "TICKLESS_AFTER", 0.3)
    simulator.control.mishap_on("pingpong-only")
    async with kept(simulator, governor, others_move=others_move, symbols=symbols) as keeper:
        await until(lambda: confirmed(keeper) == symbols)
        echoes = keeper.session.counts.echoes if keeper.session else 0
        await until(lambda: keeper.session is not None and keeper.session.counts.echoes >= echoes + 5)
    assert governor.endings == ["stopped"]


async def test_a_key_in_use_is_quarantined_and_the_lamp_says_which(
    simulator: RunningSimulator, governor: GovernorOnPaper
) -> None:
    simulator.control.mishap_on("in-use", count=1)
    async with kept(simulator, governor) as keeper:
        await until(lambda: governor.quarantines and keeper.lamp.state is State.PARKED)
        assert governor.asked == 1
        await until(lambda: keeper.lamp.note == "quarantine")
        assert keeper.lamp.next_connect_at is not None
    assert governor.endings == ["OPSP8996 app key already in use"]


async def test_a_rejected_approval_key_is_replaced_by_a_fresh_one(
    simulator: RunningSimulator, governor: GovernorOnPaper
) -> None:
    simulator.control.mishap_on("unknown-approval", count=1)
    async with kept(simulator, governor) as keeper:
        await until(lambda: governor.asked == 2 and confirmed(keeper) == 12)
    assert governor.endings[0] == "OPSP0011 approval key rejected"


async def test_a_refused_connect_is_an_attempt_and_asks_the_governor_again(
    simulator: RunningSimulator, governor: GovernorOnPaper
) -> None:
    simulator.control.mishap_on("refuse-connects", count=2)
    async with kept(simulator, governor) as keeper:
        await until(lambda: confirmed(keeper) == 12)
    assert governor.asked == 3
    assert all(ending.startswith("could not connect") for ending in governor.endings[:2])


async def test_without_an_approval_key_no_attempt_is_spent(
    simulator: RunningSimulator, governor: GovernorOnPaper
) -> None:
    async with kept(simulator, governor) as keeper:
        fetch, failures = keeper.approval_key, []
        await until(lambda: confirmed(keeper) == 12)

        async def refused() -> str:
            failures.append("asked")
            raise NotSent("the gateway is away")

        keeper.approval_key = refused
        simulator.control.close_session(how="cut")
        await until(lambda: len(failures) >= 2)
        assert governor.asked == 1
        assert keeper.lamp.note == "no approval key: the gateway is away"
        keeper.approval_key = fetch
        await until(lambda: confirmed(keeper) == 12)


async def test_a_session_that_lasts_proves_itself_once(
    simulator: RunningSimulator, governor: GovernorOnPaper, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeper_module, "PROVED_AFTER", 0.5)
    async with kept(simulator, governor) as keeper:
        await until(lambda: governor.proofs)
        before = keeper.session.counts.echoes if keeper.session else 0
        await until(lambda: keeper.session is not None and keeper.session.counts.echoes >= before + 3)
    assert governor.proofs == [1]


async def test_a_place_without_symbols_is_not_connected(
    simulator: RunningSimulator, governor: GovernorOnPaper
) -> None:
    async with kept(simulator, governor, symbols=0) as keeper:
        await until(lambda: keeper.lamp.note == "nothing to watch")
        assert governor.asked == 0
        keeper.want([Registration("H0STCNT0", simulator.world.instruments[0].symbol)])
        await until(lambda: confirmed(keeper) == 1)
        keeper.want([])
        await until(lambda: keeper.session is not None and not keeper.session.confirmed())
    assert governor.asked == 1  # an emptied session is kept, not dropped


async def test_at_midnight_the_connects_of_the_day_begin_at_none(
    simulator: RunningSimulator, governor: GovernorOnPaper, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeper_module, "COUNT_EVERY", 0.1)
    async with kept(simulator, governor) as keeper:
        await until(lambda: keeper.connects_today == 1)
        monkeypatch.setattr(governor, "connects_today", lambda session: 0)
        await until(lambda: keeper.connects_today == 0)

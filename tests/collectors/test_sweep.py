"""Calls in flight: so many that a slow answer costs no pace, so few that nothing piles up."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from functools import partial

import pytest

from collectors.sweep import IN_FLIGHT, QUEUED, Departures, Sweep
from collectors.turn import Turn
from stockdesk.kis.errors import OutcomeUnknown
from stockdesk.kis.messages import KST, PriceRow
from tests.moments import until

SYMBOLS = [f"{number:06d}" for number in range(1, 1001)]
MORNING = datetime(2026, 11, 20, 10, 0, tzinfo=KST)


class Slots:
    """A budget whose slots the test gives out, one by one; ``given`` from the start."""

    def __init__(self, given: int = 0) -> None:
        self.waiting = 0
        self.refusals = 0
        self._slots = asyncio.Semaphore(given)

    def give(self, count: int = 1) -> None:
        for _ in range(count):
            self._slots.release()

    async def reserve(self, lane: str) -> None:
        assert lane == "market"
        self.waiting += 1
        await self._slots.acquire()
        self.waiting -= 1

    async def slow_down(self) -> None:
        self.refusals += 1


class Broker:
    """A client that takes a slot and answers when the test says so, or at once."""

    def __init__(self, budget: Departures, *, at_once: bool = True) -> None:
        self.calls: list[list[str]] = []
        self.error: Exception | None = None
        self.answering = asyncio.Event()
        self._budget = budget
        if at_once:
            self.answering.set()

    async def multi_price(self, symbols: Sequence[str], *, lane: str) -> list[PriceRow]:
        await self._budget.reserve(lane)
        self.calls.append(list(symbols))
        await self.answering.wait()
        if self.error is not None:
            raise self.error
        return [PriceRow(symbol=symbol, price=1_000) for symbol in symbols]


class Desk:
    def __init__(self, slots: Slots, *, at_once: bool = True) -> None:
        self.slots = slots
        self.departures = Departures(slots)
        self.broker = Broker(self.departures, at_once=at_once)
        self.turn = Turn(time.monotonic)
        self.turn.keep(SYMBOLS, ())
        self.stopping = asyncio.Event()
        self.sweep = Sweep(self.turn, self.broker, self.departures, stopping=self.stopping, now=lambda: MORNING)


@asynccontextmanager
async def running(desk: Desk) -> AsyncIterator[asyncio.Task[None]]:
    task = asyncio.create_task(desk.sweep.run())
    desk.sweep.go()
    yield task
    desk.stopping.set()
    await asyncio.wait_for(asyncio.gather(task, return_exceptions=True), 5)


def sent(desk: Desk, number: int) -> bool:
    return len(desk.broker.calls) == number


async def settle() -> None:
    for _ in range(200):
        await asyncio.sleep(0)


async def test_a_slow_answer_costs_no_pace() -> None:
    desk = Desk(Slots(), at_once=False)
    async with running(desk):
        for number in range(1, 13):
            desk.slots.give()
            await until(partial(sent, desk, number))
    assert [symbol for call in desk.broker.calls for symbol in call] == SYMBOLS[:360]


async def test_calls_that_are_not_answered_do_not_pile_up() -> None:
    desk = Desk(Slots(given=1_000), at_once=False)
    async with running(desk):
        await until(lambda: len(desk.broker.calls) == IN_FLIGHT)
        await settle()
        assert len(desk.broker.calls) == IN_FLIGHT
        desk.broker.answering.set()
        await until(lambda: len(desk.broker.calls) > 3 * IN_FLIGHT)


async def test_the_lane_is_not_booked_far_ahead() -> None:
    """An order that borrows a slot of the lane comes behind those that stand in the queue."""
    desk = Desk(Slots())
    async with running(desk):
        await until(lambda: desk.slots.waiting == QUEUED)
        await settle()
        assert desk.slots.waiting == QUEUED
        # Their symbols were chosen when they came to stand there; nobody else's are fixed yet.
        desk.turn.keep(SYMBOLS, SYMBOLS[:90])
        desk.slots.give(3)
        await until(lambda: len(desk.broker.calls) == 3)
    assert desk.broker.calls[2] == SYMBOLS[90:120]


async def test_a_call_that_fails_brings_nothing_and_the_next_ones_go_on() -> None:
    desk = Desk(Slots())
    async with running(desk):
        desk.broker.error = OutcomeUnknown("no answer", tr_id="FHKST11300006")
        desk.slots.give()
        await until(lambda: desk.sweep.failed == 1)
        assert desk.sweep.taken() == []
        assert "no answer" in desk.sweep.failure
        desk.broker.error = None
        desk.slots.give(2)
        await until(lambda: not desk.sweep.failure)
        prices = desk.sweep.taken()
    assert {price.symbol for price, _ in prices} <= set(SYMBOLS[30:90])
    assert len(prices) in (30, 60)


async def test_a_broker_that_answers_nothing_is_asked_by_one_call_at_a_time() -> None:
    desk = Desk(Slots(given=1_000))
    desk.broker.error = OutcomeUnknown("HTTP 500")
    async with running(desk):
        await until(lambda: desk.sweep.failed >= 1)
        await settle()
        desk.broker.answering.clear()
        await until(lambda: len(desk.broker.calls) > desk.sweep.failed)
        before = len(desk.broker.calls)
        await settle()
        assert len(desk.broker.calls) == before
        desk.broker.error = None
        desk.broker.answering.set()
        await until(lambda: len(desk.broker.calls) > before + 10)


async def test_while_it_rests_nothing_is_sent() -> None:
    desk = Desk(Slots(given=1_000))
    async with running(desk):
        await until(lambda: len(desk.broker.calls) > 5)
        desk.sweep.rest()
        await desk.sweep.landed()
        before = len(desk.broker.calls)
        await settle()
        assert len(desk.broker.calls) == before
        desk.sweep.go()
        await until(lambda: len(desk.broker.calls) > before)
        assert desk.broker.calls[before] == SYMBOLS[:30]


async def test_nothing_is_sent_while_there_is_nobody_to_ask_for() -> None:
    desk = Desk(Slots(given=1_000))
    desk.turn.keep(SYMBOLS, SYMBOLS)
    async with running(desk):
        await settle()
        assert desk.broker.calls == []
        desk.turn.keep(SYMBOLS, ())
        desk.sweep.rest()
        desk.sweep.go()
        await until(lambda: desk.broker.calls)


async def test_an_error_nobody_foresaw_ends_the_sweep() -> None:
    desk = Desk(Slots(given=1_000))
    desk.broker.error = ZeroDivisionError("a bug")
    async with running(desk) as task:
        with pytest.raises(ZeroDivisionError):
            await asyncio.wait_for(task, 5)


async def test_of_two_prices_the_one_asked_for_later_is_written() -> None:
    desk = Desk(Slots())
    old = [(PriceRow(symbol="005930", price=1), MORNING)]
    new = [(PriceRow(symbol="005930", price=2), MORNING + timedelta(seconds=7))]
    desk.sweep.keep(new)
    desk.sweep.keep(old)  # put back after a write that failed
    assert desk.sweep.taken() == new
    assert desk.sweep.taken() == []


async def test_refusals_and_calls_are_counted() -> None:
    desk = Desk(Slots(given=2))
    async with running(desk):
        await until(lambda: desk.departures.calls == 2)
        await desk.departures.slow_down()
    assert (desk.departures.refusals, desk.slots.refusals) == (1, 1)

"""Prices over REST of symbols whose ticks may be missing, apart from tables."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from collectors.missed import TRIES, MissedPrices
from stockdesk.kis.errors import NotSent
from stockdesk.kis.messages import PriceRow
from stockdesk.kis.rest import SYMBOLS_A_CALL


class NoDatabase:
    async def run(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> None:
        return None


class SlowBroker:
    """Answers when the test lets it; ``asked`` is what each call asked for."""

    def __init__(self) -> None:
        self.asked: list[Sequence[str]] = []
        self.answer = asyncio.Event()
        self.refuses = False

    async def multi_price(self, symbols: Sequence[str]) -> list[PriceRow]:
        self.asked.append(symbols)
        await self.answer.wait()
        if self.refuses:
            raise NotSent("away")
        return []


def prices_missed(broker: SlowBroker, stopping: asyncio.Event) -> MissedPrices:
    return MissedPrices(daemon="ws_market", client=broker, database=NoDatabase(), stopping=stopping)  # type: ignore[arg-type]


@pytest.mark.parametrize("refuses", [False, True])
async def test_a_symbol_switched_off_while_its_price_is_asked_for_ends_nothing(refuses: bool) -> None:
    broker, stopping = SlowBroker(), asyncio.Event()
    broker.refuses = refuses
    missed = prices_missed(broker, stopping)
    symbols = [f"{number:06d}" for number in range(SYMBOLS_A_CALL + 1)]
    missed.ask(symbols)
    task = asyncio.create_task(missed.follow(lambda: 1))
    async with asyncio.timeout(10):
        while not broker.asked:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        missed.keep([])  # the whole list is switched off
        broker.answer.set()
        missed.ask(["0001A0"])
        while ["0001A0"] not in broker.asked:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    assert [*map(len, broker.asked)][:2] == [SYMBOLS_A_CALL, 1]
    stopping.set()
    await asyncio.wait_for(task, 10)


async def test_a_call_that_was_not_sent_is_made_again_and_given_up_after_a_few_times(monkeypatch: Any) -> None:
    monkeypatch.setattr("collectors.missed.AGAIN_AFTER", 0.01)
    broker, stopping = SlowBroker(), asyncio.Event()
    broker.refuses = True
    broker.answer.set()
    missed = prices_missed(broker, stopping)
    missed.ask(["005930"])
    task = asyncio.create_task(missed.follow(lambda: 1))
    async with asyncio.timeout(10):
        while len(broker.asked) < TRIES:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        missed.ask(["0001A0"])
        while ["0001A0"] not in broker.asked:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    assert broker.asked[: TRIES + 1] == [["005930"]] * TRIES + [["0001A0"]]
    stopping.set()
    await asyncio.wait_for(task, 10)

"""The feed's own tasks, apart from sockets and tables."""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from collectors.feed import Feed
from market.buffer import Buffer
from market.gaps import Coverage
from market.recorder import Recorder
from stockdesk.kis.errors import NotSent
from stockdesk.kis.messages import PriceRow
from stockdesk.kis.rest import SYMBOLS_A_CALL
from tests.market.ticks import frame, record


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


@pytest.mark.parametrize("refuses", [False, True])
async def test_a_symbol_switched_off_while_its_price_is_asked_for_ends_nothing(refuses: bool) -> None:
    broker, stopping, database = SlowBroker(), asyncio.Event(), NoDatabase()
    broker.refuses = refuses
    feed = Feed(
        daemon="ws_market", keepers=[], client=broker, capacity=40, notices=None,  # type: ignore[arg-type]
        buffer=Buffer(), coverage=Coverage({}), writer=database, board=database, stopping=stopping,  # type: ignore[arg-type]
    )  # fmt: skip
    symbols = [f"{number:06d}" for number in range(SYMBOLS_A_CALL + 1)]
    feed._ask_prices(symbols)
    task = asyncio.create_task(feed.fill_gaps(lambda: 1))
    async with asyncio.timeout(10):
        while not broker.asked:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
        feed._due_prices.clear()  # the whole list is switched off
        broker.answer.set()
        feed._ask_prices(["0001A0"])
        while ["0001A0"] not in broker.asked:  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    assert [*map(len, broker.asked)][:2] == [SYMBOLS_A_CALL, 1]
    stopping.set()
    await asyncio.wait_for(task, 10)


def test_a_recording_that_stops_is_an_event_and_ticks_go_on_into_the_buffer(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path, days=1, most_bytes=1 << 40, free=lambda _: 0)
    feed = Feed(
        daemon="ws_market", keepers=[], client=SlowBroker(), capacity=40, notices=None, buffer=Buffer(),  # type: ignore[arg-type]
        writer=NoDatabase(), board=NoDatabase(), stopping=asyncio.Event(), coverage=Coverage(None), recorder=recorder,  # type: ignore[arg-type]
    )  # fmt: skip
    assert dict(feed._troubles()) == {}
    feed.buffer.keep(["005930"])
    feed.on_ticks(1)(frame(record("005930", STCK_CNTG_HOUR="", BSOP_DATE="")))
    recorder.close()
    assert dict(feed._troubles()) == {
        ("recording-stopped", ""): "Recording has stopped: less than 1 GB of disk is free"
    }
    assert feed.buffer.counts.records == 1
    assert list(tmp_path.iterdir()) == []

"""One poll per process, for however many browsers, and only while there is one."""

import asyncio
import json
import threading

import pytest
from django.db import OperationalError

from market import live
from market.live import Hub
from market.screen import SHEETS

WAIT = 10.0
BLANK = [None] * len(SHEETS["quotes"])


class ToldReader:
    """A reader whose table is a dict in the test; what it reads can fail or hang."""

    def __init__(self):
        self.prices = {"005930": 71_900}
        self.made = 0
        self.error = None
        self.gate = threading.Event()
        self.gate.set()

    def __call__(self):
        self.made += 1
        return self

    def status(self):
        return {"sessions": {}, "daemons": {}, "events": {}}

    def quotes(self, whole):
        self.gate.wait(WAIT)
        if self.error:
            raise self.error
        return {symbol: [1, symbol, price, *BLANK[3:]] for symbol, price in self.prices.items()}, True


@pytest.fixture
def reader(monkeypatch):
    monkeypatch.setattr(live, "POLL_SECONDS", 0.02)
    monkeypatch.setattr(live, "STATUS_SECONDS", 0.1)
    return ToldReader()


@pytest.fixture
def hub(reader):
    return Hub(reader)


async def hear(hub, watcher, wanted):
    """Messages of this watcher until one satisfies ``wanted``; gives that one's text."""
    async with asyncio.timeout(WAIT):
        while True:
            text = await hub.next_text(watcher)
            if wanted(json.loads(text)):
                return text


def price(value):
    return lambda message: message.get("quotes", {}).get("005930", [])[-2:] == [2, value]


def in_trouble(trouble):
    return lambda message: trouble in message.get("desk", {}).get("desk", [])


async def test_every_browser_gets_the_same_text_of_one_poll(hub, reader):
    watchers = [hub.join() for _ in range(20)]
    for watcher in watchers:
        await hear(hub, watcher, lambda message: "columns" in message and "quotes" in message)
    for watcher in watchers:
        watcher.version = hub.feed.version
    reader.prices["005930"] = 72_000
    texts = await asyncio.gather(*[hear(hub, watcher, price(72_000)) for watcher in watchers])
    assert all(text is texts[0] for text in texts)
    assert reader.made == 1
    for watcher in watchers:
        hub.leave(watcher)


async def test_nothing_polls_when_nobody_watches(hub, reader):
    first, second = hub.join(), hub.join()
    await hear(hub, first, lambda message: "quotes" in message)
    hub.leave(first)
    reader.prices["005930"] = 72_000
    await hear(hub, second, price(72_000))  # one is left: it goes on
    (thread,) = [thread for thread in threading.enumerate() if thread.name == "database-screens"]
    hub.leave(second)
    await asyncio.sleep(0)  # the cancelled poll runs to its end
    await asyncio.to_thread(thread.join, WAIT)
    assert not thread.is_alive()


async def test_a_newcomer_after_a_pause_sees_the_present_and_not_the_past(hub, reader):
    hub.leave(hub.join())
    watcher = hub.join()
    await hear(hub, watcher, lambda message: "quotes" in message)
    hub.leave(watcher)
    reader.prices["005930"] = 80_000
    newcomer = hub.join()
    first = json.loads(await hub.next_text(newcomer))
    assert first["quotes"]["005930"][:6] == [0, 1, 1, "005930", 2, 80_000]
    hub.leave(newcomer)


async def test_a_browser_hears_that_the_database_is_away_and_that_it_is_back(hub, reader):
    watcher = hub.join()
    await hear(hub, watcher, lambda message: "quotes" in message)
    reader.error = OperationalError(2006, "gone")
    await hear(hub, watcher, in_trouble("database"))
    reader.prices["005930"], reader.error = 72_000, None
    await hear(hub, watcher, price(72_000))
    await hear(hub, watcher, in_trouble(""))
    hub.leave(watcher)


async def test_a_fault_in_reading_ends_neither_the_poll_nor_the_page(hub, reader, caplog):
    watcher = hub.join()
    await hear(hub, watcher, lambda message: "quotes" in message)
    reader.error = KeyError("a column that left")
    await hear(hub, watcher, in_trouble("fault"))
    reader.prices["005930"], reader.error = 72_000, None
    await hear(hub, watcher, price(72_000))
    assert sum("poll failed" in record.message for record in caplog.records) == 1
    hub.leave(watcher)


async def test_a_database_that_hangs_does_not_stop_the_beat(hub, reader):
    watcher = hub.join()
    await hear(hub, watcher, lambda message: "quotes" in message)
    reader.gate.clear()
    try:
        for _ in range(3):
            await hear(hub, watcher, lambda message: "desk" in message)
    finally:
        reader.gate.set()
        hub.leave(watcher)

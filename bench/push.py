"""Pushing: browsers on one web process, while every row of a watch list is written once a second.

For each number of browsers: how long after a write's commit the change has reached them (the 95th percentile over
all browsers and seconds), beside the second that a trader may wait at most; and what the write itself takes while
they all listen, beside the same write with nobody there.
"""

import asyncio
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from functools import lru_cache
from statistics import median, quantiles
from typing import NamedTuple

import httpx
import websockets
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client

from bench import flush
from bench.broker import database_environment
from bench.frames import symbols
from bench.table import Measured, Row
from market.gnuboard_post import post
from market.models import Quote
from market.screen import SHEETS
from stockdesk.kis.messages import KST
from stockdesk.models import Fence

BROWSERS = (10, 100, 500)
ROWS = 200
SECONDS = 12
STARTING = 60.0  # seconds
PROMISE = 1_000.0  # milliseconds
_STARTED = datetime.now(KST)
_PLACE = SHEETS["quotes"].index("last_price")


def run() -> list[Row]:
    """Needs a database of its own to work in: its quotes are overwritten."""
    for name in symbols(ROWS):
        post(symbol=name, name=name, running=True)
    Quote.objects.all().delete()
    Quote.objects.bulk_create([Quote(symbol=name) for name in symbols(ROWS)])
    Fence.objects.update_or_create(name=flush.DAEMON, defaults={"number": flush.FENCE})
    cookie = logged_in()
    rows = []
    with web_server() as web:
        for browsers in BROWSERS:
            rows += asyncio.run(_measure(web.port, cookie, browsers))
    Quote.objects.all().delete()  # their times lie ahead, and nothing older would be taken
    return rows


async def _measure(port: int, cookie: str, browsers: int) -> list[Row]:
    first = flush.PRICE + browsers
    alone = [(await _write(browsers + number))[1] for number in range(SECONDS)]
    heard: list[dict[int, float]] = [{} for _ in range(browsers)]
    listening = [asyncio.create_task(_browser(port, cookie, seen)) for seen in heard]
    await _until_all(heard, first + SECONDS - 1)
    written: dict[int, float] = {}
    took: list[float] = []
    try:
        for number in range(SECONDS, 2 * SECONDS):
            there, ms = await _write(browsers + number)
            written[first + number] = there
            took.append(ms)
        await _until_all(heard, first + 2 * SECONDS - 1)
    finally:
        for task in listening:
            task.cancel()
        await asyncio.gather(*listening, return_exceptions=True)
    waits = [1_000 * (seen[price] - at) for seen in heard for price, at in written.items() if price in seen]
    if len(waits) < 0.99 * browsers * len(written):
        raise AssertionError(f"{browsers} browsers heard {len(waits)} of {browsers * len(written)} changes")
    p95 = quantiles(waits, n=20)[-1]
    return [
        Row(
            f"push of {ROWS} rows to {browsers} browsers: p95 from commit, ms", "ms", "second a trader waits at most",
            Measured(p95, PROMISE, p95 / PROMISE), at_most=1.0,
        ),
        Row(
            f"write of {ROWS} rows while {browsers} browsers listen, ms", "ms", "same write with nobody there",
            Measured(median(took), median(alone), median(took) / median(alone)), at_most=2.0,
        ),
    ]  # fmt: skip


async def _write(number: int) -> tuple[float, float]:
    """Write all rows as run_ws_market does, and rest for the second: when they were there, and the ms it took."""
    rows = flush.rows_of(symbols(ROWS), _STARTED + timedelta(seconds=number), number)
    began = time.perf_counter()
    await asyncio.to_thread(flush.write_rows, rows)
    there = time.perf_counter()
    await asyncio.sleep(max(0.0, 1.0 - (there - began)))
    return there, 1_000 * (there - began)


async def _browser(port: int, cookie: str, seen: dict[int, float]) -> None:
    """Notes when it first heard of each price."""
    url, headers = f"ws://127.0.0.1:{port}/ws/quotes/", {"Cookie": cookie, "Origin": f"http://127.0.0.1:{port}"}
    async with websockets.connect(
        url, additional_headers=headers, compression=None, max_size=None, proxy=None
    ) as line:
        async for text in line:
            at = time.perf_counter()
            if (price := _price_in(str(text))) is not None:
                seen.setdefault(price, at)


@lru_cache(maxsize=256)
def _price_in(text: str) -> int | None:
    """The price that a message carries; many browsers get the same text, so it is read once."""
    for cells in json.loads(text).get("quotes", {}).values():
        values = dict(zip(cells[::2], cells[1::2], strict=True))
        if _PLACE in values:
            return int(values[_PLACE])
    return None


async def _until_all(heard: list[dict[int, float]], price: int) -> None:
    async with asyncio.timeout(STARTING):
        while not all(price in seen for seen in heard):  # noqa: ASYNC110  (five hundred bells would cost more)
            await asyncio.sleep(0.1)


def logged_in() -> str:
    client = Client()
    client.force_login(User.objects.filter(username="bench").first() or User.objects.create_superuser("bench"))
    return f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"


class Web(NamedTuple):
    """A running web process: its port, and the process group that it leads."""

    port: int
    group: int


@contextmanager
def web_server(environment: Mapping[str, str] | None = None) -> Iterator[Web]:
    """uvicorn as the desk starts it; without a desk's environment it has nothing but the benchmark's database."""
    environment = environment or {**os.environ, **database_environment()}
    with socket.create_server(("127.0.0.1", 0), backlog=1024) as listener:
        command = [sys.executable, "-m", "uvicorn", "stockdesk.asgi:application", "--fd", str(listener.fileno())]
        server = subprocess.Popen(
            [*command, "--lifespan", "off", "--log-level", "warning", "--ws-per-message-deflate", "false"],
            env=environment, pass_fds=[listener.fileno()], start_new_session=True,
        )  # fmt: skip
        web = Web(int(listener.getsockname()[1]), server.pid)
    try:
        httpx.get(f"http://127.0.0.1:{web.port}/healthz", timeout=STARTING, trust_env=False).raise_for_status()
        yield web
    finally:
        server.terminate()
        server.wait(STARTING)

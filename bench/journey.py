"""From a trade at the broker to a browser, and to an order back at the broker: real daemons on a lively stand-in.

Each sample lets one issue jump over the strike price of its condition, and looks when a browser shows that price and
when the broker's own list of orders has one for it. Orders leave one a second, so there is one sample at a time.
"""

import asyncio
import json
import time
from collections.abc import Mapping
from statistics import median
from typing import Any

import httpx
import websockets

from bench.broker import seeded_desk
from bench.processes import running
from bench.push import logged_in, web_server
from bench.table import Measured, Row
from market.models import FeedSession, Instrument, Quote
from market.screen import SHEETS
from trading.desk import desk_row
from trading.models import Condition, Desk
from trading.ticks import round_price
from trading.views import Mode, Pricing, Sizing, Trigger

DAEMONS = ("ws_market", "assets", "trading")
ALLOWED = 2_100.0  # milliseconds: two beats and 0.1 s
STARTING, PATIENCE, BETWEEN = 120.0, 20.0, 1.5  # seconds
SYMBOLS = 300
_PLACE = SHEETS["quotes"].index("last_price")


def run(samples: int = 20, ticks: float = 1_000.0) -> list[Row]:
    """Needs a database of its own to work in. About two minutes."""
    with seeded_desk(SYMBOLS, ticks) as stand:
        may_order()
        with running(DAEMONS, stand.environment), web_server() as web:
            until_live()
            shown, ordered = asyncio.run(_sample(stand.rest_url, web.port, logged_in(), conditions(samples)))
    return [_row("browser", shown), _row("order at the broker", ordered)]


def _row(where: str, seconds: list[float]) -> Row:
    worst = max(seconds) * 1_000
    title = f"tick to {where}: slowest of {len(seconds)} (median {median(seconds) * 1_000:,.0f} ms)"
    return Row(title, "ms", "two beats and 0.1 s", Measured(worst, ALLOWED, worst / ALLOWED), at_most=1.0)


def may_order() -> None:
    """The desk as a trader sets it for so many orders."""
    desk_row()
    Desk.objects.update(mode=Mode.MOCK.value, max_orders_minute=60)


def until_live() -> None:
    ends_at = time.monotonic() + STARTING
    while not FeedSession.objects.filter(state="live").exists() or _lively().count() < 100:
        if time.monotonic() > ends_at:
            raise AssertionError("no session is live, or no prices come")
        time.sleep(0.5)
    time.sleep(10)  # for the account to be read once more after trading has started


def _lively() -> Any:
    shares = Instrument.objects.filter(kind=Instrument.Kind.STOCK, halted=False).values_list("symbol", flat=True)
    return Quote.objects.filter(symbol__in=list(shares), session__isnull=False, last_price__range=(2_000, 60_000))


def conditions(samples: int) -> dict[str, int]:
    """For each sample a buy of one share, five percent above its price; symbol and strike price."""
    kinds = dict(Instrument.objects.values_list("symbol", "kind"))
    strikes = {}
    for quote in _lively()[:samples]:
        strike = round_price(quote.last_price * 105 // 100, "buy", kinds[quote.symbol])
        Condition(
            symbol=quote.symbol, side="buy", enabled=True, trigger=Trigger.AT_OR_ABOVE.value, strike_price=strike,
            sizing=Sizing.QUANTITY.value, quantity=1, pricing=Pricing.TICKS.value, ticks=5,
        ).save()  # fmt: skip
        strikes[quote.symbol] = strike
    return strikes


async def _sample(
    rest_url: str, port: int, cookie: str, strikes: Mapping[str, int]
) -> tuple[list[float], list[float]]:
    """How long each jump took until a browser had it, and until the broker had its order, seconds."""
    seen: dict[str, float] = {}
    browser = asyncio.create_task(_browser(port, cookie, strikes, seen))
    moved: dict[str, float] = {}
    ordered: dict[str, float] = {}
    try:
        async with httpx.AsyncClient(base_url=f"{rest_url}/_simulator", trust_env=False) as control:
            await asyncio.sleep(3)  # conditions are read, and the page is there
            for symbol, strike in strikes.items():
                if symbol in await orders(control):
                    continue  # it went there by itself
                moved[symbol] = time.time()
                answer = await control.post("/move", json={"symbol": symbol, "price": strike * 102 // 100})
                answer.raise_for_status()
                ordered = await _until_ordered(control, symbol, seen)
                await asyncio.sleep(BETWEEN)
    finally:
        browser.cancel()
        await asyncio.gather(browser, return_exceptions=True)
    return [seen[s] - at for s, at in moved.items()], [ordered[s] - at for s, at in moved.items()]


async def _until_ordered(control: httpx.AsyncClient, symbol: str, seen: Mapping[str, float]) -> dict[str, float]:
    ends_at = time.monotonic() + PATIENCE
    while symbol not in (ordered := await orders(control)) or symbol not in seen:
        if time.monotonic() > ends_at:
            raise AssertionError(f"{symbol}: {'an' if symbol in ordered else 'no'} order, shown: {symbol in seen}")
        await asyncio.sleep(0.1)
    return ordered


async def orders(control: httpx.AsyncClient) -> dict[str, float]:
    """When the first order for each symbol arrived."""
    posts = (await control.get("/posts?last=1000")).json()["posts"]
    return {post["body"]["PDNO"]: post["at"] for post in reversed(posts) if post["new"]}


async def _browser(port: int, cookie: str, strikes: Mapping[str, int], seen: dict[str, float]) -> None:
    """Notes when it is first shown a price at or above each strike price."""
    url, headers = f"ws://127.0.0.1:{port}/ws/quotes/", {"Cookie": cookie, "Origin": f"http://127.0.0.1:{port}"}
    async with websockets.connect(
        url, additional_headers=headers, compression=None, max_size=None, proxy=None
    ) as line:
        async for text in line:
            at = time.time()
            for symbol, cells in json.loads(text).get("quotes", {}).items():
                price = dict(zip(cells[::2], cells[1::2], strict=True)).get(_PLACE)
                if symbol in strikes and price is not None and int(price) >= strikes[symbol]:
                    seen.setdefault(symbol, at)

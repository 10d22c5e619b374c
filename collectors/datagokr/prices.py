"""Daily prices of all stocks (금융위원회_주식시세정보, getStockPriceInfo)."""

import logging
from datetime import date
from typing import Any

from collectors import cells
from collectors.datagokr import values
from collectors.datagokr.answers import SOURCE, read_page
from collectors.datagokr.days import fetch_day, items
from collectors.datagokr.models import DailyPrice
from collectors.errors import SourceError
from collectors.raw import Body, parser
from collectors.upsert import store
from market.models import NAME_LENGTH

__all__ = ["fetch", "items"]

SERVICE, KIND = "GetStockSecuritiesInfoService/getStockPriceInfo", "prices"

logger = logging.getLogger(__name__)


def fetch(day: date, item: str) -> int:
    """Store the day's prices of all stocks; the number of rows. Raises NotYet before they are published."""
    return fetch_day(day, SERVICE, KIND)


@parser(SOURCE, KIND, version=1)
def store_prices(body: Body) -> int:
    """Store the prices of one page, whose key begins with their day (20261120/p1)."""
    rows = read_page(200, body.data, SERVICE).rows
    prices = [_price(row, body) for row in rows]
    _leave_out_doubtful(prices)
    return store(prices)


def _price(row: dict[str, Any], body: Body) -> DailyPrice:
    symbol, on = values.symbol(row), cells.day(row, "basDt")
    if not symbol or on is None or not body.key.startswith(f"{on:%Y%m%d}/"):
        raise SourceError(f"{SERVICE}: a row of another day or symbol; nothing was stored", source=SOURCE)
    return DailyPrice(
        id=f"{symbol}:{on:%Y%m%d}",
        symbol=symbol,
        on=on,
        name=cells.text(row, "itmsNm", NAME_LENGTH),
        market=cells.text(row, "mrktCtg", 10),
        open_price=values.price(row, "mkp"),
        high_price=values.price(row, "hipr"),
        low_price=values.price(row, "lopr"),
        close_price=values.price(row, "clpr"),
        change=values.whole(row, "vs"),
        change_rate=values.rate(row, "fltRt"),
        volume=values.count(row, "trqu"),
        amount=values.count(row, "trPrc"),
        shares=values.count(row, "lstgStCnt"),
        market_cap=values.count(row, "mrktTotAmt"),
        fetched_at=body.fetched_at,
    )


def _leave_out_doubtful(prices: list[DailyPrice]) -> None:
    """Take shares and market cap for unknown where they contradict the close: one of the three is wrong."""
    doubtful = []
    for price in prices:
        if price.close_price and price.shares and price.market_cap not in (None, price.close_price * price.shares):
            price.shares = price.market_cap = None
            doubtful.append(price.symbol)
    if doubtful:
        text = "prices of %s: market cap is not close by shares in %d rows, such as %s; both are left out there"
        logger.warning(text, prices[0].on, len(doubtful), doubtful[0])

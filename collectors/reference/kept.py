"""The rows of the broker's answers that were kept, made once more without a call (`collectors.raw`).

What was asked stands in the key of a body: the values of the call's parameters in their order.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from collectors.errors import SourceError
from collectors.raw import Body, parser
from collectors.reference.models import DailyBar, InvestorFlow, ShortSale
from collectors.rows import keep_rows
from collectors.sources import KIS
from stockdesk.kis import reference_rows
from stockdesk.kis.answers import Answer, judge
from stockdesk.kis.errors import KisError
from stockdesk.kis.messages import KST
from stockdesk.kis.reference import bars_in, flows_in, short_sales_in
from stockdesk.logs import redacted

SYMBOL_DAY = ("symbol", "on")


@dataclass(frozen=True, slots=True)
class RegularClose:
    """The close of the regular session (15:30), KRW, which the next day's limits go by."""

    symbol: str
    on: date
    regular_close: int


def up_to(bars: Sequence[reference_rows.DailyBar], day: date) -> list[reference_rows.DailyBar]:
    """Without the bars of later days, which are not final."""
    return [bar for bar in bars if bar.on <= day]


def regular_closes(bars: Sequence[reference_rows.DailyBar], day: date) -> list[RegularClose]:
    """What a bar of the day says before the evening market."""
    return [RegularClose(bar.symbol, day, bar.close_price) for bar in bars if bar.on == day]


@parser(KIS, "FHKST03010100", version=1)
def store_bars(body: Body) -> int:
    """Store daily bars; an answer about one day alone was asked for its regular close."""
    _, symbol, since, to, *_ = body.key.split()
    bars, day = read(bars_in, body, symbol), day_in(to)
    if since == to:
        return keep_rows(DailyBar, regular_closes(bars, day), SYMBOL_DAY)
    return keep_rows(DailyBar, up_to(bars, day), SYMBOL_DAY)


@parser(KIS, "FHPTJ04160001", version=1)
def store_flows(body: Body) -> int:
    """Store what each kind of investor bought and sold."""
    _, symbol, *_ = body.key.split()
    return keep_rows(InvestorFlow, read(flows_in, body, symbol), SYMBOL_DAY)


@parser(KIS, "FHPST04830000", version=1)
def store_short_sales(body: Body) -> int:
    """Store short sales; here the day comes first."""
    _, _, symbol, *_ = body.key.split()
    return keep_rows(ShortSale, read(short_sales_in, body, symbol), SYMBOL_DAY)


def read(rows_in: Any, body: Body, symbol: str) -> Any:
    """The rows of a kept answer. Raises SourceError where it cannot be read."""
    try:
        answer: Answer = judge(body.kind, 200, body.data, clean=redacted)
        return rows_in(answer, symbol)
    except KisError as exc:
        raise SourceError(str(exc), source=KIS) from exc


def day_in(text: str) -> date:
    return datetime.strptime(text, "%Y%m%d").replace(tzinfo=KST).date()

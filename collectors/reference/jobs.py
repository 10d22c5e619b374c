"""The jobs of the reference daemon: what is asked after each trading day, of which symbols, and from when on.

The investors' figures and short sales are final some time after the close; bars and rankings wait for the end of
the evening market (20:00), whose trades KIS counts in the day: so the close of the regular session is read before
it begins and kept beside. Credit is told two trading days late.
"""

from collections.abc import Callable, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from collectors.errors import NotYet
from collectors.jobs import Due, Job, LeftOut, register
from collectors.reference.calls import ask, lane
from collectors.reference.days import AfterTheClose, AfterTheDay, trading_days_back
from collectors.reference.kept import SYMBOL_DAY, regular_closes, up_to
from collectors.reference.models import (
    CreditBalance,
    DailyBar,
    Dividend,
    InvestorFlow,
    MarketFlow,
    Ranking,
    ShortSale,
)
from collectors.rows import keep_rows
from market.watchlist import read_watch_list
from stockdesk.kis.errors import NotOnMock
from stockdesk.kis.messages import KST
from stockdesk.kis.reference import MARKETS
from stockdesk.kis.reference_rows import Ranked

#: How far a fetch looks back: days that were missed come with it, at the cost of no call.
MONTH = timedelta(days=31)
#: Bars of a hundred trading days fit in one answer.
BARS_BACK = timedelta(days=140)
#: The auction's price stands at the close; what trades at it from 15:40 on changes no price, and from 16:00 on the
#: evening's trades are in the day's bar.
BEFORE_THE_EVENING = AfterTheClose(5, evening=True)
#: Rankings and totals are those of the moment: after midnight nobody knows of which day.
SOON_AFTER_THE_CLOSE, AFTER_THE_EVENING = AfterTheClose(20), AfterTheDay(20, 10, until=time.max)
#: Dividends of half a year past, and what is announced for the year to come.
DIVIDENDS_BACK, DIVIDENDS_AHEAD = timedelta(days=180), timedelta(days=365)

RANKINGS: dict[str, Callable[[str], Any]] = {
    Ranking.By.VOLUME: lambda lane: ask(lambda client: client.ranking("volume", lane=lane)),
    Ranking.By.UP: lambda lane: ask(lambda client: client.ranking("up", lane=lane)),
    Ranking.By.DOWN: lambda lane: ask(lambda client: client.ranking("down", lane=lane)),
}
BUYERS: dict[str, Callable[[str], Any]] = {
    Ranking.By.FOREIGN_BUY: lambda lane: ask(lambda client: client.net_buyers("foreign", lane=lane)),
    Ranking.By.FOREIGN_SELL: lambda lane: ask(lambda client: client.net_buyers("foreign", selling=True, lane=lane)),
    Ranking.By.INSTITUTION_BUY: lambda lane: ask(lambda client: client.net_buyers("institution", lane=lane)),
    Ranking.By.INSTITUTION_SELL: lambda lane: ask(
        lambda client: client.net_buyers("institution", selling=True, lane=lane)
    ),
}


def watched(day: date) -> list[str]:
    """The symbols of the watch list, as it is now."""
    return [item.symbol for item in read_watch_list().symbols]


def daily_bars(day: date, symbol: str) -> int:
    """FHKST03010100 for one symbol; the day itself must be there."""
    since = day - BARS_BACK
    rows = asked(lambda lane: ask(lambda client: client.daily_bars(symbol, since, day, lane=lane)))
    return stored(DailyBar, up_to(rows, day), SYMBOL_DAY, day)


def regular_close(day: date, symbol: str) -> int:
    """FHKST03010100 between the close and the evening market."""
    if not BEFORE_THE_EVENING.tells_now(day, datetime.now(KST)):
        raise LeftOut("the regular close is told before the evening market only")
    rows = asked(lambda lane: ask(lambda client: client.daily_bars(symbol, day, day, lane=lane)))
    return stored(DailyBar, regular_closes(rows, day), SYMBOL_DAY, day)


def investor_flows(day: date, symbol: str) -> int:
    """FHPTJ04160001 for one symbol."""
    rows = asked(lambda lane: ask(lambda client: client.investor_flows(symbol, day, lane=lane)))
    return stored(InvestorFlow, rows, SYMBOL_DAY, day)


def market_flows(day: date, market: str) -> int:
    """FHPTJ04040000 for one market."""
    rows = asked(lambda lane: ask(lambda client: client.market_flows(market, day, lane=lane)))
    return stored(MarketFlow, rows, ("market", "on"), day)


def short_sales(day: date, symbol: str) -> int:
    """FHPST04830000 for one symbol."""
    rows = asked(lambda lane: ask(lambda client: client.short_sales(symbol, day - MONTH, day, lane=lane)))
    return stored(ShortSale, rows, SYMBOL_DAY, day)


def credit_balances(day: date, symbol: str) -> int:
    """FHPST04760000 for one symbol: the newest row is of the trade two trading days ago."""
    rows = asked(lambda lane: ask(lambda client: client.credit_balances(symbol, day, lane=lane)))
    return stored(CreditBalance, rows, SYMBOL_DAY, trading_days_back(day, 2))


def dividends(day: date, symbol: str) -> int:
    """HHKDB669102C0 for one symbol; most days there is nothing new, and that is no failure."""
    since, to = day - DIVIDENDS_BACK, day + DIVIDENDS_AHEAD
    rows = asked(lambda lane: ask(lambda client: client.dividends(symbol, since, to, lane=lane)))
    return keep_rows(Dividend, rows, ("symbol", "record_on", "kind", "stock_kind"))


def rankings(day: date, by: str) -> int:
    """FHPST01710000 or FHPST01700000: told of the moment only, so an old day cannot be made up for."""
    return ranking_of(day, by, RANKINGS[by])


def buyers(day: date, by: str) -> int:
    """FHPTJ04400000: told of the moment only."""
    return ranking_of(day, by, BUYERS[by], SOON_AFTER_THE_CLOSE)


def ranking_of(
    day: date, by: str, call: Callable[[str], Sequence[Ranked]], due: AfterTheDay | AfterTheClose = AFTER_THE_EVENING
) -> int:
    """Replace the ranking of that day by the answer of ``call``; the number of places. LeftOut on any other day."""
    if not due.tells_now(day, datetime.now(KST)):
        raise LeftOut("a ranking is told on its day only")
    rows = asked(call)
    if not rows:
        raise NotYet("the ranking is empty")
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("DELETE FROM collectors_ranking WHERE `by` = %s AND `on` = %s", (by, day))
        return keep_rows(Ranking, rows, ("by", "on", "place"), by=by, on=day)


def asked(call: Callable[[str], Any]) -> Any:
    """The answer of a call through the lane of this hour."""
    try:
        return call(lane(datetime.now(KST)))
    except NotOnMock as exc:
        raise LeftOut(str(exc)) from None


def stored(model: Any, rows: Sequence[Any], key: Sequence[str], day: date) -> int:
    """Keep the rows; without one of ``day`` the source is not ready."""
    count = keep_rows(model, rows, key)
    if not any(row.on == day for row in rows):
        raise NotYet(f"nothing of {day} yet")
    return count


def add(name: str, label: Any, items: Callable[[date], list[str]], fetch: Any, due: Due) -> None:
    register(Job(name, label, items, fetch, due))


add("regular-close", _("Regular close"), watched, regular_close, BEFORE_THE_EVENING)
add("buyers", _("Foreign and institutional totals"), lambda day: list(BUYERS), buyers, SOON_AFTER_THE_CLOSE)
add("market-flows", _("Market flows"), lambda day: list(MARKETS), market_flows, AfterTheDay(18, 10))
add("rankings", _("Rankings"), lambda day: list(RANKINGS), rankings, AFTER_THE_EVENING)
add("daily-bars", _("Daily bars"), watched, daily_bars, AfterTheDay(20, 10))
add("investor-flows", _("Investor flows"), watched, investor_flows, AfterTheDay(18, 10))
add("short-sales", _("Short sales"), watched, short_sales, AfterTheDay(18, 40))
add("credit", _("Credit balances"), watched, credit_balances, AfterTheDay(18, 50))
add("dividends", _("Dividends"), watched, dividends, AfterTheDay(20, 20))

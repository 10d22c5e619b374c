"""Which share is bought for account upkeep: common, cheap, much traded, and without a flag."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.conf import settings
from django.db import DEFAULT_DB_ALIAS

from assets.accounts import own_account
from market.models import Quote
from stockdesk.hours import day_of
from trading.decisions import MAX_QUOTE_AGE, is_fresh
from trading.reading import DatabaseReader
from trading.values import QuoteView, kst_day

PRICES = (500, 5_000)
"""KRW: dear enough to be no penny stock in trouble, cheap enough to be forgotten."""
LOOKED_AT = 50


def fits(quote: QuoteView, now: datetime) -> bool:
    """A common share (its code ends in 0) without any flag, in the price range, by a quote that is alive."""
    issue = quote.instrument
    return (
        quote.last_price is not None
        and PRICES[0] <= quote.last_price <= PRICES[1]
        and is_fresh(quote, now)
        and quote.covered is True
        and bool(quote.base_price)  # without it the limits of the day are not known, and no order has a price
        and not (quote.halted or quote.single_price)
        and issue is not None
        and issue.kind == "stock"
        and quote.symbol.endswith("0")
        and not (issue.halted or issue.barred)
    )


def cheap_issue(quotes: Iterable[QuoteView], now: datetime) -> QuoteView | None:
    """The first that fits; they come most traded first."""
    return next((quote for quote in quotes if fits(quote, now)), None)


def is_open(now: datetime, using: str = DEFAULT_DB_ALIAS) -> bool:
    """Whether it is continuous trading of a confirmed trading day."""
    day = day_of(kst_day(now), using)
    if not day.is_open or not day.confirmed or day.regular_from is None or day.regular_to is None:
        return False
    return day.regular_from <= now < day.regular_to


def candidates(now: datetime, using: str = DEFAULT_DB_ALIAS) -> list[QuoteView]:
    """Cheap issues with a quote of just now, the day's most traded first."""
    young = now - timedelta(seconds=MAX_QUOTE_AGE)
    cheap = Quote.objects.using(using).fresh(young).filter(last_price__range=PRICES, day_amount__isnull=False)
    symbols = list(cheap.order_by("-day_amount", "symbol").values_list("symbol", flat=True)[:LOOKED_AT])
    quotes = quotes_of(symbols, now, using)
    return [quotes[symbol] for symbol in symbols if symbol in quotes]


def quotes_of(symbols: list[str], now: datetime, using: str) -> dict[str, QuoteView]:
    reader = DatabaseReader(account=own_account(), number=settings.DESK.account, using=using, now=lambda: now)
    return dict(reader.market_data(symbols).quotes)

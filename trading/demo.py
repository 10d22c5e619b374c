"""The demo's conditions: near the prices of the moment, so that a desk nobody has touched buys, sells and shows it."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from market.models import Instrument, Quote
from trading.models import Condition
from trading.ticks import round_price, step
from trading.values import Pricing, Sizing, Trigger

FRESH = timedelta(seconds=10)
LEAST, MOST = 5_000, 60_000
"""Prices of the issues to choose from: all that is ever bought of one stays within what one order may be worth."""
WANTED = 4
TIMES = 5
PAUSE = 90  # seconds between two orders of one condition
AWAY_PERCENT = 20


def make_conditions() -> bool:
    """Make the demo's conditions; True once that is done, or not to be done.

    False while the prices to start from have not come yet: call again. Only on a demo whose broker is on this
    machine, and only where no condition exists; whatever a person changed stays.
    """
    if not settings.DESK.around_the_clock or Condition.objects.exists():
        return True
    quotes = _lively_quotes()
    if len(quotes) < WANTED:
        return False
    kinds = dict(Instrument.objects.filter(pk__in=[quote.symbol for quote in quotes]).values_list("symbol", "kind"))
    with transaction.atomic():
        for position, words in enumerate(_words([(quote, kinds[quote.symbol]) for quote in quotes])):
            Condition(position=position, enabled=True, **words).save()
    return True


def _lively_quotes() -> list[Quote]:
    """The quotes to start from, the most traded first: fresh, and of shares that are not too dear."""
    shares = Instrument.objects.filter(kind=Instrument.Kind.STOCK, halted=False).values_list("symbol", flat=True)
    quotes = Quote.objects.fresh(timezone.now() - FRESH).filter(
        symbol__in=list(shares), last_price__range=(LEAST, MOST), session__isnull=False
    )
    return list(quotes.order_by("-day_volume", "symbol")[:WANTED])


def _words(found: list[tuple[Quote, str]]) -> list[dict[str, Any]]:
    (first, first_kind), (second, second_kind), (third, third_kind), (fourth, fourth_kind) = found
    often = {"repeat": TIMES, "cool_down": PAUSE, "cancel_after": 30}
    everything = {"side": "sell", "sizing": Sizing.ALL.value, "pricing": Pricing.TICKS.value, "ticks": 2}
    return [
        {
            "symbol": first.symbol, "side": "buy", "trigger": Trigger.AT_OR_BELOW.value,
            "strike_price": _near(first, first_kind, 5), "quantity": 2,
            "note": _("Demo: buys near the price of the start."), **often,
        },
        {
            "symbol": first.symbol, "trigger": Trigger.TAKE_PROFIT.value, "rate": Decimal("0.3"),
            "note": _("Demo: takes a small profit, again and again."), **everything, **often,
        },
        {
            "symbol": second.symbol, "side": "buy", "trigger": Trigger.AT_OR_ABOVE.value,
            "strike_price": _near(second, second_kind, -5), "quantity": 5, "pricing": Pricing.TICKS.value, "ticks": 2,
            "note": _("Demo: buys once when the price stands above."),
        },
        {
            "symbol": second.symbol, "trigger": Trigger.TRAILING.value, "rate": Decimal("1"),
            "note": _("Demo: sells when the price falls back from its high."), **everything,
        },
        {
            "symbol": third.symbol, "side": "buy", "trigger": Trigger.AT_OR_BELOW.value,
            "strike_price": _away(third, third_kind), "quantity": 1,
            "note": _("Demo: waits far below the price."),
        },
        {
            "symbol": fourth.symbol, "side": "buy", "trigger": Trigger.AT_OR_BELOW.value,
            "strike_price": _near(fourth, fourth_kind, 3), "sizing": Sizing.AMOUNT.value, "amount": 300_000,
            "note": _("Demo: buys for an amount."),
        },
    ]  # fmt: skip


def _near(quote: Quote, kind: str, ticks: int) -> int:
    assert quote.last_price is not None
    return step(round_price(quote.last_price, "buy", kind), ticks, kind)


def _away(quote: Quote, kind: str) -> int:
    assert quote.last_price is not None
    return round_price(quote.last_price * (100 - AWAY_PERCENT) // 100, "buy", kind)

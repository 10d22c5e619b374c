"""Reads what `trading.validation` wants to know of an instrument: one look for one condition."""

from datetime import datetime

from django.conf import settings
from django.db.models import Q

from assets.accounts import own_account
from market.models import Instrument
from stockdesk.hours import usual_hours
from trading.models import Condition, Desk
from trading.prices import Unpriced, day_limits
from trading.reading import DatabaseReader
from trading.ticks import limits
from trading.validation import Known
from trading.values import QuoteView, kst_day


def desk_reader() -> DatabaseReader:
    """Market and account as the engine reads them, for screens."""
    return DatabaseReader(account=own_account(), number=settings.DESK.account)


def known_of(condition: Condition, now: datetime) -> Known:
    """What is known now of the condition's instrument, and the conditions it may contradict."""
    instrument = Instrument.objects.filter(pk=condition.symbol).first()
    data = desk_reader().market_data([condition.symbol])
    quote = data.quotes.get(condition.symbol)
    holding = (data.holdings or {}).get(condition.symbol)
    desk = Desk.objects.filter(pk=1).first() or Desk()
    today = kst_day(now)
    others = Condition.objects.filter(
        Q(valid_to__isnull=True) | Q(valid_to__gte=today), symbol=condition.symbol, enabled=True, problem=""
    ).exclude(pk=condition.pk)
    return Known(
        today=today,
        kind=instrument.kind if instrument is not None else None,
        last_price=quote.last_price if quote is not None else None,
        limits=limits_of(quote, instrument),
        average_price=holding.average_price if holding is not None else None,
        max_quantity=desk.max_order_quantity,
        max_amount=desk.max_order_amount,
        regular=usual_hours(today),
        others=tuple(others),
    )


def limits_of(quote: QuoteView | None, instrument: Instrument | None) -> tuple[int, int] | None:
    """Lower and upper limit of the day: as the engine reckons them, else from the master's base price."""
    try:
        if quote is not None:
            return day_limits(quote)
    except Unpriced:
        pass
    if instrument is None or not instrument.base_price:
        return None
    return limits(instrument.base_price, instrument.kind)

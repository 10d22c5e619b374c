"""One line of the condition list: price, distance, state and the last reason why not, for many rows at once."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db.models import OuterRef, Subquery
from django.utils import timezone
from django.utils.translation import gettext as _

from market.models import Instrument, Quote
from market.watch_cells import EMPTY, direction, is_old, price_text
from stockdesk.models import Event
from trading import ledger
from trading.board import EVENT, SOURCE
from trading.database import DatabaseStorage, condition_view
from trading.known import desk_reader
from trading.models import Condition, Desk, Refusal
from trading.prices import Unpriced, reached, strike_price
from trading.validation import BY_AVERAGE, BY_PRICE
from trading.values import ConditionView, History, HoldingView, Mode, kst_day
from trading.words import switched_off_because, why_not

DECIMALS = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Line:
    """What the list shows beside a condition's own words."""

    name: str
    quote: Quote | None
    distance: str
    """How far the price has to go, in percent; empty when it is not known."""
    strike: str
    """Where that is, where the condition itself does not name it."""
    kind: str
    state: str
    why: str
    why_at: str
    old_why: bool
    """Said of an earlier wording of the condition."""

    def cells(self, now: datetime) -> dict[str, Any]:
        """All that changes by itself, as text: the page never gets HTML from here."""
        return {
            "price": price_text(self.quote),
            "direction": direction(self.quote),
            "old": is_old(self.quote, now),
            "distance": self.distance or EMPTY,
            "strike": self.strike,
            "kind": self.kind,
            "state": self.state,
            "why": self.why,
            "why_at": self.why_at,
            "old_why": self.old_why,
        }


def lines_of(conditions: Sequence[Condition], now: datetime) -> dict[int, Line]:
    """The lines of these conditions by id; as many queries for a hundred as for one."""
    symbols = sorted({condition.symbol for condition in conditions})
    quotes = Quote.objects.of(symbols)
    names = dict(Instrument.objects.filter(pk__in=symbols).values_list("symbol", "name"))
    holdings = desk_reader().market_data(symbols).holdings
    views = {condition.pk: condition_view(condition) for condition in conditions}
    past = DatabaseStorage().orders_of(list(views.values()))
    desk = Desk.objects.filter(pk=1).values_list("mode", flat=True).first() or Mode.DRY_RUN
    dry = Mode.DRY_RUN in (desk, settings.DESK.mode)
    refusals = _refusals(views)
    unread = Event.objects.filter(source=SOURCE, code=EVENT, is_open=True).exists()
    lines = {}
    for condition in conditions:
        view, quote = views[condition.pk], quotes.get(condition.symbol)
        history = ledger.history_of(view, past, today=kst_day(now), dry=dry)
        reach = _reach(view, quote, holdings)
        kind, state = _state(condition, history)
        if unread and condition.source == Condition.Origin.BOARD:
            state += " · " + _("the board cannot be read")
        refusal = refusals.get(condition.pk)
        lines[condition.pk] = Line(
            name=names.get(condition.symbol, ""),
            quote=quote,
            distance=reach.distance,
            strike=reach.place,
            kind=kind,
            state=state,
            why=why_not(refusal.code) if refusal else "",
            why_at=_time(refusal.last_at) if refusal else "",
            old_why=refusal is not None and refusal.condition_revision != condition.revision,
        )
    return lines


@dataclass(frozen=True, slots=True)
class _Reach:
    distance: str = ""
    place: str = ""


def _reach(view: ConditionView, quote: Quote | None, holdings: Mapping[str, HoldingView] | None) -> _Reach:
    """How far the last price is from the strike: against the average price for rates, the best price for trailing.

    Without holdings, which is while the account has not been read, nothing is said of them.
    """
    last = quote.last_price if quote is not None else None
    try:
        strike = strike_price(view, (holdings or {}).get(view.symbol))
    except Unpriced:
        held_none = view.trigger in BY_AVERAGE and holdings is not None and view.symbol not in holdings
        return _Reach(place=_("no holding") if held_none else "")
    place = "" if view.trigger in BY_PRICE else _("at KRW %(price)s") % {"price": f"{int(strike):,}"}
    if not last:
        return _Reach(place=place)
    if reached(view, last, strike):
        return _Reach(_("reached"), place)
    far = ((strike / last - 1) * 100).quantize(DECIMALS)
    return _Reach(f"{far:+}%", place)


def _state(condition: Condition, history: History) -> tuple[str, str]:
    """(kind, words) of the state; kinds are the classes of desk_admin/desk.css."""
    times = f" ({history.fired}/{condition.repeat})" if condition.repeat > 1 and history.fired else ""
    if condition.problem:
        return "invalid", _("invalid: %(why)s") % {"why": condition.problem}
    if history.working:
        return "running", _("working") + times
    if not condition.enabled:
        if condition.switched_off_reason:
            return "again", _("switched off: %(why)s") % {"why": switched_off_because(condition.switched_off_reason)}
        return "off", _("off")
    if history.fired >= condition.repeat:
        return "fired", _("fired") + times
    return "waiting", _("waiting") + times


def _refusals(ids: Iterable[int]) -> dict[int, Refusal]:
    """The newest refusal of each condition."""
    newest = Refusal.objects.filter(condition_id=OuterRef("pk")).order_by("-last_at", "-id").values("id")[:1]
    wanted = (
        Condition.objects.filter(pk__in=list(ids)).annotate(newest=Subquery(newest)).values_list("newest", flat=True)
    )
    rows = Refusal.objects.filter(pk__in=[pk for pk in wanted if pk is not None])
    return {row.condition_id: row for row in rows}


def _time(at: datetime) -> str:
    local = timezone.localtime(at)
    return f"{local:%H:%M:%S}" if local.date() == timezone.localdate() else f"{local:%m-%d %H:%M}"

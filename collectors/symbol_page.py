"""One issue on one page: its price, what the account holds of it, and everything that was fetched about it."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from collectors.job_admin import missing_key
from collectors.job_models import JobItem
from collectors.jobs import JOBS
from collectors.reference.days import days_held
from collectors.symbol_chart import for_the_script
from collectors.symbol_live import holding_of, live_facts, quote_of
from collectors.symbol_sections import SECTIONS, Section
from collectors.symbol_texts import minute
from market.bar_models import Interval
from market.chart import live_bars
from market.instrument_admin import marks
from market.models import Instrument, Quote
from market.views import desk_facts
from market.watchlist import read_watch_list
from stockdesk.guards import for_viewers

#: How far back the last attempt at a symbol is looked for.
ATTEMPTS = timedelta(days=7)
PLACES = {
    "day": ("open", "high", "low", "base", "volume", "amount", "strength"),
    "holding": ("held", "orderable", "average", "paid", "worth", "gain", "gain_rate"),
}


@for_viewers
@never_cache
@days_held()
def symbol_page(request: HttpRequest, symbol: str) -> HttpResponse:
    """Everything about a symbol; 404 with a sentence when no table knows it."""
    instrument = Instrument.objects.filter(pk=symbol).first()
    quote, holding = quote_of(symbol), holding_of(symbol)
    rows = {section.name: section.rows(section.of(symbol)) for section in SECTIONS}
    if not (instrument or quote or holding or any(rows.values())):
        return render(request, "collectors/no_symbol.html", {"symbol": symbol, **desk_facts()}, status=404)
    watched, tried = is_watched(symbol), last_attempts(symbol)
    known = (instrument and instrument.name, quote and quote.name, holding and holding.name)
    live = live_facts(quote, holding, timezone.now())
    facts = {
        "symbol": symbol,
        "name": next((name for name in known if name), ""),
        "market": instrument.get_market_display() if instrument else "",
        "kind": instrument.get_kind_display() if instrument else "",
        "marks": marks_of(instrument, quote),
        "watched": watched,
        "live": live,
        "charts": settings.CHARTS_INSTALLED,
        "intervals": Interval.choices,
        **{group: places(names, live) for group, names in PLACES.items()},
        "sections": [
            shown(section, symbol, rows[section.name], request, watched=watched, tried=tried.get(section.job))
            for section in SECTIONS
        ],
    }
    return render(request, "collectors/symbol.html", {**facts, **desk_facts()})


@for_the_script
def symbol_live(request: HttpRequest, symbol: str) -> HttpResponse:
    """What moved, for the page's script."""
    quote = quote_of(symbol)
    return JsonResponse({**live_facts(quote, holding_of(symbol), timezone.now()), "bars": live_bars(quote)})


def places(names: Iterable[str], live: dict[str, Any]) -> list[dict[str, str]]:
    """The terms of the head with the texts and colours they begin with."""
    words = {
        "open": _("Open"), "high": _("High"), "low": _("Low"), "base": _("Previous close"), "volume": _("Volume"),
        "amount": _("Value"), "strength": _("Strength"), "held": _("Quantity"), "orderable": _("Orderable"),
        "average": _("Average"), "paid": _("Paid"), "worth": _("Worth"), "gain": _("Profit and loss"),
        "gain_rate": _("Return"),
    }  # fmt: skip
    return [
        {"name": name, "word": words[name], "text": live["texts"].get(name, ""), "way": live["ways"].get(name, "")}
        for name in names
    ]


def marks_of(instrument: Instrument | None, quote: Quote | None) -> list[str]:
    """The marks of the master; a halt of today is told by the price first."""
    found = marks(instrument) if instrument else []
    gone = instrument is not None and instrument.delisted_at is not None
    halted = _("trading halted")
    if quote is not None and quote.halted == "Y" and not gone and halted not in found:
        found.insert(0, halted)
    return found


def is_watched(symbol: str) -> bool | None:
    """Whether it is on the watch list, whose symbols the jobs of the broker ask for; None when nobody can tell."""
    try:
        return any(item.symbol == symbol for item in read_watch_list().symbols)
    except DatabaseError:
        return None


def last_attempts(symbol: str) -> dict[str, JobItem]:
    """The newest item of this symbol by job: what became of the last fetch."""
    since = timezone.localdate() - ATTEMPTS
    jobs = [section.job for section in SECTIONS]
    items = JobItem.objects.filter(job__in=jobs, day__gte=since, item=symbol).order_by("day")
    return {item.job: item for item in items}


def shown(
    section: Section,
    symbol: str,
    rows: list[Any],
    request: HttpRequest,
    *,
    watched: bool | None,
    tried: JobItem | None,
) -> dict[str, Any]:
    """One section for the template."""
    may_read = request.user.is_staff and request.user.has_perm("collectors.view_filingtext")
    may_list = request.user.is_staff and request.user.has_perm(section.permission)
    fetched = max((row.fetched_at for row in rows), default=None)
    return {
        "name": section.name,
        "title": section.title,
        "heads": [(head, place < section.words) for place, head in enumerate(section.heads)],
        "words": section.words,
        "lines": section.cells(rows, may_read),
        "fetched": minute(fetched),
        "next": next_of(section, watched=watched, tried=tried),
        "failed": tried is not None and tried.state == JobItem.State.FAILED,
        "list": section.admin_list(symbol) if may_list else "",
    }


def next_of(section: Section, *, watched: bool | None, tried: JobItem | None) -> str:
    """What comes next for this symbol, in a sentence; blank for nothing more to tell."""
    if section.watched and watched is False:
        return _("not fetched, for it is not on the watch list")
    open_states = (JobItem.State.WAITING, JobItem.State.FAILED)
    if tried is not None and tried.state in open_states and tried.not_before and tried.not_before > timezone.now():
        return _("again %s") % minute(tried.not_before)
    if setting := missing_key(section.job):
        return _("%s is not set in .env") % setting
    due = JOBS[section.job].due.next_at(timezone.now())
    return _("next at %(next)s") % {"next": minute(due)} if due else _("no timetable")

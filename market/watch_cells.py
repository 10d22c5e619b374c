"""What the watch list shows of a row and its quote: Korean conventions, up red ▲ and down blue ▼."""

from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from market.models import Quote
from market.watchlist import REASONS, REPEATED, WatchState

FRESH = 10  # seconds; an older price is shown as old, orders do not use it either
EMPTY = "–"


def direction(quote: Quote | None) -> str:
    """up, down or flat against the base price, by KIS's sign (1 limit up 2 up 3 flat 4 limit down 5 down)."""
    if quote is None or quote.last_price is None:
        return "flat"
    if quote.sign:
        return {"1": "up", "2": "up", "4": "down", "5": "down"}.get(quote.sign, "flat")
    change = quote.change or 0
    return "up" if change > 0 else "down" if change < 0 else "flat"


def price_text(quote: Quote | None) -> str:
    return EMPTY if quote is None or quote.last_price is None else f"{quote.last_price:,}"


def change_text(quote: Quote | None) -> str:
    """ "▲ 1,200  +1.70%"; the arrow carries the direction for those who cannot tell red from blue."""
    if quote is None or quote.last_price is None or quote.change is None:
        return EMPTY
    way = direction(quote)
    arrow = {"up": "▲ ", "down": "▼ "}.get(way, "")
    text = f"{arrow}{abs(quote.change):,}"
    if quote.change_rate is not None:
        mark = {"up": "+", "down": "-"}.get(way, "")
        text += f"  {mark}{abs(quote.change_rate):.2f}%"
    return text


def time_text(quote: Quote | None) -> str:
    """When it traded, in Seoul: the time today, the day before that."""
    if quote is None or quote.traded_at is None:
        return ""
    at = timezone.localtime(quote.traded_at)
    return f"{at:%H:%M:%S}" if at.date() == timezone.localdate() else f"{at:%m-%d %H:%M}"


def age_text(quote: Quote | None, now: datetime) -> str:
    """How long ago the price arrived; in words that fit a narrow column."""
    if quote is None or quote.received_at is None:
        return ""
    seconds = max(0, int((now - quote.received_at).total_seconds()))
    if seconds < 60:
        return _("%(n)d s ago") % {"n": seconds}
    if seconds < 3600:
        return _("%(n)d min ago") % {"n": seconds // 60}
    if seconds < 86_400:
        return _("%(n)d h ago") % {"n": seconds // 3600}
    return ngettext("%(n)d day ago", "%(n)d days ago", seconds // 86_400) % {"n": seconds // 86_400}


def is_old(quote: Quote | None, now: datetime) -> bool:
    return quote is None or quote.received_at is None or (now - quote.received_at).total_seconds() > FRESH


def state_of(state: WatchState | None, quote: Quote | None) -> tuple[str, str]:
    """(kind, text) of the state column; kinds are the classes of desk_admin/desk.css."""
    if state is None or not state.running:
        return "off", _("off")
    if state.reason:
        return "again" if state.reason == REPEATED else "invalid", str(REASONS[state.reason])
    if quote is None or quote.last_price is None:
        return "waiting", _("waiting for the first price")
    return "running", _("running")


def cells(state: WatchState | None, quote: Quote | None, now: datetime) -> dict[str, Any]:
    """All that changes by itself in one line of the list, as text: the page never gets HTML from here."""
    shown = quote if state is not None and state.symbol else None
    kind, text = state_of(state, shown)
    return {
        "running": bool(state and state.running),
        "price": price_text(shown),
        "change": change_text(shown),
        "direction": direction(shown),
        "time": time_text(shown),
        "age": age_text(shown, now),
        "old": is_old(shown, now),
        "session": "" if shown is None or shown.session is None else str(shown.session),
        "kind": kind,
        "state": text,
    }


def price_cell(quote: Quote | None) -> SafeString:
    return format_html('<b class="desk-price desk-{}">{}</b>', direction(quote), price_text(quote))


def change_cell(quote: Quote | None) -> SafeString:
    return format_html('<span class="desk-change desk-{}">{}</span>', direction(quote), change_text(quote))


def issue_link(symbol: str, text: str) -> SafeString:
    """A text that leads to the page of its issue."""
    return format_html('<a class="desk-link" href="{}">{}</a>', reverse("symbol", args=[symbol]), text)

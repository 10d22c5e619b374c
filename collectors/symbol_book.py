"""The order book of the symbol page, as texts for its script."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from collectors import symbol_texts as show
from collectors.books import Look, books
from collectors.symbol_chart import for_the_script
from market.models import Instrument
from stockdesk.hours import day_of
from stockdesk.kis.frames import is_symbol
from stockdesk.kis.messages import KST
from stockdesk.kis.orderbook import Level, OrderBook


@for_the_script
def symbol_book(request: HttpRequest, symbol: str) -> HttpResponse:
    """The book as JSON. ``open`` is false outside of KRX's sessions, and for a symbol that is not listed: nobody is
    asked then, and the page waits longer."""
    now = timezone.now()
    if day_of(now.astimezone(KST).date()).window_at(now) is None:
        return JsonResponse({"open": False, "note": _("The order book is read in trading hours.")})
    if not is_symbol(symbol) or not Instrument.objects.filter(pk=symbol, delisted_at=None).exists():
        return JsonResponse({"open": False, "note": _("The list of issues does not have this symbol.")})
    return JsonResponse({"open": True, **book_facts(books().look(symbol), now)})


def book_facts(look: Look, now: datetime) -> dict[str, Any]:
    """Levels as the page shows them: asks from the highest down, then bids; ``note`` when there is need."""
    if look.book is None or look.read_at is None:
        note = _("The broker gave no order book; it is asked again.") if look.failed else _("Reading the order book")
        return {"note": note}
    book, age = look.book, max(0, int((now - look.read_at).total_seconds()))
    most = max((level.shares for level in (*book.asks, *book.bids)), default=0)
    seen = _("read %(n)d s ago") % {"n": age} if age > 1 else _("read just now")
    taken = f"{book.taken_at:%H:%M:%S} · " if book.taken_at else ""
    empty = not (book.asks or book.bids)
    return {
        "note": _("Nothing waits on either side.") if empty else "",
        "seen": f"{taken}{seen}",
        "old": look.failed or age > 5,
        "asks": [_level(level, book, most) for level in reversed(book.asks)],
        "bids": [_level(level, book, most) for level in book.bids],
        "asked": show.whole(book.total_asked),
        "bid": show.whole(book.total_bid),
    }


def _level(level: Level, book: OrderBook, most: int) -> dict[str, Any]:
    base = book.base_price
    rate = None if base is None else (level.price - base) * 100 / base
    return {
        "price": show.whole(level.price),
        "way": show.against(level.price, base),
        "rate": "" if rate is None else f"{rate:+.2f}%" if rate else "0.00%",
        "shares": show.whole(level.shares),
        "part": round(level.shares * 100 / most) if most else 0,
    }

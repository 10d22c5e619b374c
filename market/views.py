"""The trader's screen. The page comes with the stars of its reader; its prices come over the WebSocket."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import ensure_csrf_cookie

from market.favourites import favourites_of
from market.words import page_sentences, page_words
from stockdesk.guards import for_viewers
from stockdesk.version import version


@for_viewers
@never_cache
@ensure_csrf_cookie
def dashboard(request: HttpRequest) -> HttpResponse:
    facts = {
        "columns": quote_columns(),
        "favourites": favourites_of(request.user),
        "words": page_words(),
        "sentences": page_sentences(),
        **desk_facts(),
    }
    return render(request, "market/dashboard.html", facts)


def quote_columns() -> list[dict[str, Any]]:
    """Heads of the quotes table, in order: what the head says, how its column sorts at the first click."""
    heads = [
        ("name", _("Name"), "text"),
        ("last_price", _("Price"), "number"),
        ("change", _("Change"), "number"),
        ("change_rate", _("Rate"), "number"),
        ("day_volume", _("Volume"), "number"),
        ("day_amount", _("Value (KRW m)"), "number"),
        ("open_price", _("Open"), "number"),
        ("high_price", _("High"), "number"),
        ("low_price", _("Low"), "number"),
        ("range", _("Day's range"), ""),
        ("strength", _("Strength"), "number"),
        ("traded_at", _("Traded"), "number"),
        ("age", _("Age"), "number"),
    ]
    return [{"key": key, "head": head, "kind": kind} for key, head, kind in heads]


def desk_facts() -> dict[str, Any]:
    """What every page's frame shows: how real the money is, whether there is an account, are prices invented."""
    modes = {"dry-run": _("Dry run"), "mock": _("Mock"), "live": _("Live")}
    return {
        "mode": settings.DESK.mode,
        "mode_word": modes[settings.DESK.mode],
        "on_mock": settings.DESK.on_mock,
        "demo": settings.DESK.demo,
        "account": bool(settings.DESK.account),
        "version": version(),
    }

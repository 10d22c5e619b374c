"""The stars of one person: kept in the database, so that the phone shows those of the office."""

from typing import Any

from django.http import HttpRequest, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from market.gnuboard import clean_symbol
from market.models import Favourite
from stockdesk.guards import for_viewers

MOST = 500


def favourites_of(user: Any) -> list[str]:
    """Symbols of whoever is logged in, in the order in which the stars were given."""
    return list(Favourite.objects.filter(user=user).values_list("symbol", flat=True))


@for_viewers
@require_POST
def favourite(request: HttpRequest) -> JsonResponse:
    """Give or take the star of ``symbol``, as ``on`` (1 or 0) says; what is already so stays so."""
    user: Any = request.user
    symbol = clean_symbol(request.POST.get("symbol", ""))
    if not symbol:
        return _answer(400, _("This is no stock code: six digits, or digits and capital letters."))
    mine = Favourite.objects.filter(user=user)
    if request.POST.get("on") != "1":
        mine.filter(symbol=symbol).delete()
    elif mine.count() >= MOST and not mine.filter(symbol=symbol).exists():
        text = _("%(most)s favourites are as many as there may be: take a star away first.")
        return _answer(400, text % {"most": MOST})
    else:
        Favourite.objects.get_or_create(user=user, symbol=symbol)
    return _answer(200, "")


def _answer(status: int, text: str) -> JsonResponse:
    return JsonResponse({"done": status == 200, "text": text}, status=status)

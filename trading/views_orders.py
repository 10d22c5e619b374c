"""What a person may do to an order: ask for its cancel, and say what became of one that nobody can tell."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext as _

from market.models import Instrument, Quote
from trading import desk, evidence
from trading.answers import done, operates, presses, refused
from trading.models import BrokerOrder, Order
from trading.ports import Changed
from trading.state_words import SIDE_WORDS, state_words
from trading.states import ForbiddenMove, State
from trading.views_desk import frame

ABSENT = "absent"
"""The choice "it was not placed", beside the order numbers."""


@presses
def cancel(request: HttpRequest, order_id: int) -> HttpResponse:
    try:
        desk.request_cancel(order_id, request.user.get_username(), timezone.now())
    except Changed:
        return refused(request, _("The order does not work any more, or is being cancelled. Look at its state."))
    return done(request, _("The cancel is asked for. It counts once the broker's list shows it."))


@operates
def settle(request: HttpRequest, order_id: int) -> HttpResponse:
    """The evidence and the choices; a first POST asks again and says what will be true, a second one does it."""
    order = get_object_or_404(Order, pk=order_id)
    candidates = evidence.candidates_of(order)
    facts = {
        **frame(), "order": order, "name": name_of(order.symbol), "side": SIDE_WORDS[order.side],
        "state": state_words(order.state), "absent": ABSENT, "settles": order.state == State.NEEDS_HUMAN,
        "candidates": [(row, evidence.fits(order, row)) for row in candidates],
    }  # fmt: skip
    if request.method != "POST":
        return render(request, "trading/settle.html", facts)
    choice = request.POST.get("choice", "")
    chosen = next((row for row in candidates if row.order_no == choice), None)
    if chosen is None and choice != ABSENT:
        problem = _("Choose an order of the broker's list, or that it was not placed. The list may have changed.")
        return render(request, "trading/settle.html", {**facts, "problem": problem}, status=400)
    if request.POST.get("sure") != "yes":
        return render(request, "trading/settle.html", {**facts, "choice": choice, "chosen": chosen})
    return _settle(request, order, chosen)


def _settle(request: HttpRequest, order: Order, chosen: BrokerOrder | None) -> HttpResponse:
    who, now = request.user.get_username(), timezone.now()
    try:
        if chosen is None:
            desk.settle(order.pk, State.NOT_PLACED, who, now)
        else:
            desk.settle(order.pk, State.ACCEPTED, who, now, order_no=chosen.order_no, branch_no=chosen.branch_no)
    except (Changed, ForbiddenMove):
        return refused(request, _("The order has another state by now. Nothing was changed."))
    return done(request, _("The order is settled. The next look-up goes on from there."))


def name_of(symbol: str) -> str:
    """The issue's name, of the master or else of its quote; empty where neither knows it."""
    master = Instrument.objects.filter(pk=symbol).values_list("name", flat=True).first()
    return master or Quote.objects.filter(pk=symbol).values_list("name", flat=True).first() or ""

"""What trading adds to the alerts: fills and failures of orders as news, and the day's orders in the summary."""

from collections.abc import Iterator
from datetime import date, datetime

from django.conf import settings
from django.db.models import Count, Q, Sum
from django.utils.translation import gettext as _

from market.models import Instrument
from stockdesk.alerts.registry import News, news, section
from stockdesk.alerts.words import said
from trading.models import Order, Refusal
from trading.state_words import MODE_WORDS, SIDE_WORDS, STATE_WORDS
from trading.states import State
from trading.values import Mode, Source, kst_day
from trading.words import why_not

FILLED, FAILED = "order-filled", "order-failed"
#: Ends that a person did not ask for. What is denied was never sent: its reason is among the refusals.
FAILURES = (State.REJECTED.value, State.NOT_PLACED.value)


@news
def order_news(since: datetime) -> Iterator[News]:
    """Orders of the day that filled further, or failed, after ``since``; one query by the day's index."""
    changed = Q(filled_at__gte=since, filled_quantity__gt=0) | Q(state__in=FAILURES, changed_at__gte=since)
    rows = list(Order.objects.filter(changed, ordered_on__gte=kst_day(since)).order_by("id"))
    names = dict(Instrument.objects.filter(symbol__in=[row.symbol for row in rows]).values_list("symbol", "name"))
    for row in rows:
        name = names.get(row.symbol, "")
        if row.state in FAILURES:
            yield News(f"{FAILED}:{row.pk}:{row.state}", FAILED, f"{_order(row, name)}: {_reason(row)}")
        elif settings.DESK.alerts.fills:
            yield News(f"{FILLED}:{row.pk}:{row.filled_quantity}", FILLED, f"{_order(row, name)} {_fill(row)}")


def _order(row: Order, name: str) -> str:
    """Which issue, side and how many; what is not real money, or not ours, says so."""
    marks = [] if row.mode == Mode.LIVE else [str(MODE_WORDS[row.mode])]
    marks += [_("elsewhere (HTS, phone)")] if row.source == Source.EXTERNAL else []
    mark = f"[{', '.join(marks)}] " if marks else ""
    shares = _("%s shares") % f"{row.quantity:,}"
    return f"{mark}{name} {row.symbol} {SIDE_WORDS[row.side]} {shares}".replace("  ", " ")


def _fill(row: Order) -> str:
    average = round(row.filled_amount / row.filled_quantity)
    text = _("filled at %(price)s KRW, %(amount)s KRW") % {"price": f"{average:,}", "amount": f"{row.filled_amount:,}"}
    if row.filled_quantity < row.quantity:
        text += " " + _("(%(filled)s of %(quantity)s so far)") % {
            "filled": f"{row.filled_quantity:,}", "quantity": f"{row.quantity:,}",
        }  # fmt: skip
    return text


def _reason(row: Order) -> str:
    reason = said(row.reason) or row.code
    return f"{STATE_WORDS[row.state]}, {reason}" if reason else str(STATE_WORDS[row.state])


@section("orders", 10)
def order_lines(day: date, now: datetime) -> Iterator[str]:
    """Orders by state, what filled on each side, conditions that fired, and why not."""
    orders = Order.objects.filter(ordered_on=day)
    states = orders.values_list("state").order_by("state").annotate(n=Count("id"))
    found = [f"{STATE_WORDS[state]} {n}" for state, n in states]
    yield _("Orders: %d") % orders.count() + (f" ({', '.join(found)})" if found else "")
    for side, word in SIDE_WORDS.items():
        filled = orders.filter(side=side, filled_quantity__gt=0).aggregate(n=Count("id"), amount=Sum("filled_amount"))
        if filled["n"]:
            yield _("%(side)s filled: %(n)d orders, %(amount)s KRW") % {
                "side": word, "n": filled["n"], "amount": f"{filled['amount']:,}",
            }  # fmt: skip
    fired = orders.filter(source=Source.CONDITION.value).values("condition_id").distinct().count()
    yield _("Conditions that fired: %d") % fired
    refusals = Refusal.objects.filter(refused_on=day).values_list("code").annotate(n=Sum("count")).order_by("-n")
    if total := sum(n for _code, n in refusals):
        yield _("Not ordered: %(n)s times, mostly: %(reason)s") % {
            "n": f"{total:,}", "reason": why_not(refusals[0][0]),
        }  # fmt: skip

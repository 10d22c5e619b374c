"""What ``/readyz`` asks of the market room: a daemon that beats, sessions that stand, quotes that are fresh."""

from collections.abc import Iterator
from datetime import timedelta

from django.db.models import Max, Min
from django.utils import timezone
from django.utils.translation import gettext as _

from market.bar_models import ClosedBar
from market.models import FeedSession, Quote
from stockdesk.health import COLLECTOR, Reason, ready_check
from stockdesk.hours import day_of
from stockdesk.lease import EXPIRY
from stockdesk.manager.states import rests
from stockdesk.models import DaemonState

QUOTE_SECONDS = 30
#: A minute that nobody has fetched for so long: three runs of the EVENT have gone by.
BARS_LATE = timedelta(minutes=4)


@ready_check
def collector_beats() -> Iterator[Reason]:
    if rests(COLLECTOR):
        return
    daemon = DaemonState.objects.filter(name=COLLECTOR).first()
    if daemon is None or daemon.heartbeat_at is None:
        yield Reason("collector_absent", _("The price collector has not started yet."))
        return
    silent = (timezone.now() - daemon.heartbeat_at).total_seconds()
    if silent > EXPIRY:
        yield Reason("collector_silent", _("The price collector gave no sign of life for %d s.") % silent)


@ready_check
def sessions_stand() -> Iterator[Reason]:
    """Every session that has something to carry is live, where one is to be live at all."""
    if rests(COLLECTOR):
        return
    down = FeedSession.objects.filter(wanted__gt=0).exclude(state=FeedSession.State.LIVE)
    for session in down.order_by("number"):
        text = _("Session %(number)d is not live: %(state)s.")
        yield Reason("session_down", text % {"number": session.number, "state": session.get_state_display()})


@ready_check
def quotes_are_fresh() -> Iterator[Reason]:
    """Their age counts while continuous trading is on, after the seconds that its first prices may take; that there
    is none at all counts always."""
    newest = Quote.objects.aggregate(newest=Max("received_at"))["newest"]
    if newest is None:
        yield Reason("quotes_absent", _("No quote has arrived yet."))
        return
    now = timezone.now()
    age = (now - newest).total_seconds()
    if age <= QUOTE_SECONDS:
        return
    trading = day_of(timezone.localdate(now)).trading_seconds(now)
    if trading is not None and trading > QUOTE_SECONDS:
        yield Reason("quotes_stale", _("The newest quote is %d s old.") % age)


@ready_check
def bars_are_made() -> Iterator[Reason]:
    """Asked of the rows alone: whatever the cause, a closed minute must not wait."""
    oldest = ClosedBar.objects.aggregate(oldest=Min("starts_at"))["oldest"]
    if oldest is not None and timezone.now() - oldest > BARS_LATE:
        text = _("Minutes since %s are not bars yet: see ./desk doctor.")
        yield Reason("bars_waiting", text % f"{timezone.localtime(oldest):%m-%d %H:%M}")

"""What the market room adds to the alerts: prices that stand still, and what of the day's prices arrived."""

from collections.abc import Iterator
from datetime import date, datetime

from django.db.models import Max
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from market.feedsessions import carried_symbols
from market.models import Instrument, Quote
from market.readiness import QUOTE_SECONDS
from market.words import SENTENCES
from stockdesk.alerts.registry import section, watch
from stockdesk.events import Trouble, Troubles
from stockdesk.health import COLLECTOR
from stockdesk.hours import day_of
from stockdesk.kis.messages import KST
from stockdesk.models import DaemonState
from stockdesk.sheets import say

SOURCE, STALE = "market", "quotes-stale"
#: Fewer symbols than this may be silent together for as long as it takes: nobody trades them.
FEW = 10
#: Those of the sessions may be silent for longer: a session that is replaced takes its time.
SESSION_SECONDS = 60

SILENT = gettext_noop("no new price of any symbol for {1} s")
SESSIONS_SILENT = gettext_noop("no new price of the {1} symbols of the sessions for {2} s")


@watch("quotes", every=10)
def look_at_quotes(now: datetime) -> None:
    Troubles(SOURCE, (STALE,), level="error").tell(dict(stale_quotes(now)))


def stale_quotes(now: datetime) -> Iterator[tuple[Trouble, str]]:
    """Prices that stand still in continuous trading: all of them, or those that the sessions carry."""
    trading = day_of(now.astimezone(KST).date()).trading_seconds(now)
    if trading is None or trading <= SESSION_SECONDS:
        return
    newest = Quote.objects.aggregate(newest=Max("received_at"))["newest"]
    if newest is None:
        return  # nothing was ever watched
    if (age := (now - newest).total_seconds()) > QUOTE_SECONDS:
        yield (STALE, ""), SILENT.replace("{1}", f"{age:.0f}")
        return
    carried = carried_symbols(now)
    newest = Quote.objects.filter(symbol__in=carried).aggregate(newest=Max("received_at"))["newest"]
    if len(carried) >= FEW and newest is not None and (age := (now - newest).total_seconds()) > SESSION_SECONDS:
        yield (STALE, "sessions"), SESSIONS_SILENT.replace("{1}", str(len(carried))).replace("{2}", f"{age:.0f}")


@section("prices", 30)
def price_lines(day: date, now: datetime) -> Iterator[str]:
    """How many issues had a price today, and what of the stream could not be read."""
    since = datetime.combine(day, datetime.min.time(), KST)
    arrived = Quote.objects.filter(received_at__gte=since).count()
    yield _("Prices: %(arrived)s of %(listed)s issues today") % {
        "arrived": f"{arrived:,}", "listed": f"{Instrument.objects.listed().count():,}",
    }  # fmt: skip
    daemon = DaemonState.objects.filter(name=COLLECTOR).first()
    if daemon is not None and isinstance(records := daemon.counters.get("records"), int):
        lost = daemon.counters.get("bad", 0)
        yield _("Received over the sessions: %(records)s, of which unreadable: %(lost)s") % {
            "records": f"{records:,}", "lost": f"{lost:,}",
        }  # fmt: skip


say(dict, (*SENTENCES, SILENT, SESSIONS_SILENT))

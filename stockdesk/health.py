"""Is the process alive, and is the desk ready: two pages for supervisors, brief and without secrets."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import timedelta

from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from stockdesk.access import may_see
from stockdesk.alerts.words import said
from stockdesk.ground_words import SOURCES
from stockdesk.lease import EXPIRY
from stockdesk.models import DaemonState, Event
from stockdesk.remedies import remedy

#: It has a reason of its own (`market.readiness`), also when it never started.
COLLECTOR = "ws_market"
#: Of a hundred symbols that fail alike, so many are told.
EVENTS = 20


@dataclass(frozen=True, slots=True)
class Reason:
    """Why the desk is not ready: a code for programs, a sentence for people, and (by `remedies`) what to do."""

    code: str
    text: str


Check = Callable[[], Iterable[Reason]]
_checks: list[Check] = []


def ready_check(check: Check) -> Check:
    """Add a check to ``/readyz``: it yields a reason for whatever is not ready, and reads little."""
    _checks.append(check)
    return check


@require_safe
@never_cache
def healthz(request: HttpRequest) -> HttpResponse:
    """The process answers; nothing else is looked at."""
    return HttpResponse("ok\n", content_type="text/plain")


@require_safe
@never_cache
def readyz(request: HttpRequest) -> JsonResponse:
    """200 when every check passes, else 503 with the reasons; a stranger gets their codes alone."""
    reasons = list(reasons_not_ready())
    whole = may_read_all(request)
    return JsonResponse(
        {
            "ready": not reasons,
            "reasons": [
                {**asdict(reason), "do": remedy(reason.code)} if whole else {"code": reason.code} for reason in reasons
            ],
        },
        status=503 if reasons else 200,
        json_dumps_params={"ensure_ascii": False},
    )


def may_read_all(request: HttpRequest) -> bool:
    """Whoever logged in and has a role, beside those who may read the figures."""
    from stockdesk.metrics import may_read  # several MB, which the daemons that add checks here do not need

    if may_read(request):
        return True
    try:
        return may_see(request.user)
    except DatabaseError:
        return False


def reasons_not_ready() -> Iterator[Reason]:
    """Every reason, or the one that hides all others: no database.

    Open events come last, and those are left out of which a check has just told.
    """
    told: set[str] = set()
    try:
        connection.ensure_connection()
        for check in _checks:
            for reason in check():
                told.add(reason.code)
                yield reason
        yield from (reason for reason in open_events() if reason.code not in told)
    except DatabaseError:
        yield Reason("database", _("The database does not answer."))


@ready_check
def daemons_beat() -> Iterator[Reason]:
    """Who stopped on purpose has given the lease back; who holds it and is silent for so long hangs or was killed."""
    now = timezone.now()
    silent = DaemonState.objects.exclude(holder="").filter(heartbeat_at__lt=now - timedelta(seconds=EXPIRY))
    for daemon in silent.exclude(name=COLLECTOR).order_by("name"):
        assert daemon.heartbeat_at is not None
        text = _("The daemon %(name)s gave no sign of life for %(seconds)d s.")
        seconds = (now - daemon.heartbeat_at).total_seconds()
        yield Reason("daemon_silent", text % {"name": SOURCES.get(daemon.name, daemon.name), "seconds": seconds})


def open_events() -> Iterator[Reason]:
    """Degraded states that daemons have told of and that are not over; the worst and the newest first."""
    rows = Event.objects.filter(ended_at=None).exclude(level="info").order_by("level", "-started_at")
    for event in rows[:EVENTS]:
        what = " ".join(part for part in (str(SOURCES.get(event.source, event.source)), event.subject) if part)
        yield Reason(event.code.replace("-", "_"), f"{what}: {said(event.text)}")

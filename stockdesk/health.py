"""Is the process alive, and is the desk ready: two pages for supervisors, brief and without secrets."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass

from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe


@dataclass(frozen=True, slots=True)
class Reason:
    """Why the desk is not ready: a code for programs and a sentence for people."""

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
    """200 when every check passes, else 503 with the reasons."""
    reasons = list(reasons_not_ready())
    return JsonResponse(
        {"ready": not reasons, "reasons": [asdict(reason) for reason in reasons]},
        status=503 if reasons else 200,
        json_dumps_params={"ensure_ascii": False},
    )


def reasons_not_ready() -> Iterator[Reason]:
    """Every reason, or the one that hides all others: no database."""
    try:
        connection.ensure_connection()
        for check in _checks:
            yield from check()
    except DatabaseError:
        yield Reason("database", _("The database does not answer."))

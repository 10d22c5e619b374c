"""One-time codes of a person: enrolling a phone, recovery codes, the code page, and ending every login.

Each person only their own. A secret is in the one answer that makes it and never shown again.
"""

from django.contrib import messages
from django.contrib.auth import authenticate
from django.contrib.auth.models import User
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from stockdesk import codes
from stockdesk.logins import end_logins
from trading import enrolling
from trading.answers import sees
from trading.desk import note
from trading.views_desk import frame, wrong_code


@sees
def device(request: HttpRequest) -> HttpResponse:
    """The page, and its two steps: ``begin`` shows a new secret, ``confirm`` takes its first code."""
    step = request.POST.get("step", "") if request.method == "POST" else ""
    if step == "begin":
        return _begin(request)
    if step == "confirm":
        return _confirm(request)
    return _page(request)


def _begin(request: HttpRequest) -> HttpResponse:
    """The first device takes the password once more, another one a code of the device it replaces."""
    assert isinstance(request.user, User)
    if codes.device_of(request.user) is not None:
        problem = wrong_code(request)
    else:
        password = request.POST.get("password", "")
        # Whoever sits down at an open browser must not be able to enrol a phone of his own.
        known = authenticate(request, username=request.user.get_username(), password=password)
        problem = "" if known == request.user else _("The password is wrong.")
    if problem:
        return _page(request, problem=problem, status=403)
    return _page(request, **enrolling.begun(request.user))


def _confirm(request: HttpRequest) -> HttpResponse:
    """The first code: the device counts, and its recovery codes are shown, this once."""
    assert isinstance(request.user, User)
    try:
        recovery_codes = enrolling.confirmed(request, request.user)
    except codes.WrongCode as exc:
        return _page(request, problem=str(exc), status=403)
    messages.success(request, _("The device is enrolled. Its codes count from now on."))
    return _page(request, recovery_codes=recovery_codes)


@sees
@require_POST
def recovery(request: HttpRequest) -> HttpResponse:
    """New recovery codes against a code; the old ones count no more."""
    assert isinstance(request.user, User)
    if problem := wrong_code(request):
        return _page(request, problem=problem, status=403)
    with transaction.atomic():
        fresh = codes.make_recovery_codes(request.user)
        note(request.user.get_username(), timezone.now(), "recovery")
    return _page(request, recovery_codes=fresh)


@sees
def code(request: HttpRequest) -> HttpResponse:
    """Asks for a code before pages that change who may do what, and leads on to ``?next=``."""
    onward = request.POST.get("next") or request.GET.get("next") or ""
    if not url_has_allowed_host_and_scheme(onward, {request.get_host()}, require_https=request.is_secure()):
        onward = "/"
    facts = {**frame(), "next": onward, "has_device": codes.device_of(request.user) is not None}
    if request.method != "POST":
        return render(request, "trading/code.html", facts)
    if problem := wrong_code(request):
        return render(request, "trading/code.html", {**facts, "problem": problem}, status=403)
    codes.remember_code(request)
    return HttpResponseRedirect(onward)


@sees
@require_POST
def log_out_everywhere(request: HttpRequest) -> HttpResponse:
    """End every login of this person, this one too; open dashboards notice within 40 seconds."""
    end_logins(request.user)
    request.session.flush()
    return redirect("login")


def _page(request: HttpRequest, *, status: int = 200, **more: object) -> HttpResponse:
    facts = {
        "device": codes.device_of(request.user),
        "waiting": codes.waiting_device(request.user),
        "recovery_left": codes.recovery_codes_left(request.user),
        **more,
    }
    return render(request, "trading/device.html", {**frame(), **facts}, status=status)

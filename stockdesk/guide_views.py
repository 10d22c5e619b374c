"""``/guide/``: from the demo to a desk of one's own. Looking is for owners, writing for superusers with a code."""

from pathlib import Path

from asgiref.sync import async_to_sync
from django.conf import settings
from django.contrib.auth.decorators import login_required, permission_required
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST, require_safe

from stockdesk import codes, guide, guide_file
from stockdesk.access import SET_UP
from stockdesk.guide_typed import Typed

_owners = permission_required(SET_UP, raise_exception=True)


def place() -> Path:
    """Where the desk's own file lies: beside manage.py."""
    return Path(settings.BASE_DIR) / ".env"


@require_safe
@never_cache
@login_required
@_owners
@ensure_csrf_cookie
def page(request: HttpRequest) -> HttpResponse:
    facts = {
        "demo": settings.DESK.demo,
        "has_file": place().exists(),
        "has_device": codes.device_of(request.user) is not None,
        "may_write": request.user.is_superuser,
        "mode": settings.DESK.mode,
    }
    return render(request, "guide/guide.html", facts)


@require_POST
@never_cache
@login_required
@_owners
@sensitive_post_parameters()
def check(request: HttpRequest) -> JsonResponse:
    """Try out what was typed; a receipt comes along when nothing is bad."""
    typed = Typed.of(request.POST)
    found = async_to_sync(guide.examine)(typed)
    bad = any(look.state == "bad" for look in found)
    return JsonResponse(
        {
            "checks": [{"name": look.name, "state": look.state, "text": look.text} for look in found],
            "receipt": "" if bad else guide.receipt(typed, request.user.get_username()),
        }
    )


@require_POST
@never_cache
@login_required
@_owners
@sensitive_post_parameters()
def write(request: HttpRequest) -> JsonResponse:
    """Write the file from values that were found right within ten minutes, against a fresh code."""
    assert isinstance(request.user, User)
    typed = Typed.of(request.POST)
    if not request.user.is_superuser:
        return _no(_("Only a superuser writes the settings; anybody who owns the desk may try them out."))
    if not guide.is_receipt(request.POST.get("receipt", ""), typed, request.user.get_username()):
        return _no(_("These values were not checked, or that is more than ten minutes ago. Check them again."))
    try:
        codes.check_code(request.user, request.POST.get("code", ""))
    except codes.WrongCode as exc:
        return _no(str(exc))
    try:
        guide_file.write(place(), typed)
    except guide_file.NotWritten as exc:
        return _no(_says(exc), 409)
    return JsonResponse(
        {"done": True, "text": _("Written. Now, in the shell: ./desk down, then ./desk up. The desk begins dry.")}
    )


def _says(exc: guide_file.NotWritten) -> str:
    names = ", ".join(exc.names) or "–"
    if exc.why == "exists":
        told = _("There is a .env already; nothing was written. What you typed differs from it in: %(names)s.")
        return told % {"names": names}
    told = _("Nothing was written: %(why)s (%(names)s). Copy .env.example to .env by hand and fill it in.")
    return told % {"why": exc.why, "names": names}


def _no(text: str, status: int = 403) -> JsonResponse:
    return JsonResponse({"done": False, "text": text}, status=status)

"""What stands before a page whatever its room: a device for whoever trades, a fresh code, and the end of idle logins.

By the names of the addresses, as `urls.py` knows them, so that a new page of trading is guarded without anybody
thinking of it.
"""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from django.contrib import messages
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import ResolverMatch, reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from stockdesk import codes
from stockdesk.access import may_trade

READING = ("GET", "HEAD", "OPTIONS")
#: Pages of trading that need no device: enrolling one, and what makes the desk safer.
BRAKES = ("enrol", "device", "code", "recovery", "log-out-everywhere", "kill", "stop", "disarm")
#: Pages on which a person's rights change, looked at or not: a form that was filled in is not lost to the code page.
OF_RIGHTS = ("auth_user_add", "auth_user_change", "auth_user_delete", "auth_user_password_change")


class CodesFirst:
    """Leads to the device page, or to the code page, whoever lacks what the page asks for."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        match, method = request.resolver_match, request.method or ""
        # Who asks is looked up for such pages alone: those of health answer while the database is away.
        if match is None or not (changes_rights(match, method) or changes_trading(match, method)):
            return None
        if not request.user.is_authenticated:
            return None
        if changes_rights(match, method) and request.user.has_perm("auth.change_user"):
            if codes.device_of(request.user) is None:
                return _led_to_device(request) if codes.has_to_enrol(request.user) else None
            return None if codes.is_fresh(request) else _led_to_code(request)
        if changes_trading(match, method) and codes.has_to_enrol(request.user):
            # Others are told by the page itself that they may not.
            return _led_to_device(request) if may_trade(request.user) else None
        return None


def changes_trading(match: ResolverMatch, method: str) -> bool:
    """Whether this request may change what is ordered."""
    if method in READING:
        return False
    in_admin = "admin" in match.namespaces and (match.url_name or "").startswith("trading_")
    return in_admin or ("trading" in match.namespaces and match.url_name not in BRAKES)


def changes_rights(match: ResolverMatch, method: str) -> bool:
    """Whether this request is about who may do what."""
    if "admin" not in match.namespaces:
        return False
    return match.url_name in OF_RIGHTS or (match.url_name == "auth_user_changelist" and method not in READING)


def _led_to_device(request: HttpRequest) -> HttpResponse:
    text = _("Enrol a device for one-time codes first: without one nothing that trades can be changed.")
    if request.headers.get("Accept") == "application/json":
        return JsonResponse({"done": False, "text": text, "error": text}, status=403)
    messages.warning(request, text)
    return redirect("trading:device")


def _led_to_code(request: HttpRequest) -> HttpResponse:
    back = request.get_full_path() if request.method in READING else request.path
    return redirect(f"{reverse('trading:code')}?{urlencode({'next': back})}")


class IdleLogins:
    """Moves a login's end along while its person asks for pages; what a page's script asks for does not count.

    Ten minutes at a time: not every page has to write into the table of sessions.
    """

    STEP = timedelta(minutes=10)

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.headers.get("Accept") != "application/json":
            # Without its database a page says so itself, or does without.
            with suppress(DatabaseError):
                self._see(request)
        return self.get_response(request)

    def _see(self, request: HttpRequest) -> None:
        if not request.user.is_authenticated:
            return
        now, seen = timezone.now(), request.session.get("seen_at")
        if seen is None or not timedelta(0) <= now - datetime.fromisoformat(seen) < self.STEP:
            request.session["seen_at"] = now.isoformat()

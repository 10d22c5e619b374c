"""The one login page of the desk, in two steps: name and password, then a code of the person's device.

Between the two nobody is logged in: the session says whose password was right and where they were going, and opens no
page and no socket. Whoever may trade and has no device yet enrols one there (`trading.views_enrol`). The admin's own
login leads here, so that one lock, one language and one look hold.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from axes.handlers.proxy import AxesProxyHandler
from django.contrib.auth import login
from django.contrib.auth.models import User
from django.contrib.auth.signals import user_login_failed
from django.contrib.auth.views import LoginView
from django.contrib.sessions.models import Session
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from stockdesk import codes
from stockdesk.access import SET_UP, may_trade

HALF_KEY = "half_login"
HALF_FOR = codes.CONFIRM_WITHIN
"""How long a right password waits for its code, or for a device to be enrolled."""
BACKEND = "django.contrib.auth.backends.ModelBackend"
CODE, ENROL = "login-code", "trading:enrol"


@dataclass(frozen=True, slots=True)
class HalfLogin:
    """Somebody whose password was right, and the address they asked for ("" for none)."""

    user: User
    onward: str


class Login(LoginView):
    """Name and password. Whoever has nothing more to show is logged in by them."""

    redirect_authenticated_user = True

    def form_valid(self, form: Any) -> HttpResponse:
        half = HalfLogin(form.get_user(), self.get_redirect_url())
        if step := second_step(half.user):
            _remember(self.request, half, now=timezone.now())
            return redirect(step)
        return HttpResponseRedirect(finish(self.request, half))


def second_step(user: User) -> str:
    """Name of the page that comes after the password; "" where there is none."""
    if codes.device_of(user) is not None:
        return CODE
    return ENROL if may_trade(user) and codes.has_to_enrol(user) else ""


def _remember(request: HttpRequest, half: HalfLogin, *, now: datetime) -> None:
    request.session.cycle_key()  # a session that somebody else has chosen gets no further than this
    request.session[HALF_KEY] = {
        "user": half.user.pk,
        "hash": half.user.get_session_auth_hash(),
        "onward": half.onward,
        "at": now.isoformat(),
    }


def half_login(request: HttpRequest, *, now: datetime) -> HalfLogin | None:
    """Who typed the right password here within ten minutes; None also when it, or the person, was changed since."""
    said = request.session.get(HALF_KEY)
    if not said or not timedelta(0) <= now - datetime.fromisoformat(said["at"]) < HALF_FOR:
        return None
    user = User.objects.filter(pk=said["user"], is_active=True).first()
    if user is None or not constant_time_compare(said["hash"], user.get_session_auth_hash()):
        return None
    return HalfLogin(user, said["onward"])


def finish(request: HttpRequest, half: HalfLogin) -> str:
    """Log the person in; gives the address to go on to. The very first login of an owner leads to the guide."""
    is_first = half.user.last_login is None and half.user.has_perm(SET_UP)
    request.session.pop(HALF_KEY, None)
    login(request, half.user, backend=BACKEND)
    dashboard = reverse("dashboard")
    return reverse("guide") if is_first and half.onward in ("", dashboard) else half.onward or dashboard


@never_cache
@sensitive_post_parameters("code")
def code(request: HttpRequest) -> HttpResponse:
    """The second step: a code of the device, or a recovery code."""
    half = half_login(request, now=timezone.now())
    if request.user.is_authenticated or half is None:
        return begin_again(request)
    # A device that was taken away meanwhile leaves another step, or none: the password decides anew.
    if second_step(half.user) != CODE:
        return begin_again(request)
    problem = ""
    if request.method == "POST":
        problem = _wrong_code(request, half.user)
        if not problem:
            codes.remember_code(request)
            return HttpResponseRedirect(finish(request, half))
    facts = {"problem": problem, "name": half.user.get_username()}
    return render(request, "registration/code.html", facts, status=403 if problem else 200)


def begin_again(request: HttpRequest) -> HttpResponse:
    """To the password, which is too long ago; whoever is logged in already is led on from there."""
    said = request.session.pop(HALF_KEY, None)
    if said is None:
        return redirect("login")
    onward = {"next": said["onward"]} if said["onward"] else {}
    return redirect(f"{reverse('login')}?{urlencode({'late': 1, **onward})}")


def _wrong_code(request: HttpRequest, user: User) -> str:
    """Use up the code of this form; why it was not accepted, or nothing. A wrong one counts like a wrong password."""
    who = {"username": user.get_username()}
    if not AxesProxyHandler.is_allowed(request, who):
        request.axes_locked_out = True  # type: ignore[attr-defined]  # its middleware answers with the lock's page
        return "locked"
    try:
        codes.check_code(user, request.POST.get("code", ""))
    except codes.MustWait as exc:
        return str(exc)  # nothing was looked at
    except codes.WrongCode as exc:
        user_login_failed.send(sender=__name__, credentials=who, request=request)
        return str(exc)
    return ""


def end_logins(user: Any, *, but: str | None = None) -> None:
    """End every login of this person, beside the session named; open dashboards notice within 40 seconds."""
    mine = str(user.pk)
    theirs = [row.pk for row in Session.objects.all() if row.get_decoded().get("_auth_user_id") == mine]
    Session.objects.filter(pk__in=theirs).exclude(pk=but).delete()


def to_login(request: HttpRequest) -> HttpResponse:
    """The admin's door: to the login page, and a clear No for whoever is logged in without a role."""
    if request.user.is_authenticated and not request.user.is_staff:
        raise PermissionDenied
    return redirect(f"{reverse('login')}?{urlencode({'next': request.GET.get('next', reverse('admin:index'))})}")

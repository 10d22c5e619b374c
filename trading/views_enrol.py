"""The first login of whoever may trade: the password was right, and no phone is enrolled yet."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from stockdesk import codes, logins
from trading import enrolling


@never_cache
@sensitive_post_parameters("code")
def enrol(request: HttpRequest) -> HttpResponse:
    """Two steps: ``begin`` shows a secret, ``confirm`` takes its first code, and only that logs the person in.

    The password is not asked for once more, as on the page of devices: it was typed right before this.
    """
    half = logins.half_login(request, now=timezone.now())
    if request.user.is_authenticated or half is None:
        return logins.begin_again(request)
    step = logins.second_step(half.user)
    if step == logins.CODE:
        return redirect(step)  # enrolled in another browser meanwhile
    if step != logins.ENROL:
        return logins.begin_again(request)
    asked = request.POST.get("step", "")
    if asked == "begin":
        return _page(request, half, **enrolling.begun(half.user))
    if asked != "confirm":
        return _page(request, half)
    try:
        recovery_codes = enrolling.confirmed(request, half.user)
    except codes.WrongCode as exc:
        return _page(request, half, status=403, problem=str(exc))
    onward = logins.finish(request, half)
    return _page(request, half, recovery_codes=recovery_codes, onward=onward)


def _page(request: HttpRequest, half: logins.HalfLogin, *, status: int = 200, **more: object) -> HttpResponse:
    facts = {"name": half.user.get_username(), "waiting": codes.waiting_device(half.user), **more}
    return render(request, "registration/enrol.html", facts, status=status)

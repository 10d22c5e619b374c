"""How a page that changes something answers: a sentence as JSON to the dashboard's script, a redirect to a form."""

from collections.abc import Callable

from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from stockdesk.access import OPERATE, PRESS

SECRETS = ("code", "password")

View = Callable[..., HttpResponse]


def sees(view: View) -> View:
    """For everybody who logged in."""
    return never_cache(login_required(sensitive_post_parameters(*SECRETS)(view)))


def operates(view: View) -> View:
    """For those who may operate the desk; others get 403."""
    return sees(permission_required(OPERATE, raise_exception=True)(view))


def presses(view: View) -> View:
    """A button of those who may operate the desk: POST only."""
    return operates(require_POST(view))


def brakes(view: View) -> View:
    """A button that makes the desk safer, for operators too: POST only."""
    return sees(permission_required(PRESS, raise_exception=True)(require_POST(view)))


def done(request: HttpRequest, text: str) -> HttpResponse:
    """It is so now; ``text`` says what is true."""
    if _wants_json(request):
        return JsonResponse({"done": True, "text": text})
    messages.success(request, text)
    return redirect("trading:desk")


def refused(request: HttpRequest, text: str, status: int = 409) -> HttpResponse:
    """Nothing was changed; ``text`` says why and what to do."""
    if _wants_json(request):
        return JsonResponse({"done": False, "text": text}, status=status)
    messages.error(request, text)
    return redirect("trading:desk")


def _wants_json(request: HttpRequest) -> bool:
    return request.headers.get("Accept", "") == "application/json"

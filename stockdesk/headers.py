"""What every answer carries beside Django's own security headers: not to be kept, not to be indexed, no devices."""

from collections.abc import Awaitable, Callable
from typing import Any

from asgiref.sync import iscoroutinefunction
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.decorators import sync_and_async_middleware
from django.views.decorators.http import require_safe

#: What a page of the desk never asks the browser for, so that nothing smuggled into one can.
DEVICES = (
    "accelerometer", "camera", "display-capture", "encrypted-media", "geolocation", "gyroscope", "hid", "magnetometer",
    "microphone", "midi", "payment", "publickey-credentials-get", "serial", "usb", "xr-spatial-tracking",
)  # fmt: skip
PERMISSIONS = ", ".join(f"{device}=()" for device in DEVICES)


@sync_and_async_middleware
def private_answers(get_response: Callable[[HttpRequest], Any]) -> Callable[[HttpRequest], Any]:
    """Stands behind WhiteNoise, so that files with hashed names stay in the browser's cache and nothing else does."""
    if iscoroutinefunction(get_response):
        answers: Callable[[HttpRequest], Awaitable[HttpResponseBase]] = get_response

        async def later(request: HttpRequest) -> HttpResponseBase:
            return marked(await answers(request))

        return later

    def now(request: HttpRequest) -> HttpResponseBase:
        return marked(get_response(request))

    return now


def marked(response: HttpResponseBase) -> HttpResponseBase:
    # Balances and orders would otherwise be found in the browser of a borrowed machine, after logging out too.
    response.headers.setdefault("Cache-Control", "private, no-store")
    response.headers["Permissions-Policy"] = PERMISSIONS
    response.headers["X-Robots-Tag"] = "noindex, nofollow"
    return response


@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    """``/robots.txt``: nothing here is for a search engine."""
    return HttpResponse("User-agent: *\nDisallow: /\n", content_type="text/plain")

"""``/metrics``: the desk's figures in Prometheus's text format, read from the tables whenever somebody asks.

What the daemons count stands in their rows, so one web process can tell it all and no other needs a port. Labels
are keys' digests, lanes, daemons, states and codes: their number is bounded, and none is a symbol or a secret.
"""

import hmac
import logging
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

log = logging.getLogger(__name__)

Figures = Callable[[], Iterable[Metric]]
_of_tables: list[Figures] = []
_of_process: list[Figures] = []

LOOPBACK = ("127.0.0.1", "::1")
#: A proxy leaves one of these behind; then the address is the proxy's, or is claimed by somebody.
FORWARDED = ("X-Forwarded-For", "X-Forwarded-Host", "X-Real-IP", "Forwarded", "Via")


def figures_of_tables(figures: Figures) -> Figures:
    """Add figures that are read from the database: a handful of queries by index, a few milliseconds in all."""
    _of_tables.append(figures)
    return figures


def figures_of_process(figures: Figures) -> Figures:
    """Add figures of the web process itself, told also while the database is away."""
    _of_process.append(figures)
    return figures


def gauge(name: str, text: str, *labels: str) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"stockdesk_{name}", text, labels=labels)


def counter(name: str, text: str, *labels: str) -> CounterMetricFamily:
    """Prometheus's own ``_total`` is put behind the name."""
    return CounterMetricFamily(f"stockdesk_{name}", text, labels=labels)


def plain(name: str, text: str, value: float | None) -> Iterator[Metric]:
    """One gauge without labels, and none at all for a value that nobody knows."""
    if value is not None:
        yield GaugeMetricFamily(f"stockdesk_{name}", text, value=value)


class Desk(Collector):
    """All figures. A part that fails is missing and said so by ``stockdesk_part_up``; the others come nevertheless."""

    def collect(self) -> Iterator[Metric]:
        parts = gauge("part_up", "1 if this part of the figures could be read, else 0.", "part")
        for figures in _of_process:
            yield from self._read(figures, parts)
        up = True
        try:
            connection.ensure_connection()
        except DatabaseError:
            up = False
        for figures in _of_tables if up else ():
            yield from self._read(figures, parts)
        yield GaugeMetricFamily("stockdesk_database_up", "1 if the database answers, else 0.", value=int(up))
        yield parts

    def _read(self, figures: Figures, parts: GaugeMetricFamily) -> list[Metric]:
        part = f"{figures.__module__.partition('.')[0]}.{figures.__name__}"
        try:
            read = list(figures())
        except Exception as exc:
            log.warning("the figures of %s cannot be read: %s: %s", part, type(exc).__name__, exc)
            parts.add_metric([part], 0)
            return []
        parts.add_metric([part], 1)
        return read


_registry = CollectorRegistry(auto_describe=False)
_registry.register(Desk())
ProcessCollector(registry=_registry)


@require_safe
@never_cache
def metrics(request: HttpRequest) -> HttpResponse:
    """The page, for whom `may_read` lets in. Always 200: a database that is away is one of the figures."""
    if not may_read(request):
        text = _("Log in as staff, or show METRICS_TOKEN as a bearer token.")
        return HttpResponse(f"{text}\n", status=403, content_type="text/plain; charset=utf-8")
    return HttpResponse(generate_latest(_registry), content_type=CONTENT_TYPE_LATEST)


def may_read(request: HttpRequest) -> bool:
    """METRICS_TOKEN, a logged-in member of staff, or somebody on this machine whom no proxy has sent.

    Behind TLS (DESK_HTTPS) there is a proxy, and everybody's address is the proxy's: it proves nothing.
    """
    word, _space, shown = request.headers.get("Authorization", "").partition(" ")
    token = settings.DESK.metrics_token
    if token and word.lower() == "bearer" and hmac.compare_digest(shown.strip().encode(), token.encode()):
        return True
    return _from_this_machine(request) or _is_staff(request)


def _from_this_machine(request: HttpRequest) -> bool:
    sent_on = settings.DESK.https or any(name in request.headers for name in FORWARDED)
    return not sent_on and request.META.get("REMOTE_ADDR") in LOOPBACK


def _is_staff(request: HttpRequest) -> bool:
    user: Any = request.user
    try:
        return bool(user.is_active and user.is_staff)
    except DatabaseError:
        return False

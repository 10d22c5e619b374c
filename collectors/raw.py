"""Raw bodies: kept before they are parsed, so that a parser's mistake is mended without a single new call.

A source registers one parser per kind of answer:

    @parser("dart", "list", version=1)
    def store_filings(body: Body) -> int: ...

and a fetch reads ``body = keep("dart", "list", "20261120/p1", answer)`` and then, in the transaction of its rows,
``parse(body)``. A parser is repeatable, and takes all it knows from the body it is given.
"""

import hashlib
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection
from django.db.models import Sum
from django.utils import timezone

from collectors.errors import SourceError
from collectors.rawbody import RawBody

PACKET_HEADROOM = 4096  # the rest of the INSERT beside the body
PURGED_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class Body:
    """One kept answer as a parser gets it; ``fetched_at`` says which of two answers is the newer."""

    id: int
    source: str
    kind: str
    key: str
    fetched_at: datetime
    data: bytes


@dataclass(frozen=True, slots=True)
class Parser:
    """The function that makes rows of one kind of answer; a higher version reads it better."""

    version: int
    store: Callable[[Body], int]


PARSERS: dict[tuple[str, str], Parser] = {}


def parser(source: str, kind: str, *, version: int) -> Callable[[Callable[[Body], int]], Callable[[Body], int]]:
    """Register the decorated function, which stores a body's rows and returns how many there were."""

    def register(store: Callable[[Body], int]) -> Callable[[Body], int]:
        PARSERS[source, kind] = Parser(version, store)
        return store

    return register


def keep(source: str, kind: str, key: str, data: bytes, *, fetched_at: datetime | None = None) -> Body:
    """Keep one answer; ``key`` says what was asked, such as a date and a page, and holds no secret.

    Raises SourceError when the database cannot take a packet of that size.
    """
    packed = zlib.compress(data)
    _check_packet(source, len(packed))
    at = fetched_at or timezone.now()
    row, made = RawBody.objects.defer("body").get_or_create(
        source=source,
        kind=kind,
        key=key,
        sha256=hashlib.sha256(data).hexdigest(),
        defaults={"fetched_at": at, "size": len(data), "stored_size": len(packed), "body": packed},
    )
    if not made and row.fetched_at < at:
        RawBody.objects.filter(pk=row.pk).update(fetched_at=at)
    return Body(row.pk, source, kind, key, at, data)


def parse(body: Body) -> int:
    """Make rows of the body with the registered parser, and note beside it that this was done; how many rows.

    Raises what the parser raises: SourceError for a body that cannot be read.
    """
    registered = PARSERS[body.source, body.kind]
    rows = registered.store(body)
    RawBody.objects.filter(pk=body.id).update(parsed_with=registered.version, parsed_at=timezone.now(), rows=rows)
    return rows


def kept_bodies(source: str = "", kind: str = "", since: datetime | None = None) -> Iterator[Body]:
    """The kept bodies that a parser is registered for, oldest first, so that the newest has the last word."""
    found = RawBody.objects.order_by("fetched_at", "id")
    if source:
        found = found.filter(source=source)
    if kind:
        found = found.filter(kind=kind)
    if since:
        found = found.filter(fetched_at__gte=since)
    readable = [pk for pk, *of in found.values_list("pk", "source", "kind") if tuple(of) in PARSERS]
    for pk in readable:
        # One at a time: together they may be larger than the memory. One that was purged meanwhile is gone.
        row = RawBody.objects.filter(pk=pk).first()
        if row is not None:
            yield Body(row.pk, row.source, row.kind, row.key, row.fetched_at, zlib.decompress(row.body))


def purge(now: datetime) -> int:
    """Delete what is older than RAW_BODY_DAYS, then the oldest until RAW_BODY_BYTES are not exceeded; how many."""
    gone = 0
    old = RawBody.objects.filter(fetched_at__lt=now - timedelta(days=settings.RAW_BODY_DAYS))
    while ids := list(old.values_list("pk", flat=True)[:PURGED_AT_ONCE]):
        gone += RawBody.objects.filter(pk__in=ids).delete()[0]
    total = RawBody.objects.aggregate(total=Sum("stored_size"))["total"] or 0
    while total > settings.RAW_BODY_BYTES:
        total, deleted = _purge_oldest(total)
        gone += deleted
    return gone


def _purge_oldest(total: int) -> tuple[int, int]:
    """Delete the oldest bodies, few at a time, until the limit is met; what is left and how many went."""
    ids = []
    for pk, size in RawBody.objects.order_by("fetched_at", "id").values_list("pk", "stored_size")[:PURGED_AT_ONCE]:
        if total <= settings.RAW_BODY_BYTES:
            break
        ids.append(pk)
        total -= size
    return total, RawBody.objects.filter(pk__in=ids).delete()[0]


def _check_packet(source: str, size: int) -> None:
    """Refuse early what the server would answer by closing the connection. Escaping may double a body."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT @@max_allowed_packet")
        (most,) = cursor.fetchone()
    if 2 * size + PACKET_HEADROOM > most:
        megabytes = (2 * size + PACKET_HEADROOM) // 2**20 + 1
        text = f"an answer of {size:,} bytes does not fit into the database's packets of {most:,}; nothing was stored"
        raise SourceError(f"{text}. Set max_allowed_packet = {megabytes}M or more on the server.", source=source)

"""Full texts of the filings of watched companies (document.xml)."""

import zlib
from datetime import date

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from collectors import raw
from collectors.dart.archive import opened
from collectors.dart.client import SOURCE, client
from collectors.dart.models import Filing, FilingText
from collectors.dart.plain import decoded, plain_text
from collectors.dart.watched import watched_symbols
from collectors.errors import NoData, SourceError
from collectors.raw import Body, parser
from collectors.upsert import store

ENDPOINT, KIND = "document.xml", "document"
SUFFIXES = (".xml", ".html", ".htm")


def items(day: date) -> list[str]:
    """Receipt numbers of the day's filings of watched companies whose text is wanted still.

    One of which DART has said today that there is no text is left for another day. Raises a ``django.db.Error``
    when the watch list cannot be read.
    """
    midnight = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    filings = Filing.objects.filter(received_on=day, symbol__in=watched_symbols())
    settled = Q(full_text__body__isnull=False) | Q(full_text__missing_at__gte=midnight)
    return list(filings.exclude(settled).order_by("rcept_no").values_list("rcept_no", flat=True))


def fetch(day: date, item: str) -> int:
    """Store the text of one filing; 1. Raises NoData, and marks the filing, where DART has no text for it."""
    try:
        data = client().zip(ENDPOINT, rcept_no=item)
    except NoData:
        now = timezone.now()
        store([FilingText(filing_id=item, missing_at=now, fetched_at=now)])
        raise
    body = raw.keep(SOURCE, KIND, item, data)
    with transaction.atomic():
        return raw.parse(body)


@parser(SOURCE, KIND, version=1)
def store_text(body: Body) -> int:
    """Store the plain text of all files of a document's zip, in the order of their names: the filing comes first."""
    texts, encodings = [], []
    with opened(body.data, ENDPOINT) as archive:
        for name in sorted(archive.namelist(), key=lambda name: (len(name), name)):
            if name.lower().endswith(SUFFIXES):
                markup, encoding = decoded(archive.read(name))
                texts.append(plain_text(markup))
                encodings.append(encoding)
    text = "\n\n".join(filter(None, texts))
    if not text:
        raise SourceError(f"{ENDPOINT} {body.key}: a zip without any text; nothing was stored", source=SOURCE)
    row = FilingText(
        filing_id=body.key,
        body=zlib.compress(text.encode()),
        characters=len(text),
        encoding=encodings[0],
        fetched_at=body.fetched_at,
    )
    return store([row])

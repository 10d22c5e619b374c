"""All companies that file reports (corpCode.xml): one zip of more than 100,000, once a week."""

from collections.abc import Iterator
from datetime import date
from xml.etree.ElementTree import Element, ParseError

from defusedxml import ElementTree
from defusedxml.common import DefusedXmlException
from django.db import transaction

from collectors import cells, raw
from collectors.dart import values
from collectors.dart.archive import opened
from collectors.dart.client import SOURCE, client
from collectors.dart.models import CORP_LENGTH, CORP_NAME, Corp
from collectors.errors import SourceError
from collectors.jobs import one_item
from collectors.raw import Body, parser
from collectors.upsert import store

ENDPOINT, KIND = "corpCode.xml", "corps"
STORED_AT_ONCE = 2_000


def items(day: date) -> list[str]:
    """One list of all companies, whatever the day."""
    return one_item(day)


def fetch(day: date, item: str) -> int:
    """Fetch the list of companies and store it; the number of companies. Raises the errors of `collectors.errors`."""
    body = raw.keep(SOURCE, KIND, f"{day:%Y%m%d}", client().zip(ENDPOINT))
    with transaction.atomic():
        return raw.parse(body)


@parser(SOURCE, KIND, version=1)
def store_corps(body: Body) -> int:
    """Store the companies of a zip; none is ever taken away."""
    count, part = 0, []
    for element in _elements(body.data):
        part.append(_corp(element, body))
        if len(part) == STORED_AT_ONCE:
            count += store(part)
            part = []
    count += store(part)
    if not count:
        raise SourceError(f"{ENDPOINT}: a list without companies; nothing was stored", source=SOURCE)
    return count


def _elements(data: bytes) -> Iterator[Element]:
    """The <list> elements one by one: the whole tree would take a few hundred megabytes."""
    with opened(data, ENDPOINT) as archive, archive.open(archive.namelist()[0]) as file:
        try:
            tree = ElementTree.iterparse(file, events=("start", "end"))
            _, root = next(tree)
            for event, element in tree:
                if event == "end" and element.tag == "list":
                    yield element
                    root.clear()
        except (ParseError, DefusedXmlException, StopIteration) as exc:
            text = f"{ENDPOINT}: not the XML it should be ({type(exc).__name__}); nothing was stored"
            raise SourceError(text, source=SOURCE) from exc


def _corp(element: Element, body: Body) -> Corp:
    row = {child.tag: child.text for child in element}
    return Corp(
        corp_code=values.digits(row, "corp_code", CORP_LENGTH),
        symbol=values.symbol(row),
        name=cells.text(row, "corp_name", CORP_NAME),
        english_name=cells.text(row, "corp_eng_name", CORP_NAME),
        modified_on=cells.day(row, "modify_date"),
        fetched_at=body.fetched_at,
    )

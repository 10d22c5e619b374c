"""A whole day of one data set: all its pages, kept and then stored in one transaction."""

from datetime import date

from django.db import transaction

from collectors import raw
from collectors.datagokr.answers import SOURCE
from collectors.datagokr.client import client
from collectors.due import is_weekday
from collectors.errors import NoData, NotYet
from collectors.jobs import one_item


def items(day: date) -> list[str]:
    """A weekday is one item, for its pages count together; a weekend has none."""
    return one_item(day) if is_weekday(day) else []


def fetch_day(day: date, service: str, kind: str) -> int:
    """Fetch and store one day; the number of rows.

    Raises NotYet while the source has nothing: a day comes out on the next business day after 13:00, and a holiday,
    which never comes, looks the same.
    """
    on = f"{day:%Y%m%d}"
    try:
        pages = client().pages(service, "srtnCd", basDt=on)
    except NoData:
        pages = []
    if not pages:
        text = (
            f"{service}: nothing of {day} yet; it comes on the next business day after 13:00, unless it is a holiday"
        )
        raise NotYet(text, source=SOURCE)
    kept = [raw.keep(SOURCE, kind, f"{on}/p{number}", page) for number, page in enumerate(pages, 1)]
    with transaction.atomic():
        return sum(raw.parse(body) for body in kept)

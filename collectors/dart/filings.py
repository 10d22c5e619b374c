"""The filings of a day (list.json), whole market, polled while the day lasts and read to its end afterwards."""

from dataclasses import dataclass
from datetime import date, time

from django.db import transaction
from django.utils import timezone

from collectors import cells, raw
from collectors.dart import values
from collectors.dart.client import SOURCE, client, read, rows_in
from collectors.dart.models import CORP_LENGTH, CORP_NAME, RECEIPT_LENGTH, REPORT_NAME, Filing
from collectors.errors import NoData, SourceError
from collectors.jobs import EVERYTHING
from collectors.raw import Body, parser
from collectors.upsert import store

ENDPOINT, KIND = "list.json", "list"
OPENS, CLOSES, EVERY_MINUTES = time(7), time(20), 20
PAGE_ROWS = 100
PASSES = 4


def items(day: date) -> list[str]:
    """Of today the poll that is due, 1040 at 10:45; of a past day the whole of it, once more; none of a day to come.

    The pages of one reading belong together, for they shift while they are read.
    """
    now = timezone.localtime()
    if day != now.date():
        return [EVERYTHING] if day < now.date() else []
    clock = min(now.time(), CLOSES)
    return [f"{clock.hour:02}{clock.minute // EVERY_MINUTES * EVERY_MINUTES:02}"] if clock >= OPENS else []


def fetch(day: date, item: str) -> int:
    """Store the filings of the day, all or none; the number of rows read.

    Raises NoData on a day without filings, SourceError when pages are missing after several passes.
    """
    # A past day is read to its end; today only until everything that DART counts is known.
    known = set(_known(day)) if day >= timezone.localdate() else set()
    bodies = _Reading(day, known).bodies()
    with transaction.atomic():
        return sum(raw.parse(body) for body in bodies)


@parser(SOURCE, KIND, version=1)
def store_filings(body: Body) -> int:
    """Store the filings of one page."""
    return store([_filing(row, body) for row in rows_in(read(body.data, ENDPOINT), ENDPOINT)])


def _known(day: date) -> list[str]:
    return list(Filing.objects.filter(received_on=day).values_list("rcept_no", flat=True))


@dataclass(slots=True)
class _Page:
    receipts: set[str]
    total: int  # filings of the day, as counted while this page was made
    pages: int


class _Reading:
    """Reads pages until every filing that DART counts has been seen, now or before.

    New filings come in front and push the others to later pages, so a page is never missed by growth; what came in
    meanwhile is caught by another pass, which is over as soon as the count is met.
    """

    def __init__(self, day: date, known: set[str]) -> None:
        self.day = day
        self.known = known
        self.seen: set[str] = set()
        self.kept: list[Body] = []

    def bodies(self) -> list[Body]:
        total = 0
        for _ in range(PASSES):
            number = pages = 1
            while number <= pages:
                page = self._page_or_error(number)
                self.seen |= page.receipts
                total, pages = page.total, page.pages
                # Exactly: a filing that was withdrawn is still known here and no longer counted there.
                if len(self.seen | self.known) == total or len(self.seen) >= total:
                    return self.kept
                number += 1
        text = f"{ENDPOINT}: {len(self.seen)} of {total} filings after {PASSES} passes; nothing was stored"
        raise SourceError(text, source=SOURCE)

    def _page_or_error(self, number: int) -> _Page:
        try:
            return self._page(number)
        except NoData as exc:
            if not self.seen:
                raise
            # Said of a later page it is no word about the day.
            text = f"{ENDPOINT}: page {number} is gone while it was read; nothing was stored"
            raise SourceError(text, source=SOURCE) from exc

    def _page(self, number: int) -> _Page:
        on = f"{self.day:%Y%m%d}"
        data = client().json(
            ENDPOINT,
            bgn_de=on,
            end_de=on,
            last_reprt_at="N",
            sort="date",
            sort_mth="desc",
            page_no=number,
            page_count=PAGE_ROWS,
        )
        self.kept.append(raw.keep(SOURCE, KIND, f"{on}/p{number}", data))
        answer = read(data, ENDPOINT)
        receipts = {values.digits(row, "rcept_no", RECEIPT_LENGTH) for row in rows_in(answer, ENDPOINT)}
        return _Page(receipts, _count(answer, "total_count"), _count(answer, "total_page"))


def _count(answer: dict[str, object], name: str) -> int:
    value = str(answer.get(name, ""))
    if not (value.isascii() and value.isdigit() and len(value) < 8):
        raise SourceError(f"{ENDPOINT}: no {name} beside the rows; nothing was stored", source=SOURCE)
    return int(value)


def _filing(row: dict[str, object], body: Body) -> Filing:
    received_on = cells.day(row, "rcept_dt")
    if received_on is None:
        raise SourceError(f"{ENDPOINT}: a filing without a day; nothing was stored", source=SOURCE)
    return Filing(
        rcept_no=values.digits(row, "rcept_no", RECEIPT_LENGTH),
        received_on=received_on,
        symbol=values.symbol(row),
        corp_code=cells.text(row, "corp_code", CORP_LENGTH),
        corp_name=cells.text(row, "corp_name", CORP_NAME),
        market=cells.text(row, "corp_cls", 1),
        report=" ".join(cells.text(row, "report_nm", REPORT_NAME).split()),
        filer=cells.text(row, "flr_nm", CORP_NAME),
        remarks=cells.text(row, "rm", 40),
        fetched_at=body.fetched_at,
    )

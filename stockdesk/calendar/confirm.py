"""KIS's and a person's word about days: when KIS may be asked, and how the answers are stored."""

from collections.abc import Sequence
from datetime import date, datetime, time, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F

from stockdesk.calendar.models import MarketDay
from stockdesk.kis.days import CalendarDay
from stockdesk.kis.messages import KST

#: KIS is asked in the morning (KST); the demo's stand-in at any time.
MORNING = time(6)
#: The pause after a question that brought no answer doubles from the first to the longest, seconds.
PAUSE_FIRST, PAUSE_LONGEST = 60, 600
#: Questions a day, however often the process starts anew.
MOST_ASKS = 30

_FLAGS = ("open_flag", "business_flag", "trading_flag", "settlement_flag")


def confirm(days: Sequence[CalendarDay], *, broker: str, asked_at: datetime) -> None:
    """Store a whole answer of chk-holiday (CTCA0903R) that ``broker`` (host:port) gave; all of it or nothing.

    An answer that is older than the stored one of the same broker changes nothing; neither does an empty flag.
    """
    with transaction.atomic():
        stored = MarketDay.objects.select_for_update().in_bulk([day.day for day in days])
        rows = []
        for day in days:
            known = stored.get(day.day)
            if known and known.answered_by == broker and known.answered_at and known.answered_at > asked_at:
                continue
            flags = {name: getattr(day, name) or getattr(known, name, "") for name in _FLAGS}
            rows.append(MarketDay(day=day.day, answered_at=asked_at, answered_by=broker, **flags))
        MarketDay.objects.bulk_create(
            rows, update_conflicts=True, update_fields=[*_FLAGS, "answered_at", "answered_by"]
        )


def override(
    days: Sequence[date], *, is_open: bool | None, timetable: str, reason: str, person: str, at: datetime
) -> None:
    """Store a person's word about these days; without ``is_open`` it is taken back.

    Raises ValueError for a word without its reason.
    """
    if not (reason.strip() and person):
        raise ValueError("an override needs a person and a reason")
    MarketDay.objects.filter(day__in=days).update(
        override_open=is_open,
        override_timetable=timetable if is_open else "",
        override_reason=reason.strip(),
        overridden_by=person,
        overridden_at=at,
    )


def reserve_question(now: datetime) -> date | None:
    """Today, if KIS is to be asked about it now; the question is counted before it is sent. None otherwise.

    Once a morning there is an answer, then nobody asks until the next. The count stands in the day's row, so a
    process that starts again and again, or twice, asks no oftener.
    """
    today = now.astimezone(KST).date()
    row, _ = MarketDay.objects.get_or_create(pk=today)
    if not is_due(row, now):
        return None
    reserved = MarketDay.objects.filter(pk=today, asks=row.asks).update(asks=F("asks") + 1, asked_at=now)
    return today if reserved else None


def is_due(row: MarketDay, now: datetime) -> bool:
    """Whether the row of today lacks this morning's answer, and the last question is long enough ago."""
    begins = time() if settings.DESK.around_the_clock else MORNING
    morning = datetime.combine(row.day, begins, KST)
    answered = row.answered_at is not None and row.answered_by == settings.DESK.broker and row.answered_at >= morning
    if now < morning or answered or row.asks >= MOST_ASKS:
        return False
    return row.asked_at is None or now - row.asked_at >= timedelta(seconds=pause_after(row.asks))


def pause_after(asks: int) -> int:
    """Seconds to wait after so many questions of a day."""
    return min(PAUSE_FIRST * 2 ** max(asks - 1, 0), PAUSE_LONGEST)

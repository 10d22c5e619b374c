"""What is doubtful about the calendar: as events, and as reasons of ``/readyz``."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta

from django.conf import settings
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext, gettext_noop

from stockdesk.calendar.models import MarketDay, Source
from stockdesk.events import Troubles
from stockdesk.health import Reason, ready_check
from stockdesk.kis.messages import KST

SOURCE = "calendar"
DISPUTED, RUNNING_OUT, UNCONFIRMED = "day-disputed", "days-run-out", "day-unconfirmed"
#: Fewer days than this ahead that KRX's list, the broker or a person know are an event.
HORIZON = timedelta(days=30)
#: From here on (KST) today should be confirmed.
LATEST = time(8)

# Filled in with the date; the screens translate them.
TAKEN_FOR_OPEN = gettext_noop("the sources disagree about {1}, which is taken for open")
TAKEN_FOR_CLOSED = gettext_noop("the sources disagree about {1}, which is taken for closed")
CONTRADICTED = gettext_noop("a person and the broker contradict each other about {1}: no orders")
KNOWN_UNTIL = gettext_noop("trading days are known until {1} only")
NOBODY_CONFIRMED = gettext_noop("nobody has confirmed {1} as a trading day: no orders")
SENTENCES = (TAKEN_FOR_OPEN, TAKEN_FOR_CLOSED, CONTRADICTED, KNOWN_UNTIL, NOBODY_CONFIRMED)


@dataclass(frozen=True, slots=True)
class Doubt:
    """One doubt. ``subject`` is the date it is about."""

    code: str
    subject: str
    sentence: str

    def said(self, sentence: str) -> str:
        return sentence.replace("{1}", self.subject)


def doubts(now: datetime) -> Iterator[Doubt]:
    """Everything doubtful from today on; nothing in the demo, which looks at no calendar."""
    if settings.DESK.around_the_clock:
        return
    local = now.astimezone(KST)
    yield from _disputes(local)
    yield from _short_horizon(local)
    yield from _unconfirmed(local)


def _disputes(now: datetime) -> Iterator[Doubt]:
    doubtful = Q(answered_at__isnull=False) | Q(override_open__isnull=False) | ~Q(listed_open=F("computed_open"))
    for row in MarketDay.objects.filter(doubtful, day__gte=now.date()):
        verdict = row.verdict(settings.DESK.broker)
        if verdict.disputed:
            by_a_person = verdict.source == Source.PERSON
            taken = TAKEN_FOR_OPEN if verdict.is_open else TAKEN_FOR_CLOSED
            yield Doubt(DISPUTED, row.day.isoformat(), CONTRADICTED if by_a_person else taken)


def _short_horizon(now: datetime) -> Iterator[Doubt]:
    known = Q(listed_open__isnull=False) | Q(override_open__isnull=False) | Q(answered_by=settings.DESK.broker)
    last = MarketDay.objects.filter(known).order_by("-day").values_list("day", flat=True).first()
    if last is None or last < now.date() + HORIZON:
        yield Doubt(RUNNING_OUT, last.isoformat() if last else "-", KNOWN_UNTIL)


def _unconfirmed(now: datetime) -> Iterator[Doubt]:
    row = MarketDay.objects.filter(pk=now.date()).first() or MarketDay(day=now.date())
    verdict = row.verdict(settings.DESK.broker)
    # A contradiction is told of already.
    if now.time() >= LATEST and verdict.is_open is not False and not verdict.confirmed and not verdict.disputed:
        yield Doubt(UNCONFIRMED, row.day.isoformat(), NOBODY_CONFIRMED)


def tell_doubts(now: datetime) -> None:
    """Open an event for every doubt, and end those that are over."""
    wrong = {(doubt.code, doubt.subject): doubt.said(doubt.sentence) for doubt in doubts(now)}
    Troubles(SOURCE, (DISPUTED, RUNNING_OUT, UNCONFIRMED)).tell(wrong)


@ready_check
def calendar_is_sure() -> Iterator[Reason]:
    for doubt in doubts(timezone.now()):
        yield Reason(doubt.code.replace("-", "_"), doubt.said(gettext(doubt.sentence)))

"""When which index is asked for: often while its exchange trades, and after the close until its last bar is final."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from collectors.overseas.indices import Index

#: While the exchange trades.
OPEN_EVERY = timedelta(minutes=5)
#: For the final bar after the close, and how often before the session counts as a holiday that no calendar told of.
FINAL_EVERY, FINAL_TRIES = timedelta(minutes=30), 6
#: How far back is asked: at first what one answer holds, a hundred days; later more than any rest of an exchange.
FIRST_BACK, BACK = timedelta(days=140), timedelta(days=14)


@dataclass(slots=True)
class Seen:
    """What is known of one index: when it was asked, its newest final bar, and the tries for the next one."""

    asked_at: datetime | None = None
    final_on: date | None = None
    awaited: date | None = None
    tries: int = 0


def due(indices: Iterable[Index], seen: dict[str, Seen], now: datetime) -> list[Index]:
    """Which indices to ask for now, in their order."""
    return [index for index in indices if _is_due(index, seen.setdefault(index.symbol, Seen()), now)]


def _is_due(index: Index, known: Seen, now: datetime) -> bool:
    since = None if known.asked_at is None else now - known.asked_at
    if since is None:
        return True
    if index.exchange.is_open(now):
        return since >= OPEN_EVERY
    session = index.exchange.last_session(now)
    if known.final_on is not None and known.final_on >= session:
        return False
    tries = known.tries if known.awaited == session else 0
    return tries < FINAL_TRIES and since >= (FINAL_EVERY if tries else timedelta())


def note_asked(index: Index, known: Seen, now: datetime) -> None:
    """Count a try for the final bar of the last session."""
    known.asked_at = now
    session = index.exchange.last_session(now)
    if known.awaited != session:
        known.awaited, known.tries = session, 0
    if not index.exchange.is_open(now):
        known.tries += 1


def range_of(index: Index, known: Seen, now: datetime) -> tuple[date, date]:
    """The days to ask for, on the exchange's calendar."""
    today = index.exchange.local(now).date()
    return today - (FIRST_BACK if known.final_on is None else BACK), today

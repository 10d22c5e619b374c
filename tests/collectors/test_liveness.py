"""When a session without ticks is broken: the moments at which a market is quiet by nature must not count."""

from datetime import datetime, timedelta

import pytest

from collectors.liveness import Movement, is_tickless
from stockdesk.hours import Day, Window
from stockdesk.kis.messages import KST

FRIDAY, MONDAY = datetime(2026, 11, 20, tzinfo=KST), datetime(2026, 11, 23, tzinfo=KST)


def trading(on: datetime, begins: str = "09:00:00", ends: str = "15:20:00") -> Day:
    window = Window("regular", at(on, begins), at(on, ends), "KRX", frozenset(("00",)))
    return Day(on.date(), True, True, "broker", (window,))


def closed(on: datetime) -> Day:
    return Day(on.date(), False, True, "broker")


def judged(
    now: datetime,
    *,
    opened: datetime,
    ticked: datetime | None,
    others_moving_since: datetime | None = None,
    symbols: int = 40,
    day: Day | None = None,
) -> bool:
    def monotonic(moment: datetime | None) -> float | None:
        return None if moment is None else 1_000_000.0 + (moment - FRIDAY).total_seconds()

    return is_tickless(
        monotonic(now) or 0.0,
        opened_at=monotonic(opened) or 0.0,
        ticked_at=monotonic(ticked),
        hours_since=(day or trading(midnight(now))).trading_seconds(now),
        symbols=symbols,
        others=[Movement(monotonic(others_moving_since)), Movement(None)],
    )


def midnight(moment: datetime) -> datetime:
    return moment.replace(hour=0, minute=0, second=0, microsecond=0)


def at(day: datetime, clock: str) -> datetime:
    hour, minute, second = map(int, clock.split(":"))
    return day + timedelta(hours=hour, minutes=minute, seconds=second)


@pytest.mark.parametrize("clock", ["08:59:59", "09:00:00", "09:00:01", "09:00:59"])
def test_a_session_kept_over_the_weekend_is_given_its_first_minute(clock: str) -> None:
    ticked = at(FRIDAY, "15:30:00")
    moving = at(MONDAY, "09:00:00") if clock > "09:00:00" else None
    assert not judged(at(MONDAY, clock), opened=at(FRIDAY, "08:50:00"), ticked=ticked, others_moving_since=moving)


def test_a_minute_after_the_opening_it_is_broken_if_the_others_move() -> None:
    moving = at(MONDAY, "09:00:01")
    opened, ticked = at(FRIDAY, "08:50:00"), at(FRIDAY, "15:30:00")
    assert judged(at(MONDAY, "09:01:02"), opened=opened, ticked=ticked, others_moving_since=moving)
    assert not judged(at(MONDAY, "09:01:02"), opened=opened, ticked=ticked, others_moving_since=moving, symbols=9)


@pytest.mark.parametrize("clock", ["15:20:00", "15:25:00", "15:30:00", "15:30:01", "16:30:00", "20:00:00"])
def test_auctions_and_the_evening_end_no_session(clock: str) -> None:
    now, opened = at(FRIDAY, clock), at(FRIDAY, "08:50:00")
    moving = now - timedelta(minutes=10)
    assert not judged(now, opened=opened, ticked=at(FRIDAY, "15:19:59"), others_moving_since=moving)


def test_a_holiday_ends_no_session() -> None:
    now, moving = at(MONDAY, "11:00:00"), at(MONDAY, "10:00:00")
    for opened, ticked in ((at(MONDAY, "08:50:00"), None), (at(FRIDAY, "08:50:00"), at(FRIDAY, "15:30:00"))):
        assert not judged(now, opened=opened, ticked=ticked, others_moving_since=moving, day=closed(MONDAY))
        assert judged(now, opened=opened, ticked=ticked, others_moving_since=moving)


def test_a_weekend_ends_no_session() -> None:
    saturday = FRIDAY + timedelta(days=1)
    assert not judged(
        at(saturday, "11:00:00"), opened=at(FRIDAY, "08:50:00"), ticked=at(FRIDAY, "15:30:00"),
        others_moving_since=at(saturday, "10:00:00"), day=closed(saturday),
    )  # fmt: skip


def test_a_late_opening_ends_no_session() -> None:
    """CSAT day: trading begins at ten, and an hour of silence before means nothing."""
    thursday = FRIDAY - timedelta(days=1)
    late, opened = trading(thursday, "10:00:00", "16:20:00"), at(thursday, "08:50:00")
    for clock, moving in (("09:30:00", "09:00:01"), ("10:00:30", "09:00:01"), ("10:01:00", "10:00:01")):
        since = at(thursday, moving)
        assert not judged(at(thursday, clock), opened=opened, ticked=None, others_moving_since=since, day=late)
    since = at(thursday, "10:00:01")
    assert judged(at(thursday, "16:10:00"), opened=opened, ticked=None, others_moving_since=since, day=late)


def test_a_market_that_stands_still_costs_one_reconnect_and_not_before_three_minutes() -> None:
    """A circuit breaker looks like a feed that died; whatever it is, a new connection is tried once."""
    opened, ticked = at(FRIDAY, "08:50:00"), at(FRIDAY, "10:00:00")
    assert not judged(at(FRIDAY, "10:02:59"), opened=opened, ticked=ticked)
    assert judged(at(FRIDAY, "10:03:01"), opened=opened, ticked=ticked)
    assert not judged(at(FRIDAY, "10:19:00"), opened=at(FRIDAY, "10:03:10"), ticked=None)


def test_movement_begins_with_a_tick_and_ends_with_a_pause() -> None:
    movement = Movement()
    movement.look(100.0, None)
    assert movement.since is None
    movement.look(101.0, 100.5)
    movement.look(105.0, 104.0)
    assert movement.since == 101.0
    movement.look(110.0, 104.0)
    assert movement.since is None

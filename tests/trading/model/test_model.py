"""Thousands of seeded schedules against the real engine, and proof that a broken engine would not get through."""

import pytest

from tests.trading.model.bugs import BUGS, Bug
from tests.trading.model.schedule import Failed, Schedule, run_schedules
from tests.trading.model.tables import DatabaseTables

SLICES = 8
"""So that several workers can share the schedules."""
FAR_ENOUGH = 1_000
"""Seeds within which a bug has to show."""


@pytest.mark.parametrize("part", range(SLICES))
def test_no_schedule_breaks_an_invariant(part: int, schedules: int) -> None:
    share = -(-schedules // SLICES)
    run_schedules(part * share, min(share, schedules - part * share))


@pytest.mark.django_db
def test_no_schedule_breaks_an_invariant_on_the_database(schedules: int) -> None:
    run_schedules(1_000_000, max(1, round(schedules * 0.02)), tables=DatabaseTables, steps=25)


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.__name__)
def test_a_deliberate_bug_is_found(bug: Bug, monkeypatch: pytest.MonkeyPatch) -> None:
    bug(monkeypatch)
    with pytest.raises(Failed) as found:
        run_schedules(0, FAR_ENOUGH)
    assert f"seed {found.value.seed}" in str(found.value)
    with pytest.raises(Failed) as again:
        Schedule(found.value.seed).run()
    assert str(again.value) == str(found.value), "the seed is all it takes to see it again"


def test_the_schedules_meet_what_they_are_meant_to_meet() -> None:
    """A checker that never sees a lost answer proves nothing about lost answers."""
    met: set[str] = set()
    for seed in range(150):
        schedule = Schedule(seed)
        schedule.run()
        met |= {post.verdict for post in schedule.exchange.posted}
        met |= {order.state.value for order in schedule.tables.all_orders()}
        met |= {order.source.value for order in schedule.tables.all_orders()}
        met |= {"late" for order in schedule.tables.all_orders() if "turned up late" in order.alarm}
        met |= {word for line in schedule.trace for word in ("CRASH", "STALL", "database fails") if word in line}
    assert met >= {
        "booked", "absent", "late", "refused", "token", "cancelled", "not cancelled", "filled", "denied", "rejected",
        "not_placed", "expired", "needs_human", "external", "CRASH", "STALL", "database fails",
    }  # fmt: skip

"""What should run, as a function of days, words and the clock."""

from datetime import date, datetime, time, timedelta

import pytest

import collectors.dart.jobs
import collectors.datagokr.jobs
import collectors.nightly
import collectors.reference.jobs  # noqa: F401  (they register themselves)
from collectors.jobs import JOBS
from stockdesk.hours import day_of, days_of, demo_day
from stockdesk.kis.messages import KST
from stockdesk.manager.plan import HOLD, START, STOP, Override, days_needed, next_day_start, what_should_run
from stockdesk.manager.reconcile import Move, Seen, moves
from stockdesk.programs import PROGRAMS
from tests.ground.calendar import at

FRIDAY = at("2026-11-20T10:00")


def word(wish: str, until: datetime | None = None, program: str = "trading") -> dict[str, Override]:
    return {program: Override(program, wish, until, "kim", "a test")}


def plan_of(now: datetime, overrides=None):
    return what_should_run(days_of(days_needed(now)), overrides or {}, now)


def test_the_demo_runs_everything_at_any_hour():
    days = [demo_day(on) for on in days_needed(FRIDAY)]
    for hours in range(0, 72, 5):
        wishes = what_should_run(days, {}, FRIDAY + timedelta(hours=hours))
        assert all(wish.run and wish.changes_at is None for wish in wishes.values())


@pytest.mark.django_db
@pytest.mark.usefixtures("real")
class TestOfTheCalendar:
    @pytest.mark.parametrize(
        ("now", "program", "run", "reason", "changes_at"),
        [
            ("2026-11-20T10:00", "ws_market", True, "market", "2026-11-20T20:15"),
            ("2026-11-20T07:00", "ws_market", False, "hours", "2026-11-20T07:50"),
            ("2026-11-20T21:00", "ws_market", False, "hours", "2026-11-23T07:50"),
            ("2026-11-21T10:00", "ws_market", False, "weekend", "2026-11-23T07:50"),
            ("2026-12-25T10:00", "trading", False, "holiday", "2026-12-28T07:50"),
            ("2026-12-31T10:00", "trading", False, "holiday", "2027-01-04T09:20"),
            ("2026-11-20T06:00", "assets", True, "market", "2026-11-20T20:15"),
            ("2026-11-21T06:00", "assets", True, "calendar", "2026-11-21T07:00"),
            ("2026-11-20T23:59", "overseas", True, "abroad", "2026-11-21T07:30"),
            ("2026-11-21T08:00", "overseas", False, "hours", "2026-11-23T08:50"),
            ("2026-11-20T23:00", "reference", True, "jobs", "2026-11-21T00:00"),
            ("2026-11-21T00:00", "reference", False, "hours", "2026-11-21T05:00"),
        ],
    )
    def test_a_wish_has_its_reason_and_the_next_change(self, now, program, run, reason, changes_at):
        wish = plan_of(at(now))[program]
        assert (wish.run, wish.reason, wish.changes_at) == (run, reason, at(changes_at))

    def test_the_longest_holidays_are_seen_through(self):
        """Seollal of 2027: Saturday February 6 to Tuesday 9."""
        assert plan_of(at("2027-02-05T21:00"))["trading"].changes_at == at("2027-02-10T07:50")

    def test_every_batch_job_comes_due_while_its_daemon_runs(self):
        """Two weeks with a CSAT day: the hours of docs/operating.md, from 05:00 to the evening."""
        days = days_of([date(2026, 11, 8) + timedelta(days=n) for n in range(20)])
        missed, counted = [], 0
        for job in JOBS.values():
            now, end = at("2026-11-09T00:00"), at("2026-11-23T00:00")
            while (due := job.due.next_at(now)) is not None and due < end:
                counted += 1
                if not what_should_run(days, {}, due)["reference"].run:
                    missed.append(f"{job.name} {due:%a %H:%M}")
                now = max(due, now) + timedelta(hours=8)
        assert counted > 100
        assert missed == []

    def test_each_day_is_read_as_when_asked_for_alone(self):
        days = [date(2026, 12, 24) + timedelta(days=n) for n in range(12)]
        assert days_of(days) == [day_of(on) for on in days]


@pytest.mark.parametrize(
    ("now", "ends"),
    [
        ("2026-11-20T04:59", "2026-11-20T05:00"),
        ("2026-11-20T05:00", "2026-11-21T05:00"),
        ("2026-11-20T23:30", "2026-11-21T05:00"),
    ],
)
def test_a_hold_lasts_until_the_next_day_of_the_desk(now, ends):
    assert next_day_start(at(now)) == at(ends)


def of_demo(overrides, now=FRIDAY):
    return what_should_run([demo_day(on) for on in days_needed(now)], overrides, now)["trading"]


def test_a_word_goes_before_the_hours_until_its_end():
    tomorrow = at("2026-11-21T05:00")
    assert not of_demo(word(STOP)).run
    held = of_demo(word(HOLD, tomorrow))
    assert (held.run, held.reason, held.changes_at) == (False, "hold", tomorrow)
    assert of_demo(word(HOLD, tomorrow), now=tomorrow).run


@pytest.mark.django_db
@pytest.mark.usefixtures("real")
def test_an_operator_may_start_what_the_calendar_would_not():
    sunday = at("2026-11-22T12:00")
    assert not plan_of(sunday)["trading"].run
    assert plan_of(sunday, word(START))["trading"].reason == "start"


WELL = {program.name: Seen(program.name, "RUNNING", 7) for program in sorted(PROGRAMS, key=lambda p: p.priority)}


def changed(**states: str) -> list[Seen]:
    return [Seen(name, states.get(name, seen.state), seen.pid) for name, seen in WELL.items()]


def of(overrides, seen, hung=()):
    return moves(what_should_run([demo_day(on) for on in days_needed(FRIDAY)], overrides, FRIDAY), seen, hung)


def test_who_runs_well_is_left_alone():
    assert of({}, changed()) == []


@pytest.mark.parametrize("state", ["STOPPED", "EXITED", "FATAL"])
def test_who_has_ended_is_started(state):
    assert of({}, changed(assets=state)) == [Move("start", "assets", "nonstop")]


@pytest.mark.parametrize("state", ["STARTING", "BACKOFF", "STOPPING", "UNKNOWN"])
def test_who_is_on_the_way_is_waited_for(state):
    assert of({}, changed(assets=state)) == []


@pytest.mark.parametrize("state", ["RUNNING", "STARTING", "BACKOFF"])
def test_who_should_not_run_is_stopped_also_on_the_way(state):
    assert of(word(STOP), changed(trading=state)) == [Move("stop", "trading", "stop")]


def test_the_last_in_order_stops_first_and_the_first_starts_first():
    stops = word(STOP, program="ws_market") | word(STOP)
    done = of(stops, changed(web="EXITED", worker="FATAL"))
    assert [(move.verb, move.name) for move in done] == [
        ("stop", "trading"), ("stop", "ws_market"), ("start", "worker"), ("start", "web"),
    ]  # fmt: skip


def test_a_stranger_in_the_configuration_and_the_manager_itself_are_left_alone():
    seen = [*changed(manager="EXITED"), Seen("somebody_elses", "STOPPED")]
    assert of({}, seen) == []


def test_the_clock_may_be_of_any_zone():
    now = datetime.combine(date(2026, 11, 20), time(5, 30), KST)
    assert next_day_start(now.astimezone(None)) == at("2026-11-21T05:00")

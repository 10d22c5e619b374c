"""One round after another, against a supervisord in memory that is broken in every way."""

from datetime import timedelta

import pytest

from stockdesk.manager.keeping import Keeping
from stockdesk.manager.models import ProgramState
from stockdesk.manager.overrides import say
from stockdesk.manager.states import rests, standing
from stockdesk.models import DaemonState, Event
from tests.ground.calendar import at
from tests.manager.supervisord import FakeSupervisord

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("real")]

FRIDAY = at("2026-11-20T10:00")
MARKET = {"ws_market", "rest_market", "assets", "trading"}
ALL = MARKET | {"mariadb", "simulator", "overseas", "reference", "worker", "web", "manager"}
SECOND = timedelta(seconds=1)


@pytest.fixture
def supervisord() -> FakeSupervisord:
    return FakeSupervisord(now=FRIDAY)


@pytest.fixture
def round_at(keeping, supervisord):
    made = keeping(supervisord)
    made(FRIDAY)
    assert supervisord.running() == ALL
    supervisord.orders.clear()
    return made


def open_events() -> dict[str, str]:
    rows = Event.objects.filter(source="manager", is_open=True)
    return {f"{row.code} {row.subject}".strip(): row.text for row in rows}


def test_a_manager_that_comes_anew_restarts_nobody(round_at, keeping, supervisord):
    pids = dict(supervisord.pids)
    keeping(supervisord)(FRIDAY + SECOND)
    assert supervisord.orders == []
    assert supervisord.pids == pids


@pytest.mark.parametrize(
    ("died", "came_back", "running"),
    [("08:59", "09:40", True), ("07:30", "12:00", True), ("15:31", "20:40", False), ("06:00", "21:30", False)],
)
def test_a_manager_that_was_dead_over_a_change_ends_in_the_right_set(keeping, died, came_back, running):
    supervisord = FakeSupervisord(now=FRIDAY)
    keeping(supervisord)(at(f"2026-11-20T{died}"))
    keeping(supervisord)(at(f"2026-11-20T{came_back}"))
    assert (supervisord.running() >= MARKET) is running
    assert bool(supervisord.running() & MARKET) is running


def test_programs_started_and_stopped_by_hand_are_set_right(round_at, supervisord):
    night = at("2026-11-20T22:00")
    round_at(night)
    supervisord.revive("trading")
    supervisord.put("web", "STOPPED")
    round_at(night + 3 * SECOND)
    assert "trading" not in supervisord.running()
    assert "web" in supervisord.running()


def test_after_supervisord_began_anew_everybody_is_back(round_at, supervisord):
    supervisord.restart_itself()
    round_at(FRIDAY + 3 * SECOND)
    assert supervisord.running() == ALL


@pytest.mark.parametrize("state", ["FATAL", "EXITED"])
def test_who_was_given_up_is_started_again(round_at, supervisord, state):
    supervisord.put("assets", state)
    round_at(FRIDAY + 3 * SECOND)
    assert supervisord.orders == ["start assets"]


def test_a_supervisord_that_stops_everything_is_not_fought(round_at, supervisord):
    supervisord.put("web", "STOPPED")
    supervisord.ending = True
    round_at(FRIDAY + 3 * SECOND)
    assert supervisord.orders == []


def test_a_supervisord_that_does_not_answer_is_an_event_until_it_does(round_at, supervisord):
    supervisord.away = True
    for seconds in (3, 9, 14):
        round_at(FRIDAY + seconds * SECOND)
    assert list(open_events()) == ["supervisord-silent"]
    supervisord.away = False
    round_at(FRIDAY + 17 * SECOND)
    assert open_events() == {}


def test_who_has_lost_the_lease_orders_nobody(supervisord):
    Keeping(supervisord, mark="/no/run", may_act=lambda: False).round(FRIDAY)
    assert supervisord.orders == []


def test_a_program_that_does_not_come_up_is_an_event_and_a_row(round_at, supervisord):
    supervisord.put("assets", "BACKOFF")
    for seconds in range(3, 31, 3):
        round_at(FRIDAY + seconds * SECOND)
    assert open_events() == {"program-down assets": "BACKOFF instead of running"}
    assert [program.name for program in standing() if program.is_missing] == ["assets"]
    supervisord.revive("assets")
    round_at(FRIDAY + 33 * SECOND)
    assert open_events() == {}
    assert not any(program.is_missing for program in standing())


def test_a_program_that_falls_over_again_and_again_is_an_event_though_it_runs(round_at, supervisord):
    for turn in range(1, 4):
        assert open_events() == {}
        supervisord.revive("web")  # another process, that nobody asked for
        round_at(FRIDAY + turn * 20 * SECOND)
    round_at(FRIDAY + 63 * SECOND)
    assert list(open_events()) == ["program-down web"]
    round_at(FRIDAY + timedelta(minutes=7))
    assert open_events() == {}


def beat(name, moment):
    DaemonState.objects.update_or_create(name=name, defaults={"heartbeat_at": moment, "state": "running"})


def test_a_daemon_that_hangs_is_an_event_then_started_anew_and_not_oftener_than_the_pace(round_at, supervisord):
    beat("assets", FRIDAY)
    seen = []
    for seconds in range(0, 460, 10):
        now = FRIDAY + seconds * SECOND
        supervisord.orders.clear()
        round_at(now)
        if "stop assets" in supervisord.orders:
            seen.append(seconds)
        if seconds == 40:
            assert list(open_events()) == ["program-hung assets"]
    assert seen == [60, 360], "after a minute, and then after five"
    beat("assets", now)
    round_at(now + 3 * SECOND)
    assert open_events() == {}


def test_the_pace_of_restarts_outlives_the_manager(round_at, keeping, supervisord):
    beat("assets", FRIDAY)
    for seconds in range(0, 75, 3):
        round_at(FRIDAY + seconds * SECOND)
    assert supervisord.orders == ["stop assets", "start assets"]
    fresh = keeping(supervisord)
    for seconds in range(80, 300, 10):
        fresh(FRIDAY + seconds * SECOND)
    assert supervisord.orders == ["stop assets", "start assets"]


def test_a_daemon_that_beats_or_has_just_started_does_not_hang(round_at, supervisord):
    beat("assets", FRIDAY)
    beat("trading", FRIDAY - timedelta(days=1))  # of its last process
    for seconds in range(0, 30, 5):
        beat("assets", FRIDAY + seconds * SECOND)
        round_at(FRIDAY + seconds * SECOND)
    assert open_events() == {}
    assert supervisord.orders == []


DAEMONS = ("ws_market", "rest_market", "assets", "trading", "overseas", "reference")


def beats(moment):
    for name in DAEMONS:
        beat(name, moment)


def test_after_an_outage_of_the_database_nobody_is_restarted(round_at, supervisord):
    """Nobody could beat meanwhile, and the manager may be the first to look: five sessions would connect anew."""
    for seconds in range(0, 12, 3):
        beats(FRIDAY + seconds * SECOND)
        round_at(FRIDAY + seconds * SECOND)
    back = FRIDAY + timedelta(minutes=3)
    round_at(back)
    assert supervisord.orders == []
    assert open_events() == {}
    beats(back)
    round_at(back + 3 * SECOND)
    assert supervisord.orders == []


@pytest.mark.parametrize("step", [timedelta(minutes=10), -timedelta(minutes=10)], ids=["forward", "back"])
def test_a_clock_that_jumps_restarts_nobody(round_at, supervisord, step):
    for seconds in range(0, 12, 3):
        beats(FRIDAY + seconds * SECOND)
        round_at(FRIDAY + seconds * SECOND)
    for seconds in range(12, 90, 3):
        beats(FRIDAY + step + (seconds - 2) * SECOND)
        round_at(FRIDAY + step + seconds * SECOND)
    beat("assets", FRIDAY + step + 89 * SECOND)
    assert supervisord.orders == []
    assert open_events() == {}


@pytest.mark.parametrize("off", [timedelta(minutes=2), -timedelta(minutes=2)], ids=["ahead", "behind"])
def test_a_database_with_another_clock_hides_no_hanging_daemon_and_makes_none(round_at, supervisord, off):
    for seconds in range(0, 120, 3):
        beats(FRIDAY + off + seconds * SECOND)
        round_at(FRIDAY + seconds * SECOND)
    assert supervisord.orders == []
    for seconds in range(120, 190, 3):
        round_at(FRIDAY + seconds * SECOND)
    assert "stop assets" in supervisord.orders


def test_a_word_is_followed_in_the_next_round(round_at, supervisord):
    say(["trading"], "hold", who="kim", why="a bug", now=FRIDAY)
    round_at(FRIDAY + 3 * SECOND)
    assert supervisord.orders == ["stop trading"]
    assert rests("trading")
    say(["trading"], "automatic", who="kim", why="mended", now=FRIDAY)
    round_at(FRIDAY + 6 * SECOND)
    assert "trading" in supervisord.running()
    assert not rests("trading")


def test_rows_are_written_when_something_changed_and_not_otherwise(round_at, supervisord, django_assert_num_queries):
    before = set(ProgramState.objects.values_list("name", "changed_at"))
    with django_assert_num_queries(4):  # the days and their windows, the words, the heartbeats
        round_at(FRIDAY + 3 * SECOND)
    assert set(ProgramState.objects.values_list("name", "changed_at")) == before
    supervisord.put("web", "STOPPING")
    round_at(FRIDAY + 6 * SECOND)
    after = set(ProgramState.objects.values_list("name", "changed_at"))
    assert {name for name, _at in after - before} == {"web"}


def test_a_program_that_is_no_longer_in_the_configuration_leaves_no_row(round_at, keeping):
    smaller = FakeSupervisord(["web", "worker", "manager"], now=FRIDAY)
    keeping(smaller)(FRIDAY + SECOND)
    assert [program.name for program in standing()] == ["worker", "web", "manager"]

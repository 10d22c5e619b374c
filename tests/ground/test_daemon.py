"""Daemons as processes: one copy at a time, an orderly end, and going on when the database comes back."""

import signal
import threading
import time
from collections.abc import Callable

import pytest
from django.conf import settings
from django.db import OperationalError
from django.db.models import F

from stockdesk.events import raise_event
from stockdesk.fence import fenced
from stockdesk.lease import Lease, LeaseHeld
from stockdesk.models import DaemonState, Event
from stockdesk.threads import DatabaseThread
from tests.ground.processes import Child, Door, eventually

SAMPLE = "tests.ground.sample_daemon"


@pytest.fixture
def sample(process_environment) -> Callable[..., Child]:
    """Start a copy of the sample daemon; with its database door, arguments and behaviour."""

    def started(*arguments: str, **behaviour: str) -> Child:
        return Child(SAMPLE, process_environment(**behaviour), *arguments)

    return started


def row() -> DaemonState:
    return DaemonState.objects.get(pk="sample")


def test_a_step_under_way_is_finished_when_told_to_stop(sample):
    with sample(LENGTH="1.5") as daemon:
        daemon.wait_for("begin")
        daemon.send(signal.SIGTERM)
        assert daemon.ends() == 0
    assert daemon.lines.count("begin 1") == daemon.lines.count("end 1") == 1
    assert "torn down" in daemon.lines
    assert (row().holder, row().state, row().counters["steps"]) == ("", "stopped", 1)
    assert row().counters["memory_mib"] > 20


def test_interrupt_stops_it_as_well_and_without_waiting_for_the_next_step(sample):
    with sample(EVERY="3600") as daemon:
        daemon.wait_for("end")
        daemon.send(signal.SIGINT)
        assert daemon.ends() == 0
    assert "Traceback" not in daemon.text


def test_once_makes_one_step(sample):
    with sample("--once") as daemon:
        assert daemon.ends() == 0
    assert daemon.lines.count("wrote 1") == 1


def test_what_was_loaded_at_the_start_is_no_work_for_the_garbage_collector(sample):
    with sample("--once") as daemon:
        assert daemon.ends() == 0
    (line,) = [line for line in daemon.lines if line.startswith("the garbage collector looks through")]
    assert int(line.split()[-1]) < 20_000, "Django alone is more than 100,000 objects"


def test_a_second_copy_exits_and_says_who_runs(sample):
    with sample() as first:
        first.wait_for("wrote")
        with sample() as second:
            assert second.ends() == 0
        assert f"already runs as {row().holder}" in second.text
        assert "begin" not in second.text
        assert first.process.poll() is None


def test_after_kill_9_the_next_copy_takes_over_when_the_lease_has_expired(sample):
    with sample() as first:
        first.wait_for("wrote")
        first.send(signal.SIGKILL)
        first.ends()
    killed = time.monotonic()
    with sample() as second:
        second.wait_for("wrote 2")
    assert time.monotonic() - killed > 0.5
    assert row().fence == 2


def test_a_holder_that_slept_past_its_lease_writes_no_more(sample):
    with sample() as first:
        first.wait_for("wrote")
        first.send(signal.SIGSTOP)
        with sample() as second:
            second.wait_for("wrote 2")
            written = Event.objects.get(code="step", subject="1").count
            first.send(signal.SIGCONT)
            assert first.ends() == 0
            assert "lost its lease" in first.text
            assert Event.objects.get(code="step", subject="1").count == written
            assert second.process.poll() is None
            assert row().fence == 2


def test_an_error_nobody_foresaw_ends_the_process_and_shows_no_secret(sample):
    secret = settings.DESK.app_keys[0].secret
    with sample(MISTAKE=f"bad {secret}") as daemon:
        assert daemon.ends() == 1
    assert "ValueError: bad [redacted]" in daemon.text
    assert "in step" in daemon.text
    assert secret not in daemon.text
    assert "torn down" in daemon.lines
    assert (row().state, row().last_error, row().holder) == ("failed", "ValueError: bad [redacted]", "")


def test_a_failed_daemon_is_an_event_until_it_works_again(sample):
    with sample(MISTAKE="oh") as daemon:
        assert daemon.ends() == 1
    assert Event.objects.get(source="sample", code="failed", ended_at=None).level == "error"
    with sample("--once") as daemon:
        assert daemon.ends() == 0
    assert not Event.objects.filter(source="sample", code="failed", ended_at=None).exists()


def test_a_step_that_hangs_is_an_event_while_the_heart_beats_on(sample):
    with sample(LENGTH="60", EXPIRY="10") as daemon:
        daemon.wait_for("begin")
        eventually(lambda: Event.objects.filter(source="sample", code="step-late", is_open=True).exists())
        assert row().state == "running"
        daemon.process.kill()


def test_a_step_that_hung_in_a_copy_that_was_killed_is_over_with_the_first_step_of_the_next(sample):
    raise_event("sample", "step-late", text="no step for 9 s")
    with sample("--once") as daemon:
        assert daemon.ends() == 0
    assert not Event.objects.filter(source="sample", code="step-late", is_open=True).exists()


def test_a_heartbeat_that_cannot_be_written_ends_the_process(sample):
    with sample(COUNTER="1") as daemon:
        assert daemon.ends() == 1
    assert "ValueError: Circular reference" in daemon.text
    assert (row().state, row().holder) == ("failed", "")


def test_state_and_counters_are_written_with_the_heartbeat(sample):
    with sample() as daemon:
        daemon.wait_for("ready")
        eventually(lambda: row().state == "running" and row().counters.get("steps", 0) > 1)
        before = row()
        assert before.version
        assert before.last_step_at is not None
        eventually(lambda: DaemonState.objects.filter(heartbeat_at__gt=before.heartbeat_at).exists())
        assert DaemonState.objects.filter(expires_at__gt=F("heartbeat_at")).exists()


@pytest.fixture
def door():
    at = settings.DATABASES["default"]
    with Door(at["OPTIONS"]["unix_socket"]) as made:
        yield made


def test_it_waits_for_a_database_that_is_not_there_yet(sample, process_environment, door):
    url = process_environment()["DATABASE_URL"].partition("?")[0]
    with sample(DATABASE_URL=f"{url}?unix_socket={door.path}") as daemon:
        daemon.wait_for("waiting for the database")
        door.open()
        daemon.wait_for("wrote 1")


def test_it_goes_on_after_the_database_was_away_longer_than_the_lease(sample, process_environment, door):
    url = process_environment()["DATABASE_URL"].partition("?")[0]
    door.open()
    with sample(DATABASE_URL=f"{url}?unix_socket={door.path}") as daemon:
        daemon.wait_for("wrote 1")
        door.shut()
        away = daemon.wait_for("no heartbeat")
        time.sleep(2.5)  # longer than the lease of two seconds
        door.open()
        daemon.wait_for("wrote 1", after=away)
        eventually(lambda: row().state == "running" and "OperationalError" in row().last_error)
        daemon.send(signal.SIGTERM)
        assert daemon.ends() == 0
    assert row().fence == 1
    assert not Event.objects.filter(code="step-failed", ended_at=None).exists()


def test_once_with_an_error_of_the_database_exits_1_without_a_traceback(sample, process_environment, door):
    url = process_environment()["DATABASE_URL"].partition("?")[0]
    door.open()
    with sample("--once", LENGTH="1.5", DATABASE_URL=f"{url}?unix_socket={door.path}") as daemon:
        daemon.wait_for("begin")
        door.shut()
        assert daemon.ends() == 1
    assert "sample failed: OperationalError" in daemon.text
    assert "Traceback" not in daemon.text


def test_it_can_be_stopped_while_the_database_is_away(sample, process_environment, door):
    url = process_environment()["DATABASE_URL"].partition("?")[0]
    with sample(DATABASE_URL=f"{url}?unix_socket={door.path}") as daemon:
        daemon.wait_for("waiting for the database")
        daemon.send(signal.SIGTERM)
        assert daemon.ends() == 0


def taken(lease: Lease) -> bool:
    lease.look()
    return lease.take()


@pytest.mark.django_db
def test_of_two_that_find_the_lease_free_one_takes_it():
    one, two = Lease("sample"), Lease("sample")
    one.look()
    two.look()
    assert [one.take(), two.take()] == [True, False]
    assert (one.held(), two.held()) == (True, False)


@pytest.mark.django_db(transaction=True)
def test_a_holder_that_freezes_in_a_write_is_undone_and_another_takes_the_lease(monkeypatch):
    """Its locks would keep the copy that takes over out for as long as it sleeps."""
    monkeypatch.setattr("stockdesk.threads.IDLE_TRANSACTION", 1)
    one, two, frozen, awake = Lease("sample", expiry=0.3), Lease("sample"), threading.Event(), threading.Event()
    assert taken(one)

    def write() -> None:
        with fenced("sample", one.fence):
            DaemonState.objects.filter(pk="sample").update(last_error="half done")
            frozen.set()
            awake.wait(30)

    thread = DatabaseThread("freezes")
    written = thread.submit(write)
    assert frozen.wait(30)
    eventually(lambda: taken(two))
    awake.set()
    with pytest.raises(OperationalError):
        written.result(30)
    thread.close()
    assert (row().holder, row().last_error) == (two.holder, "")


@pytest.mark.django_db
def test_a_lease_given_back_is_free_at_once_and_the_fence_grows():
    one, two = Lease("sample"), Lease("sample")
    assert taken(one)
    one.release(state="stopped")
    assert not one.held()
    assert taken(two)
    assert (one.fence, two.fence) == (1, 2)


@pytest.mark.django_db
def test_an_expiry_left_in_the_future_by_a_clock_set_back_does_not_bar_the_way():
    one, two = Lease("sample", expiry=0.3), Lease("sample", expiry=0.3)
    assert taken(one)
    DaemonState.objects.update(expires_at="2030-01-01T00:00:00+09:00")
    assert not taken(two)
    eventually(lambda: taken(two))
    assert two.fence == 2


@pytest.mark.django_db
def test_a_holder_that_gives_a_sign_of_life_is_left_alone():
    one, two = Lease("sample"), Lease("sample")
    assert taken(one)
    assert not taken(two)
    one.renew()
    with pytest.raises(LeaseHeld, match=one.holder):
        two.look()


@pytest.mark.django_db
def test_a_lease_that_was_not_renewed_is_not_held():
    one = Lease("sample", expiry=0.05)
    assert taken(one)
    eventually(lambda: not one.held())
    assert one.renew()
    assert one.held()


@pytest.mark.django_db
def test_renewing_a_lease_that_another_took_fails_for_good():
    one, two = Lease("sample", expiry=0.0), Lease("sample")
    assert taken(one)
    assert taken(two)
    assert not one.renew()
    one.release(state="stopped")
    assert row().holder == two.holder

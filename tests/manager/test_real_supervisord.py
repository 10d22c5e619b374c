"""A real supervisord with small programs under the desk's names, and the real manager's rounds upon it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.conf import settings as django_settings

from stockdesk.kis.messages import KST
from stockdesk.manager.keeping import Keeping
from stockdesk.manager.overrides import say
from stockdesk.models import DaemonState, Event
from stockdesk.programs import BY_NAME, supervisord_config
from stockdesk.setup import processes
from stockdesk.setup.places import Places
from stockdesk.setup.supervision import Supervisor
from tests.ground.processes import eventually

SLEEPS = "import signal; signal.pause()"
WITH_A_CHILD = """
import signal, subprocess, sys
child = subprocess.Popen([sys.executable, '-c', 'import signal; signal.pause()'])
open('child', 'w').write(str(child.pid))
signal.pause()
"""
ENDS = "raise SystemExit('it cannot work')"
BY_THE_HOURS = ("trading", "assets")
FRIDAY, SUNDAY = datetime(2026, 11, 20, 10, tzinfo=KST), datetime(2026, 11, 22, 10, tzinfo=KST)

pytestmark = pytest.mark.django_db


class Desk:
    """A supervisord, and rounds of a manager that lives in this process."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.places = Places(folder / "var")
        self.places.make()
        self.supervisor = Supervisor(self.places, top=folder)

    def begin(self, scripts: dict[str, str]) -> None:
        programs = [
            replace(BY_NAME[name], command=(sys.executable, "-c", f"exec(open('{name}.py').read())"), stop_seconds=2)
            for name in scripts
        ]
        for name, script in scripts.items():
            (self.folder / f"{name}.py").write_text(script)
        path = os.path.relpath(self.places.supervisor_socket, self.folder)
        text = supervisord_config(programs, socket=path, ports={}, as_root=os.geteuid() == 0)
        # Nobody waits for seconds that only tell a good start from a bad one.
        text = text.replace("startsecs=5", "startsecs=0").replace("startretries=1000000", "startretries=1")
        self.child = self.supervisor.start(text, dict(os.environ))
        self.supervisor.wait_until_listening(self.child)

    def manager(self) -> Callable[[datetime], None]:
        kept = Keeping(self.supervisor, mark=self.places.mark)

        def round_at(now: datetime) -> None:
            kept.round(now)

        return round_at

    def states(self) -> dict[str, str]:
        return {info["name"]: info["statename"] for info in self.supervisor.programs()}

    def pids(self) -> dict[str, int]:
        return {info["name"]: info["pid"] for info in self.supervisor.programs()}

    def become(self, state: str, *names: str) -> Callable[[], bool]:
        return lambda: all(self.states()[name] == state for name in names)

    def end(self) -> None:
        self.supervisor.stop(patience=20.0)
        self.child.wait()


@pytest.fixture
def desk(tmp_path: Path, real: None) -> Iterator[Desk]:
    made = Desk(tmp_path)
    try:
        made.begin(dict.fromkeys(BY_THE_HOURS, SLEEPS))
        yield made
    finally:
        processes.end(processes.marked(made.places.mark), patience=10.0)
        made.child.wait()


@pytest.fixture
def running(desk: Desk) -> Desk:
    desk.manager()(FRIDAY)
    eventually(desk.become("RUNNING", *BY_THE_HOURS))
    return desk


def test_programs_start_in_their_hours_and_stop_after_them(running):
    assert running.pids().keys() == set(BY_THE_HOURS)
    running.manager()(SUNDAY)
    eventually(running.become("STOPPED", *BY_THE_HOURS))
    assert len(processes.marked(running.places.mark)) == 1, "only supervisord is left"


def test_a_new_manager_leaves_everybody_alone(running):
    before = running.pids()
    running.manager()(FRIDAY + timedelta(seconds=3))
    assert running.pids() == before


def test_a_child_killed_beside_a_living_program_is_put_right(running):
    round_at = running.manager()
    round_at(FRIDAY)
    killed = running.pids()["assets"]
    os.kill(killed, signal.SIGKILL)
    eventually(lambda: running.pids()["assets"] not in (0, killed))
    round_at(FRIDAY + timedelta(seconds=3))
    assert running.become("RUNNING", *BY_THE_HOURS)()


def test_children_of_a_program_that_was_killed_do_not_outlive_it(desk):
    (desk.folder / "assets.py").write_text(WITH_A_CHILD)
    round_at = desk.manager()
    round_at(FRIDAY)
    eventually(lambda: (desk.folder / "child").exists() and (desk.folder / "child").read_text())
    orphan, (parent,) = int((desk.folder / "child").read_text()), [desk.pids()["assets"]]
    round_at(FRIDAY)
    (desk.folder / "assets.py").write_text(SLEEPS)
    os.kill(parent, signal.SIGKILL)
    eventually(lambda: desk.pids()["assets"] not in (0, parent))
    assert processes.alive(orphan)
    # Another manager: what the last one saw stands in the rows.
    desk.manager()(FRIDAY + timedelta(seconds=3))
    assert not processes.alive(orphan)
    assert processes.alive(desk.pids()["assets"])


def test_a_program_given_up_is_told_and_started_again_when_it_can_work(desk):
    # Ended within startsecs, it is tried once more, and then supervisord gives it up.
    desk.end()
    desk.begin({"assets": ENDS})
    config = desk.places.supervisor_config
    config.write_text(config.read_text().replace("startsecs=0", "startsecs=1"))
    desk.supervisor.call("restart")
    eventually(lambda: answers(desk))
    round_at = desk.manager()
    round_at(FRIDAY)
    eventually(desk.become("FATAL", "assets"))
    for seconds in (3, 30):
        round_at(FRIDAY + timedelta(seconds=seconds))
    assert Event.objects.filter(source="manager", code="program-down", subject="assets", is_open=True).exists()
    (desk.folder / "assets.py").write_text(SLEEPS)

    def well() -> bool:
        round_at(FRIDAY + timedelta(seconds=33))
        return desk.states()["assets"] == "RUNNING"

    eventually(well, every=0.3)
    round_at(FRIDAY + timedelta(seconds=36))
    assert not Event.objects.filter(source="manager", is_open=True).exists()


def answers(desk: Desk) -> bool:
    try:
        return bool(desk.states())
    except OSError:
        return False
    except Exception as exc:  # it is on its way down
        return "SHUTDOWN" not in str(exc)


def test_after_a_restart_of_supervisord_everybody_is_back(running):
    before = running.pids()
    running.supervisor.call("restart")
    eventually(lambda: answers(running) and set(running.states().values()) == {"STOPPED"})
    running.manager()(FRIDAY + timedelta(seconds=3))
    eventually(running.become("RUNNING", *BY_THE_HOURS))
    assert not set(before.values()) & set(running.pids().values())


def test_a_hung_program_is_killed_and_started_anew(running):
    round_at = running.manager()
    old = running.pids()["assets"]
    os.kill(old, signal.SIGSTOP)
    now = datetime.now(KST)
    begun = DaemonState.objects.create(name="assets", heartbeat_at=now, state="running")
    say(["assets", "trading"], "start", who="kim", why="whatever the hour", now=now)
    for seconds in range(0, 34, 3):
        round_at(now + timedelta(seconds=seconds))
    assert Event.objects.get(code="program-hung", is_open=True).subject == "assets"
    for seconds in range(36, 64, 3):
        round_at(now + timedelta(seconds=seconds))
    # SIGTERM does not reach it; after its stop seconds SIGKILL does.
    eventually(running.become("STOPPED", "assets"))
    round_at(now + timedelta(seconds=66))
    eventually(running.become("RUNNING", "assets"))
    assert running.pids()["assets"] != old
    DaemonState.objects.filter(pk=begun.pk).update(heartbeat_at=now + timedelta(seconds=70))
    round_at(now + timedelta(seconds=70))
    assert not Event.objects.filter(source="manager", is_open=True).exists()


def test_a_supervisord_that_is_stopped_holds_up_the_manager_for_seconds_only(running, monkeypatch):
    monkeypatch.setattr("stockdesk.setup.supervision.SILENCE", 0.3)
    round_at = running.manager()
    os.kill(running.child.pid, signal.SIGSTOP)
    try:
        began = time.monotonic()
        for seconds in (0, 12):
            round_at(FRIDAY + timedelta(seconds=seconds))
        assert time.monotonic() - began < 20
        assert Event.objects.filter(code="supervisord-silent", is_open=True).exists()
    finally:
        os.kill(running.child.pid, signal.SIGCONT)
    round_at(FRIDAY + timedelta(seconds=15))
    assert not Event.objects.filter(code="supervisord-silent", is_open=True).exists()


@pytest.mark.django_db(transaction=True)
def test_the_daemon_itself_waits_for_the_tables_then_keeps_and_ends_orderly(desk, process_environment):
    say(BY_THE_HOURS, "start", who="kim", why="whatever the hour", now=datetime.now(KST))
    environment = process_environment(**{processes.MARK: desk.places.mark})
    log = (desk.folder / "manager.log").open("wb")
    with log, subprocess.Popen(
        [sys.executable, "manage.py", "run_manager"],
        env=environment, cwd=django_settings.BASE_DIR, stdout=log, stderr=log,
    ) as manager:  # fmt: skip
        try:
            eventually(lambda: processes.stat_fields(manager.pid) and manager.poll() is None)
            assert set(desk.states().values()) == {"STOPPED"}
            desk.places.prepared.touch()
            eventually(desk.become("RUNNING", *BY_THE_HOURS))
            eventually(lambda: DaemonState.objects.filter(pk="manager", state="running").exists())
            before = desk.pids()
            manager.terminate()
            assert manager.wait(20) == 0, (desk.folder / "manager.log").read_text()
            assert desk.pids() == before
        finally:
            manager.kill()

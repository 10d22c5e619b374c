"""supervisord for real: two small programs, started, watched and stopped without a trace."""

import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from stockdesk.programs import Program, supervisord_config
from stockdesk.setup import processes
from stockdesk.setup.places import Places
from stockdesk.setup.supervision import Supervisor

PATIENCE = 60.0
TELLS_ITS_END = """
import pathlib, signal, sys
def end(*_):
    with open('ended', 'a') as file:
        file.write(sys.argv[1] + '\\n')
    sys.exit(0)
signal.signal(signal.SIGTERM, end)
pathlib.Path(sys.argv[1] + '.started').touch()
while True:
    signal.pause()
"""


def dummy(name: str, priority: int, script: str = TELLS_ITS_END) -> Program:
    return Program(
        name=name,
        command=(sys.executable, "-c", "exec(open('program.py').read())", name)
        if script is TELLS_ITS_END
        else (sys.executable, "-c", script),
        priority=priority,
        starts_alone=priority == 1,
    )


@pytest.fixture
def supervisor(tmp_path) -> Iterator[Supervisor]:
    places = Places(tmp_path / "var")
    places.make()
    (tmp_path / "program.py").write_text(TELLS_ITS_END)
    made = Supervisor(places, top=tmp_path)
    yield made
    processes.end(processes.marked(places.mark), patience=10.0)


def start(supervisor: Supervisor, *programs: Program):
    socket = os.path.relpath(supervisor.places.supervisor_socket, supervisor.top)
    text = supervisord_config(programs, socket=socket, ports={}, as_root=os.geteuid() == 0)
    child = supervisor.start(text, dict(os.environ))
    supervisor.wait_until_listening(child)
    return child


def until(true: Callable[[], object]) -> None:
    end = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < end, "it did not come true"
        time.sleep(0.05)


def started(folder: Path, name: str) -> Callable[[], bool]:
    return (folder / f"{name}.started").exists


def test_two_programs_start_are_stopped_last_one_first_and_leave_nothing(supervisor, tmp_path):
    child = start(supervisor, dummy("first", 1), dummy("second", 2))
    until(started(tmp_path, "first"))
    assert not started(tmp_path, "second")(), "it waits until it is told to start"
    supervisor.start_program("second")
    until(started(tmp_path, "second"))
    assert supervisor.pid() == child.pid
    assert supervisor.stop(patience=PATIENCE) == []
    assert child.wait() == 0
    assert (tmp_path / "ended").read_text().split() == ["second", "first"]
    assert processes.marked(supervisor.places.mark) == []


def test_programs_that_outlived_a_killed_supervisord_are_ended(supervisor, tmp_path):
    child = start(supervisor, dummy("first", 1))
    until(started(tmp_path, "first"))
    child.kill()
    child.wait()
    assert supervisor.pid() is None
    assert len(processes.marked(supervisor.places.mark)) == 1
    supervisor.stop(patience=PATIENCE)
    assert (tmp_path / "ended").read_text().split() == ["first"]
    assert processes.marked(supervisor.places.mark) == []


def test_a_program_that_dies_is_started_again(supervisor, tmp_path):
    start(supervisor, dummy("first", 1))
    until(started(tmp_path, "first"))
    (old,) = [info["pid"] for info in supervisor.programs()]
    (tmp_path / "first.started").unlink()
    os.kill(old, 9)
    until(started(tmp_path, "first"))
    (info,) = supervisor.programs()
    assert info["pid"] not in (0, old)


def test_a_program_that_cannot_start_is_tried_again_and_not_given_up(supervisor, tmp_path):
    start(supervisor, dummy("broken", 1, script="open('tries', 'a').write('x')"))
    until(lambda: (tmp_path / "tries").exists() and len((tmp_path / "tries").read_text()) > 4)
    assert supervisor.state_of("broken") in ("STARTING", "BACKOFF")


def test_a_program_cannot_be_asked_after_when_nothing_runs(supervisor):
    with pytest.raises(OSError, match=r".+"):
        supervisor.programs()
    assert supervisor.stop() == []

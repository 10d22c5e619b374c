"""Ending our own processes, and those only."""

import os
import subprocess
import sys
import uuid
from collections.abc import Iterator

import pytest

from stockdesk.setup import ports, processes

WAIT = "import signal, sys; print('ready', flush=True); signal.pause()"
STUBBORN = (
    "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('ready', flush=True)\n"
    "while True: signal.pause()"
)


@pytest.fixture
def mark() -> str:
    return uuid.uuid4().hex


@pytest.fixture
def start() -> Iterator:
    children = []

    def started(script: str, *, mark: str | None = None) -> subprocess.Popen:
        environment = {name: value for name, value in os.environ.items() if name != processes.MARK}
        if mark:
            environment[processes.MARK] = mark
        child = subprocess.Popen([sys.executable, "-c", script], env=environment, stdout=subprocess.PIPE, text=True)
        children.append(child)
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        return child

    yield started
    for child in children:
        processes.end(processes.descendants(child.pid), patience=1.0)
        child.kill()
        child.wait()
        if child.stdout is not None:
            child.stdout.close()


def test_only_processes_with_our_mark_are_found(start, mark):
    ours, theirs, unmarked = start(WAIT, mark=mark), start(WAIT, mark=mark + "x"), start(WAIT)
    assert processes.marked(mark) == [ours.pid]
    processes.end(processes.marked(mark), patience=10.0)
    assert ours.wait() != 0
    assert theirs.poll() is None
    assert unmarked.poll() is None


def test_what_a_marked_process_starts_is_ours_too(start, mark):
    child_of_ours = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {WAIT!r}])"
    parent = start(child_of_ours, mark=mark)
    assert len(processes.marked(mark)) == 2
    assert parent.pid in processes.marked(mark)
    processes.end(processes.marked(mark), patience=10.0)
    assert processes.marked(mark) == []


def test_a_pid_file_that_names_a_stranger_is_not_believed(start, mark, tmp_path):
    stranger = start(WAIT)
    pid_file = tmp_path / "supervisord.pid"
    pid_file.write_text(f"{stranger.pid}\n")
    assert processes.recorded(pid_file, mark) is None
    ours = start(WAIT, mark=mark)
    pid_file.write_text(f"{ours.pid}\n")
    assert processes.recorded(pid_file, mark) == ours.pid


@pytest.mark.parametrize("text", ["", "not a number", "-5", "999999999"])
def test_a_broken_pid_file_means_that_nothing_runs(tmp_path, mark, text):
    pid_file = tmp_path / "supervisord.pid"
    pid_file.write_text(text)
    assert processes.recorded(pid_file, mark) is None
    assert processes.recorded(tmp_path / "absent", mark) is None


def test_one_that_ignores_the_request_is_killed_and_named(start, mark):
    obedient, stubborn = start(WAIT, mark=mark), start(STUBBORN, mark=mark)
    assert processes.end(processes.marked(mark), patience=1.0) == [stubborn.pid]
    assert stubborn.wait() == -9
    assert obedient.wait() == -15


def test_we_never_count_ourselves_or_our_parents(mark):
    """Else ``./desk test`` started from a program of the desk would end itself."""
    asks = "import os; from stockdesk.setup.processes import MARK, marked; print(marked(os.environ[MARK]))"
    shell = ["sh", "-c", '"$0" -c "$1"; exit', sys.executable, asks]
    done = subprocess.run(shell, env={**os.environ, processes.MARK: mark}, capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_a_dead_child_that_nobody_waited_for_is_not_alive(start, mark):
    child = start(WAIT, mark=mark)
    child.kill()
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert not processes.alive(child.pid)
    assert child.pid not in processes.descendants(os.getpid())


def test_descendants_are_found_through_every_generation(start, mark):
    parent = start(f"import subprocess, sys; subprocess.run([sys.executable, '-c', {WAIT!r}])", mark=mark)
    assert len(processes.descendants(parent.pid)) == 1
    assert set(processes.marked(mark)) <= set(processes.descendants(os.getpid()))


def test_a_taken_port_is_known_with_its_owner(start):
    listening = (
        "import signal, socket\ns = socket.socket(); s.bind(('127.0.0.1', 0)); s.listen()\n"
        "print('ready', flush=True); print(s.getsockname()[1], flush=True); signal.pause()"
    )
    child = start(listening)
    port = int(child.stdout.readline())
    assert not ports.is_free(port)
    assert f"(pid {child.pid})" in ports.listener(port)
    assert ports.choose(port) > port


def test_a_port_is_not_chosen_twice():
    first = ports.choose(20000)
    assert ports.choose(20000, taken=frozenset({first})) != first

"""``./desk test`` tells when a test leaves a process behind."""

import os
import subprocess
import sys
import uuid

import pytest

from stockdesk.setup import processes, testing
from stockdesk.setup.places import TEST
from stockdesk.setup.screen import Screen

# Starts a grandchild that takes off the mark and leaves its parent's group, then ends: nobody's child, unmarked.
ABANDONS = """
import os, subprocess, sys
child = subprocess.Popen([sys.executable, "-c", "import signal; signal.pause()"], env={}, start_new_session=True)
print(child.pid, flush=True)
"""
JUDGES = """
import subprocess, sys
from stockdesk.setup import processes, testing
from stockdesk.setup.screen import Screen
testing.LEFTOVER_PATIENCE = 0.2
testing.adopt_orphans()
subprocess.run([sys.executable, "-c", sys.argv[1]], stdout=subprocess.DEVNULL, check=True)
outcome = testing.nothing_left("no-such-run", Screen())
assert processes.descendants(__import__("os").getpid()) == [], "it is ended all the same"
sys.exit(7 if not outcome.passed else 0)
"""


def judge(script: str) -> int:
    return subprocess.run([sys.executable, "-c", JUDGES, script], capture_output=True, check=False).returncode


def test_a_process_that_hid_its_mark_and_lost_its_parent_is_found_and_ended():
    assert judge(ABANDONS) == 7


def test_a_suite_that_tidied_up_passes():
    assert judge("import subprocess, sys; subprocess.run([sys.executable, '-c', ''], check=True)") == 0


def test_the_faults_share_two_desks_unless_somebody_says_otherwise():
    assert testing.shared_out(["--faults"]) == ("--faults", "-n", "2", "--dist", "load")
    assert testing.shared_out(["--faults", "-n0", "-k", "F66"]) == ("--faults", "-n0", "-k", "F66")
    assert testing.shared_out(["tests/kis", "-x"]) == ("tests/kis", "-x")
    assert "loadfile" in testing.shared_out([])


def test_a_marked_process_of_the_run_is_found(monkeypatch):
    run = uuid.uuid4().hex
    monkeypatch.setattr(processes, "descendants", lambda pid: [])
    child = subprocess.Popen(
        [sys.executable, "-c", "import signal; print(flush=True); signal.pause()"],
        env={**os.environ, processes.MARK: run},
        stdout=subprocess.PIPE,
    )
    assert child.stdout is not None
    child.stdout.readline()
    assert testing.left_of(run) == [child.pid]
    child.kill()
    child.wait()
    child.stdout.close()
    assert testing.left_of(run) == []


def test_one_failure_fails_the_whole_run(capsys):
    good, bad = testing.Outcome("ruff", True, 0.1), testing.Outcome("pytest", False, 2.0, "exit code 1")
    assert testing.report([good], Screen()) == 0
    assert testing.report([bad, good], Screen()) == 1
    assert "FAILED  exit code 1" in capsys.readouterr().out


def test_a_run_with_arguments_hands_them_to_pytest_alone(monkeypatch):
    monkeypatch.setattr(testing.environment, "make_production_like", lambda places: TEST.var / "deploy.env")
    checks = testing.checks_of_a_run("run", ["tests/setup", "-k", "one"])
    assert checks[-1].title == "pytest"
    assert checks[-1].command[-3:] == ("tests/setup", "-k", "one")
    whole = testing.checks_of_a_run("run", [])
    assert "-n" in whole[-1].command
    assert [check.title for check in whole][:3] == ["ruff check", "ruff format", "mypy"]


@pytest.mark.parametrize("name", ["KIS_APP_KEY", "DATABASE_URL", "DESK_MODE"])
def test_no_test_sees_the_operators_account(monkeypatch, name):
    monkeypatch.setenv(name, "of the real desk")
    monkeypatch.setattr(testing.environment, "make_production_like", lambda places: TEST.var / "deploy.env")
    for check in testing.checks_of_a_run("run", []):
        assert check.environment.get(name) != "of the real desk"

"""``./desk test`` and ``./desk bench``: on a throw-away MariaDB, leaving no process behind."""

import contextlib
import ctypes
import fcntl
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from stockdesk.setup import environment, mariadb, processes, steps
from stockdesk.setup.places import ROOT, TEST, Places, Trouble
from stockdesk.setup.screen import Screen, line

PR_SET_CHILD_SUBREAPER = 36
PYTEST_LIMIT = 1200.0  # seconds; a suite that hangs is a suite that fails
FAULTS = "--faults"  # all faults of tests/faults: on each desk one after the other
FAULTS_LIMIT = 5400.0
LEFTOVER_PATIENCE = 5.0  # seconds for what is on its way out, a browser's helpers for one
PACKAGES = ("stockdesk", "market", "assets", "trading", "collectors", "bench", "tests")


class Interrupted(BaseException):
    """Ctrl-C or SIGTERM: everything started here is ended, and the run counts as failed."""


@dataclass(frozen=True, slots=True)
class Check:
    """One step of the suite; ``live`` ones write to the screen while they run, the others only when they fail."""

    title: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    live: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    title: str
    passed: bool
    seconds: float
    note: str = ""


def test(arguments: list[str]) -> int:
    """The whole suite; with arguments pytest alone, with these: ``--faults`` are the long faults and their table."""
    screen = Screen()
    with one_at_a_time(TEST), private_server(TEST, screen):
        run = f"{TEST.mark}/{os.getpid()}"
        (TEST.logs / "test.log").unlink(missing_ok=True)
        checks = checks_of_a_run(run, arguments)
        outcomes = []
        for check in checks[-1:] if arguments else checks:
            outcomes.append(perform(check, screen))
        outcomes.append(nothing_left(run, screen))
    return report(outcomes, screen)


def checks_of_a_run(run: str, arguments: Sequence[str]) -> list[Check]:
    here = environment.DeskFile(TEST.var / "test.env", demo=True).child_environment()
    here = {**here, processes.MARK: run}
    served = {**here, "STOCKDESK_ENV": str(environment.make_production_like(TEST))}
    packages = [name for name in PACKAGES if (ROOT / name / "__init__.py").exists()]
    python = sys.executable
    tool = str(Path(python).parent)
    return [
        Check("ruff check", (f"{tool}/ruff", "check", "."), here),
        Check("ruff format", (f"{tool}/ruff", "format", "--check", "."), here),
        Check("mypy", (python, "-m", "mypy", *packages), here),
        Check(
            "import-linter",
            (python, "-c", "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports())"),
            here,
        ),
        Check("makemigrations --check", tuple(steps.manage("makemigrations", "--check", "--dry-run")), here),
        Check("check --deploy", tuple(steps.manage("check", "--deploy", "--fail-level", "WARNING")), served),
        Check(
            "pytest",
            (python, "-m", "pytest", *shared_out(arguments)),
            here,
            live=True,
        ),
    ]


def shared_out(arguments: Sequence[str]) -> tuple[str, ...]:
    """What pytest is called with: the suite in five processes, the faults on two desks, the rest as it was asked."""
    if not arguments:
        return ("-n", "5", "--dist", "loadfile", "--no-loadscope-reorder")
    if FAULTS in arguments and not any(argument.startswith("-n") for argument in arguments):
        return (*arguments, "-n", "2", "--dist", "load")
    return tuple(arguments)


def perform(check: Check, screen: Screen) -> Outcome:
    """Run one check to its end and say how it went."""
    began = time.monotonic()
    if check.live:
        screen.say(f"  {check.title} ...")
        limit = FAULTS_LIMIT if FAULTS in check.command else PYTEST_LIMIT
        code = steps.finish(check.command, environment=check.environment, output=None, limit=limit)
        trouble = "" if code == 0 else f"exit code {code}"
    else:
        trouble = ""
        with screen.stage(check.title) as stage:
            try:
                steps.run(check.command, environment=check.environment, log=TEST.logs / "test.log", limit=PYTEST_LIMIT)
            except steps.StepFailed as exc:
                stage.result, trouble = "failed", "see above"
                detail = str(exc)
        if trouble:
            screen.say(detail)
    return Outcome(check.title, not trouble, time.monotonic() - began, trouble)


def nothing_left(run: str, screen: Screen) -> Outcome:
    """No process of the run is alive: neither by its mark, nor among those that fell to us as their parents died."""
    began = time.monotonic()
    left = processes.still_alive(left_of(run), LEFTOVER_PATIENCE)
    names = [f"{processes.name_of(pid)} (pid {pid})" for pid in left]
    for name in names:
        screen.say(f"  left running: {name}")
    processes.end(left, patience=5.0)
    return Outcome("no process left", not left, time.monotonic() - began, ", ".join(names))


def left_of(run: str) -> list[int]:
    server = {*processes.marked(TEST.mark)}
    return [pid for pid in {*processes.marked(run), *processes.descendants(os.getpid())} if pid not in server]


def report(outcomes: Sequence[Outcome], screen: Screen) -> int:
    screen.say()
    for outcome in outcomes:
        screen.say(line(outcome.title, "passed" if outcome.passed else f"FAILED  {outcome.note}", outcome.seconds))
    passed = all(outcome.passed for outcome in outcomes)
    whole = time.time() - float(os.environ.get("DESK_STARTED", time.time()))
    screen.say(line("all" if passed else "NOT ALL", "passed" if passed else "see above", whole))
    return 0 if passed else 1


def bench(arguments: list[str]) -> int:
    """``python -m bench`` with the tables made on a server of its own."""
    screen = Screen()
    places = Places(TEST.var.parent / "bench")
    with one_at_a_time(places), private_server(places, screen):
        here = environment.DeskFile(places.var / "test.env", demo=True).child_environment()
        with screen.stage("tables"):
            steps.run(steps.manage("migrate", "--noinput"), environment=here, log=places.logs / "bench.log")
        return steps.finish([sys.executable, "-m", "bench", *arguments], environment=here, output=None, limit=7200.0)


@contextlib.contextmanager
def one_at_a_time(places: Places) -> Iterator[None]:
    """One run in a checkout; what an earlier, killed one left behind is ended first."""
    places.make()
    with (places.var / "run.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Trouble(f"Another run is using {places.var}: wait for its end.") from None
        processes.end(processes.marked(places.mark), patience=10.0)
        yield


@contextlib.contextmanager
def private_server(places: Places, screen: Screen) -> Iterator[None]:
    """A MariaDB of this run alone; gone afterwards with its data and with every process below us, whatever happens."""
    adopt_orphans()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupted)
    shutil.rmtree(places.var / "mariadb", ignore_errors=True)
    child: subprocess.Popen[bytes] | None = None
    try:
        with screen.stage("database") as stage:
            password = environment.values_of(environment.make_test(places))["DATABASE_PASSWORD"]
            server = mariadb.EmbeddedServer(places, password, throw_away=True)
            server.prepare()
            child = start_server(server, places)
            ended = child.poll
            mariadb.wait_until_answering(server, ended=lambda: ended() is not None)
            stage.result = "its own, thrown away afterwards"
        yield
    except Interrupted:
        screen.say("\nInterrupted.")
        raise SystemExit(130) from None
    finally:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, signal.SIG_IGN)
        processes.end(
            [pid for pid in processes.descendants(os.getpid()) if not child or pid != child.pid], patience=10
        )
        if child is not None:
            steps.end_group(child)
        shutil.rmtree(places.var / "mariadb", ignore_errors=True)


def start_server(server: mariadb.EmbeddedServer, places: Places) -> "subprocess.Popen[bytes]":
    with (places.logs / "mariadb.log").open("ab") as log:
        return subprocess.Popen(
            server.command(),
            env={**os.environ, processes.MARK: places.mark},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


def adopt_orphans() -> None:
    """Become the parent of every process below us whose own parent dies, so that none escapes the count."""
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def interrupted(number: int, frame: FrameType | None) -> None:
    raise Interrupted

"""Single commands of a set-up: run apart from the terminal, their output in a log that is shown on failure."""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from stockdesk.setup.places import ROOT, Trouble


class StepFailed(Trouble):
    """A command ended with an error; the text holds the end of its output."""


def run(
    command: Sequence[str], *, environment: Mapping[str, str], log: Path, top: Path = ROOT, limit: float = 900.0
) -> None:
    """Run one command to its end, at most ``limit`` seconds.

    It gets a session of its own: Ctrl-C reaches us alone, and whatever it started goes with it.
    """
    with log.open("ab") as output:
        output.write(f"\n== {' '.join(command)}\n".encode())
        output.flush()
        began = output.tell()
        code = finish(command, environment=environment, output=output.fileno(), top=top, limit=limit)
    if code != 0:
        raise StepFailed(f"{' '.join(command[1:4])} ended with {code}:\n{since(log, began)}")


def finish(
    command: Sequence[str], *, environment: Mapping[str, str], output: int | None, top: Path = ROOT, limit: float
) -> int:
    """The command's exit code; -15 when it was stopped for taking longer than ``limit`` seconds."""
    child = subprocess.Popen(
        command,
        cwd=top,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT if output is not None else None,
        start_new_session=True,
    )
    try:
        return child.wait(limit)
    except subprocess.TimeoutExpired:
        return -signal.SIGTERM
    finally:
        end_group(child)


def end_group(child: "subprocess.Popen[bytes]") -> None:
    """End a child that still runs, and its process group with it."""
    if child.poll() is None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGTERM)
        try:
            child.wait(10)
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
            child.wait()


def since(log: Path, offset: int, lines: int = 25) -> str:
    with log.open("rb") as file:
        file.seek(offset)
        return "\n".join(file.read().decode(errors="replace").splitlines()[-lines:])


def manage(*arguments: str) -> list[str]:
    return [sys.executable, "manage.py", *arguments]

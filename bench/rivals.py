"""Receiving, beside python-kis and mojito2 as they come from PyPI: the same frames, each as fast as it takes them."""

import hashlib
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import uvloop
from django.conf import settings

from bench import receive
from bench.frames import tick_frames
from bench.server import sending
from bench.table import Row, median_ratio

CLIENTS = Path(__file__).with_name("clients")
#: Name of the script, what it is, and how many times as fast we promise to be.
RIVALS = (("python_kis", "python-kis 2.1.6", 12.0), ("mojito2", "mojito2 0.1.6, two processes", 4.0))
INSTALLING, RECEIVING = 600.0, 120.0  # seconds


def run(rounds: int = 3, ours: int = 150_000, theirs: int = 15_000) -> list[Row]:
    """None, and a sentence, where PyPI cannot be reached: their code is not kept here."""
    try:
        python = _environment()
    except (OSError, subprocess.SubprocessError) as exc:
        said = getattr(exc, "stderr", None) or str(exc)
        print(f"python-kis and mojito2 are left out, for they could not be installed: {said.strip()[-300:]}")
        return []
    # 46 columns, for python-kis reads no others.
    frames = [frame.rpartition(b"^")[0] for frame in tick_frames(ours)]
    return [_compare(python, *rival, frames, frames[:theirs], rounds) for rival in RIVALS]


def _compare(
    python: Path, script: str, name: str, at_least: float, ours: Sequence[bytes], theirs: Sequence[bytes], rounds: int
) -> Row:
    pairs = []
    for _ in range(rounds):
        with sending(theirs) as url:
            rate = _rate(python, script, url, len(theirs))
        with sending(ours) as url:
            pairs.append((uvloop.run(receive.desk(url, len(ours), 1)).rate, rate))
    return Row(
        "receive, parse, buffer, bars: 46 columns, wall clock",
        "frames/s",
        name,
        median_ratio(pairs),
        at_least=at_least,
    )


def _rate(python: Path, script: str, url: str, frames: int) -> float:
    command = [str(python), str(CLIENTS / f"{script}.py"), url, str(frames)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=RECEIVING, env={}, check=False)
    if done.returncode:
        raise AssertionError(f"{script} received nothing: {done.stderr.strip()[-300:]}")
    return float(done.stdout.split()[-1])


def _environment() -> Path:
    """The Python of an environment with exactly the pinned packages; made anew whenever those change."""
    pins = CLIENTS / "requirements.txt"
    place = Path(settings.BASE_DIR, "var", "bench-clients", hashlib.sha256(pins.read_bytes()).hexdigest()[:12])
    python, whole = place / "bin" / "python", place / "whole"
    if not whole.exists():
        shutil.rmtree(place.parent, ignore_errors=True)
        for command in (
            [sys.executable, "-m", "venv", str(place)],
            [str(python), "-m", "pip", "install", "-q", "--require-hashes", "--only-binary", ":all:", "-r", str(pins)],
        ):
            subprocess.run(command, check=True, capture_output=True, text=True, timeout=INSTALLING)
        whole.touch()
    return python

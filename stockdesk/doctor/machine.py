"""The machine under the desk, and the files that setting up has made."""

import hashlib
import json
import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from stockdesk.doctor.findings import Finding, judged
from stockdesk.setup import ports
from stockdesk.setup.places import DESK, Trouble
from stockdesk.setup.up import web_port

DISK_NEEDED = 1 << 30  # bytes
OLDEST_CLOCK = datetime(2026, 11, 1, tzinfo=UTC)  # this program is younger
PRIVATE = ("var/demo.env", "var/admin-password", "var/backup")


def examine(now: datetime) -> Iterator[Finding]:
    base = settings.BASE_DIR
    yield python(sys.version_info[:3], in_venv=sys.prefix != sys.base_prefix)
    yield packages(base)
    yield static_files(Path(settings.STATIC_ROOT))
    yield from disk(base, settings.BACKUP_DIR)
    yield clock(now)
    yield from synchronisation(os.environ)
    yield from private_files(base, PRIVATE)
    yield port()


def python(version: tuple[int, ...], *, in_venv: bool) -> Finding:
    found = f"{'.'.join(map(str, version))}{'' if in_venv else ', outside of .venv'}"
    remedy = "Run it as ./desk doctor; ./desk up makes .venv from Python 3.11."
    return judged("Python", found, remedy, well=version[:2] == (3, 11) and in_venv)


def packages(base: Path) -> Finding:
    """The mark that ./desk leaves when .venv was made: the lock file it was made from, and where."""
    lock = hashlib.sha256((base / "requirements.lock").read_bytes()).hexdigest()
    stamp = base / ".venv" / "stockdesk.stamp"
    made_from = stamp.read_text().split()[0] if stamp.exists() and stamp.stat().st_size else ""
    found = "as requirements.lock says" if made_from == lock else ".venv is not what requirements.lock says"
    remedy = "Run ./desk up, which brings it up to date: the programs may miss a package or have an old one."
    return judged("packages", found, remedy, well=made_from == lock, otherwise="doubtful")


def static_files(root: Path) -> Finding:
    collected = (root / "staticfiles.json").exists()
    found = "collected" if collected else f"none in {root}: the pages come without styles and scripts, or not at all"
    remedy = "Run ./desk up, which collects them."
    return judged("static files", found, remedy, well=collected, otherwise="doubtful")


def disk(*places: Path) -> Iterator[Finding]:
    """Free bytes: some updates still went on with a full disk, and one big insert made the server abort (F69)."""
    seen = set()
    for place in places:
        there = next(path for path in (place, *place.parents) if path.exists())
        device = there.stat().st_dev
        if device not in seen:
            seen.add(device)
            yield free_space(there, shutil.disk_usage(there).free)


def free_space(place: Path, free: int) -> Finding:
    found = f"{free / (1 << 30):.1f} GB free at {place}"
    remedy = "Free at least 1 GB: a full disk ends the database, and no backup is made."
    return judged("disk", found, remedy, well=free >= DISK_NEEDED)


def clock(now: datetime) -> Finding:
    found = timezone.localtime(now).strftime("%Y-%m-%d %H:%M:%S %Z")
    return judged("clock", found, "It is behind: switch on time synchronisation.", well=now >= OLDEST_CLOCK)


def synchronisation(environment: Mapping[str, str]) -> Iterator[Finding]:
    """What systemd says of timesyncd, chrony or ntpd; nothing where there is no systemd, as in a container."""
    program = shutil.which("timedatectl", path=environment.get("PATH"))
    if program is None:
        return
    asked = subprocess.run(
        [program, "show", "--property=NTPSynchronized", "--value"], capture_output=True, text=True, check=False
    )
    if asked.returncode == 0 and (said := asked.stdout.strip()) in ("yes", "no"):
        remedy = "apt-get install systemd-timesyncd (or chrony): orders need the clock within 2 s of the broker's."
        found = "synchronised" if said == "yes" else "nobody sets this machine's clock"
        yield judged("time synchronisation", found, remedy, well=said == "yes", otherwise="doubtful")


def private_files(top: Path, names: Iterable[str]) -> Iterator[Finding]:
    """What holds secrets is its owner's alone."""
    for name in names:
        if (path := top / name).exists():
            mode = stat.S_IMODE(path.stat().st_mode)
            right = "700" if path.is_dir() else "600"
            yield judged(name, f"mode {mode:o}", f"Others can read it: chmod {right} {name}", well=not mode & 0o077)


def port() -> Finding:
    """The pages' port: free, or held by this very desk."""
    if DESK.state.exists() and (url := json.loads(DESK.state.read_text()).get("url")):
        return Finding("port", f"the desk is up: {url}")
    try:
        number = web_port()
    except Trouble as exc:
        return Finding("port", str(exc), "Correct DESK_PORT in the shell.", "bad")
    if ports.is_free(number):
        return Finding("port", f"{number} is free")
    remedy = f"Stop that, or choose another one: DESK_PORT={ports.choose(number + 1)} ./desk up"
    return Finding("port", f"{number} is taken by {ports.listener(number)}", remedy, "bad")

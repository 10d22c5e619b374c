"""What an operator can get wrong, each looked at by itself: what was found, and what mends it.

The environment file has been read and refused or accepted before this runs; the system checks know the rest of the
settings and the database server. Here are the machine, the tables and the watch list's board.
"""

import shutil
import stat
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from django.conf import settings
from django.core import checks
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.utils import timezone

from stockdesk import roles
from stockdesk.env import Environment

DISK_NEEDED = 1 << 30  # bytes
OLDEST_CLOCK = datetime(2026, 11, 1, tzinfo=UTC)  # this program is younger
DRAWN_BY_LOT = ("var/demo.env", "var/admin-password")

Grade = Literal["well", "doubtful", "bad"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One look; the remedy says what to do when all is not well."""

    subject: str
    found: str
    remedy: str = ""
    grade: Grade = "well"


def judged(subject: str, found: str, remedy: str, *, well: bool) -> Finding:
    return Finding(subject, found) if well else Finding(subject, found, remedy, "bad")


def examine() -> Iterator[Finding]:
    """Every finding, the machine first; what needs a database is left out when none answers."""
    desk = settings.DESK
    yield python(sys.version_info[:3], in_venv=sys.prefix != sys.base_prefix)
    yield disk(shutil.disk_usage(settings.BASE_DIR).free)
    yield machine_clock(timezone.now())
    yield from private_files(settings.BASE_DIR, DRAWN_BY_LOT)
    yield Finding("environment", str(desk.path or "the variables of this shell"))
    yield Finding("broker", f"{urlsplit(desk.kis_rest_url).netloc}, mode {desk.mode}, {len(desk.app_keys)} app keys")
    yield from of_checks("settings", "agree with each other", checks.run_checks())
    reachable = database_answers()
    yield reachable
    if reachable.grade == "well":
        messages = checks.run_checks(tags=[checks.Tags.database], databases=["default"])
        yield from of_checks("server", "new enough, strict, Seoul time, events on, clocks agree", messages)
        yield migrations()
        yield board(desk)
        yield from database_users(desk)


def python(version: tuple[int, ...], *, in_venv: bool) -> Finding:
    found = f"{'.'.join(map(str, version))}{'' if in_venv else ', outside of .venv'}"
    remedy = "Run it as ./desk doctor; ./desk up makes .venv from Python 3.11."
    return judged("Python", found, remedy, well=version[:2] == (3, 11) and in_venv)


def disk(free: int) -> Finding:
    """Free bytes: some updates still went on with a full disk, and one big insert made the server abort (F69)."""
    found = f"{free / (1 << 30):.1f} GB free"
    return judged("disk", found, "Free at least 1 GB: a full disk ends the database.", well=free >= DISK_NEEDED)


def machine_clock(now: datetime) -> Finding:
    found = timezone.localtime(now).strftime("%Y-%m-%d %H:%M:%S %Z")
    return judged("clock", found, "It is behind: switch on time synchronisation.", well=now >= OLDEST_CLOCK)


def private_files(top: Path, names: Iterable[str]) -> Iterator[Finding]:
    """Files with secrets are their owner's alone."""
    for name in names:
        if (path := top / name).exists():
            mode = stat.S_IMODE(path.stat().st_mode)
            yield judged(name, f"mode {mode:o}", f"Others can read it: chmod 600 {name}", well=not mode & 0o077)


def of_checks(subject: str, praise: str, messages: Iterable[checks.CheckMessage]) -> Iterator[Finding]:
    """The system checks' complaints in our form, or one line when there are none."""
    troubles = [message for message in messages if message.level >= checks.WARNING and not message.is_silenced()]
    for message in troubles:
        grade: Grade = "bad" if message.level >= checks.ERROR else "doubtful"
        yield Finding(subject, str(message.msg), message.hint or f"See the setting named here ({message.id}).", grade)
    if not troubles:
        yield Finding(subject, praise)


def database_answers() -> Finding:
    place = settings.DATABASES["default"]
    where = place.get("OPTIONS", {}).get("unix_socket") or place.get("HOST") or "localhost"
    remedy = "Is it running (./desk status)? Is DATABASE_URL right, and the password in DATABASE_PASSWORD?"
    try:
        connection.ensure_connection()
    except DatabaseError as exc:
        number = exc.args[0] if exc.args else type(exc).__name__
        return judged("database", f"{where} does not answer: error {number}", remedy, well=False)
    return Finding("database", f"{where} answers")


def migrations() -> Finding:
    executor = MigrationExecutor(connection)
    missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    found = f"{len(missing)} migrations not applied" if missing else "as the code expects"
    return judged("tables", found, "Run ./desk up, which applies them.", well=not missing)


def board(desk: Environment) -> Finding:
    """The watch list's table in the Gnuboard database, with the columns that the settings name."""
    mapped = desk.gnuboard
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT column_name FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = %s",
            [mapped.table],
        )
        present = {name for (name,) in cursor.fetchall()}
    if not present:
        return judged(
            "watch list", f"no table {mapped.table}", "Correct GNUBOARD_TABLE; ./desk up makes it.", well=False
        )
    wanted = {
        "GNUBOARD_COL_RUN": mapped.col_run,
        "GNUBOARD_COL_CODE": mapped.col_code,
        "GNUBOARD_COL_NAME": mapped.col_name,
        "GNUBOARD_COL_PRICE": mapped.col_price,
        "GNUBOARD_COL_SIDE": mapped.col_side,
        "GNUBOARD_COL_QTY": mapped.col_qty,
    }
    missing = ", ".join(f"{name}={column}" for name, column in wanted.items() if column and column not in present)
    return judged("watch list", mapped.table, f"The table has no such column: {missing}.", well=not missing)


def database_users(desk: Environment) -> Iterator[Finding]:
    """The user that run_trading works as: there, with the rights it needs and no others (failure-model I9)."""
    if not desk.account:
        return  # nothing trades
    subject, remedy = (
        "trading's database user",
        "Run ./desk manage database_users, which prepares it or tells the SQL.",
    )
    try:
        user, fault = roles.account_of("trading").user, roles.fault_of("trading")
    except roles.NotPrepared as exc:
        yield judged(subject, "not set up", str(exc), well=False)
    else:
        yield judged(subject, fault or f"{user}: all rights it needs and no others", remedy, well=not fault)

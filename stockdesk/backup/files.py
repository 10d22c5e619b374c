"""The backups of one folder: their names, the newest, and which are kept."""

import re
from collections.abc import Iterable
from datetime import date, datetime
from pathlib import Path

from stockdesk.kis.messages import KST

_NAME = re.compile(r"stockdesk-.+-(\d{8}-\d{6})\.sql\.gz")
_STAMP = "%Y%m%d-%H%M%S"
PARTIAL = ".partial"


def name_of(database: str, at: datetime, *, before_restore: bool = False) -> str:
    """Korean wall time in the name. What was kept before a restore bears another name, and stays for good."""
    head = "before-restore" if before_restore else "stockdesk"
    return f"{head}-{re.sub(r'[^0-9A-Za-z_-]', '_', database)}-{at.astimezone(KST).strftime(_STAMP)}.sql.gz"


def made_at(path: Path) -> datetime | None:
    """When this file was made, by its name; None for a file of another kind."""
    match = _NAME.fullmatch(path.name)
    return datetime.strptime(match[1], _STAMP).replace(tzinfo=KST) if match else None


def newest(folder: Path) -> tuple[Path, datetime] | None:
    found = [(at, path) for path in _all(folder) if (at := made_at(path))]
    return max(found)[::-1] if found else None


def forget_old(folder: Path, keep: int, today: date) -> list[Path]:
    """Delete all but today's and the last one of each of the ``keep`` newest days; returns what went."""
    gone = expired([(at, path) for path in _all(folder) if (at := made_at(path))], keep, today)
    for path in gone:
        path.unlink()
    return gone


def expired(backups: Iterable[tuple[datetime, Path]], keep: int, today: date) -> list[Path]:
    last: dict[date, tuple[datetime, Path]] = {}
    listed = sorted(backups)
    for at, path in listed:
        last[at.date()] = (at, path)
    kept = {last[day][1] for day in sorted(last)[-keep:]}
    return [path for at, path in listed if path not in kept and at.date() != today]


def _all(folder: Path) -> list[Path]:
    return list(folder.glob("stockdesk-*.sql.gz")) if folder.is_dir() else []

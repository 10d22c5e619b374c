"""The backups of one folder: their names, the newest, and which are kept."""

import re
from collections.abc import Iterable
from datetime import date, datetime
from pathlib import Path

from stockdesk.kis.messages import KST

_STAMP = "%Y%m%d-%H%M%S"
PARTIAL = ".partial"


def name_of(database: str, at: datetime, *, before_restore: bool = False) -> str:
    """Korean wall time in the name. What was kept before a restore bears another name, and stays for good."""
    head = "before-restore" if before_restore else "stockdesk"
    return f"{head}-{_plain(database)}-{at.astimezone(KST).strftime(_STAMP)}.sql.gz"


def newest(folder: Path, database: str) -> tuple[Path, datetime] | None:
    """The last backup of this database, and when it was made by its name."""
    found = _all(folder, database)
    return found[-1][::-1] if found else None


def forget_old(folder: Path, database: str, keep: int, today: date) -> list[Path]:
    """Delete all but today's and the last one of each of the ``keep`` newest days; returns what went."""
    gone = expired(_all(folder, database), keep, today)
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


def half_made(folder: Path) -> list[Path]:
    """What a backup has left that was killed; of files of others, in a folder that is not ours alone, none."""
    form = re.compile(rf"\.(stockdesk|before-restore)-[0-9A-Za-z_-]+-\d{{8}}-\d{{6}}\.sql\.gz{re.escape(PARTIAL)}")
    return [path for path in folder.iterdir() if form.fullmatch(path.name)]


def _all(folder: Path, database: str) -> list[tuple[datetime, Path]]:
    """Oldest first. Another desk may keep its own in the same folder."""
    form = re.compile(rf"stockdesk-{re.escape(_plain(database))}-(\d{{8}}-\d{{6}})\.sql\.gz")
    matches = [(form.fullmatch(path.name), path) for path in folder.iterdir()] if folder.is_dir() else []
    return sorted((datetime.strptime(match[1], _STAMP).replace(tzinfo=KST), path) for match, path in matches if match)


def _plain(database: str) -> str:
    return re.sub(r"[^0-9A-Za-z_-]", "_", database)

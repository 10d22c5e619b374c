"""Making a backup: whole or not at all, for its owner's eyes alone, and never the last gigabyte of a disk."""

import fcntl
import gzip
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from stockdesk import private
from stockdesk.backup import files, tables
from stockdesk.backup.dump import BackupError, Rows, Tally, lines
from stockdesk.backup.manifest import Manifest
from stockdesk.version import version

#: Bytes that stay free: a full disk ends the database (failure-model F69).
KEEP_FREE = 1 << 30
#: Bytes written between two looks at the disk.
LOOK_EVERY = 1 << 25
LEVEL = 4  # most of a backup is figures, which more work hardly makes smaller


class UnderWay(BackupError):
    """Another process is making a backup into this folder."""


@dataclass(frozen=True, slots=True)
class Made:
    """A backup that is on the disk."""

    path: Path
    manifest: Manifest
    size: int
    """Bytes."""


def write(folder: Path, now: datetime, *, whole: bool = False, before_restore: bool = False) -> Made:
    """Back up the desk's tables and the board's, or with ``whole`` the whole database; daemons may go on.

    Raises BackupError, and then leaves nothing behind.
    """
    with _alone_in(folder):
        for left in files.half_made(folder):
            left.unlink()
        database = tables.database()
        previous = files.newest(folder, database)
        _look_at_disk(folder, KEEP_FREE + (previous[0].stat().st_size if previous else 0))
        path = folder / files.name_of(database, now, before_restore=before_restore)
        partial = folder / f".{path.name}{files.PARTIAL}"
        try:
            manifest = _write(partial, now, database, whole)
            partial.rename(path)
            _make_durable(folder)
        finally:
            partial.unlink(missing_ok=True)
        return Made(path, manifest, path.stat().st_size)


def _write(partial: Path, now: datetime, database: str, whole: bool) -> Manifest:
    names = tables.own()
    rows, next_look = Rows(), LOOK_EVERY
    handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as raw:
        with gzip.GzipFile("", "wb", LEVEL, raw) as packed:
            for line in lines(["--events", "--routines", "--triggers", *_left_out(database, set(names), whole)]):
                rows.take(line)
                packed.write(line)
                if raw.tell() > next_look:
                    _look_at_disk(partial.parent, KEEP_FREE)
                    next_look = raw.tell() + LOOK_EVERY
            # The tables that have no rows are among those that were kept.
            empty = dict.fromkeys(tables.there() if whole else names, Tally())
            manifest = Manifest(now, version(), database, whole, migrations(), {**empty, **rows.tallies})
            if manifest.tables[tables.MIGRATIONS].rows != len(manifest.migrations):
                raise BackupError("A migration was under way: make the backup again when it is done.")
            packed.write(manifest.line())
        raw.flush()
        os.fsync(raw.fileno())
    return manifest


def _left_out(database: str, own: set[str], whole: bool) -> Iterator[str]:
    """By what is left out and not by what is wanted: of tables that are named mariadb-dump writes the rows always."""
    for name in sorted(tables.WITHOUT_ROWS):
        yield f"--ignore-table-data={database}.{name}"
    for name in () if whole else sorted(tables.there(views=True) - own):
        yield f"--ignore-table={database}.{name}"


def migrations() -> frozenset[tuple[str, str]]:
    """What has been applied to this database, as (app, name)."""
    connection.close()  # the dump may have taken long, and a server drops who says nothing
    return frozenset(MigrationRecorder(connection).applied_migrations())


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    try:
        private.make_folder(folder)
        lock = private.open_lock(folder / ".lock")
    except OSError as exc:
        raise BackupError(f"{folder} is no place for a backup: {exc.strerror}.") from None
    try:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UnderWay(f"Another backup into {folder} is under way.") from None
        yield
    finally:
        os.close(lock)


def _look_at_disk(folder: Path, needed: int) -> None:
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise BackupError(
            f"{free / (1 << 30):.1f} GB are free at {folder}, {needed / (1 << 30):.1f} are needed: "
            "make room, or name another place in BACKUP_DIR."
        )


def _make_durable(folder: Path) -> None:
    """The new name survives a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)

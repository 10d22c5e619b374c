"""The last line of a backup: what the file must hold. A file whose end is missing has none."""

import gzip
import json
import re
import zlib
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from stockdesk.backup.dump import BackupError, Rows, Tally

FORMAT = 1
_MARK = b"-- stockdesk manifest: "
_CREATE = re.compile(rb"CREATE TABLE `((?:[^`]|``)+)` \(\n")


@dataclass(frozen=True, slots=True)
class Manifest:
    """What was kept, when and of which program; ``migrations`` is the state of the tables, as (app, name)."""

    made_at: datetime
    version: str
    database: str
    whole: bool
    migrations: frozenset[tuple[str, str]]
    tables: dict[str, Tally]

    @property
    def rows(self) -> int:
        return sum(tally.rows for tally in self.tables.values())

    def line(self) -> bytes:
        tables = {name: [tally.rows, f"{tally.checksum:x}"] for name, tally in sorted(self.tables.items())}
        values = {
            "format": FORMAT,
            "made_at": self.made_at.isoformat(timespec="seconds"),
            "version": self.version,
            "database": self.database,
            "whole": self.whole,
            "migrations": sorted(self.migrations),
            "tables": tables,
        }
        return _MARK + json.dumps(values).encode() + b"\n"


@dataclass(frozen=True, slots=True)
class Checked:
    """A file that holds what its manifest says, and the statement that makes each table."""

    path: Path
    manifest: Manifest
    creations: dict[str, str]


def check(path: Path) -> Checked:
    """Read a backup from end to end. Raises BackupError when it is not whole; no database is asked."""
    rows, last, creations, open_table = Rows(), b"", {}, ""
    try:
        with gzip.open(path) as file:
            for line in file:
                rows.take(line)
                last = line
                if match := _CREATE.fullmatch(line):
                    open_table = match[1].decode().replace("``", "`")
                    creations[open_table] = ""
                if open_table:
                    creations[open_table] += line.decode()
                    if line.endswith(b";\n"):
                        open_table = ""
    except (OSError, EOFError, zlib.error) as exc:
        raise BackupError(f"{path} cannot be read: {exc}.") from None
    manifest = _read(path, last)
    for name, tally in manifest.tables.items():
        if rows.tallies.get(name, Tally()) != tally:
            raise BackupError(f"{path} is damaged: the rows of {name} are not those that were written.")
    return Checked(path, manifest, creations)


def _read(path: Path, last: bytes) -> Manifest:
    if not last.startswith(_MARK):
        raise BackupError(f"{path} is no backup of the desk, or its end is missing.")
    values: dict[str, Any] = json.loads(last.removeprefix(_MARK))
    if values["format"] != FORMAT:
        raise BackupError(f"{path} was made by another version of the desk ({values['version']}): use that one.")
    return Manifest(
        made_at=datetime.fromisoformat(values["made_at"]),
        version=values["version"],
        database=values["database"],
        whole=values["whole"],
        migrations=frozenset((app, name) for app, name in values["migrations"]),
        tables={name: Tally(count, int(checksum, 16)) for name, (count, checksum) in values["tables"].items()},
    )

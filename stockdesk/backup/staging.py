"""A backup's rows in tables beside the desk's own: there they are compared before anything is replaced."""

import gzip
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import MySQLdb
from django.db import DatabaseError, connection

from stockdesk import grants
from stockdesk.backup import tables
from stockdesk.backup.dump import BackupError, Rows, Tally, lines
from stockdesk.backup.manifest import Checked

STAGED, REPLACED = "restoring_", "replaced_"
_OURS = re.compile(rf"(?:{STAGED}|{REPLACED})\d{{4}}")
#: As mariadb-dump wrote them: moments in UTC, a zero that is no "next number", and dates that Gnuboard leaves at zero.
_SESSION = "SET SESSION time_zone = '+00:00', sql_mode = 'NO_AUTO_VALUE_ON_ZERO', foreign_key_checks = 0"


def drop_leftovers() -> None:
    """Take away what an earlier restore has left beside the desk's tables."""
    for name in sorted(tables.there()):
        if _OURS.fullmatch(name):
            run(f"DROP TABLE {grants.name(name)}")


def names(wanted: Iterable[str]) -> dict[str, str]:
    """The table beside each table: numbered, for a name may be as long as names can be."""
    return {name: f"{STAGED}{number:04}" for number, name in enumerate(sorted(wanted))}


def fill(checked: Checked, staged: Mapping[str, str]) -> None:
    """Make the tables beside and put the backup's rows into them. Raises BackupError where the columns differ."""
    present = tables.there()
    with _session_of_the_dump():
        for name, beside in staged.items():
            if name in present:
                run(f"CREATE TABLE {grants.name(beside)} LIKE {grants.name(name)}")
            else:
                creation = checked.creations[name]
                run(creation.replace(f"CREATE TABLE {grants.name(name)}", f"CREATE TABLE {grants.name(beside)}", 1))
        for name, statement in inserts(checked.path, staged):
            try:
                # As bytes: Django would take a per cent sign for a parameter, and decode what is not text.
                connection.connection.query(statement)
            except MySQLdb.Error as exc:
                raise BackupError(f"The rows of {name} do not go into this database (error {exc.args[0]}).") from None


def inserts(path: Path, staged: Mapping[str, str]) -> Iterator[tuple[str, bytes]]:
    """The statements for these tables, as (table, INSERT into the table beside it)."""
    rows, statement = Rows(), bytearray()
    with gzip.open(path) as file:
        for line in file:
            begins = not rows.table
            name = rows.take(line)
            if name not in staged:
                continue
            if begins:
                statement = bytearray()
                line = line.replace(grants.name(name).encode(), grants.name(staged[name]).encode(), 1)
            statement += line
            if not rows.table:
                yield name, bytes(statement)


def compare(checked: Checked, staged: Mapping[str, str]) -> None:
    """Read the tables beside once more and compare every row with the manifest; BackupError where one differs."""
    rows = Rows()
    for line in lines(["--no-create-info", "--skip-triggers"], staged.values()):
        rows.take(line)
    for name, beside in staged.items():
        if rows.tallies.get(beside, Tally()) != checked.manifest.tables[name]:
            raise BackupError(f"The rows of {name} are not the same in this database as in the backup.")


def run(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)


@contextmanager
def _session_of_the_dump() -> Iterator[None]:
    run(_SESSION)
    try:
        yield
    except DatabaseError as exc:
        raise BackupError(f"The database refused it (error {exc.args[0] if exc.args else '?'}).") from exc
    finally:
        connection.close()  # the next one is the desk's session again

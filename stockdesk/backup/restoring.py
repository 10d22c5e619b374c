"""A backup put into a database: nothing that is stored goes before the new is there and was compared.

1. The file is read to its end. 2. What the database holds is backed up. 3. The rows go into tables beside. 4. They are
read back and compared. 5. One transaction replaces the rows of all InnoDB tables; tables of other engines, Gnuboard's
board perhaps, change places with the new ones right after it, in one statement. Up to the end of 5 a failure, or a
power cut, leaves everything as it was.
"""

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.db.migrations.executor import MigrationExecutor

from stockdesk import grants
from stockdesk.backup import present, staging, tables, writing
from stockdesk.backup.dump import BackupError
from stockdesk.backup.manifest import Checked, Manifest

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Restored:
    """What was put back; ``kept`` is the backup of what had been there, None where there was nothing."""

    manifest: Manifest
    tables: int
    rows: int
    kept: Path | None


def running() -> list[str]:
    """The daemons that hold a lease on this database."""
    if "stockdesk_daemon" not in tables.there():
        return []
    with connection.cursor() as cursor:
        cursor.execute("SELECT name FROM stockdesk_daemon WHERE holder <> '' AND expires_at > NOW(6) ORDER BY name")
        return [name for (name,) in cursor.fetchall()]


def refuse_while_running() -> None:
    if names := running():
        raise BackupError(f"{', '.join(names)} run on this database: stop the desk first (./desk down).")


def restore(checked: Checked, folder: Path, now: datetime, *, whole: bool, say: Say) -> Restored:
    """Replace what the database holds by the backup. BackupError tells what is true when it did not work."""
    refuse_while_running()
    staging.drop_leftovers()
    kept = None
    if tables.MIGRATIONS in tables.there():
        same_state(checked.manifest)
        kept = writing.write(folder, now, whole=whole, before_restore=True).path
        say(f"what was there is kept in {kept}")
    else:
        say("making the tables")
        make_tables(checked.manifest)
    # The board's table is Gnuboard's, and may have gone with the rest of its database.
    wanted = set(checked.manifest.tables) if whole else {*tables.own(), settings.DESK.gnuboard.table}
    staged = staging.names(name for name in checked.manifest.tables if name in wanted)
    try:
        say(f"loading {checked.manifest.rows:,} rows beside them")
        staging.fill(checked, staged)
        staging.compare(checked, staged)
        say("replacing")
        move(replace(checked.manifest, staged))
    except DatabaseError as exc:
        raise BackupError(f"The database failed (error {exc.args[0]}): nothing was replaced.") from exc
    finally:
        staging.drop_leftovers()
    rows = sum(checked.manifest.tables[name].rows for name in staged)
    return Restored(checked.manifest, len(staged), rows, kept)


def same_state(manifest: Manifest) -> None:
    """Rows fit the tables they were taken from, and no others."""
    applied = writing.migrations()
    if newer := applied - manifest.migrations:
        raise BackupError(
            f"This database is {len(newer)} migrations ahead of the backup, which is of version {manifest.version}: "
            "restore into an empty database, then ./desk up brings it up to date."
        )
    if missing := manifest.migrations - applied:
        raise BackupError(f"This database lacks {len(missing)} migrations of the backup: run ./desk manage migrate.")


def make_tables(manifest: Manifest) -> None:
    """The tables as they were when the backup was made. BackupError where this program does not know that state."""
    executor = MigrationExecutor(connection)
    if unknown := manifest.migrations - executor.loader.graph.nodes.keys():
        raise BackupError(
            f"The backup is of a newer version ({manifest.version}): this one does not know {len(unknown)} "
            "of its migrations. Check that version out."
        )
    last = [
        node
        for node in manifest.migrations
        if not any(child.key in manifest.migrations for child in executor.loader.graph.node_map[node].children)
    ]
    executor.migrate(sorted(last))


def replace(manifest: Manifest, staged: Mapping[str, str]) -> dict[str, str]:
    """Put the rows beside into their places, all or none; returns the tables that no transaction can replace."""
    engines = tables.engines(staged)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET SESSION foreign_key_checks = 0")
        # A daemon that starts now waits for this transaction.
        cursor.execute("SELECT name FROM stockdesk_daemon FOR UPDATE")
        refuse_while_running()
        with ExitStack() as guards:
            for guard in present.GUARDS:
                guards.enter_context(guard(manifest.made_at))
            for name, beside in staged.items():
                if engines.get(name) == "INNODB" and name not in present.TABLES:
                    named = ", ".join(grants.name(column) for column in tables.columns(name))
                    cursor.execute(f"DELETE FROM {grants.name(name)}")
                    cursor.execute(f"INSERT INTO {grants.name(name)} ({named}) SELECT {named} FROM {beside}")
            present.merge(staged)
    connection.close()  # and with it what was set for this session
    return {name: beside for name, beside in staged.items() if engines.get(name) != "INNODB"}


def move(moved: Mapping[str, str]) -> None:
    """Let tables without transactions, and those that were not there, change places with the new ones all at once."""
    there, steps = tables.there(), []
    for number, (name, beside) in enumerate(moved.items()):
        if name in there:
            steps.append(f"{grants.name(name)} TO {staging.REPLACED}{number:04}")
        steps.append(f"{beside} TO {grants.name(name)}")
    if not steps:
        return
    try:
        staging.run(f"RENAME TABLE {', '.join(steps)}")
    except DatabaseError as exc:
        named = ", ".join(moved)
        raise BackupError(f"All is restored but {named} (error {exc.args[0]}): run this once more.") from exc

"""``restore FILE``: a backup put back, after it was read, loaded beside and compared."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from stockdesk.backup import manifest, tables
from stockdesk.backup.dump import BackupError
from stockdesk.backup.restoring import refuse_while_running, restore

AFTERWARDS = """
Trading stands at "no new orders": orders of the time since the backup are not in the ledger. Compare with the broker's
list (HTS), look through the conditions and limits, then lift the stop on the desk's page. Everybody logs in again.
./desk up starts the desk, brings the tables up to date and gives the daemons' database users their rights.
"""


class Command(BaseCommand):
    help = "Replaces what the desk's tables hold by a backup; the desk must not run. Says first what it would do."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--yes", action="store_true", help="do it")
        parser.add_argument("--whole-database", action="store_true", help="with the other tables of the file too")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            self.restore(options["file"], yes=options["yes"], whole=options["whole_database"])
        except BackupError as exc:
            raise CommandError(str(exc)) from None

    def restore(self, path: Path, *, yes: bool, whole: bool) -> None:
        self.stdout.write(f"reading {path}")
        checked = manifest.check(path)
        told = checked.manifest
        if whole and not told.whole:
            raise BackupError(f"{path} holds the desk's tables only: it was made without --whole-database.")
        target = tables.database()
        self.stdout.write(
            f"of {timezone.localtime(told.made_at):%Y-%m-%d %H:%M} from {told.database}, version {told.version}: "
            f"{told.rows:,} rows of {len(told.tables)} tables, all as they were written"
        )
        refuse_while_running()
        if not yes:
            raise BackupError(f"Nothing was changed. With --yes this replaces what {target} holds.")
        done = restore(checked, settings.BACKUP_DIR, timezone.now(), whole=whole, say=self.stdout.write)
        self.stdout.write(f"{done.rows:,} rows of {done.tables} tables are in {target}.")
        self.stdout.write(AFTERWARDS)

"""``backup``: the desk's tables into one compressed file, while the desk works on."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError
from django.utils import timezone

from stockdesk.backup import files, writing
from stockdesk.backup.dump import BackupError
from stockdesk.events import clear_event, raise_event


class Command(BaseCommand):
    help = "Backs up the desk's tables and the watch list's board into BACKUP_DIR; daemons may go on."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--to", type=Path, metavar="DIR", help="another folder, in which nothing is thrown away")
        parser.add_argument("--whole-database", action="store_true", help="with all tables of the Gnuboard site")

    def handle(self, *args: Any, **options: Any) -> None:
        folder = options["to"] or settings.BACKUP_DIR
        now = timezone.now()
        try:
            made = writing.write(folder, now, whole=options["whole_database"])
        except writing.UnderWay as exc:
            raise CommandError(str(exc)) from None
        except BackupError as exc:
            raise_event("backup", "backup-failed", level="error", text=str(exc))
            raise CommandError(str(exc)) from None
        except DatabaseError as exc:
            raise CommandError(f"The database failed (error {exc.args[0]}): no backup was made.") from None
        clear_event("backup", "backup-failed")
        manifest = made.manifest
        self.stdout.write(
            f"{made.path}: {made.size / 1e6:,.1f} MB, {manifest.rows:,} rows of {len(manifest.tables)} tables"
        )
        if options["to"] is None:
            gone = files.forget_old(folder, manifest.database, settings.DESK.backup_keep, timezone.localdate(now))
            self.stdout.write(f"{len(gone)} old backups deleted" if gone else "no backup is too old")

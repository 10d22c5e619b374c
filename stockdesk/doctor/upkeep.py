"""What has to be seen to now and then: the calendar and the backups."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.conf import settings
from django.utils import timezone

from stockdesk.backup import files, tables
from stockdesk.calendar import doubts as calendar_doubts
from stockdesk.doctor.findings import Finding, judged

OLDEST_BACKUP = timedelta(hours=48)
REMEDIES = {
    calendar_doubts.DISPUTED: "Decide it under 거래일 in the admin; a day in doubt lets no order out.",
    calendar_doubts.RUNNING_OUT: "Update the program (its list of days ends), or add days under 거래일 in the admin.",
    calendar_doubts.UNCONFIRMED: "run_assets asks KIS from 06:00 on; by hand: 거래일 in the admin, 예정대로 확인.",
}


def calendar(now: datetime) -> Iterator[Finding]:
    """The doubts that the dashboard knows, or one line when there are none."""
    doubts = list(calendar_doubts.doubts(now))
    for doubt in doubts:
        yield Finding("calendar", doubt.said(doubt.sentence), REMEDIES[doubt.code], "doubtful")
    if not doubts:
        yield Finding("calendar", "asked for by nobody in the demo" if settings.DESK.around_the_clock else "no doubts")


def backups(now: datetime) -> Iterator[Finding]:
    newest = files.newest(settings.BACKUP_DIR, tables.database())
    found = f"newest of {timezone.localtime(newest[1]):%Y-%m-%d %H:%M}" if newest else f"none in {settings.BACKUP_DIR}"
    remedy = "./desk manage backup makes one; the programs reference and worker make one a night."
    well = newest is not None and now - newest[1] <= OLDEST_BACKUP
    yield judged("backup", found, remedy, well=well, otherwise="doubtful")

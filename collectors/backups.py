"""The job that backs up the desk once a night, in a process of its own: it may take longer than a worker may."""

import subprocess
import sys
from datetime import date, datetime, timedelta

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from collectors.errors import NotYet, SourceError
from collectors.sources import DESK
from stockdesk.backup import files, tables
from stockdesk.events import Troubles
from stockdesk.kis.messages import KST
from stockdesk.sheets import say

EVERYTHING = "all"
#: Seconds that a worker waits for the backup to end; a longer one is looked for later.
A_WHILE = 90.0
#: Without a new one for so long the desk says so.
OLDEST = timedelta(hours=48)

OLD = "backup-old"
NONE_SINCE = gettext_noop("no backup since {1}: see the job in the admin, and ./desk manage backup")

_troubles = Troubles("backup", (OLD,))


def items(day: date) -> list[str]:
    return [EVERYTHING]


def fetch(day: date, item: str) -> int:
    """One backup of this day, made or found; NotYet while it is under way, SourceError with what the command said."""
    newest = files.newest(settings.BACKUP_DIR, tables.database())
    if newest and newest[1].date() >= day:
        return 1
    child = subprocess.Popen(
        [sys.executable, "manage.py", "backup"],
        cwd=settings.BASE_DIR,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,  # a worker that is stopped does not take it along
    )
    try:
        said, _nothing = child.communicate(timeout=A_WHILE)
    except subprocess.TimeoutExpired:
        raise NotYet("the backup is under way", source=DESK) from None
    if child.returncode:
        raise SourceError(said.strip().splitlines()[-1][:200] if said.strip() else "no backup", source=DESK)
    return 1


def tell_age(now: datetime) -> None:
    """Open an event while the newest backup is too old; a new desk has time for its first."""
    newest = files.newest(settings.BACKUP_DIR, tables.database())
    old = newest is not None and now - newest[1] > OLDEST
    text = NONE_SINCE.replace("{1}", f"{newest[1].astimezone(KST):%Y-%m-%d %H:%M}") if newest else ""
    _troubles.tell({(OLD, ""): text} if old else {})


def words() -> dict[str, str]:
    return {
        "program.backup": _("Backup"),
        "event.backup-old": _("No backup for two days"),
        "event.backup-failed": _("No backup was made"),
    }


say(words, [NONE_SINCE])

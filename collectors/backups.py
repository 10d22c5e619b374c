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
from stockdesk.hours import day_of
from stockdesk.kis.messages import KST
from stockdesk.sheets import say

#: Seconds that a worker waits for the backup to end; a longer one is looked for later.
A_WHILE = 90.0
#: Before the first session of a day: a backup that begins earlier has ended when prices begin to move.
RUN_UP = timedelta(minutes=30)
#: Without a new one for so long the desk says so.
OLDEST = timedelta(hours=48)

OLD = "backup-old"
NONE_SINCE = gettext_noop("no backup since {1}: see the job in the admin, and ./desk manage backup")

_troubles = Troubles("backup", (OLD,))


def fetch(day: date, item: str) -> int:
    """One backup of this day, made or found; SourceError with what the command said.

    NotYet while it is under way, and while orders may be: one missed at night is made when the market is shut.
    """
    newest = files.newest(settings.BACKUP_DIR, tables.database())
    if newest and newest[1].date() >= day:
        return 1
    if until := trading_until(datetime.now(KST)):
        raise NotYet(f"the database is left to trading until {until:%H:%M}", source=DESK, until=until)
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


def trading_until(now: datetime) -> datetime | None:
    """When KRX's closing auction ends, from `RUN_UP` before the day's first session (of any venue) on; None at other
    times, on days that are not open, and in the demo, whose market never shuts.

    NXT's evening is not waited for: a desk that is switched on by day alone is to have backups too.
    """
    day = day_of(now.astimezone(KST).date())
    begins = min((window.starts_at for window in day.windows), default=None)
    if settings.DESK.around_the_clock or begins is None or day.closes_at is None:
        return None
    return day.closes_at if begins - RUN_UP <= now < day.closes_at else None


def tell_age(now: datetime) -> None:
    """Open an event while the newest backup is too old; a desk that never made one hears of its job's failure."""
    newest = files.newest(settings.BACKUP_DIR, tables.database())
    old = newest is not None and now - newest[1] > OLDEST
    text = NONE_SINCE.replace("{1}", f"{newest[1].astimezone(KST):%Y-%m-%d %H:%M}") if newest else ""
    _troubles.tell({(OLD, ""): text} if old else {})


def words() -> dict[str, str]:
    return {"program.backup": _("Backup")}


say(words, [NONE_SINCE])

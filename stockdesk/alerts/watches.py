"""What no daemon looks after: room on the disks, and keys that come to their end."""

import os
import shutil
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.db import connection
from django.utils.translation import gettext_noop

from stockdesk.alerts.registry import watch
from stockdesk.events import Trouble, Troubles
from stockdesk.kis.messages import KST
from stockdesk.sheets import say

SOURCE = "desk"
DISK_LOW, KEY_EXPIRES, KEY_EXPIRED = "disk-low", "key-expires", "key-expired"
#: A disk is low below this much room, or below this part of it where it is small. MariaDB aborts on a full one.
LEAST_BYTES, LEAST_PART = 2 * 2**30, 0.05
WARN_BEFORE = timedelta(days=14)

DISK_ROOM = gettext_noop("{1} MB free of {2} GB")
ENDS_ON = gettext_noop("good until {1}, {2} days from now")
ENDED_ON = gettext_noop("it was good until {1}")


@watch("disk", every=60)
def look_at_disks(now: datetime) -> None:
    Troubles(SOURCE, (DISK_LOW,), level="critical").tell(dict(disk_troubles()))


@watch("keys", every=600)
def look_at_keys(now: datetime) -> None:
    Troubles(SOURCE, (KEY_EXPIRES, KEY_EXPIRED)).tell(dict(key_troubles(settings.DESK.alerts.key_ends, now)))


def disk_troubles() -> Iterator[tuple[Trouble, str]]:
    """Each disk that is nearly full, by the first of our folders on it."""
    seen = set()
    for place in _places():
        try:
            disk, room = place.stat().st_dev, shutil.disk_usage(place)
        except OSError:
            continue  # not on this machine, or not for our eyes
        if disk in seen:
            continue
        seen.add(disk)
        if room.free < min(LEAST_BYTES, room.total * LEAST_PART):
            text = DISK_ROOM.replace("{1}", str(room.free // 2**20)).replace("{2}", str(room.total // 2**30))
            yield (DISK_LOW, str(place)), text


def _places() -> list[Path]:
    """Logs and settings; and the database's folder, which we can see if it is on this machine."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT @@datadir, @@hostname")
        folder, host = cursor.fetchone()
    return [Path(settings.BASE_DIR), *([Path(folder)] if host == os.uname().nodename else [])]


def key_troubles(ends: dict[str, date], now: datetime) -> Iterator[tuple[Trouble, str]]:
    """Keys whose last day is near or past. ``ends``: name of the setting -> last day."""
    today = now.astimezone(KST).date()
    for name, end in ends.items():
        key = name.removesuffix("_EXPIRES")
        if end < today:
            yield (KEY_EXPIRED, key), ENDED_ON.replace("{1}", end.isoformat())
        elif end - today <= WARN_BEFORE:
            days = str((end - today).days)
            yield (KEY_EXPIRES, key), ENDS_ON.replace("{1}", end.isoformat()).replace("{2}", days)


say(dict, (DISK_ROOM, ENDS_ON, ENDED_ON))

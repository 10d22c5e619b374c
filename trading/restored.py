"""After a restore no order leaves until a person says so: the ledger may lack orders sent since the backup."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from django.utils import timezone

from trading.desk import STRICTNESS, locked_row, note
from trading.models import Desk
from trading.values import Mode, Stop

BOLDER = (Mode.DRY_RUN.value, Mode.MOCK.value, Mode.LIVE.value)


@contextmanager
def stopped(made_at: datetime) -> Iterator[None]:
    """Around the replacement of all rows: the kill switch of today stays pressed, and nothing is armed or normal.

    Nor is the mode bolder than today's; where there is no today, live is the owner's to switch on anew.
    """
    before = Desk.objects.filter(pk=1).first()
    yield
    row, now = locked_row(), timezone.now()
    who = f"restore of {timezone.localtime(made_at):%Y-%m-%d %H:%M}"
    stops = [Stop.NO_NEW.value, row.stop, *([before.stop] if before else [])]
    was = row.stop
    row.stop, row.stop_by, row.stop_at = max(stops, key=STRICTNESS.index), who, now
    row.mode = min(row.mode, before.mode, key=BOLDER.index) if before else _not_live(row.mode)
    row.live_armed_until, row.live_armed_by = None, ""
    if before and before.killed_at:
        row.killed_at, row.killed_by = before.killed_at, before.killed_by
    row.updated_at = now
    row.save()
    note(who, now, "restore", was, row.stop)


def _not_live(mode: str) -> str:
    return Mode.DRY_RUN.value if mode == Mode.LIVE else mode

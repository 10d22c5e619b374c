"""Which days are recorded, and how completely."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.utils.translation import gettext as _

from market.recorder import recordings
from market.recording import RecordingError, open_recording
from stockdesk.kis.messages import KST

#: The desk says every second that it records; a longer silence is a stretch that nobody recorded.
GAP = 5.0
SHOWN_GAPS = 5


class Command(BaseCommand):
    """Reads the blocks' own words only, so it is quick, and may be asked while a day is being recorded."""

    help = "Lists the recorded days: size, ticks, from when to when, and the gaps."

    def handle(self, *args: Any, **options: Any) -> None:
        directory = settings.DESK.recording.directory
        found = recordings(directory)
        if not found:
            self.stdout.write(_("Nothing is recorded in %(directory)s yet.") % {"directory": directory})
        for path in found:
            try:
                one = open_recording(path)
            except RecordingError as exc:
                self.stdout.write(str(exc))
                continue
            told = _("%(name)s  %(size).1f MB  %(ticks)s ticks  %(begin)s - %(end)s") % {
                "name": path.name, "size": path.stat().st_size / 1e6, "ticks": f"{one.ticks:,}",
                "begin": clock(one.first_at), "end": clock(one.last_at),
            }  # fmt: skip
            if one.dropped:
                told += _("  not recorded: %(ticks)s ticks") % {"ticks": f"{one.dropped:,}"}
            if one.lost_bytes:
                told += _("  unreadable: %(size)s bytes") % {"size": f"{one.lost_bytes:,}"}
            self.stdout.write(told)
            gaps = one.gaps(GAP)
            for begin, end in gaps[:SHOWN_GAPS]:
                self.stdout.write(_("    gap %(begin)s - %(end)s") % {"begin": clock(begin), "end": clock(end)})
            if len(gaps) > SHOWN_GAPS:
                self.stdout.write(_("    and %(count)d more gaps") % {"count": len(gaps) - SHOWN_GAPS})


def clock(at: float) -> str:
    """The Korean time of a moment in Unix seconds."""
    return f"{datetime.fromtimestamp(at, KST):%H:%M:%S}"

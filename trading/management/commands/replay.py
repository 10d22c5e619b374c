"""Plays a recorded day through the conditions of now: what would they have done?"""

import itertools
import os
import re
import sys
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _

from market.playback import Playback
from market.recording import SUFFIX, Record, Recording, RecordingError, open_recording
from stockdesk import private
from stockdesk.kis.fields import H0STCNT0
from stockdesk.kis.messages import KST
from trading import replay_report as report
from trading import replay_start as start
from trading.replay import Replay
from trading.replay_database import NoDatabase, own_database

PROGRESS_EVERY = 2.0


class Command(BaseCommand):
    """Reads the desk's tables, writes a database of its own, and sends nothing."""

    help = "Replays a recorded day through conditions and checks in a dry run, in a database of its own."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", help="a recording, or its day: 2026-11-20")
        parser.add_argument("--speed", default="max", help="times real time, such as 10; max is as fast as it goes")
        parser.add_argument("--from", dest="begin", metavar="HH:MM", help="begin there, KST")
        parser.add_argument("--to", dest="end", metavar="HH:MM", help="end there, KST")
        parser.add_argument("--symbols", nargs="+", metavar="SYMBOL", help="these issues and their conditions alone")
        parser.add_argument(
            "--conditions", default="current", help="current, or a CSV or XLSX as the admin exports it"
        )
        parser.add_argument("--cash", type=int, metavar="KRW", help="begin with so much cash instead of the account's")
        parser.add_argument("--holdings", metavar="SYMBOL:SHARES:PRICE,...", help="and hold these, nothing else")
        parser.add_argument("--out", type=Path, metavar="DIR", help="write the result there too, as CSV")
        parser.add_argument("--digest", action="store_true", help="print the SHA-256 of all that came out")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            recording = open_recording(_path(options["file"]))
            speed = _speed(options["speed"])
            begin, end = _limits(recording, options["begin"], options["end"])
            records, began_at = _peeked(recording.records(begin, end))
            with own_database() as name:
                self.stderr.write(_("Replaying %(path)s in the database %(name)s; the desk's own stays as it is.")
                                  % {"path": recording.path.name, "name": name})  # fmt: skip
                self._replay(recording, records, began_at, speed, options)
        except (RecordingError, NoDatabase, start.BadStart) as exc:
            raise CommandError(str(exc)) from exc

    def _replay(
        self, recording: Recording, records: Iterator[Record], began_at: float, speed: float, options: dict[str, Any]
    ) -> None:
        if options["conditions"] != "current":
            start.take_conditions(Path(options["conditions"]))
        if options["symbols"]:
            start.keep_only(options["symbols"])
        start.take_account(options["cash"], options["holdings"])
        clock = _Clock(self, began_at, recording.last_at, speed)
        replay = Replay(Playback(options["symbols"]), began_at=began_at, pace=clock.pace)
        replay.prepare()
        clock.orders = replay.fills.all
        try:
            replay.run(records)
        except KeyboardInterrupt:
            self.stderr.write(_("Stopped: what follows is the result up to there."))
        replay.store()
        self._tell(recording, replay, options)

    def _tell(self, recording: Recording, replay: Replay, options: dict[str, Any]) -> None:
        found = report.lines(replay)
        self.stdout.write(report.table(found))
        self.stdout.write("")
        given = options["cash"] is not None or options["holdings"] is not None
        account = _("Cash and holdings not given on the command line are those of now, not of that day.")
        if given and None not in (options["cash"], options["holdings"]):
            account = _("Cash and holdings are those given on the command line.")
        for line in (*report.summary(replay, found), *_losses(recording), *report.assumptions(account)):
            self.stdout.write(f"- {line}")
        if options["out"] is not None:
            private.make_folder(options["out"])
            target = options["out"] / f"replay-{recording.path.name.removesuffix(SUFFIX)}.csv"
            private.write(target, report.csv_bytes(found))
            self.stdout.write(_("Written to %(path)s.") % {"path": target})
        if options["digest"]:
            self.stdout.write(f"sha256 {report.digest(replay)}")


class _Clock:
    """Holds a replay back to its speed, and says now and then how far it is."""

    def __init__(self, command: BaseCommand, began_at: float, ends_at: float, speed: float) -> None:
        self.orders: list[Any] = []
        self._command = command
        self._began_at = began_at
        self._length = max(ends_at - began_at, 1.0)
        self._speed = speed
        self._started = self._told = time.monotonic()

    def pace(self, at: float) -> None:
        now = time.monotonic()
        if self._speed:
            time.sleep(max(self._started + (at - self._began_at) / self._speed - now, 0.0))
        if now - self._told >= PROGRESS_EVERY:
            self._told = now
            told = _("%(time)s  %(percent)d %%  orders %(orders)d") % {
                "time": f"{datetime.fromtimestamp(at, KST):%H:%M:%S}",
                "percent": 100 * (at - self._began_at) / self._length,
                "orders": len(self.orders),
            }
            self._command.stderr.write(told, ending="\r" if sys.stderr.isatty() else "\n")


def _path(named: str) -> Path:
    """A day is looked for where this desk records."""
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", named, re.ASCII) and not os.path.exists(named):
        return Path(settings.DESK.recording.directory, f"{named}{SUFFIX}")
    return Path(named)


def _speed(text: str) -> float:
    """Times real time; 0 for as fast as it goes."""
    if text == "max":
        return 0.0
    if not re.fullmatch(r"[0-9]{1,6}(\.[0-9]{1,3})?", text, re.ASCII) or not float(text):
        raise start.BadStart(_("%(text)s is no speed: write a number such as 10, or max.") % {"text": text})
    return float(text)


def _limits(recording: Recording, begin: str | None, end: str | None) -> tuple[float, float]:
    midnight = datetime.fromtimestamp(recording.first_at, KST).replace(hour=0, minute=0, second=0, microsecond=0)

    def moment(text: str) -> float:
        form = re.fullmatch(r"([01]?[0-9]|2[0-4]):([0-5][0-9])(?::([0-5][0-9]))?", text, re.ASCII)
        if form is None:
            raise start.BadStart(_("%(text)s is no time: write it as 09:00 or 09:00:30.") % {"text": text})
        hours, minutes, seconds = (int(part or 0) for part in form.groups())
        return (midnight + timedelta(hours=hours, minutes=minutes, seconds=seconds)).timestamp()

    return moment(begin) if begin else 0.0, moment(end) if end else float("inf")


def _peeked(records: Iterator[Record]) -> tuple[Iterator[Record], float]:
    """The records, and the time of the first."""
    first = next(records, None)
    if first is None:
        raise start.BadStart(
            _("Nothing is recorded between these times: manage.py recordings says from when to when.")
        )
    return itertools.chain([first], records), first[0]


def _losses(recording: Recording) -> Iterator[str]:
    """What of the recording is missing, in sentences."""
    if recording.lost_bytes or recording.damaged:
        yield _("Not readable, and left out: %(bytes)s bytes of no whole block, %(blocks)d damaged blocks.") % {
            "bytes": f"{recording.lost_bytes:,}", "blocks": recording.damaged,
        }  # fmt: skip
    if recording.dropped:
        yield _("%(ticks)s ticks were not recorded, for the disk was slow or full.") % {
            "ticks": f"{recording.dropped:,}"
        }
    columns = recording.header.get("columns", {}).get("H0STCNT0", len(H0STCNT0))
    if columns != len(H0STCNT0):
        yield _("It was recorded by a program that knew %(theirs)d columns of a tick; this one knows %(ours)d.") % {
            "theirs": columns, "ours": len(H0STCNT0),
        }  # fmt: skip

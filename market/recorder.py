"""Writes the day's tick frames to disk, beside the collector and never in its way (`market.recording` has the format).

The event loop only notes what came and hands it over about once a second; a thread of its own packs and writes. A disk
that is slow or full costs frames of the recording, which are counted, and nothing else.
"""

import errno
import fcntl
import json
import logging
import os
import shutil
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from queue import SimpleQueue
from typing import Any, NamedTuple

from market.recording import FORMAT, OURS, SUFFIX, VERSION, Kind, RecordingError, member, packed, scan
from stockdesk import private
from stockdesk.kis.fields import H0STCNT0
from stockdesk.kis.messages import KST
from stockdesk.version import version

logger = logging.getLogger(__name__)

#: Records that wait for the disk at most: some twenty seconds of five thousand ticks, some 40 MB.
MOST_WAITING = 100_000
#: What the disk keeps for the database and everybody else, bytes.
KEPT_FREE = 1 << 30
#: How often free disk and the ceiling are looked at, and how long a disk that failed is left alone, seconds.
LOOK_EVERY, AGAIN_AFTER = 10.0, 60.0
HAND_OVER_EVERY = 1.0

#: An empty file and one that was cut in its first block are begun anew; anything larger without a block is not ours.
CUT_AT_ONCE = 4096


class Batch(NamedTuple):
    """What was noted since the last one: time, session, text, time, session, text ..."""

    notes: list[Any]
    changed: bool
    """The watch list is among it."""
    lost: int
    """Tick frames before it that were dropped, for too much was waiting."""


class Recorder:
    """Methods but ``close`` belong to the event loop and return at once.

    ``trouble`` says in one sentence why frames are missing lately; empty while all is recorded.
    """

    def __init__(
        self,
        directory: Path,
        *,
        days: int,
        most_bytes: int,
        clock: Callable[[], float] = time.time,
        free: Callable[[Path], int] = lambda directory: shutil.disk_usage(directory).free,
    ) -> None:
        self.clock = clock
        self.recorded = 0
        """Tick frames since the start."""
        self._notes: list[Any] = []
        # Bound once: this is called for every frame.
        self._note = self._notes.extend
        self._watch: dict[str, int] = {}
        self._changed = False
        self._handed = self._done = self._lost = 0
        self._slow_until = 0.0
        self._files = _Files(directory, days, most_bytes, free)
        self._jobs: SimpleQueue[Batch | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._work, name="recorder", daemon=True)
        self._thread.start()

    @property
    def dropped(self) -> int:
        """Tick frames since the start that are not on disk, and will not be."""
        return self._files.dropped + self._lost

    @property
    def waiting(self) -> int:
        """Records that were noted and are not on disk yet."""
        return len(self._notes) // 3 + self._handed - self._done

    @property
    def trouble(self) -> str:
        if self._files.trouble:
            return self._files.trouble
        slow = self.clock() < self._slow_until
        return f"The disk is too slow: {self.dropped} frames are missing so far" if slow else ""

    def tap(self, session: int, add: Callable[[bytes, int, float], object]) -> Callable[[bytes], object]:
        """What a session hands its tick frames to: noted, and passed on with the time that was noted."""
        note, clock = self._note, self.clock

        def take(frame: bytes) -> None:
            at = clock()
            note((at, session, frame))
            add(frame, session, at)

        return take

    def watch(self, placed: Mapping[str, int]) -> None:
        """From now on these symbols are taken in."""
        self._watch = dict(placed)
        self._changed = True
        self._say({"watch": self._watch}, self.clock())

    def flushed(self, at: float, live: Sequence[int]) -> None:
        """The latest values go to the tables now."""
        self._say({"flush": True, "live": sorted(live)}, at)

    def _say(self, told: dict[str, Any], at: float) -> None:
        self._note((at, OURS, json.dumps(told).encode()))

    def hand_over(self) -> None:
        """Give the thread what was noted; it is dropped when too much waits already."""
        if not self._notes:
            return
        batch = Batch(self._notes[:], self._changed, self._lost)
        self._notes.clear()
        self._changed = False
        records = len(batch.notes) // 3
        if self._handed - self._done + records > MOST_WAITING:
            self._lost += _ticks(batch.notes[1::3])
            self._slow_until = self.clock() + AGAIN_AFTER
            self.watch(self._watch)  # a change that was dropped with the rest is said again
            return
        self._lost = 0
        self._handed += records
        self._jobs.put(batch)

    def close(self, timeout: float = 5.0) -> None:
        """Write what was noted and end the thread."""
        self.hand_over()
        self._jobs.put(None)
        self._thread.join(timeout)

    # In the thread

    def _work(self) -> None:
        while (batch := self._jobs.get()) is not None:
            try:
                self.recorded += self._files.write(batch, self.clock())
            except (OSError, RecordingError) as exc:
                self._files.stop(exc, self.clock(), _ticks(batch.notes[1::3]))
            self._done += len(batch.notes) // 3
            del batch
        self._files.close()


class _Files:
    """One file a day, the oldest of them deleted: by number, and where all together pass the ceiling."""

    def __init__(self, directory: Path, days: int, most_bytes: int, free: Callable[[Path], int]) -> None:
        self.trouble = ""
        self.dropped = 0
        self._directory = directory
        self._days = days
        self._most_bytes = most_bytes
        self._free = free
        self._file = -1
        self._on: date | None = None
        self._looked_at = self._again_at = 0.0
        self._watch: dict[str, int] = {}
        self._told = 0
        """How much of ``dropped`` stands in the blocks already."""

    def write(self, batch: Batch, now: float) -> int:
        """Append one block to the file of its day; the ticks that went in. Raises OSError and RecordingError.

        Nothing is written while a trouble lasts, and ``trouble`` says which.
        """
        self.dropped += batch.lost
        times, sessions, texts = _readable(batch.notes[0::3], batch.notes[1::3], batch.notes[2::3])
        self.dropped += len(batch.notes) // 3 - len(texts)
        ticks = _ticks(sessions)
        if batch.changed:
            told = [json.loads(text) for session, text in zip(sessions, texts, strict=True) if session == OURS]
            self._watch = next(one["watch"] for one in reversed(told) if "watch" in one)
        if not texts:
            return 0
        on = datetime.fromtimestamp(times[0], KST).date()
        if now < self._again_at or not self._has_room(on, now):
            self.dropped += ticks
            return 0
        if on != self._on or self._file < 0:
            self._open(on, times[0])
        self._append(
            Kind.CHANGE if batch.changed else Kind.TICKS, packed(times, sessions, texts), ticks, times[0], times[-1]
        )
        self.trouble = ""
        return ticks

    def stop(self, exc: OSError | RecordingError, now: float, ticks: int) -> None:
        """The disk failed with a block of so many ticks: it is left alone for a minute."""
        self.dropped += ticks
        said = (exc.strerror if isinstance(exc, OSError) else None) or str(exc) or type(exc).__name__
        self._stop(f"Recording has stopped: {said}", now)

    def close(self) -> None:
        file, self._file = self._file, -1
        if file >= 0:
            os.close(file)

    def _stop(self, text: str, now: float) -> None:
        if not self.trouble:
            logger.warning("%s", text)
        self.trouble, self._again_at = text, now + AGAIN_AFTER
        self._looked_at = 0.0
        self.close()

    def _open(self, on: date, at: float) -> None:
        self.close()
        self._on = on
        path = self._directory / f"{on.isoformat()}{SUFFIX}"
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o640)
        fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # A process that was killed, or a disk that was full, may have left half a block.
        found = scan(path)
        if not found.blocks and found.lost_bytes > CUT_AT_ONCE:
            raise RecordingError(f"{path.name} is there already and is no recording; move it away")
        os.ftruncate(self._file, found.whole_bytes)
        header = {
            "format": FORMAT, "version": VERSION, "date": on.isoformat(),
            "columns": {"H0STCNT0": len(H0STCNT0)}, "program": version(), "watch": self._watch,
        }  # fmt: skip
        self._append(Kind.HEADER, json.dumps(header).encode(), 0, at, at)

    def _append(self, kind: Kind, content: bytes, ticks: int, first_at: float, last_at: float) -> None:
        dropped = self.dropped
        block = member(kind, content, ticks=ticks, dropped=dropped - self._told, first_at=first_at, last_at=last_at)
        if os.write(self._file, block) != len(block):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        self._told = dropped

    def _has_room(self, on: date, now: float) -> bool:
        """Now and then: what is too old or too much goes, and is there room on the disk?"""
        if now - self._looked_at < LOOK_EVERY:
            return True
        private.make_folder(self._directory)
        purge(self._directory, self._days, self._most_bytes, today=on)
        if self._free(self._directory) < KEPT_FREE:
            self._stop(f"Recording has stopped: less than {KEPT_FREE >> 30} GB of disk is free", now)
            return False
        if sum(path.stat().st_size for path in recordings(self._directory)) > self._most_bytes:
            self._stop(f"Recording has stopped: today alone takes {self._most_bytes >> 30} GB (RECORD_GB)", now)
            return False
        self._looked_at = now
        return True


def recordings(directory: Path) -> list[Path]:
    """The recordings of a directory, the oldest first."""
    return sorted(path for path in directory.glob(f"????-??-??{SUFFIX}") if path.is_file())


def purge(directory: Path, days: int, most_bytes: int, *, today: date) -> None:
    """Leave today's and the ``days`` - 1 before it, or fewer while all together pass the ceiling; today's stays."""
    sizes = {path: path.stat().st_size for path in recordings(directory)}
    earlier = [path for path in sizes if path.name != f"{today}{SUFFIX}"]
    while earlier and (len(earlier) >= days or sum(sizes.values()) > most_bytes):
        oldest = earlier.pop(0)
        del sizes[oldest]
        oldest.unlink()
        logger.info("the recording %s is deleted", oldest.name)


def _readable(
    times: Sequence[float], sessions: Sequence[int], texts: Sequence[bytes]
) -> tuple[Sequence[float], Sequence[int], Sequence[bytes]]:
    """All of them, but for a text that holds a line feed: no frame of the broker has one, so it was damaged."""
    # Joined once more, for that is quicker than a look at each.
    if b"\n".join(texts).count(b"\n") < len(texts):
        return times, sessions, texts
    good = [i for i, text in enumerate(texts) if b"\n" not in text]
    return [times[i] for i in good], [sessions[i] for i in good], [texts[i] for i in good]


def _ticks(sessions: Sequence[int]) -> int:
    return len(sessions) - list(sessions).count(OURS)

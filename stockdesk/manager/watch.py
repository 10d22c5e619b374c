"""Who is down, who keeps falling over, who hangs: told from one look at supervisord to the next."""

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from stockdesk.events import Trouble
from stockdesk.manager.plan import Wish
from stockdesk.manager.reconcile import Seen

DOWN, HUNG = "program-down", "program-hung"
#: A program that should run may be on its way for so long before that is an event.
DOWN_AFTER = timedelta(seconds=20)
#: So many unasked ends within this time are an event too, though it runs in between.
FALLS, FALLS_WITHIN = 3, timedelta(minutes=5)
#: So long without a new heartbeat is an event; after so long the program is started anew, and no oftener than this.
HUNG_AFTER, RESTART_AFTER, RESTART_PACE = timedelta(seconds=30), timedelta(seconds=60), timedelta(minutes=5)
#: From one look to the next no more silence than this is counted. While the database is away nobody can beat, and
#: nobody can be seen to; a clock that jumps ages every heartbeat at once. Neither is a reason to restart the desk.
LOOK_MOST = timedelta(seconds=10)


@dataclass(slots=True)
class _Known:
    pid: int = 0
    beat: tuple[int, datetime] | None = None
    silent: timedelta = timedelta()
    down_since: datetime | None = None
    falls: deque[datetime] = field(default_factory=lambda: deque(maxlen=FALLS))
    restarted_at: datetime | None = None
    stopped: bool = False


class Watch:
    """What is remembered of every program. ``pids`` and ``restarted`` are what an earlier process has left."""

    def __init__(self, pids: Mapping[str, int], restarted: Mapping[str, datetime]) -> None:
        names = pids.keys() | restarted.keys()
        self._known = {name: _Known(pids.get(name, 0), restarted_at=restarted.get(name)) for name in names}
        self._looked_at: datetime | None = None

    def look(
        self, wishes: Mapping[str, Wish], seen: Iterable[Seen], heartbeats: Mapping[str, datetime], now: datetime
    ) -> dict[Trouble, str]:
        """What is wrong with programs that should run; ``heartbeats`` are of those that have one. Once a round."""
        self._listen(seen := list(seen), heartbeats, now)
        wrong: dict[Trouble, str] = {}
        for program in seen:
            wish, known = wishes.get(program.name), self._of(program.name)
            if wish is None or not wish.run:
                known.down_since = None
                known.falls.clear()
                continue
            if text := self._down(program, known, now):
                wrong[DOWN, program.name] = text
            if known.silent > HUNG_AFTER:
                wrong[HUNG, program.name] = f"runs, but gave no sign of life for {known.silent.total_seconds():.0f} s"
        return wrong

    def left_behind(self, seen: Iterable[Seen]) -> set[int]:
        """Processes that lived at the last look and do not any more: their children may. To be asked once a round,
        before `look`."""
        gone = set()
        for program in seen:
            known = self._of(program.name)
            if known.pid and known.pid != program.pid:
                gone.add(known.pid)
        return gone

    def hanging(self, seen: Iterable[Seen], now: datetime) -> set[str]:
        """Who is to be started anew, at the pace allowed; to be asked after `look`."""
        return {
            program.name
            for program in seen
            if self._of(program.name).silent >= RESTART_AFTER
            and ((at := self._of(program.name).restarted_at) is None or now - at >= RESTART_PACE)
        }

    def _listen(self, seen: Iterable[Seen], heartbeats: Mapping[str, datetime], now: datetime) -> None:
        """Count for how long we have watched each running program without a new heartbeat.

        What counts is that it changes, not what it says: the database's clock may be another one than ours.
        """
        since = now - self._looked_at if self._looked_at is not None else timedelta()
        self._looked_at = now
        for program in seen:
            known, at = self._of(program.name), heartbeats.get(program.name)
            beat = (program.pid, at) if at is not None and program.state == "RUNNING" else None
            watched = min(max(since, timedelta()), LOOK_MOST) if beat is not None and beat == known.beat else None
            known.silent = timedelta() if watched is None else known.silent + watched
            known.beat = beat

    def remember(self, seen: Iterable[Seen], now: datetime) -> None:
        """Count the ends nobody asked for, and keep who lives now. At the end of a round."""
        for program in seen:
            known = self._of(program.name)
            if known.pid and known.pid != program.pid and not known.stopped:
                known.falls.append(now)
            if program.pid:
                known.stopped = known.stopped and known.pid == program.pid
            known.pid = program.pid

    def told_to_stop(self, name: str) -> None:
        self._of(name).stopped = True

    def restarts(self, name: str, now: datetime) -> None:
        self._of(name).restarted_at = now

    def restarted_at(self, name: str) -> datetime | None:
        return self._of(name).restarted_at

    def _of(self, name: str) -> _Known:
        return self._known.setdefault(name, _Known())

    def _down(self, program: Seen, known: _Known, now: datetime) -> str:
        if program.state == "RUNNING":
            known.down_since = None
        elif known.down_since is None:
            known.down_since = now
        if known.down_since is not None and now - known.down_since > DOWN_AFTER:
            error = f": {program.error}" if program.error else ""
            return f"{program.state} instead of running{error}"
        recent = [at for at in known.falls if now - at <= FALLS_WITHIN]
        return f"fell over {len(recent)} times in five minutes: see its log" if len(recent) >= FALLS else ""

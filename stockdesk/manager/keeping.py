"""One round of the manager: look, compare, start and stop what differs, and write down how everything stands.

Nothing is remembered that a later round would need to be right: a manager that slept through a change, or was killed,
finds out at its next look. Plain functions, for the daemon's own thread.
"""

import logging
import xmlrpc.client
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any, Protocol

from stockdesk.events import Trouble, Troubles
from stockdesk.hours import days_of
from stockdesk.manager import overrides, states
from stockdesk.manager.plan import Wish, days_needed, what_should_run
from stockdesk.manager.reconcile import Seen, moves
from stockdesk.manager.watch import DOWN, HUNG, Watch
from stockdesk.models import DaemonState
from stockdesk.programs import MANAGER
from stockdesk.setup import processes
from stockdesk.setup.places import Trouble as Refused

logger = logging.getLogger(__name__)

SILENT = "supervisord-silent"
#: supervisord may be busy, or restart, for so long before that is an event.
SILENT_AFTER = timedelta(seconds=10)
#: Open events are counted no oftener than this.
TELL_EVERY = timedelta(seconds=30)
#: Children that outlived their program get this long to end, in seconds.
ORPHANS_END = 5.0


class Supervisor(Protocol):
    """What is asked of `stockdesk.setup.supervision.Supervisor`; ``OSError`` when it does not answer."""

    def programs(self) -> list[dict[str, Any]]: ...
    def start_program(self, name: str) -> None: ...
    def stop_program(self, name: str) -> None: ...


class Keeping:
    """Keeps one supervisord to the plan.

    ``mark`` is what its processes carry in their environment; ``may_act`` tells whether the lease is held.
    """

    def __init__(self, supervisor: Supervisor, *, mark: str, may_act: Callable[[], bool] = lambda: True) -> None:
        self._supervisor = supervisor
        self._mark = mark
        self._may_act = may_act
        self._rows = states.Rows()
        self._watch = Watch(self._rows.pids(), self._rows.restarted())
        self._troubles = Troubles(MANAGER, (DOWN, HUNG, SILENT))
        self._told: dict[Trouble, str] | None = None
        self._told_at: datetime | None = None
        self._silent_since: datetime | None = None

    def round(self, now: datetime) -> dict[str, Any]:
        """Look and act once; counters for the heartbeat. Raises ``django.db.Error``."""
        wishes = what_should_run(days_of(days_needed(now)), overrides.in_force(now), now)
        try:
            seen = self._look()
        except (OSError, xmlrpc.client.Fault) as exc:
            # A fault is its word that it is about to end, or to begin anew: nothing is to be started then.
            return self._without_supervisord(exc, now)
        self._silent_since = None
        heartbeats = _heartbeats()
        self._end_orphans(seen)
        wrong = self._watch.look(wishes, seen, heartbeats, now)
        hung = self._watch.hanging(seen, now)
        done = self._act(wishes, seen, hung, now)
        if done:
            with suppress(OSError, xmlrpc.client.Fault):
                seen = self._look()
        self._watch.remember(seen, now)
        self._rows.write(wishes, seen, {name: code for code, name in wrong}, self._watch.restarted_at)
        self._tell(wrong, now)
        running = sum(program.state == "RUNNING" for program in seen)
        return {"programs": len(seen), "running": running, "moves": done, "wrong": len(wrong)}

    def _look(self) -> list[Seen]:
        return [Seen.of(info) for info in self._supervisor.programs()]

    def _act(self, wishes: dict[str, Wish], seen: list[Seen], hung: set[str], now: datetime) -> int:
        done = 0
        for move in moves(wishes, seen, hung):
            if not self._may_act():
                return done
            try:
                if move.verb == "stop":
                    self._watch.told_to_stop(move.name)
                    self._supervisor.stop_program(move.name)
                else:
                    self._supervisor.start_program(move.name)
            except (Refused, OSError) as exc:
                logger.warning("%s: %s", move.name, exc)  # the next round sees how it stands
                continue
            if move.name in hung:
                self._watch.restarts(move.name, now)
            logger.info("%s: %s (%s)", move.name, move.verb, move.reason)
            done += 1
        return done

    def _without_supervisord(self, exc: Exception, now: datetime) -> dict[str, Any]:
        self._silent_since = self._silent_since or now
        if now - self._silent_since >= SILENT_AFTER:
            text = f"supervisord does not answer: {exc}. Nothing is started or stopped by the hours."
            self._tell({(SILENT, ""): text}, now)
        return {"supervisord": "silent"}

    def _end_orphans(self, seen: list[Seen]) -> None:
        """A program that was killed alone leaves its children to work on beside those of the next."""
        groups = self._watch.left_behind(seen) - {program.pid for program in seen}
        if not groups:
            return
        left = [pid for pid in processes.marked(self._mark) if _group_of(pid) in groups]
        if left:
            logger.warning("%d children of a program that was killed are ended", len(left))
            processes.end(left, patience=ORPHANS_END)

    def _tell(self, wrong: dict[Trouble, str], now: datetime) -> None:
        """Events change with what is wrong; while it lasts they are counted now and then."""
        due = self._told_at is None or now - self._told_at >= TELL_EVERY
        if self._told is None or wrong.keys() != self._told.keys() or (wrong and due):
            self._troubles.tell(wrong)
            self._told, self._told_at = dict(wrong), now


def _heartbeats() -> dict[str, datetime]:
    """The last sign of life of every daemon that ever gave one."""
    rows = DaemonState.objects.exclude(heartbeat_at=None).values_list("name", "heartbeat_at")
    return {name: at for name, at in rows if at is not None}


def _group_of(pid: int) -> int:
    fields = processes.stat_fields(pid)
    return int(fields[2]) if fields else 0

"""From what is wanted and what supervisord says to what is to be done; no state, no clock, no calls."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from stockdesk.kis.messages import KST
from stockdesk.manager.plan import Wish
from stockdesk.programs import MANAGER

#: supervisord's words. What is ending is left to end; UNKNOWN it starts no more, so it stays an event.
GOING = frozenset({"RUNNING", "STARTING", "BACKOFF"})
ENDED = frozenset({"STOPPED", "EXITED", "FATAL"})


@dataclass(frozen=True, slots=True)
class Seen:
    """One program as supervisord has it; ``pid`` is 0 and ``started_at`` None while it does not live."""

    name: str
    state: str
    pid: int = 0
    started_at: datetime | None = None
    error: str = ""

    @classmethod
    def of(cls, info: Mapping[str, Any]) -> "Seen":
        """From an answer of getAllProcessInfo, whose moments are seconds since 1970."""
        pid = info["pid"]
        started_at = datetime.fromtimestamp(info["start"], KST) if pid and info["start"] else None
        return cls(info["name"], info["statename"], pid, started_at, info["spawnerr"])


@dataclass(frozen=True, slots=True)
class Move:
    """What supervisord is to be told."""

    verb: Literal["start", "stop"]
    name: str
    reason: str


def moves(wishes: Mapping[str, Wish], seen: Iterable[Seen], hung: Collection[str] = ()) -> list[Move]:
    """First what is to stop, the last in order first, then what is to start. A program that runs well is left alone.

    ``seen`` is in the order of the registry. What the registry does not know is somebody else's, and the manager
    does not order itself about. One that hung is stopped here, and started when it has ended.
    """
    known = [program for program in seen if program.name in wishes and program.name != MANAGER]
    stops = [
        Move("stop", program.name, "hung" if program.name in hung else wishes[program.name].reason)
        for program in reversed(known)
        if program.state in GOING and (not wishes[program.name].run or program.name in hung)
    ]
    starts = [
        Move("start", program.name, wishes[program.name].reason)
        for program in known
        if program.state in ENDED and wishes[program.name].run
    ]
    return stops + starts

"""How every program stands, as rows: written by the manager when something changed, read by every screen."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from stockdesk.manager.models import ProgramState
from stockdesk.manager.plan import Wish
from stockdesk.manager.reconcile import Seen
from stockdesk.models import DaemonState
from stockdesk.programs import BY_NAME, MANAGER

#: Rows are believed while the manager gives signs of life, and for as long afterwards.
BELIEVED = timedelta(seconds=30)
#: supervisord's words for a program that is up, or on its way.
UP = ("RUNNING", "STARTING")


class Rows:
    """The rows of this supervisord's programs, with what they hold remembered: an unchanged one is not written."""

    def __init__(self) -> None:
        fields = [field.attname for field in ProgramState._meta.fields if field.attname not in ("name", "changed_at")]
        self._held = {row.name: {name: getattr(row, name) for name in fields} for row in ProgramState.objects.all()}

    def pids(self) -> dict[str, int]:
        return {name: held["pid"] for name, held in self._held.items()}

    def restarted(self) -> dict[str, datetime]:
        return {name: held["restarted_at"] for name, held in self._held.items() if held["restarted_at"]}

    def write(
        self,
        wishes: Mapping[str, Wish],
        seen: Iterable[Seen],
        wrong: Mapping[str, str],
        restarted_at: Callable[[str], datetime | None],
    ) -> None:
        """Bring the rows up to date; one whose program this supervisord does not have goes.

        ``wrong`` has the code of the event that is open about a program.
        """
        now = timezone.now()
        found: dict[str, dict[str, Any]] = {
            program.name: {
                "priority": BY_NAME[program.name].priority,
                "state": program.state,
                "pid": program.pid,
                "started_at": program.started_at,
                "wanted": wishes[program.name].run,
                "reason": wishes[program.name].reason,
                "changes_at": wishes[program.name].changes_at,
                "trouble": wrong.get(program.name, ""),
                "restarted_at": restarted_at(program.name),
            }
            for program in seen
            if program.name in wishes
        }
        for name, values in found.items():
            if values != self._held.get(name):
                ProgramState.objects.update_or_create(name=name, defaults={**values, "changed_at": now})
                self._held[name] = values
        if gone := self._held.keys() - found.keys():
            ProgramState.objects.filter(name__in=gone).delete()
            for name in gone:
                del self._held[name]


@dataclass(frozen=True, slots=True)
class Standing:
    """What the rows say of one program."""

    name: str
    state: str
    wanted: bool
    reason: str
    changes_at: datetime | None
    trouble: str

    @property
    def is_missing(self) -> bool:
        """It should run and does not, or does not do it well."""
        return self.wanted and (self.state not in UP or bool(self.trouble))


def standing() -> list[Standing]:
    """Every program in its order; none where no manager has run yet."""
    return [
        Standing(row.name, row.state, row.wanted, row.reason, row.changes_at, row.trouble)
        for row in ProgramState.objects.order_by("priority")
    ]


def manager_lives(now: datetime) -> bool:
    """Whether the rows are kept up to date."""
    beat = DaemonState.objects.filter(name=MANAGER).values_list("heartbeat_at", flat=True).first()
    return beat is not None and now - beat <= BELIEVED


def rests(name: str) -> bool:
    """Whether a program does not run because it is not to: its silence is no fault. False where nobody knows."""
    row = ProgramState.objects.filter(name=name).first()
    return row is not None and not row.wanted and row.state not in UP

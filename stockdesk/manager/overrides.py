"""Operators' words about programs: said once, kept for ever, the newest of each program counts."""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Max, Q

from stockdesk.manager.models import ProgramOverride
from stockdesk.manager.plan import AUTOMATIC, HOLD, Override, next_day_start
from stockdesk.programs import MANAGER, PROGRAMS

#: Programs that may be ordered about. Without the web nobody could take a word back; database and simulator are
#: what the others stand on, and the manager is who would have to obey.
ORDERED = frozenset(p.name for p in PROGRAMS if not p.starts_alone) - {"web", MANAGER}


def say(programs: Iterable[str], wish: str, *, who: str, why: str, now: datetime) -> list[str]:
    """Store a word about these programs; gives back whom it is about. A hold ends with the day of the desk (05:00).

    Raises ValueError for a word without person and reason, and for a wish that is none.
    """
    if wish not in ProgramOverride.Wish.values:
        raise ValueError(f"{wish!r} is no wish")
    if not (who and why.strip()):
        raise ValueError("an override needs a person and a reason")
    meant = [name for name in programs if name in ORDERED]
    until = next_day_start(now) if wish == HOLD else None
    ProgramOverride.objects.bulk_create(
        ProgramOverride(program=name, wish=wish, until=until, who=who, why=why.strip(), made_at=now) for name in meant
    )
    return meant


def in_force(now: datetime) -> dict[str, Override]:
    """The word that counts now, by program: two lookups in an index that ends with the newest."""
    newest = ProgramOverride.objects.values("program").annotate(newest=Max("pk")).values("newest")
    rows = ProgramOverride.objects.filter(Q(until=None) | Q(until__gt=now), pk__in=newest).exclude(wish=AUTOMATIC)
    return {row.program: Override(row.program, row.wish, row.until, row.who, row.why) for row in rows}

"""Fills the calendar with what is known beforehand: KRX's list, the law's holidays, the hours of the sessions.

It writes the columns of those two sources and no other, so it may run at any time: a person's word and the broker's
stay, and so does a session window that somebody changed.
"""

import json
from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from django.apps import AppConfig
from django.db import DEFAULT_DB_ALIAS, connections, router

from stockdesk.calendar.models import MarketDay, SessionWindow, Timetable
from stockdesk.kis.messages import KST

FACTS = Path(__file__).parent / "krx"
SATURDAY = 5

# Five columns of eighteen, two years of rows, and after every flush of a test: bulk_create takes ten times as long.
_WRITE_DAYS = """
    INSERT INTO market_marketday (bass_dt, name, timetable, listed_open, computed_open) VALUES (%s, %s, %s, %s, %s)
    ON DUPLICATE KEY UPDATE name = VALUES(name), timetable = VALUES(timetable), listed_open = VALUES(listed_open),
        computed_open = VALUES(computed_open)
"""


class PlannedDay(NamedTuple):
    """What is known of a date beforehand, in the order of its columns."""

    day: date
    name: str
    timetable: str
    listed_open: bool | None
    computed_open: bool


def seed_calendar(today: date, using: str = DEFAULT_DB_ALIAS) -> None:
    """Every date from the first listed year to the end of next year, and every session window that is missing."""
    seed_days(today, using)
    SessionWindow.objects.using(using).bulk_create(known_windows(), ignore_conflicts=True)


def seed_days(today: date, using: str = DEFAULT_DB_ALIAS) -> None:
    """The dates alone. A daemon may write these, and no hours: by the hours orders are let out."""
    with connections[using].cursor() as cursor:
        cursor.executemany(_WRITE_DAYS, planned_days(through=today.year + 1))


def reaches(today: date) -> bool:
    """Whether the tables go to the end of next year."""
    return MarketDay.objects.filter(day__gte=date(today.year + 1, 12, 31)).exists()


def planned_days(*, through: int) -> list[PlannedDay]:
    """The dates of the listed years and of those up to ``through``. Past KRX's list there is the law alone."""
    facts = _read("days.json")
    years = range(min(facts["years"]), max(through, *facts["years"]) + 1)
    by_law = _holidays(years)
    closed, special = facts["closed"], facts["special"]
    rows: list[PlannedDay] = []
    for year in years:
        begun = False
        for day in _dates(year):
            text, weekday = day.isoformat(), day.weekday() < SATURDAY
            listed = (weekday and text not in closed) if year in facts["years"] else None
            computed = weekday and day not in by_law
            known = special.get(text, {})
            first = listed is None and computed and not begun
            begun = begun or computed
            rows.append(
                PlannedDay(
                    day=day,
                    name=known.get("name") or closed.get(text) or by_law.get(day, "")[:80],
                    timetable=known.get("timetable") or (Timetable.LATE if first else Timetable.REGULAR).value,
                    listed_open=listed,
                    computed_open=computed,
                )
            )
    return rows


def known_windows() -> list[SessionWindow]:
    facts = _read("sessions.json")
    return [
        SessionWindow(
            timetable=timetable,
            venue=row["venue"],
            code=row["code"],
            hours_from=time.fromisoformat(row["from"]),
            hours_to=time.fromisoformat(row["to"]),
            divisions=row["divisions"],
            effective_from=date.fromisoformat(row.get("since", facts["since"])),
            effective_to=date.fromisoformat(row["until"]) if "until" in row else None,
            note=row.get("note", ""),
        )
        for row in facts["rows"]
        for timetable in row["timetables"]
    ]


def seed_after_migrate(sender: AppConfig, using: str, **kwargs: Any) -> None:
    """For ``post_migrate``: the tables may be gone, where somebody migrates back."""
    tables = {MarketDay._meta.db_table, SessionWindow._meta.db_table}
    if router.allow_migrate_model(using, MarketDay) and tables <= set(connections[using].introspection.table_names()):
        seed_calendar(datetime.now(KST).date(), using)


def _holidays(years: range) -> dict[date, str]:
    """Weekdays closed by law or custom, with their Korean names."""
    import holidays  # 28 MB: for those who fill the calendar, not for everyone who reads it

    return dict(holidays.financial_holidays("XKRX", years=years, language="ko"))


def _dates(year: int) -> Iterator[date]:
    day = date(year, 1, 1)
    while day.year == year:
        yield day
        day += timedelta(days=1)


def _read(name: str) -> Any:
    return json.loads((FACTS / name).read_text(encoding="utf-8"))

"""The right programs run at every hour: the real loop and the real calendar, a clock and a supervisord of the test."""

from collections.abc import Callable
from datetime import date, datetime, time, timedelta

import pytest

from stockdesk.kis.messages import KST
from tests.ground.calendar import told
from tests.manager.supervisord import FakeSupervisord

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("real")]

#: When is looked: at every hour, and before and at the moments of change.
LOOKS = sorted(
    {f"{hour:02d}:00" for hour in range(24)}
    | {"05:50", "05:55", "06:25", "06:30", "07:25", "07:30", "07:45"}
    | {"07:50", "08:45", "08:50", "09:15", "09:20", "20:10", "20:15"}
)
BY_THE_HOURS = ("ws_market", "rest_market", "assets", "trading", "overseas", "reference")
KEPT = {"mariadb", "simulator", "worker", "web", "manager"}

# From when to when each program runs, one line a day: first to last minute of the day, "-" not at all.
# "00:00-07:30 08:50-24:00" of overseas is New York's night, then Tokyo and the next night. In November New York
# keeps standard time: its day ends at 06:00 here, the bars are final at 06:45.
CSAT_WEEK = """
day            ws_market    rest_market  assets                   trading      overseas                 reference
2026-11-16 Mon 07:50-20:15  07:50-20:15  05:55-20:15              07:50-20:15  08:50-24:00              05:00-24:00
2026-11-17 Tue 07:50-20:15  07:50-20:15  05:55-20:15              07:50-20:15  00:00-07:30 08:50-24:00  05:00-24:00
2026-11-18 Wed 07:50-20:15  07:50-20:15  05:55-20:15              07:50-20:15  00:00-07:30 08:50-24:00  05:00-24:00
2026-11-19 Thu 09:20-20:15  09:20-20:15  05:55-20:15              09:20-20:15  00:00-07:30 08:50-24:00  05:00-24:00
2026-11-20 Fri 07:50-20:15  07:50-20:15  05:55-20:15              07:50-20:15  00:00-07:30 08:50-24:00  05:00-24:00
2026-11-21 Sat -            -            05:55-07:00              -            00:00-07:30              05:00-12:00
2026-11-22 Sun -            -            05:55-07:00              -            -                        05:00-12:00
"""
# The exchange's last weekday and New Year closed; the first session begins at ten.
TURN_OF_THE_YEAR = """
day            ws_market    rest_market  assets                   trading      overseas                 reference
2026-12-30 Wed 07:50-20:15  07:50-20:15  05:55-20:15              07:50-20:15  00:00-07:30 08:50-24:00  05:00-24:00
2026-12-31 Thu -            -            05:55-07:00              -            00:00-07:30 08:50-24:00  05:00-24:00
2027-01-01 Fri -            -            05:55-07:00              -            00:00-07:30 08:50-24:00  05:00-24:00
2027-01-02 Sat -            -            05:55-07:00              -            00:00-07:30              05:00-12:00
2027-01-03 Sun -            -            05:55-07:00              -            -                        05:00-12:00
2027-01-04 Mon 09:20-20:15  09:20-20:15  05:55-20:15              09:20-20:15  08:50-24:00              05:00-24:00
"""
# The nights around New York's change to summer time, Sunday March 14: from the 16th on its night ends an hour earlier.
SPRING = """
day            ws_market    rest_market  assets                   trading      overseas                 reference
2027-03-13 Sat -            -            05:55-07:00              -            00:00-07:30              05:00-12:00
2027-03-14 Sun -            -            05:55-07:00              -            -                        05:00-12:00
2027-03-15 Mon 07:50-20:15  07:50-20:15  05:55-20:15              07:50-20:15  08:50-24:00              05:00-24:00
2027-03-16 Tue 07:50-20:15  07:50-20:15  05:55-20:15              07:50-20:15  00:00-06:30 08:50-24:00  05:00-24:00
"""


@pytest.mark.parametrize("expected", [CSAT_WEEK, TURN_OF_THE_YEAR, SPRING], ids=["csat", "new year", "summer time"])
def test_the_right_programs_run_at_every_hour(keeping, expected):
    days = [date.fromisoformat(line.split()[0]) for line in expected.strip().splitlines()[1:]]
    seen = observed(keeping, days[0], days[-1])
    print(f"\n{seen}")
    assert seen == expected.strip()


def observed(keeping: Callable, first: date, last: date) -> str:
    """Let the days pass from look to look, and write down from when to when each program runs."""
    moment = datetime.combine(first, time(), KST)
    supervisord = FakeSupervisord(now=moment)
    round_at = keeping(supervisord)
    ran: dict[tuple[date, str], list[list[datetime]]] = {}
    while moment.date() <= last:
        round_at(moment)
        assert supervisord.running() >= KEPT
        for name in BY_THE_HOURS:
            spans = ran.setdefault((moment.date(), name), [])
            if name in supervisord.running():
                if spans and spans[-1][1] == moment:
                    spans[-1][1] = _next(moment)
                else:
                    spans.append([moment, _next(moment)])
        moment = _next(moment)
    # One order for each beginning and each end, besides the five that always run: nobody was restarted.
    beginnings = _changes(ran)
    assert len(supervisord.orders) == beginnings + len(KEPT) - 1
    return _table(first, last, ran)


def _next(moment: datetime) -> datetime:
    later = next((look for look in LOOKS if look > f"{moment:%H:%M}"), None)
    day = moment.date() + timedelta(days=int(later is None))
    return datetime.combine(day, time.fromisoformat(later or LOOKS[0]), KST)


def _changes(ran: dict[tuple[date, str], list[list[datetime]]]) -> int:
    """Starts and stops in what was seen; what lasts over midnight is neither."""
    edges: dict[str, list[datetime]] = {}
    for (_day, name), spans in sorted(ran.items()):
        for span in spans:
            marks = edges.setdefault(name, [])
            if marks and marks[-1] == span[0]:
                marks[-1] = span[1]
            else:
                marks += span
    end = max(mark for marks in edges.values() for mark in marks)
    last = max(day for day, _name in ran)
    midnight = datetime.combine(last + timedelta(days=1), time(), KST)
    return sum(len(marks) - (marks[-1] == end == midnight) for marks in edges.values())


def _table(first: date, last: date, ran: dict[tuple[date, str], list[list[datetime]]]) -> str:
    widths = dict(zip(BY_THE_HOURS, (13, 13, 25, 13, 25, 0), strict=True))
    lines = ["day            " + "".join(f"{name:<{widths[name]}}" for name in BY_THE_HOURS)]
    day = first
    while day <= last:
        cells = [" ".join(_span(day, *span) for span in ran[day, name]) or "-" for name in BY_THE_HOURS]
        columns = "".join(f"{cell:<{widths[name]}}" for cell, name in zip(cells, BY_THE_HOURS, strict=True))
        lines.append(f"{day:%Y-%m-%d %a} {columns}".rstrip())
        day += timedelta(days=1)
    return "\n".join(line.rstrip() for line in lines)


def _span(day: date, starts: datetime, ends: datetime) -> str:
    return f"{starts:%H:%M}-{'24:00' if ends.date() > day else f'{ends:%H:%M}'}"


def test_a_morning_that_the_broker_calls_closed_starts_no_market(keeping):
    """KRX's list says open, KIS's answer of 06:01 says closed: a holiday declared overnight."""
    moment = datetime(2026, 11, 20, 5, 55, tzinfo=KST)
    supervisord = FakeSupervisord(now=moment)
    round_at = keeping(supervisord)
    round_at(moment)
    assert "assets" in supervisord.running()
    told(moment.date(), "N")
    for hour in (7, 8, 9, 12, 15):
        round_at(moment.replace(hour=hour))
        assert not supervisord.running() & {"ws_market", "rest_market", "trading", "assets"}


def test_a_weekday_that_nobody_knows_is_watched_from_the_first_to_the_last_possible_hour(keeping):
    moment = datetime(2020, 1, 2, 7, 45, tzinfo=KST)  # before every row of the calendar
    supervisord = FakeSupervisord(now=moment)
    round_at = keeping(supervisord)
    seen = {}
    for clock in (time(7, 45), time(7, 50), time(20, 10), time(20, 15)):
        round_at(datetime.combine(moment.date(), clock, KST))
        seen[f"{clock:%H:%M}"] = "ws_market" in supervisord.running()
    assert seen == {"07:45": False, "07:50": True, "20:10": True, "20:15": False}

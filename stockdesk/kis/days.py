"""Days of KIS's calendar (chk-holiday, CTCA0903R): the answer's rows -> CalendarDay."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from stockdesk.kis.values import FieldError, Row, text


@dataclass(frozen=True, slots=True)
class CalendarDay:
    """One date as KIS has it, each flag Y, N or empty. Only ``open_flag`` tells whether the exchange is open.

    Late openings and CSAT hours are not in it.
    """

    day: date
    open_flag: str
    business_flag: str
    trading_flag: str
    settlement_flag: str


def days_from(rows: Iterable[Row], since: date) -> list[CalendarDay]:
    """All rows of one answer, which begins with ``since``; FieldError where one of them cannot be read."""
    days = [_day(row) for row in rows]
    dates = [day.day for day in days]
    if not dates or dates[0] != since:
        raise FieldError("bass_dt does not begin with the day asked for")
    if dates != sorted(set(dates)):
        raise FieldError("bass_dt does not go forward")
    return days


def _day(row: Row) -> CalendarDay:
    told = text(row, "bass_dt")
    try:
        day = datetime.strptime(told, "%Y%m%d").date()
    except ValueError:
        raise FieldError("bass_dt is not a date") from None
    open_flag = _flag(row, "opnd_yn")
    if not open_flag:
        raise FieldError("opnd_yn is missing")
    return CalendarDay(day, open_flag, _flag(row, "bzdy_yn"), _flag(row, "tr_day_yn"), _flag(row, "sttl_day_yn"))


def _flag(row: Row, name: str) -> str:
    flag = text(row, name).upper()
    if flag not in ("Y", "N", ""):
        raise FieldError(f"{name} is neither Y nor N")
    return flag

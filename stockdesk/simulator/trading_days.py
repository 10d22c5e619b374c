"""Days on which the exchange is open, and when a trade of one of them is settled (T+2)."""

from datetime import date, timedelta

SETTLEMENT_DAYS = 2
SATURDAY = 5

# Weekdays on which KRX is closed (휴장일), as announced by November 2026; those of 2027 are provisional.
_CLOSED = (
    "2026-01-01 2026-02-16 2026-02-17 2026-02-18 2026-03-02 2026-05-01 2026-05-05 2026-05-25 2026-06-03 2026-07-17 "
    "2026-08-17 2026-09-24 2026-09-25 2026-10-05 2026-10-09 2026-12-25 2026-12-31 "
    "2027-01-01 2027-02-08 2027-02-09 2027-03-01 2027-05-03 2027-05-05 2027-05-13 2027-07-19 2027-08-16 2027-09-14 "
    "2027-09-15 2027-09-16 2027-10-04 2027-10-11 2027-12-27 2027-12-31"
)
CLOSED = frozenset(date.fromisoformat(text) for text in _CLOSED.split())


def is_trading_day(day: date) -> bool:
    return day.weekday() < SATURDAY and day not in CLOSED


def trading_day_after(day: date, count: int = 1) -> date:
    """The ``count``-th trading day after ``day``, which need not be one itself."""
    for _ in range(count):
        day += timedelta(days=1)
        while not is_trading_day(day):
            day += timedelta(days=1)
    return day


def trading_day_before(day: date) -> date:
    day -= timedelta(days=1)
    while not is_trading_day(day):
        day -= timedelta(days=1)
    return day


def calendar_row(day: date, *, always_open: bool) -> dict[str, str]:
    """One row of chk-holiday. ``tr_day_yn`` is Y on holidays too, and the year's last day is a business day."""
    last_of_year = (day.month, day.day) == (12, 31)
    trades = always_open or is_trading_day(day)
    business = trades or (last_of_year and day.weekday() < SATURDAY)
    yes = {True: "Y", False: "N"}
    return {
        "bass_dt": f"{day:%Y%m%d}",
        "wday_dvsn_cd": f"{day.isoweekday() % 7 + 1:02d}",  # 01 is Sunday
        "bzdy_yn": yes[business],
        "tr_day_yn": "Y",
        "opnd_yn": yes[trades],
        "sttl_day_yn": yes[trades],
    }


def settled_on(day: date) -> date:
    """When cash and shares of a trade of ``day`` change hands."""
    return trading_day_after(day, SETTLEMENT_DAYS)

"""The hours of the market; so far only the one question that the live feed asks."""

from datetime import datetime, time

from stockdesk.kis.messages import KST

# KRX 정규장, continuous trading: the hours in which a large issue does not go a minute without a trade.
REGULAR_OPEN, REGULAR_CLOSE = time(9, 0), time(15, 20)
_SATURDAY = 5


def in_regular_hours(now: datetime) -> bool:
    """Whether ``now`` (aware) lies in the continuous trading of a weekday. It knows no holidays: whoever
    asks must also have seen the market move on that day."""
    local = now.astimezone(KST)
    return local.weekday() < _SATURDAY and REGULAR_OPEN <= local.time() < REGULAR_CLOSE

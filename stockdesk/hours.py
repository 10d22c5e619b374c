"""The hours of the market; so far only the one question that the live feed asks."""

from datetime import datetime, time

from stockdesk.kis.messages import KST

# KRX 정규장, continuous trading: the hours in which ten issues do not go a minute without a trade.
REGULAR_OPEN, REGULAR_CLOSE = time(9, 0), time(15, 20)
_SATURDAY = 5


def regular_hours_since(now: datetime) -> float | None:
    """For how many seconds continuous trading has been on at ``now`` (aware), ``None`` outside.

    By the clock alone: it knows no holidays, no late openings and no halts. Whoever asks must also have seen
    the market move since then.
    """
    local = now.astimezone(KST)
    if local.weekday() >= _SATURDAY or not REGULAR_OPEN <= local.time() < REGULAR_CLOSE:
        return None
    opened = local.replace(hour=REGULAR_OPEN.hour, minute=REGULAR_OPEN.minute, second=0, microsecond=0)
    return (local - opened).total_seconds()

"""What the engine has to know of the world around it, gathered once a step and then held still."""

from collections.abc import Callable
from datetime import date, datetime, timedelta

from django.conf import settings

from stockdesk.calls.budget import Budget
from stockdesk.hours import Day, day_of
from trading.ports import Surroundings
from trading.values import MarketView, Mode, Setting, kst_day

READ_DAY_EVERY = timedelta(seconds=10)
"""A day that is confirmed, closed or moved by a person takes effect this soon."""


class Around:
    """``skew`` tells how far the broker's clock is ahead of ours; ``using`` is the alias that reads the calendar."""

    def __init__(
        self,
        *,
        budget: Budget,
        skew: Callable[[], float | None],
        clock: Callable[[], datetime],
        using: str,
    ) -> None:
        self._budget = budget
        self._skew = skew
        self._clock = clock
        self._using = using
        self._setting = own_setting()
        self._market: MarketView | None = None
        self._read_at: datetime | None = None
        self._order_wait: float | None = None

    def refresh(self) -> None:
        """Read what the database tells: the room among the order calls, and now and then the day. For its thread."""
        now = self._clock()
        self._order_wait = self._budget.wait("order")
        if self._order_wait is None:
            self._budget.ensure()
            self._order_wait = self._budget.wait("order")
        today = kst_day(now)
        if self._market is None or self._market.day != today or not self._is_young(now):
            self._market = market_view(today, using=self._using)
            self._read_at = now

    def __call__(self) -> Surroundings:
        return Surroundings(self._setting, self._market, self._skew(), self._order_wait)

    def _is_young(self, now: datetime) -> bool:
        return self._read_at is not None and timedelta(0) <= now - self._read_at < READ_DAY_EVERY


def own_setting() -> Setting:
    """What ``.env`` allows."""
    desk = settings.DESK
    return Setting(Mode(desk.mode), desk.host, bool(desk.account))


def market_view(on: date, *, using: str = "default") -> MarketView:
    """The trading day as the calendar has it; a date it does not know is neither open nor closed.

    A stop of the whole market is told by no table. A quote that comes by session grows old in seconds then; one that
    comes by rounds over REST does not, and only what KIS says of the issue right before the order holds that back.
    """
    day: Day = day_of(on, using)
    return MarketView(on, day.is_open, day.confirmed, day.regular_from, day.regular_to, day.over_at, day.may_order)

"""When the exchange takes which orders, and when it matches them; always, unless real hours are asked for."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Literal

from stockdesk.simulator.divisions import AFTER_MARKET, KRX_REGULAR, NXT_DAY, NXT_PRE_MARKET
from stockdesk.simulator.options import KST, Options
from stockdesk.simulator.orders import CLOSING_AUCTION
from stockdesk.simulator.trading_days import is_trading_day

How = Literal["call", "continuous", "fixed"]


@dataclass(frozen=True, slots=True)
class Window:
    """From ``start`` up to ``end``. In a call orders only gather; ``fixed`` fills at a price that is known."""

    venue: str
    start: time
    end: time
    how: How
    divisions: frozenset[str]


_CALL = frozenset(("00", "01"))
# As of 2026-09-14. KRX takes 06 from 15:30 and trades it from 15:40; so does NXT with its evening.
WINDOWS = (
    Window("KRX", time(8, 30), time(8, 40), "fixed", frozenset(("05",))),
    Window("KRX", time(8, 30), time(9, 0), "call", _CALL),
    Window("KRX", time(9, 0), time(15, 20), "continuous", KRX_REGULAR),
    Window("KRX", time(15, 20), time(15, 30), "call", _CALL),
    Window("KRX", time(15, 30), time(15, 40), "call", frozenset(("06",))),
    Window("KRX", time(15, 40), time(16, 0), "fixed", frozenset(("06",))),
    Window("KRX", time(16, 0), time(20, 0), "continuous", AFTER_MARKET),
    Window("NXT", time(8, 0), time(8, 50), "continuous", NXT_DAY | NXT_PRE_MARKET),
    Window("NXT", time(9, 0, 30), time(15, 20), "continuous", NXT_DAY),
    Window("NXT", time(15, 30), time(15, 40), "call", NXT_DAY),
    Window("NXT", time(15, 40), time(20, 0), "continuous", NXT_DAY),
)
_ENDS = {"05": time(8, 40), "06": time(16, 0), **dict.fromkeys(NXT_PRE_MARKET, time(8, 50))}
_EVENING = time(20, 0)


class Hours:
    """The exchange's hours by the simulator's clock. ``open`` off closes it, ``real_hours`` gives it a timetable."""

    def __init__(self, options: Options) -> None:
        self.options = options

    def is_day(self, now: datetime) -> bool:
        return not self.options.real_hours or is_trading_day(now.date())

    def how(self, venue: str, division: str, now: datetime) -> How | None:
        """How an order of this kind is treated now; None where it is not taken. SOR follows KRX."""
        if not self.options.open or not self.is_day(now):
            return None
        if not self.options.real_hours:
            return "fixed" if division in ("05", "06") else "continuous"
        venue = "KRX" if venue == "SOR" else venue
        clock = now.astimezone(KST).time()
        for window in WINDOWS:
            if window.venue == venue and division in window.divisions and window.start <= clock < window.end:
                return window.how
        return None

    def cancellable(self, venue: str, now: datetime) -> bool:
        """Whether orders at this venue can be amended and cancelled now: while it takes any."""
        return any(self.how(venue, division, now) for division in ("00", "05", "06", "41"))

    def trading(self, now: datetime) -> bool:
        """Whether the market prints trades now."""
        if not self.options.open or not self.options.real_hours:
            return self.options.open
        clock = now.astimezone(KST).time()
        return self.is_day(now) and any(w.how == "continuous" and w.start <= clock < w.end for w in WINDOWS)

    def ends_at(self, venue: str, division: str, now: datetime) -> datetime:
        """When what is left of an order of this kind is taken off the book."""
        midnight = now.astimezone(KST).replace(hour=0, minute=0, second=0, microsecond=0)
        if not self.options.real_hours:
            return midnight + timedelta(days=1)
        evening = venue == "NXT" or division in AFTER_MARKET
        end = _ENDS.get(division) or (_EVENING if evening else CLOSING_AUCTION)
        return midnight.replace(hour=end.hour, minute=end.minute)

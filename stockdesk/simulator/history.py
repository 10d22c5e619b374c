"""The past of the toy world: every trading day of every issue, made from the seed when somebody asks."""

import math
import random
from dataclasses import dataclass
from datetime import date

from stockdesk.simulator.rules import tick_size
from stockdesk.simulator.trading_days import trading_day_before
from stockdesk.simulator.world import Instrument


@dataclass(frozen=True, slots=True)
class DayRecord:
    """One finished day: KRW and shares."""

    on: date
    open: int
    high: int
    low: int
    close: int
    previous: int
    volume: int
    amount: int

    @property
    def change(self) -> int:
        return self.close - self.previous

    @property
    def sign(self) -> str:
        return "2" if self.change > 0 else "5" if self.change < 0 else "3"

    @property
    def rate(self) -> str:
        return f"{self.change * 100 / self.previous:.2f}"


def dice(seed: int, *what: object) -> random.Random:
    """Chance that is always the same for the same thing."""
    return random.Random("/".join(map(str, (seed, *what))))


def wave(seed: int, name: str, on: date) -> float:
    """Where a price stands on a day beside its middle, as a fraction: slow swings and a little noise."""
    rng = dice(seed, name)
    phase, slow, fast = rng.random() * math.tau, rng.uniform(40, 90), rng.uniform(7, 15)
    day = on.toordinal()
    swing = 0.09 * math.sin(phase + day / slow) + 0.03 * math.sin(phase * 3 + day / fast)
    return swing + dice(seed, name, on).gauss(0, 0.008)


def close_of(seed: int, instrument: Instrument, on: date, *, today: date) -> int:
    """The close of a past day; that of the last day before ``today`` is the base price of ``today``."""
    last = trading_day_before(today)
    if on == last:
        return instrument.base_price
    moved = (1 + wave(seed, instrument.symbol, on)) / (1 + wave(seed, instrument.symbol, last))
    return _on_grid(instrument.base_price * moved, instrument)


def record_of(seed: int, instrument: Instrument, on: date, *, today: date) -> DayRecord:
    """A past trading day of one issue."""
    close = close_of(seed, instrument, on, today=today)
    previous = close_of(seed, instrument, trading_day_before(on), today=today)
    rng = dice(seed, instrument.symbol, on, "day")
    opened = _on_grid(previous + (close - previous) * rng.random(), instrument)
    high = _on_grid(max(opened, close) * (1 + rng.random() * 0.012), instrument)
    low = _on_grid(min(opened, close) * (1 - rng.random() * 0.012), instrument)
    volume = 1 + int(2_000_000 * instrument.weight / instrument.base_price * 6_000 * rng.uniform(0.5, 1.6))
    high, low = max(high, opened, close), min(low, opened, close)
    return DayRecord(on, opened, high, low, close, previous, volume, volume * (high + low + close) // 3)


def _on_grid(price: float, instrument: Instrument) -> int:
    whole = max(int(price), 10)
    return whole - whole % tick_size(whole, instrument.kind)

"""A toy world of listed issues: the large ones by their real names, the others made up, all from one seed."""

import random
from collections.abc import Iterator
from dataclasses import dataclass

from stockdesk.simulator.names import (
    FIRST,
    FUND_BRANDS,
    FUND_THEMES,
    LARGE_FUNDS,
    LARGE_STOCKS,
    NOTE_THEMES,
    SECOND,
)
from stockdesk.simulator.rules import daily_limits, tick_size

LETTERS = "ABCDEFGHJKLMNPQRSTVWXYZ"  # KRX never gives out I, O and U


@dataclass(frozen=True, slots=True)
class Instrument:
    """One listed issue. Prices in KRW; ``weight`` says how often it trades beside the others (1-12)."""

    symbol: str
    name: str
    market: str  # KOSPI | KOSDAQ
    kind: str  # stock | etf | etn
    sector: str
    base_price: int
    listed_shares: int
    leverage: int
    weight: int

    @property
    def limits(self) -> tuple[int, int]:
        """Lower and upper limit of the day (하한가, 상한가)."""
        return daily_limits(self.base_price, self.kind, self.leverage)


class World:
    """``count`` instruments made from ``seed``, the largest first; the same seed makes the same world."""

    def __init__(self, seed: int = 1, count: int = 2500) -> None:
        self.seed = seed
        rng = random.Random(seed)
        self.instruments: tuple[Instrument, ...] = tuple(_instruments(rng, count))
        self.by_symbol = {instrument.symbol: instrument for instrument in self.instruments}

    def __len__(self) -> int:
        return len(self.instruments)

    def __iter__(self) -> Iterator[Instrument]:
        return iter(self.instruments)

    def get(self, symbol: str) -> Instrument | None:
        return self.by_symbol.get(symbol)


def _instruments(rng: random.Random, count: int) -> list[Instrument]:
    listed: list[Instrument] = []
    for rank, (symbol, name, market, sector, base) in enumerate(LARGE_STOCKS):
        shares = rng.randrange(20_000_000, 900_000_000, 1_000)
        listed.append(Instrument(symbol, name, market, "stock", sector, base, shares, 1, 12 - rank // 8))
    for symbol, name, base, leverage in LARGE_FUNDS:
        shares = rng.randrange(10_000_000, 300_000_000, 50_000)
        listed.append(Instrument(symbol, name, "KOSPI", "etf", "", base, shares, leverage, 6))
    listed = listed[:count]
    wanted = count - len(listed)
    taken = {instrument.symbol for instrument in listed}
    notes = _notes(rng, min(60, wanted // 40))
    funds = _funds(rng, min(len(FUND_BRANDS) * len(FUND_THEMES), wanted // 12), taken)
    stocks = _stocks(rng, wanted - len(notes) - len(funds), taken)
    return listed + stocks + funds + notes


def _stocks(rng: random.Random, count: int, taken: set[str]) -> list[Instrument]:
    """Ordinary shares, now and then with a preferred line (…우) or a code with a letter beside them."""
    names = [(first + second, sector) for first in FIRST for second, sector in SECOND]
    rng.shuffle(names)
    serial = 0
    made: list[Instrument] = []
    while len(made) < count:
        number, (name, sector) = len(made), names[serial % len(names)]
        if serial >= len(names):  # a world larger than the stock of syllables
            name = f"{name}{serial // len(names) + 1}"
        serial += 1
        market = "KOSPI" if rng.random() < 0.36 else "KOSDAQ"
        if number % 23 == 0:
            symbol = _fresh(taken, lambda: f"{rng.randrange(0, 200):04d}{rng.choice(LETTERS)}0", number == 0)
        else:
            symbol = _fresh(taken, lambda: f"{rng.randrange(2, 49_999) * 10:06d}")
        base = _price(rng, "stock")
        shares = rng.randrange(4_000_000, 120_000_000, 1_000)
        weight = 4 if number < 200 else 2 if number < 800 else 1
        made.append(Instrument(symbol, name, market, "stock", sector, base, shares, 1, weight))
        preferred = symbol[:5] + "5"
        if market == "KOSPI" and rng.random() < 0.09 and len(made) < count and preferred not in taken:
            taken.add(preferred)
            base = _on_grid(base * 7 // 10, "stock")
            made.append(Instrument(preferred, name + "우", market, "stock", sector, base, shares // 10, 1, 1))
    return made


def _funds(rng: random.Random, count: int, taken: set[str]) -> list[Instrument]:
    names = [f"{brand} {theme}" for brand in FUND_BRANDS for theme in FUND_THEMES]
    rng.shuffle(names)
    made = []
    for name in names[:count]:
        symbol = _fresh(taken, lambda: f"{rng.randrange(1, 300):04d}{rng.choice(LETTERS)}0")
        shares = rng.randrange(500_000, 60_000_000, 50_000)
        made.append(Instrument(symbol, name, "KOSPI", "etf", "", _price(rng, "etf"), shares, 1, 2))
    return made


def _notes(rng: random.Random, count: int) -> list[Instrument]:
    made = []
    for number in range(count):
        leverage = 1 + number % 2
        theme = NOTE_THEMES[number // 2 % len(NOTE_THEMES)]
        brand = FUND_BRANDS[number // (2 * len(NOTE_THEMES)) % len(FUND_BRANDS)]
        name = f"{brand} {'레버리지 ' if leverage == 2 else ''}{theme}"
        symbol = f"Q{500_001 + number}"
        made.append(Instrument(symbol, name, "KOSPI", "etn", "", _price(rng, "etn"), 1_000_000, leverage, 1))
    return made


def _fresh(taken: set[str], make, known: bool = False) -> str:
    """A code nobody has yet; ``known`` asks for 0001A0, which documents and tests use as their example."""
    symbol = "0001A0" if known else make()
    while symbol in taken:
        symbol = make()
    taken.add(symbol)
    return symbol


def _price(rng: random.Random, kind: str) -> int:
    """A base price on its tick: most issues cost a few thousand won, a few a million."""
    median, spread = (9_000, 1.1) if kind == "stock" else (13_000, 0.6)
    return _on_grid(min(max(int(rng.lognormvariate(0, spread) * median), 300), 1_500_000), kind)


def _on_grid(price: int, kind: str) -> int:
    return price - price % tick_size(price, kind)

"""How one issue trades through the day: best bid and ask, prints, running totals. Pure, no clock, no I/O."""

import random
from typing import Protocol

from stockdesk.simulator.rules import step_down, step_up
from stockdesk.simulator.world import Instrument, World

PULL = 1.5  # how strongly a price is drawn back to its anchor; keeps a day's walk within a few per cent
MORNING_PRINTS = 40  # prints before the simulator starts, so that open, high and low differ at once


class Orders(Protocol):
    """Whoever wants to know of every print: the book of working orders, while there are any."""

    def traded(self, price: int, volume: int) -> None: ...


class Price:
    """The running state of one instrument; amounts in KRW, volumes in shares.

    The walk depends only on the seed and on how many prints this symbol had, not on what else trades.
    """

    __slots__ = (
        "amount",
        "anchor",
        "ask",
        "ask_rest",
        "bid",
        "bid_rest",
        "book",
        "buy_count",
        "buy_volume",
        "halted",
        "high",
        "high_at",
        "instrument",
        "last",
        "last_side",
        "last_volume",
        "low",
        "low_at",
        "lower",
        "open",
        "open_at",
        "prints",
        "random",
        "sell_count",
        "sell_volume",
        "touched",
        "typical",
        "upper",
        "vi",
        "volume",
        "yesterday_volume",
    )

    def __init__(self, instrument: Instrument, seed: int) -> None:
        self.instrument = instrument
        self.random = random.Random(f"{seed}/{instrument.symbol}")
        rng = self.random
        base = instrument.base_price
        self.lower, self.upper = instrument.limits
        self.anchor = self._inside(int(base * (1 + min(max(rng.gauss(0, 0.025), -0.12), 0.12))))
        opening = self._inside(int(base + (self.anchor - base) * rng.random()))
        opening = step_up(opening - 1, instrument.kind) if opening < self.upper else self.upper
        self.last = self.open = self.high = self.low = opening
        self.open_at = self.high_at = self.low_at = "090012"
        self.ask = self.bid = opening
        self.typical = max(1, 2_000_000 * instrument.weight // base)  # shares of an ordinary print
        self.yesterday_volume = self.typical * 6_000 * instrument.weight
        self.volume = self.last_volume = self.typical * 20
        self.amount = self.volume * opening
        self.buy_volume = self.sell_volume = self.buy_count = self.sell_count = 0
        self.ask_rest = self.bid_rest = self.typical * 30
        self.last_side = ""  # CCLD_DVSN of the opening print is empty
        self.halted = False
        self.vi = False  # in the call auction after a price jump (변동성완화장치)
        self.book: Orders | None = None
        self.prints = 0
        self.touched = 0.0  # when a reader last asked; the owner's clock
        self._spread(up=True)
        for _ in range(MORNING_PRINTS):
            self.print("0930" + f"{self.prints:02d}")

    @property
    def still(self) -> bool:
        """No trades are printed now."""
        return self.halted or self.vi

    def print(self, hhmmss: str) -> None:
        """One trade: the price moves at most one tick, never beyond the day's limits."""
        rng = self.random
        draw = rng.random()
        # Above its anchor an issue is sold a little more often than bought, below it bought.
        up = draw < 0.5 + PULL * (self.anchor - self.last) / self.instrument.base_price
        if rng.random() < 0.3:
            self._spread(up)
        if (up and self.ask) or not self.bid:
            self._record(self.ask, self._size(rng), "1", hhmmss)
        else:
            self._record(self.bid, self._size(rng), "5", hhmmss)

    def move(self, price: int, hhmmss: str) -> None:
        """Trade at ``price`` (cut to the day's limits, else as given) and stay around it from now on."""
        price = self._inside(price)
        kind = self.instrument.kind
        self.anchor = price
        self.bid = price
        self.ask = step_up(price, kind) if price < self.upper else 0
        self._record(price, self.typical, "5", hhmmss)

    def _size(self, rng: random.Random) -> int:
        return 1 + int(self.typical * 2 * rng.random() ** 3)

    def _inside(self, price: int) -> int:
        return min(max(price, self.lower), self.upper)

    def _spread(self, up: bool) -> None:
        """Move the best bid and ask one tick; at a limit one side of the book is empty (0)."""
        kind = self.instrument.kind
        if up:
            self.bid = self.ask or self.upper
        elif self.bid:
            self.bid = step_down(self.bid, kind) if self.bid > self.lower else 0
        ask = step_up(self.bid, kind) if self.bid else self.lower
        self.ask = ask if ask <= self.upper else 0
        rest = self.typical * 60 * self.random.random()
        self.ask_rest = int(rest) + 1 if self.ask else 0
        self.bid_rest = int(self.typical * 61 - rest) if self.bid else 0

    def _record(self, price: int, volume: int, side: str, hhmmss: str) -> None:
        self.last = price
        self.last_volume = volume
        self.last_side = side
        self.volume += volume
        self.amount += volume * price
        self.prints += 1
        if side == "1":
            self.buy_volume += volume
            self.buy_count += 1
        else:
            self.sell_volume += volume
            self.sell_count += 1
        if price > self.high:
            self.high = price
            self.high_at = hhmmss
        elif price < self.low:
            self.low = price
            self.low_at = hhmmss
        if self.book is not None:
            self.book.traded(price, volume)


class Prices:
    """The prices of a whole world, made when first asked for."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._by_symbol: dict[str, Price] = {}

    def get(self, symbol: str) -> Price | None:
        price = self._by_symbol.get(symbol)
        if price is None and (instrument := self.world.get(symbol)) is not None:
            price = self._by_symbol[symbol] = Price(instrument, self.world.seed)
        return price

    def halted(self) -> set[str]:
        """Symbols in which trading is stopped; an issue that nobody has asked for yet is none of them."""
        return {symbol for symbol, price in self._by_symbol.items() if price.halted}

    def read(self, symbol: str, seconds: float, hhmmss: str) -> Price | None:
        """The price as a REST reader sees it; a symbol that nobody streams has traded since it was last read.

        ``seconds`` is a running clock. At most 20 prints are caught up, so a read stays cheap.
        """
        price = self.get(symbol)
        if price is not None and not price.still:
            quiet = seconds - price.touched
            if quiet >= 2.0:
                price.touched = seconds
                for _ in range(min(int(quiet), 20)):
                    price.print(hhmmss)
        return price

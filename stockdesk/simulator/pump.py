"""Makes the market move: so many prints a second, over the symbols that somebody registered or has orders in."""

import asyncio
import random
import time

from stockdesk.simulator.exchange import Exchange
from stockdesk.simulator.frames import tick_record
from stockdesk.simulator.hub import Hub
from stockdesk.simulator.mishaps import Mishaps
from stockdesk.simulator.options import Options
from stockdesk.simulator.prices import Prices

STEP = 0.01  # seconds between two rounds; a slow market takes longer ones
IDLE_STEP = 0.05
LONGEST_DEBT = 0.25  # seconds of prints that are made up for after a stall
PASS_SECONDS = 3.0  # every symbol gets its turn within this, if the rate allows
MANY_RECORDS = 0.1  # share of frames that carry two to five records


class Pump:
    """Deals the wanted symbols like a deck of cards, large issues with more cards than small ones."""

    def __init__(self, hub: Hub, exchange: Exchange, prices: Prices, mishaps: Mishaps, options: Options) -> None:
        self.hub = hub
        self.exchange = exchange
        self.prices = prices
        self.mishaps = mishaps
        self.options = options
        self._random = random.Random(options.seed)
        self._deck: list[str] = []
        self._next = 0

    async def run(self) -> None:
        """For ever: prints by the clock, so that a late round makes up for itself."""
        due, before = 0.0, time.monotonic()
        while True:
            now = self.exchange.keep_time()
            wanted = self.exchange.hours.trading(now) and (self.hub.subscribers or self.exchange.books)
            rate = self.options.ticks_per_second if wanted else 0.0
            await asyncio.sleep(STEP if rate >= 100 else IDLE_STEP)
            moment = time.monotonic()
            due = min(due + (moment - before) * rate, rate * LONGEST_DEBT + 1)
            before = moment
            if due >= 1:
                due -= self.step(int(due))

    def step(self, wanted: int) -> int:
        """Make ``wanted`` prints (a few more when the last frame carries several); how many it were."""
        if self.hub.changed:
            self._deal()
        if not self._deck:
            return wanted
        now = self.options.now()
        hhmmss, yyyymmdd = now.strftime("%H%M%S"), now.strftime("%Y%m%d")
        made = turns = 0
        while made < wanted and turns < wanted:
            turns += 1
            made += self._trade(self._draw(), hhmmss, yyyymmdd)
        self.hub.flush()
        return max(made, turns)

    def trade(self, symbol: str, records: int = 1) -> None:
        """One frame of this symbol now, of ``records`` prints."""
        now = self.options.now()
        self._trade(symbol, now.strftime("%H%M%S"), now.strftime("%Y%m%d"), records)
        self.hub.flush()

    def show(self, symbol: str) -> None:
        """Publish the symbol's last print as it stands."""
        now = self.options.now()
        price = self.prices.get(symbol)
        if price is not None:
            record = tick_record(price, now.strftime("%H%M%S"), now.strftime("%Y%m%d"), self.options.columns)
            self.hub.publish(symbol, [record])
            self.hub.flush()

    def _trade(self, symbol: str, hhmmss: str, yyyymmdd: str, records: int = 0) -> int:
        price = self.prices.get(symbol)
        if price is None or price.still:
            return 0
        if not records:
            records = self._records()
        texts = []
        for _ in range(records):
            price.print(hhmmss)
            texts.append(tick_record(price, hhmmss, yyyymmdd, self.options.columns))
        self.hub.publish(symbol, texts)
        return records

    def _records(self) -> int:
        if self.mishaps.on and (switch := self.mishaps.strikes("records", None)):
            return max(int(switch.value or 3), 1)
        return self._random.randrange(2, 6) if self._random.random() < MANY_RECORDS else 1

    def _draw(self) -> str:
        self._next = (self._next + 1) % len(self._deck)
        return self._deck[self._next]

    def _deal(self) -> None:
        """A new deck: as many cards of a symbol as its weight, one of each when the market is too slow for that."""
        self.hub.changed = False
        symbols = dict.fromkeys((*self.hub.subscribers, *self.exchange.symbols_at_work()))
        weights = {symbol: self.hub.world.by_symbol[symbol].weight for symbol in symbols}
        slow = sum(weights.values()) > self.options.ticks_per_second * PASS_SECONDS
        self._deck = [symbol for symbol, weight in weights.items() for _ in range(1 if slow else weight)]
        self._random.shuffle(self._deck)

"""One seeded schedule: a market, a broker in a bad mood, people who change their minds, processes that die."""

from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

from stockdesk.fence import LeaseLost
from stockdesk.kis.messages import KST, OrderAck, OrderList, OrderRequest, PriceRow, Side
from tests.trading.model.checker import Checker
from tests.trading.model.exchange import CALM, Exchange, Mood
from tests.trading.model.faults import Crash, FaultyStorage, StorageFailed, Violation
from tests.trading.model.tables import MemoryTables, Tables
from trading.engine import Engine
from trading.ports import Confirm, MarketData, Surroundings
from trading.ticks import limits, round_price
from trading.values import (
    BalanceView,
    ConditionView,
    DeskView,
    HoldingView,
    InstrumentView,
    MarketView,
    Mode,
    Notice,
    Pricing,
    QuoteView,
    Setting,
    Sizing,
    Stop,
    Trigger,
)

START = datetime(2026, 11, 20, 10, 0, tzinfo=KST)
SYMBOLS = {"005930": 70_000, "000660": 48_000, "0001A0": 12_000, "035720": 39_500, "051910": 199_900}
STEPS = 60
SETTING = Setting(Mode.MOCK, "simulator", True)


def drive(step: Coroutine[Any, Any, Any]) -> Any:
    """Run a coroutine that never really waits, without an event loop."""
    try:
        step.send(None)
    except StopIteration as done:
        return done.value
    raise AssertionError("a step waited for something")


class Failed(AssertionError):
    """A schedule that broke an invariant: its seed, what happened, and the last steps before it."""

    def __init__(self, seed: int, why: BaseException, trace: Sequence[str]) -> None:
        self.seed = seed
        self.why = why
        tail = "\n".join(trace[-60:])
        super().__init__(f"seed {seed}: {type(why).__name__}: {why}\n{tail}\nseed {seed}: {why}")


@dataclass
class Process:
    """What kill -9 takes away."""

    engine: Engine
    fence: int
    started_at: datetime


class _Port:
    """The broker as one process sees it; every POST passes the checker first."""

    def __init__(self, schedule: "Schedule", fence: int) -> None:
        self._schedule = schedule
        self._fence = fence

    async def place(self, order: OrderRequest, *, confirm: Confirm | None = None) -> OrderAck:
        schedule = self._schedule
        return await schedule.exchange.place(
            order,
            schedule.checker.intent_of,
            lambda request: request.price or limits(SYMBOLS[request.symbol], "stock")[1],
            lambda request: schedule.order_leaves(request, self._fence),
            confirm,
        )

    async def cancel(
        self, order_no: str, branch_no: str, *, division: str = "00", confirm: Confirm | None = None
    ) -> OrderAck:
        schedule = self._schedule
        arrived = lambda number: schedule.checker.cancel_leaves(number, schedule.now, fence=self._fence)  # noqa: E731
        return await schedule.exchange.cancel(order_no, arrived, confirm)

    async def orders_of(self, day: date) -> OrderList:
        shown = any(order.listed_at is not None for order in self._schedule.tables.all_orders())
        return await self._schedule.exchange.orders_of(day, shown)

    async def inspect(self, symbol: str) -> PriceRow:
        schedule = self._schedule
        schedule.looked_at[symbol] = True  # a look that fails proves nothing
        seen = await schedule.exchange.inspect(symbol)
        schedule.looked_at[symbol] = bool(seen.single_price)
        return seen


class _Lease:
    def __init__(self, tables: Tables, fence: int) -> None:
        self._tables = tables
        self._fence = fence

    def held(self) -> bool:
        return self._tables.fence == self._fence


class Schedule:
    """Everything of one seed. ``run`` raises Failed, or returns having asserted the invariants at every step."""

    def __init__(self, seed: int, *, tables: Callable[[], Tables] = MemoryTables, steps: int = STEPS) -> None:
        self.seed = seed
        self.random = Random(seed)
        self.now = START
        self.trace: list[str] = []
        self.steps = steps
        self.striking = True
        self.tables = tables()
        self.exchange = Exchange(self.random, lambda: self.now, self.wait, self.reached, self.say)
        self.checker = Checker(self.tables, self.exchange)
        self.quotes: dict[str, QuoteView] = {}
        self.looked_at: dict[str, bool] = {}
        """Whether the last look at an issue, since its last order, left it in doubt."""
        self.data = MarketData()
        self.desk = DeskView(mode=Mode.MOCK, max_order_amount=4_000_000, max_symbol_amount=40_000_000,
                             max_day_amount=100_000_000, max_orders_minute=60, max_orders_day=500)  # fmt: skip
        self.day = MarketView(
            START.date(), True, True, START.replace(hour=9), START.replace(hour=15, minute=20),
            START.replace(hour=15, minute=40), lambda now, division: division in ("00", "01"),
        )  # fmt: skip
        self.exchange.open_until = START.replace(hour=15, minute=30)
        self.process: Process | None = None
        self._rivals = 0
        self._set_up()

    # -- the clock and the points of danger ----------------------------------------------------------------------

    def say(self, text: str) -> None:
        self.trace.append(f"{self.now:%H:%M:%S.%f} {text}"[:160])

    def wait(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)
        if self.striking and seconds > 1 and self.random.random() < 0.2:
            self._someone_changes_something()

    def reached(self, point: str) -> None:
        """A commit or a POST is about to happen, or just did."""
        self.now += timedelta(milliseconds=self.random.randint(0, 3))
        if not self.striking:
            return
        fate = self.random.random()
        if point.endswith("a note"):
            fate *= 10  # many of them, and little to break
        if fate < 0.02:
            self.say(f"CRASH {point}")
            raise Crash(point)
        if fate < 0.035 and "commit" in point:
            self.say(f"the database fails {point}")
            raise StorageFailed(point)
        # Not between the last look at the lease and the POST itself: no check of ours can stand there. And not
        # before a commit, where the lease's row is locked.
        if fate < 0.045 and point.startswith("after") and not self._rivals:
            self._rival_takes_over(point)

    def order_leaves(self, request: OrderRequest, fence: int) -> None:
        quote = self.quotes[request.symbol]
        if self.looked_at.pop(request.symbol, True):
            raise Violation(f"an order of {request.symbol}, which was not seen to trade continuously right before")
        self.checker.order_leaves(request, self.now, fence=fence, quote_at=quote.received_at)

    # -- processes -----------------------------------------------------------------------------------------------

    def start(self) -> Process:
        fence = self.tables.take_lease()
        engine = Engine(
            storage=FaultyStorage(self.tables.storage(fence), self.reached),
            reader=self,
            broker=_Port(self, fence),
            lease=_Lease(self.tables, fence),
            surroundings=lambda: Surroundings(SETTING, self.day, 0.3, 0.0),
            clock=lambda: self.now,
        )
        self.say(f"process {fence} starts")
        return Process(engine, fence, self.now)

    def _rival_takes_over(self, point: str) -> None:
        """The process stops for longer than its lease lasts, and another one works meanwhile."""
        self._rivals += 1
        self.say(f"STALL {point}")
        self.now += timedelta(seconds=11)
        rival = self.start()
        try:
            self.process = rival
            for _ in range(self.random.randint(1, 4)):
                self._step(rival)
                self.now += timedelta(seconds=1)
        finally:
            self._rivals -= 1
        self.say("the stalled process wakes up")

    def _step(self, process: Process) -> None:
        engine, random = process.engine, self.random
        try:
            if engine.recovered_at is None:
                drive(engine.recover())
                return
            steps = [engine.apply_notices, engine.decide, engine.send_one, engine.look_up, engine.cancel_one]
            if random.random() < 0.2:
                random.shuffle(steps)
            for step in [*steps, engine.expire]:
                drive(step())
        except (StorageFailed, LeaseLost) as exc:
            self.say(f"step of process {process.fence} ends with {type(exc).__name__}")
            if isinstance(exc, LeaseLost) and self.process is process:
                self.process = None
        except Crash:
            if self.process is process:
                self.process = None

    # -- what the engine reads -----------------------------------------------------------------------------------

    def market_data(self, symbols: Sequence[str]) -> MarketData:
        return replace(self.data, quotes={s: self.quotes[s] for s in symbols if s in self.quotes})

    def notices(self, day: date) -> list[Notice]:
        return [notice for notice in self.exchange.notices if notice.traded_at.date() == day]

    # -- the world -----------------------------------------------------------------------------------------------

    def _set_up(self) -> None:
        random = self.random
        for symbol, base in SYMBOLS.items():
            self.exchange.shares[symbol] = 30
            self.exchange.prices[symbol] = base
            self._quote(symbol, base)
        self.tables.put_desk(self.desk)
        self.checker.desk = self.desk
        for number in range(1, random.randint(4, 11)):
            self.tables.put_condition(self._condition(number))
        self._read_account()

    def _condition(self, number: int) -> ConditionView:
        random = self.random
        symbol = random.choice(list(SYMBOLS))
        base = SYMBOLS[symbol]
        side: Side = random.choice(("buy", "buy", "sell"))
        trigger = random.choice((Trigger.AT_OR_BELOW, Trigger.AT_OR_ABOVE, Trigger.TRAILING))
        near = round_price(base + random.randint(-150, 150), side, "stock")
        return ConditionView(
            id=number,
            revision=1,
            symbol=symbol,
            side=side,
            enabled=True,
            trigger=trigger,
            strike_price=None if trigger is Trigger.TRAILING else near,
            rate=Decimal("0.2") if trigger is Trigger.TRAILING else None,
            sizing=random.choice((Sizing.QUANTITY, Sizing.QUANTITY, Sizing.AMOUNT, Sizing.ALL)),
            quantity=random.randint(5, 25),
            amount=random.randint(500_000, 2_000_000),
            pricing=random.choice(tuple(Pricing)),
            ticks=random.randint(-1, 2),
            repeat=random.choice((1, 5, 20)),
            cool_down=random.choice((0, 0, 5)),
            cancel_after=random.choice((None, 3, 8)),
            armed_at=self.now,
        )

    def _quote(self, symbol: str, price: int) -> None:
        base = SYMBOLS[symbol]
        self.exchange.prices[symbol] = price
        self.quotes[symbol] = QuoteView(
            symbol, price, self.now, self.now.replace(microsecond=0), base, covered=True, halted=False,
            single_price=False, instrument=InstrumentView("stock", False),
        )  # fmt: skip

    def _read_account(self) -> None:
        shares = self.exchange.shares
        self.data = MarketData(
            holdings={
                s: HoldingView(s, n, self.exchange.orderable(s), Decimal(SYMBOLS[s])) for s, n in shares.items()
            },
            balance=BalanceView(self.exchange.cash, self.now),
        )
        self.checker.balance, self.checker.holdings = self.data.balance, dict(self.data.holdings or {})

    def _world_moves(self) -> None:
        random = self.random
        for symbol in SYMBOLS:
            if random.random() < 0.85:
                move = random.choice((-2, -1, 0, 1, 2)) * 50
                self._quote(symbol, max(1_000, self.exchange.prices[symbol] + move))
        asked_at = self.data.balance.asked_at if self.data.balance is not None else None
        if asked_at is None or (self.now - asked_at > timedelta(seconds=8) and random.random() < 0.7):
            self._read_account()
        self.exchange.pass_time()
        if self.striking and random.random() < 0.1:
            self._someone_changes_something()

    def _someone_changes_something(self) -> None:
        random = self.random
        if self.desk.killed_at is not None and random.random() < 0.5:
            self._press_or_lift()
            return
        if random.random() < 0.3 and any(order.state == "unknown" for order in self.tables.all_orders()):
            self._order_by_hand()
            return
        match random.randint(0, 8):
            case 0:
                self._press_or_lift()
            case 1 | 2:
                stop = random.choice((Stop.NORMAL, Stop.NORMAL, Stop.NO_NEW, Stop.FULL))
                self._change_desk(replace(self.desk, stop=stop, stop_at=self.now), f"stop state {stop}")
            case 3 | 4:
                self._edit(random.choice(self.tables.all_conditions()))
            case 5:
                self._order_by_hand()
            case 6:
                self.exchange.in_auction ^= {random.choice(list(SYMBOLS))}
                self.say(f"in VI: {sorted(self.exchange.in_auction)}")
            case _:
                self.exchange.mood = random.choice((Mood(), CALM, Mood(lost=0.6), Mood(list_fails=0.9)))
                self.say("the broker's mood changes")

    def _order_by_hand(self) -> None:
        """Somebody orders in the HTS; now and then the very thing that the desk is unsure of."""
        random = self.random
        symbol = random.choice(list(SYMBOLS))
        side: Side = random.choice(("buy", "sell"))
        price = round_price(self.exchange.prices[symbol], side, "stock")
        quantity = random.randint(1, 9)
        unsure = [order for order in self.tables.all_orders() if order.state == "unknown" and order.price]
        if unsure and random.random() < 0.7:
            like = random.choice(unsure)
            symbol, side, quantity, price = like.symbol, like.side, like.quantity, like.price or price
        order = self.exchange.by_hand(symbol, side, quantity, price)
        self.say(f"by hand: {side} {quantity} {symbol} at {price} {order.order_no if order else 'refused'}")

    def _press_or_lift(self) -> None:
        killed_at = self.now if self.desk.killed_at is None else None
        self._change_desk(
            replace(self.desk, killed_at=killed_at), "kill switch" if killed_at else "kill switch lifted"
        )
        self.checker.killed_at = killed_at

    def _change_desk(self, desk: DeskView, text: str) -> None:
        self.desk = desk
        self.tables.put_desk(desk)
        self.say(text)

    def _edit(self, condition: ConditionView) -> None:
        random = self.random
        if random.random() < 0.5:
            on = not condition.enabled
            armed_at = self.now if on else condition.armed_at
            changed = replace(
                condition, enabled=on, armed_at=armed_at, best_price=None if on else condition.best_price
            )
        else:
            changed = replace(condition, quantity=random.randint(5, 25), cool_down=random.choice((0, 3)))
        self.tables.put_condition(replace(changed, revision=condition.revision + 1))
        self.say(f"condition {condition.id} edited, {'on' if changed.enabled else 'off'}")

    # -- the run -------------------------------------------------------------------------------------------------

    def run(self) -> None:
        try:
            self._run()
        except (Exception, Violation) as exc:
            raise Failed(self.seed, exc, self.trace) from exc

    def _run(self) -> None:
        for _ in range(self.steps):
            self.now += timedelta(seconds=self.random.choice((0.2, 0.5, 1.0, 1.0, 1.0, 3.0, 12.0)))
            self._turn()
        self._heal()
        if self.random.random() < 0.5:
            self._end_the_day()

    def _turn(self) -> None:
        self._world_moves()
        if self.process is None:
            self.now += timedelta(seconds=self.random.choice((1, 2, 15)))
            self._quote_some()
            self.process = self.start()
        self._step(self.process)
        self.checker.look()

    def _quote_some(self) -> None:
        for symbol in SYMBOLS:
            if self.random.random() < 0.7:
                self._quote(symbol, self.exchange.prices[symbol])

    def _heal(self) -> None:
        """All faults end, nothing new is decided; after a while nothing may be open between us and the broker."""
        self.say("all faults end")
        self.striking = False
        self.exchange.mood = replace(CALM, fill=self.random.choice((0.0, 0.2)))
        self._change_desk(replace(self.desk, stop=Stop.NO_NEW, killed_at=None), "no new orders")
        self.checker.killed_at = None
        for seconds in [1.0] * 5 + [12.0] * 18:
            self.now += timedelta(seconds=seconds)
            self._turn()
        self.exchange.mood = replace(self.exchange.mood, fill=0.0)
        for _ in range(8):
            self.now += timedelta(seconds=2)
            self._turn()
        self.checker.settled()

    def _end_the_day(self) -> None:
        """Past the close nothing works any more, this evening or when the next day begins."""
        assert self.day.over_at is not None
        tomorrow = self.random.random() < 0.5
        self.now = self.day.over_at + (timedelta(hours=16) if tomorrow else timedelta(seconds=5))
        self.say("the day is over")
        for _ in range(4):
            self.now += timedelta(seconds=11)
            self._turn()
        for row in self.tables.all_orders():
            if row.state in ("accepted", "partial", "cancelling"):
                raise Violation(f"{row.intent_key} is {row.state} after the end of its day")
        self.checker.settled()


def run_schedules(first: int, count: int, **options: Any) -> None:
    """Run ``count`` schedules; the first that fails is raised with its seed."""
    for seed in range(first, first + count):
        Schedule(seed, **options).run()

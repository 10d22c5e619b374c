"""A broker in memory: it books or not, answers or not, fills, tells, and keeps what really happened."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random

from stockdesk.kis.errors import KisError, NotSent, OutcomeUnknown, RateLimited, Refused, TokenRejected
from stockdesk.kis.messages import KST, BrokerOrder, OrderAck, OrderList, OrderRequest, PriceRow, Side, order_key
from trading.ports import Confirm
from trading.prices import cost
from trading.values import Notice, kst_day

FEE = Decimal("0.00015")
Worst = Callable[[OrderRequest], int]


@dataclass
class Booked:
    """An order that the exchange has."""

    order_no: str
    symbol: str
    side: Side
    quantity: int
    price: int | None
    worst: int
    division: str
    at: datetime
    intent: str
    """The ledger's key, which no broker would know; empty for an order made by hand."""
    filled: int = 0
    amount: int = 0
    fills: list[tuple[datetime, int, int]] = field(default_factory=list)
    cancelled_at: datetime | None = None
    rejected: bool = False
    late: bool = False

    @property
    def cancelled(self) -> bool:
        return self.cancelled_at is not None

    @property
    def rest(self) -> int:
        return 0 if self.cancelled or self.rejected else self.quantity - self.filled


@dataclass
class Posted:
    """One POST that reached the broker."""

    at: datetime
    intent: str
    verdict: str
    cancel: bool = False


@dataclass
class Mood:
    """How badly the broker behaves: chances of each mishap."""

    lost: float = 0.15
    refuse: float = 0.05
    token: float = 0.04
    limit: float = 0.03
    not_sent: float = 0.06
    no_slot: float = 0.04
    list_fails: float = 0.1
    list_cut: float = 0.08
    list_empty: float = 0.03
    list_late: float = 0.15
    notice_lost: float = 0.3
    notice_doubled: float = 0.3
    fill: float = 0.3
    look_fails: float = 0.05


CALM = Mood(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0.2, 0)


class Exchange:
    """Account and order book. ``now`` and ``wait`` are the schedule's clock; ``reached`` is where it may strike."""

    def __init__(
        self,
        random: Random,
        now: Callable[[], datetime],
        wait: Callable[[float], None],
        reached: Callable[[str], None],
        say: Callable[[str], None],
    ) -> None:
        self.cash = 3_000_000
        self.shares: dict[str, int] = {}
        self.booked: dict[str, Booked] = {}
        self.posted: list[Posted] = []
        self.lists: list[tuple[datetime, bool]] = []
        self.notices: list[Notice] = []
        self.mood = Mood()
        self.prices: dict[str, int] = {}
        self.in_auction: set[str] = set()
        """Issues in VI."""
        self.open_until: datetime | None = None
        self._coming: list[tuple[datetime, Booked]] = []
        self._random = random
        self._now = now
        self._wait = wait
        self._reached = reached
        self._say = say
        self._number = 1000

    async def inspect(self, symbol: str) -> PriceRow:
        if self._random.random() < self.mood.look_fails:
            raise OutcomeUnknown("no answer", tr_id="FHKST01010100")
        return PriceRow(symbol, self.prices[symbol], stopped=False, single_price=symbol in self.in_auction)

    # -- what the world does -------------------------------------------------------------------------------------

    def pass_time(self) -> None:
        """Book what was on its way, and let some orders fill."""
        for at, order in list(self._coming):
            if at <= self._now():
                self._coming.remove((at, order))
                self._book(replace(order, at=at))
                self._say(f"broker books {order.order_no} late")
        if self.open_until is None or self._now() < self.open_until:
            for order in list(self.booked.values()):
                if order.rest and self._random.random() < self.mood.fill:
                    self._fill(order)

    def by_hand(self, symbol: str, side: Side, quantity: int, price: int) -> Booked | None:
        """An order typed elsewhere."""
        order = self._order(OrderRequest(symbol, side, quantity, price), price, "")
        if not self._affordable(order):
            return None
        self._book(order)
        return order

    def orderable(self, symbol: str) -> int:
        """Shares that a sell may still take, as the balance tells it."""
        return self.shares.get(symbol, 0) - sum(
            o.rest for o in self.booked.values() if o.symbol == symbol and o.side == "sell"
        )

    def on_its_way(self, intent: str) -> bool:
        return any(order.intent == intent for _, order in self._coming)

    # -- what the engine calls, by way of its port ---------------------------------------------------------------

    async def place(self, request: OrderRequest, intent_of: Callable[[OrderRequest], str], worst: Worst,
                    arrived: Callable[[OrderRequest], None], confirm: Confirm | None) -> OrderAck:  # fmt: skip
        mood, random = self.mood, self._random
        if random.random() < mood.no_slot:
            raise NotSent("no slot")
        self._wait(random.choice((0.0, 0.0, 0.1, 0.4, 2.5)))
        if confirm is not None:
            await confirm()
        self._reached("before post")
        if random.random() < mood.not_sent:
            self._say("order call fails before it is sent")
            raise NotSent("connection refused")
        self._wait(random.choice((0.0, 0.02, 0.2)))
        intent = intent_of(request)
        arrived(request)
        error, verdict = self._verdict()
        post = Posted(self._now(), intent, verdict)
        self.posted.append(post)
        order = self._order(request, worst(request), intent)
        if verdict == "booked" and not self._affordable(order):
            post.verdict = "short"
            error = (
                Refused("주문가능금액을 초과했습니다", "APBK0986") if not isinstance(error, OutcomeUnknown) else error
            )
        elif verdict == "booked":
            self._book(order)
            if random.random() < mood.fill:
                self._fill(order)  # its notice may come before the answer
        elif verdict == "late":
            order.late = True
            self._coming.append((self._now() + timedelta(seconds=random.uniform(1, 100)), order))
        told = "" if error is None else f", answer {type(error).__name__}"
        self._say(f"POST {intent} {request.side} {request.quantity}@{request.price}: {post.verdict}{told}")
        self._reached("after post")
        self._wait(10.0 if isinstance(error, OutcomeUnknown) and random.random() < 0.5 else random.uniform(0.05, 0.5))
        if error is not None:
            raise error
        return OrderAck(order.order_no if random.random() < 0.5 else order.order_no.lstrip("0"), "06010", self._now())

    async def cancel(self, order_no: str, arrived: Callable[[str], None], confirm: Confirm | None) -> OrderAck:
        mood, random = self.mood, self._random
        if random.random() < mood.no_slot:
            raise NotSent("no slot")
        if confirm is not None:
            await confirm()
        self._reached("before post")
        if random.random() < mood.not_sent:
            raise NotSent("connection refused")
        arrived(order_no)
        order = self.booked[order_key(order_no)]
        if random.random() < 0.3 and order.rest:
            self._fill(order)  # cancel against fill
        lost = random.random() < mood.lost
        done = bool(order.rest) and (not lost or random.random() < 0.5)
        self.posted.append(Posted(self._now(), order.intent, "cancelled" if done else "not cancelled", cancel=True))
        self._say(f"POST cancel {order.order_no}: {'done' if done else 'not done'}{', answer lost' if lost else ''}")
        order.cancelled_at = self._now() if done else order.cancelled_at
        self._reached("after post")
        self._wait(random.uniform(0.05, 0.5))
        if lost:
            raise OutcomeUnknown("no answer within 10 s")
        if not done:
            raise Refused("정정/취소할 수량이 없습니다", "40330000")
        return OrderAck(self._next_number(), "06010", self._now())

    async def orders_of(self, day: date, shown: bool) -> OrderList:
        """The day's list: whole, cut, late, empty (as the mock host's was once seen), or no list at all."""
        mood, random = self.mood, self._random
        self._wait(random.uniform(0.02, 0.4))
        fate = random.random()
        if fate < mood.list_fails:
            self.lists.append((self._now(), False))
            raise random.choice(
                [OutcomeUnknown("no answer"), RateLimited("초당 거래건수", "EGW00201"), NotSent("down")]
            )
        late = self._now() - timedelta(seconds=2) if random.random() < mood.list_late else self._now()
        rows = [self._row(o, late) for o in self.booked.values() if kst_day(o.at) == day and o.at <= late]
        rows.reverse()  # INQR_DVSN 00: the newest first
        if random.random() < mood.list_empty and shown:
            self.lists.append((self._now(), False))
            return OrderList((), True)
        if fate < mood.list_fails + mood.list_cut:
            self.lists.append((self._now(), False))
            return OrderList(tuple(random.sample(rows, len(rows) // 2)), False, "second page failed")
        self.lists.append((self._now(), True))
        return OrderList(tuple(rows), True)

    # -- inside --------------------------------------------------------------------------------------------------

    def _verdict(self) -> tuple[KisError | None, str]:
        """What becomes of a POST, and what is told of it."""
        mood, fate = self.mood, self._random.random()
        for chance, error in (
            (mood.refuse, Refused("장운영시간이 아닙니다", "APBK0918")),
            (mood.token, TokenRejected("기간이 만료된 token 입니다.", "EGW00123")),
            (mood.limit, RateLimited("초당 거래건수를 초과하였습니다.", "EGW00201")),
        ):
            if fate < chance:
                return error, "refused" if not isinstance(error, TokenRejected) else "token"
            fate -= chance
        if fate < mood.lost:
            return OutcomeUnknown("no answer within 10 s"), self._random.choice(("booked", "absent", "late"))
        return None, "booked"

    def _order(self, request: OrderRequest, worst: int, intent: str) -> Booked:
        # KIS tells the time of an order in whole seconds.
        return Booked(
            self._next_number(), request.symbol, request.side, request.quantity, request.price, worst,
            request.wire_division, self._now(), intent,
        )  # fmt: skip

    def _next_number(self) -> str:
        self._number += 1
        return f"{self._number:010d}"

    def _affordable(self, order: Booked) -> bool:
        if order.side == "sell":
            return order.quantity <= self.orderable(order.symbol)
        held = sum(cost(o.rest, o.worst, FEE) for o in self.booked.values() if o.side == "buy" and o.rest)
        return cost(order.quantity, order.worst, FEE) + held <= self.cash

    def _book(self, order: Booked) -> None:
        order.rejected = order.late and not self._affordable(order)
        self.booked[order_key(order.order_no)] = order

    def _fill(self, order: Booked) -> None:
        part = self._random.randint(1, order.rest)
        price = order.price if order.price is not None else self.prices.get(order.symbol, order.worst)
        order.filled += part
        order.amount += part * price
        order.fills.append((self._now(), part, price))
        if order.side == "buy":
            self.cash -= cost(part, price, FEE)
            self.shares[order.symbol] = self.shares.get(order.symbol, 0) + part
        else:
            self.cash += part * price
            self.shares[order.symbol] = self.shares.get(order.symbol, 0) - part
        if self._random.random() >= self.mood.notice_lost:
            told = Notice(order.order_no, order.symbol, order.side, part, price, True, False,
                          self._now().replace(microsecond=0), order_quantity=order.quantity)  # fmt: skip
            self.notices += [told] * (2 if self._random.random() < self.mood.notice_doubled else 1)

    def _row(self, order: Booked, at: datetime) -> BrokerOrder:
        filled = sum(part for when, part, _ in order.fills if when <= at)
        amount = sum(part * price for when, part, price in order.fills if when <= at)
        # A late list is late in everything: how it was at ``at``.
        cancelled = order.cancelled_at is not None and order.cancelled_at <= at
        over = cancelled or order.rejected
        return BrokerOrder(
            order_no=order.order_no,
            original_order_no="",
            branch_no="06010",
            symbol=order.symbol,
            name=order.symbol,
            side=order.side,
            quantity=order.quantity,
            price=order.price,
            filled_quantity=filled,
            filled_amount=amount,
            average_price=Decimal(amount) / filled if filled else None,
            remaining_quantity=0 if over else order.quantity - filled,
            cancelled=cancelled,
            rejected_quantity=order.quantity - filled if order.rejected else 0,
            ordered_at=order.at.astimezone(KST).replace(microsecond=0),
            division=order.division,
            cancelled_quantity=order.quantity - filled if cancelled else 0,
        )

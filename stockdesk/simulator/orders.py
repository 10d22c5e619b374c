"""Orders as the exchange books them, and their fills."""

from dataclasses import dataclass, field
from datetime import datetime, time
from typing import Any, Literal

from stockdesk.simulator.divisions import DIVISIONS, Division
from stockdesk.simulator.money import with_fee

CLOSING_AUCTION = time(15, 30)  # 종가 단일가

Side = Literal["buy", "sell"]
Kind = Literal["new", "amend", "cancel"]


class OrderRefused(Exception):
    """Not booked; ``code`` and ``text`` as KIS words it."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(f"{code} {text}")
        self.code = code
        self.text = text


@dataclass(frozen=True, slots=True)
class NewOrder:
    """What is asked for. ``price`` is ORD_UNPR, 0 where the division has none; ``stop_price`` CNDT_PRIC."""

    symbol: str
    side: Side
    quantity: int
    price: int = 0
    division: str = "00"
    venue: str = "KRX"
    stop_price: int = 0


@dataclass(slots=True, eq=False)
class Order:
    """One order number. An amendment and a cancel have their own and point to the ``original``."""

    number: int
    key: str  # id of the app key whose account it is
    symbol: str
    side: Side
    quantity: int
    price: int  # KRW as asked for; 0 for none
    division: str
    venue: str
    at: datetime
    ends_at: datetime
    kind: Kind = "new"
    original: int | None = None
    reach: int = 0  # the worst price it trades at, KRW; of a market order the day's limit
    stop_price: int = 0
    asleep: bool = False  # a stop order whose price was not reached yet
    waiting: bool = False  # for the end of a call or a VI
    most: int | None = None  # shares that may fill at all (a mishap)
    manual: bool = False  # placed by hand, not over the API
    post: int | None = None  # serial of the POST that brought it
    filled: int = 0
    filled_amount: int = 0
    cancelled: int = 0
    rejected: int = 0
    fills: list["Fill"] = field(default_factory=list)

    @property
    def remaining(self) -> int:
        return self.quantity - self.filled - self.cancelled - self.rejected

    @property
    def fillable(self) -> int:
        """Shares that the market may still fill."""
        return self.remaining if self.most is None else min(self.remaining, max(self.most - self.filled, 0))

    @property
    def reserve(self) -> int:
        """Cash that what is left of a buy holds back, KRW, the fee included."""
        return self.reserve_of(self.remaining)

    def reserve_of(self, quantity: int) -> int:
        return with_fee(quantity * self.reach) if self.side == "buy" else 0

    @property
    def rules(self) -> Division:
        return DIVISIONS[self.division]

    @property
    def in_closing_auction(self) -> bool:
        """Whether it ends with KRX's regular session, and so in the auction at its close."""
        regular = self.venue != "NXT" and self.rules.pricing in ("limit", "market")
        return regular and self.ends_at.time() == CLOSING_AUCTION and not self.asleep

    def shown(self) -> dict[str, Any]:
        return {
            "order_no": self.number,
            "original": self.original,
            "kind": self.kind,
            "key": self.key,
            "symbol": self.symbol,
            "side": self.side,
            "quantity": self.quantity,
            "price": self.price,
            "division": self.division,
            "venue": self.venue,
            "at": self.at.isoformat(),
            "filled": self.filled,
            "filled_amount": self.filled_amount,
            "cancelled": self.cancelled,
            "rejected": self.rejected,
            "remaining": self.remaining,
            "manual": self.manual,
            "post": self.post,
        }


@dataclass(frozen=True, slots=True)
class Fill:
    """One execution: a quantity at a price, and what it cost, KRW."""

    serial: int
    order: int
    key: str
    symbol: str
    side: Side
    quantity: int
    price: int
    fee: int
    tax: int
    at: datetime

    @property
    def amount(self) -> int:
        return self.quantity * self.price

    def shown(self) -> dict[str, Any]:
        return {
            "serial": self.serial,
            "order_no": self.order,
            "key": self.key,
            "symbol": self.symbol,
            "side": self.side,
            "quantity": self.quantity,
            "price": self.price,
            "fee": self.fee,
            "tax": self.tax,
            "at": self.at.isoformat(),
        }

"""What the broker tells us, as values: prices and amounts in KRW, volumes in shares, times in KST."""

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from typing import Literal

KST = timezone(timedelta(hours=9), "KST")

Side = Literal["buy", "sell"]

DIVISIONS_WITH_PRICE = frozenset(("00", "02", "11", "12", "27", "41"))
DIVISIONS_WITHOUT_PRICE = frozenset(("01", "03", "04", "05", "06", "13", "14", "15", "16", "21", "23", "24"))


@dataclass(frozen=True, slots=True)
class Tick:
    """One trade print (H0STCNT0, H0UNCNT0, H0NXCNT0).

    None means that KIS sent no value; an optional price or volume of 0 is no value either.
    """

    symbol: str
    price: int
    volume: int | None
    traded_at: datetime
    business_date: date
    change: int | None = None
    """Against the previous close, signed."""
    sign: str | None = None
    """1 upper limit, 2 up, 3 unchanged, 4 lower limit, 5 down; never contradicts ``change``."""
    change_rate: Decimal | None = None
    """Percent, signed."""
    open_price: int | None = None
    high_price: int | None = None
    low_price: int | None = None
    ask_price: int | None = None
    bid_price: int | None = None
    day_volume: int | None = None
    day_amount: int | None = None
    strength: Decimal | None = None
    """체결강도, percent."""
    halted: bool | None = None
    market_phase: str | None = None
    """1 pre, 2 regular, 3 after, 5 closing price; None in frames from before 2026-09-14."""


@dataclass(frozen=True, slots=True)
class ExecutionNotice:
    """KIS telling us about our own order (H0STCNI0, mock H0STCNI9). A hint: the REST inquiry is the truth.

    ``quantity`` and ``price`` are the fill's when ``filled``, else the order's. Codes and order numbers stay as they
    came. Whose account it is stays out of the repr, and with it out of logs and tracebacks.
    """

    customer_id: str = field(repr=False)
    """The HTS id."""
    account: str = field(repr=False)
    order_no: str
    """Zero padded here and not everywhere: compare as numbers."""
    original_order_no: str
    """The order that an amendment or a cancel refers to; empty for a new one."""
    side: str
    """01 sell, 02 buy."""
    correction: str
    """0 none, 1 amended, 2 cancelled."""
    order_kind: str
    """Order division: 00 limit, 01 market ..."""
    order_condition: str
    """0 none, 1 IOC, 2 FOK."""
    symbol: str
    name: str
    quantity: int
    price: int
    order_quantity: int | None
    order_price: int | None
    clock_time: time
    """KST; the notice carries no date."""
    refused: bool
    filled: bool
    acceptance: str
    """1 received, 2 confirmed, 3 cancelled (IOC, FOK)."""
    branch_no: str
    exchange: str
    """1 KRX, 2 NXT, 3 SOR-KRX, 4 SOR-NXT; empty when not told."""
    credit_class: str
    credit_loan_on: date | None
    digest: str = field(repr=False)
    """SHA-256 of the record as it came, in hex. KIS gives a fill no id, so two equal ones share it."""


@dataclass(frozen=True, slots=True)
class ControlReply:
    """The answer to a registration or its removal. ``ok`` also for "already there" and "was not there"."""

    tr_id: str
    tr_key: str
    code: str
    text: str
    ok: bool
    key: str | None = None
    iv: str | None = None

    def __repr__(self) -> str:
        # The notice channel's tr_key is the HTS id, and whoever has key and iv can read the notices.
        tr_key = self.tr_key if self.tr_key.isalnum() and self.tr_key[:1].isdigit() else "..." if self.tr_key else ""
        return f"ControlReply({self.tr_id} {tr_key}, {self.code} {self.text!r}, ok={self.ok})"


@dataclass(frozen=True, slots=True)
class PingPong:
    """KIS asking whether we are there; ``text`` goes back as it came."""

    text: str


@dataclass(frozen=True, slots=True)
class PriceRow:
    """One instrument's prices by REST (FHKST11300006, FHKST01010100). None: KIS has no value, which it writes as 0."""

    symbol: str
    price: int | None
    name: str | None = None
    market: str | None = None
    """KIS's words: 코스피, 코스닥, KOSPI200 ..."""
    change: int | None = None
    sign: str | None = None
    change_rate: Decimal | None = None
    open_price: int | None = None
    high_price: int | None = None
    low_price: int | None = None
    ask_price: int | None = None
    bid_price: int | None = None
    day_volume: int | None = None
    day_amount: int | None = None
    base_price: int | None = None
    upper_limit: int | None = None
    lower_limit: int | None = None
    status: str | None = None
    """iscd_stat_cls_code of FHKST01010100 (58 halted); None from FHKST11300006."""
    stopped: bool | None = None
    """Trading in it is stopped for now (temp_stop_yn, or status 58); None where the call does not tell."""
    single_price: bool | None = None
    """In a call auction: VI (vi_cls_code), or short-term overheating (short_over_yn); None as above."""


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """An access token (tokenP) and when it ends."""

    value: str = field(repr=False)
    expires_at: datetime


def order_key(order_no: str) -> str:
    """An order number to compare by: KIS pads it with zeros in some answers and not in others."""
    return order_no.strip().lstrip("0")


@dataclass(frozen=True, slots=True)
class OrderRequest:
    """An order as we want it (order-cash). Price in KRW; without one it is a market order.

    ``division`` is ORD_DVSN: 00 limit, which turns into 01 market where there is no price. The divisions whose form
    KIS does not document, and the stop order 22, are refused here. ``exchange`` is KRX, NXT or SOR.
    """

    symbol: str
    side: Side
    quantity: int
    price: int | None
    division: str = "00"
    exchange: str = "KRX"

    def __post_init__(self) -> None:
        if self.side not in ("buy", "sell"):
            raise ValueError("side is neither buy nor sell")
        if type(self.quantity) is not int or self.quantity < 1:
            raise ValueError("quantity is not a whole number above zero")
        if self.price is not None and (type(self.price) is not int or self.price < 1):
            raise ValueError("price is not a whole number above zero")
        if self.exchange not in ("KRX", "NXT", "SOR"):
            raise ValueError("exchange is none of KRX, NXT, SOR")
        if self.wire_division not in (DIVISIONS_WITHOUT_PRICE if self.price is None else DIVISIONS_WITH_PRICE):
            raise ValueError("division and price do not go together")

    @property
    def wire_division(self) -> str:
        """ORD_DVSN as it is sent."""
        return "01" if self.price is None and self.division == "00" else self.division


@dataclass(frozen=True, slots=True)
class OrderAck:
    """KIS took an order or a cancel in (order-cash, order-rvsecncl). Accepted is not filled, and not cancelled."""

    order_no: str
    """As it came, zero padded or not: compare by ``order_key``. A cancel has a number of its own."""
    branch_no: str
    """KRX_FWDG_ORD_ORGNO: goes back unchanged with a cancel."""
    accepted_at: datetime | None
    """KIS's clock; None where it sent no readable time."""


@dataclass(frozen=True, slots=True)
class BrokerOrder:
    """One order as the broker has it (TTTC0081R, CTSC9215R): the record of truth."""

    order_no: str
    original_order_no: str
    """The order that a cancel or an amendment refers to; empty for a new one."""
    branch_no: str
    symbol: str
    name: str
    side: Side
    quantity: int
    price: int | None
    """None for a market order, and in the row of a cancel."""
    filled_quantity: int
    filled_amount: int
    average_price: Decimal | None
    """Of the fills; None without one."""
    remaining_quantity: int
    """Still at work."""
    cancelled: bool
    """A cancel ended it: nothing remains, and part or all was cancelled. Never true of the cancel's own row."""
    rejected_quantity: int
    ordered_at: datetime
    division: str
    kind: Literal["new", "amend", "cancel"] = "new"
    """A cancel and an amendment are rows of their own; what they did to the first order is in that one's row."""
    cancelled_quantity: int = 0
    exchange: str = ""

    @property
    def key(self) -> str:
        """The order number to compare by."""
        return order_key(self.order_no)


@dataclass(frozen=True, slots=True)
class OrderList:
    """The orders of a span of days. Only a ``complete`` list proves that an order is not there."""

    orders: tuple[BrokerOrder, ...]
    complete: bool
    note: str = ""
    """Why it is not complete."""


@dataclass(frozen=True, slots=True)
class OpenOrder:
    """An order that can still be cancelled (TTTC0084R; not on the mock host)."""

    order_no: str
    original_order_no: str
    branch_no: str
    symbol: str
    name: str
    side: Side
    quantity: int
    price: int | None
    filled_quantity: int
    filled_amount: int
    cancellable_quantity: int
    clock_time: time
    """KST; the answer carries no date."""
    division: str
    exchange: str = ""

    @property
    def key(self) -> str:
        """The order number to compare by."""
        return order_key(self.order_no)


@dataclass(frozen=True, slots=True)
class HoldingRow:
    """One instrument the account owns (TTTC8434R), bought with cash or on credit."""

    symbol: str
    name: str
    quantity: int
    orderable_quantity: int
    """What a cash order may sell: not what works already, and not what was bought on credit."""
    average_price: Decimal
    last_price: int | None
    purchase_amount: int
    evaluation_amount: int
    profit_loss: int
    profit_rate: Decimal | None
    """Percent."""
    bought_today: int | None = None
    sold_today: int | None = None
    loan_amount: int | None = None


@dataclass(frozen=True, slots=True)
class Balance:
    """Cash, totals and every holding of the account (TTTC8434R), in KRW. Always whole: a part of it is an error."""

    deposit: int
    """예수금: not reduced by buys that are not settled yet."""
    deposit_d1: int
    deposit_d2: int
    """After all settlements; below zero where the account owes."""
    purchase_amount: int
    evaluation_amount: int
    profit_loss: int
    securities_value: int
    total_value: int
    """Securities and the cash of D+2."""
    net_assets: int
    holdings: tuple[HoldingRow, ...]
    previous_total: int | None = None
    bought_today: int | None = None
    sold_today: int | None = None
    costs_today: int | None = None
    loans: int | None = None


@dataclass(frozen=True, slots=True)
class RealisedProfit:
    """What today's sales earned (TTTC8494R), in KRW, their costs taken off."""

    amount: int
    sold_today: int
    """The sales that it counts: tells whether a balance has seen the same ones."""


@dataclass(frozen=True, slots=True)
class Orderable:
    """What the account can buy now (TTTC8908R), without 미수: the numbers that use margin are not even read."""

    cash: int
    """주문가능현금."""
    amount: int
    """미수없는매수금액."""
    quantity: int
    """미수없는매수수량, at ``unit_price``; 0 where no symbol was asked for."""
    unit_price: int | None = None
    """What KIS reckoned with: for a market order the upper limit."""


@dataclass(frozen=True, slots=True)
class Sellable:
    """How much of a holding can be sold (TTTC8408R; not on the mock host)."""

    symbol: str
    quantity: int
    orderable_quantity: int


@dataclass(frozen=True, slots=True)
class AssetClass:
    """One line of the account's assets (CTRP6548R), in KRW. KIS gives the lines no name, only an order."""

    purchase_amount: int
    evaluation_amount: int
    profit_loss: int
    credit_amount: int
    net_assets: int
    share: Decimal | None
    """Percent of the whole."""


@dataclass(frozen=True, slots=True)
class AccountAssets:
    """Everything the account owns and owes (CTRP6548R; not on the mock host), in KRW."""

    classes: tuple[AssetClass, ...]
    purchase_amount: int
    evaluation_amount: int
    profit_loss: int
    net_assets: int
    total_assets: int
    deposit: int
    loans: int

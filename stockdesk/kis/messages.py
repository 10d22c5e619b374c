"""What the broker tells us, as values: prices and amounts in KRW, volumes in shares, times in KST."""

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal

KST = timezone(timedelta(hours=9), "KST")


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

    @property
    def is_buy(self) -> bool:
        return self.side == "02"


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


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """An access token (tokenP) and when it ends."""

    value: str = field(repr=False)
    expires_at: datetime

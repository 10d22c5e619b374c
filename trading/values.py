"""What decisions and checks look at: values, read once and then held still.

Prices and amounts in KRW, quantities in shares, times aware. None is "not known", and nothing is decided on that.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from enum import StrEnum

from stockdesk.kis.messages import KST, Side
from trading.states import State


class Trigger(StrEnum):
    AT_OR_BELOW = "at_or_below"
    AT_OR_ABOVE = "at_or_above"
    TAKE_PROFIT = "take_profit"
    STOP_LOSS = "stop_loss"
    TRAILING = "trailing"


class Sizing(StrEnum):
    QUANTITY = "quantity"
    AMOUNT = "amount"
    ALL = "all"


class Pricing(StrEnum):
    STRIKE = "strike"
    TICKS = "ticks"
    MARKET = "market"


class Mode(StrEnum):
    DRY_RUN = "dry-run"
    MOCK = "mock"
    LIVE = "live"


class Stop(StrEnum):
    NORMAL = "normal"
    NO_NEW = "no_new"
    """No new orders; what works goes on working."""
    FULL = "full"
    """No new orders, and what works is cancelled."""


class Source(StrEnum):
    CONDITION = "condition"
    MANUAL = "manual"
    """Typed by a person at the desk; no screen of ours takes one."""
    EXTERNAL = "external"
    """Made elsewhere (HTS, telephone); found by a look-up."""


@dataclass(frozen=True, slots=True)
class InstrumentView:
    """What the master says of one issue."""

    kind: str
    halted: bool
    administrative: bool = False
    alerted: bool = False
    liquidating: bool = False
    overheated: bool = False

    @property
    def barred(self) -> bool:
        """Whether nothing of it is to be bought; what is held may be sold."""
        return self.administrative or self.alerted or self.liquidating or self.overheated


@dataclass(frozen=True, slots=True)
class QuoteView:
    """The last we heard of one instrument."""

    symbol: str
    last_price: int | None
    received_at: datetime | None
    traded_at: datetime | None = None
    base_price: int | None = None
    upper_limit: int | None = None
    lower_limit: int | None = None
    covered: bool | None = None
    """Whether a source that is alive keeps this quote."""
    halted: bool | None = None
    single_price: bool | None = None
    """In a call auction: VI, or short-term overheating. False until the broker is asked, right before the POST; None
    where it does not tell then."""
    instrument: InstrumentView | None = None


@dataclass(frozen=True, slots=True)
class HoldingView:
    """What the account holds of one symbol, as the broker last told."""

    symbol: str
    quantity: int
    orderable_quantity: int
    average_price: Decimal | None


@dataclass(frozen=True, slots=True)
class BalanceView:
    """Cash of the account. ``asked_at`` is when the broker was asked for it: what happened later is not in it."""

    cash: int | None
    """After everything traded is settled (D+2); orders at work are not taken off."""
    asked_at: datetime | None
    day_profit: int | None = None
    """Against the close of the day before, realised or not."""


@dataclass(frozen=True, slots=True)
class MarketView:
    """The trading day as the calendar has it."""

    day: date
    is_open: bool | None
    confirmed: bool
    regular_from: datetime | None
    regular_to: datetime | None
    """End of continuous trading: the closing auction is not in it."""
    over_at: datetime | None
    """From here on no order of the day can fill any more."""
    takes: Callable[[datetime, str], bool]
    """Whether the exchange takes an order of this ORD_DVSN at a moment."""


@dataclass(frozen=True, slots=True)
class DeskView:
    """The one row of trading_desk: what a person allows."""

    mode: Mode = Mode.DRY_RUN
    stop: Stop = Stop.NORMAL
    stop_by: str = ""
    stop_at: datetime | None = None
    killed_at: datetime | None = None
    killed_by: str = ""
    live_armed_until: datetime | None = None
    max_order_quantity: int = 1_000
    max_order_amount: int = 1_000_000
    max_symbol_amount: int = 3_000_000
    max_day_amount: int = 10_000_000
    max_orders_minute: int = 10
    max_orders_day: int = 100
    max_day_loss: int | None = None
    fee_rate: Decimal = Decimal("0.00015")


@dataclass(frozen=True, slots=True)
class Setting:
    """What ``.env`` says, as far as orders go: the lock that no screen can open."""

    mode: Mode
    host: str
    """live, mock or simulator: which broker answers at KIS_REST_URL."""
    account_known: bool


@dataclass(frozen=True, slots=True)
class History:
    """What the ledger knows of one condition since it was armed."""

    made: int = 0
    """Orders under this revision, whatever became of them: the next intent has the number after it."""
    fired: int = 0
    last_fired_at: datetime | None = None
    working: bool = False
    refusals: int = 0
    """Refused one after the other, up to now."""
    pause_until: datetime | None = None
    awaits_look_up: bool = False
    """Its last order ended badly, and no complete look-up since has shown that nothing stands."""


@dataclass(frozen=True, slots=True)
class ConditionView:
    """One strike condition. Only what its trigger, sizing and pricing ask for is set."""

    id: int
    revision: int
    symbol: str
    side: Side
    enabled: bool
    trigger: Trigger
    strike_price: int | None = None
    rate: Decimal | None = None
    """Percent, above zero: profit, loss, or the way back from the best price."""
    best_price: int | None = None
    """Trailing: highest price since armed for a sell, lowest for a buy."""
    sizing: Sizing = Sizing.QUANTITY
    quantity: int | None = None
    amount: int | None = None
    pricing: Pricing = Pricing.STRIKE
    ticks: int = 0
    """From the last price, towards the fill: up for a buy, down for a sell; negative waits."""
    valid_from: date | None = None
    valid_to: date | None = None
    hours_from: time | None = None
    hours_to: time | None = None
    repeat: int = 1
    cool_down: int = 0
    """Seconds between two orders of this condition."""
    cancel_after: int | None = None
    """Seconds after which what has not filled is cancelled."""
    armed_at: datetime | None = None
    problem: str = ""
    """Why it cannot be read cleanly; such a condition never fires."""
    history: History = field(default_factory=History)


@dataclass(frozen=True, slots=True)
class Intent:
    """An order that is due. Not sent before it has a row of its own."""

    intent_key: str
    condition_id: int | None
    condition_revision: int
    symbol: str
    side: Side
    quantity: int
    price: int | None
    division: str
    reserve_price: int
    """What a share may cost at worst: the price, or for a market order the upper limit."""
    reason: str
    quote_price: int | None = None
    quote_at: datetime | None = None
    assets_at: datetime | None = None
    cancel_after: int | None = None
    source: Source = Source.CONDITION


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why not. ``code`` is stable and finds its words on the screen; ``text`` is English, one sentence."""

    code: str
    text: str
    condition_id: int | None = None
    condition_revision: int = 0
    symbol: str = ""
    side: str = ""
    seen: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Order:
    """One row of the ledger. ``id`` and ``version`` are 0 until it is stored."""

    intent_key: str
    source: Source
    symbol: str
    side: Side
    quantity: int
    price: int | None
    division: str
    reserve_price: int | None
    mode: Mode
    created_at: datetime
    changed_at: datetime
    ordered_on: date
    """The KST day it belongs to; look-ups ask for this day."""
    id: int = 0
    version: int = 0
    """Grows with every write; whoever saves an older one is told so."""
    condition_id: int | None = None
    condition_revision: int = 0
    state: State = State.CREATED
    order_no: str = ""
    branch_no: str = ""
    attempts: int = 0
    token_renewed: bool = False
    sent_at: datetime | None = None
    """Commit of the last SENDING, right before the POST."""
    accepted_at: datetime | None = None
    ended_at: datetime | None = None
    filled_quantity: int = 0
    """By the inquiry; never falls."""
    filled_amount: int = 0
    filled_at: datetime | None = None
    """When we learnt of the last of it."""
    noticed_quantity: int = 0
    """By notices, a lower bound and a hint."""
    noticed_amount: int = 0
    noticed_at: datetime | None = None
    """Of an order without a number: a notice that may be its own."""
    refused_at: datetime | None = None
    """A notice says that the exchange refused it."""
    listed_at: datetime | None = None
    """When a look-up first showed it."""
    look_ups: int = 0
    clean_look_ups: int = 0
    """Complete ones since sending that did not show it."""
    look_up_at: datetime | None = None
    """When the next one is due."""
    candidates: int = 0
    """Orders at the broker that may be this one, where a person has to tell."""
    cleared_at: datetime | None = None
    """Ended badly, and a complete look-up since did not show it."""
    cancel_at: datetime | None = None
    """When to cancel what is unfilled; a person's request sets it to now."""
    cancel_sent_at: datetime | None = None
    cancel_attempts: int = 0
    cancel_answered: bool = False
    reason: str = ""
    code: str = ""
    quote_price: int | None = None
    quote_at: datetime | None = None
    assets_at: datetime | None = None
    alarm: str = ""

    @property
    def remaining(self) -> int:
        return self.quantity - self.filled_quantity


@dataclass(frozen=True, slots=True)
class Fill:
    """All fills of one order so far, by one source. KIS numbers no fill, so totals are all there is."""

    traded_on: date
    order_no: str
    source: str
    """notice or inquiry."""
    quantity: int
    amount: int
    seen_at: datetime


@dataclass(frozen=True, slots=True)
class Listed:
    """An order as the broker's last complete list of its day had it."""

    order_no: str
    branch_no: str
    kind: str
    """new, amend or cancel."""
    symbol: str
    side: Side
    quantity: int
    price: int | None
    filled_quantity: int
    cancelled: bool
    ordered_at: datetime
    ours: bool
    """A row of the desk's own has this number."""


@dataclass(frozen=True, slots=True)
class Notice:
    """An execution notice of our account, as far as the ledger asks."""

    order_no: str
    symbol: str
    side: Side
    quantity: int
    price: int
    filled: bool
    refused: bool
    traded_at: datetime
    original_order_no: str = ""
    order_quantity: int | None = None


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything the checks before a POST look at, read together at ``now``."""

    now: datetime
    desk: DeskView | None
    lease_held: bool
    setting: Setting | None
    market: MarketView | None
    clock_skew: float | None
    order_wait: float | None
    """Seconds until the order lane has room."""
    recovered_at: datetime | None
    """When start-up recovery ended; assets must be younger than that."""
    condition: ConditionView | None
    quote: QuoteView | None
    balance: BalanceView | None
    holding: HoldingView | None
    orders: tuple[Order, ...]
    """Of the day, and every one that has not ended."""
    order_id: int = 0
    """The row in hand, which is not counted against itself."""
    holdings_known: bool = True


def kst_day(moment: datetime) -> date:
    """The Korean date of a moment."""
    return moment.astimezone(KST).date()


def age(moment: datetime | None, now: datetime) -> float | None:
    """Seconds since then; below zero for a moment that has not come yet."""
    return None if moment is None else (now - moment).total_seconds()

"""The fourteen checks before every POST, in their order. Each gives None, or why not.

A check that cannot be computed is a No: a missing value and an exception count as one.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from stockdesk.kis.messages import Side
from trading.decisions import MAX_QUOTE_AGE, outside_its_time
from trading.prices import cost, day_limits
from trading.pricings import WITHOUT_PRICE
from trading.reservations import cash_held, committed, open_quantity, shares_held, shares_held_unseen
from trading.states import HOLDING, UNSETTLED, State
from trading.ticks import on_tick
from trading.values import DeskView, Facts, Mode, Order, Refusal, Setting, Source, Stop, age, kst_day

MAX_ASSET_AGE = 30.0  # seconds, as all ages here
MAX_CLOCK_SKEW = 2.0
MAX_UNKNOWN = 1
MAX_UNKNOWN_AGE = 120.0
PAUSE = timedelta(seconds=60)
"""After an order that was refused, or proved absent."""
MAX_DISTANCE_PERCENT = 10
MAX_ORDER_WAIT = 2.5
"""Seconds. Where all lanes share one call a second (mock trading), an order may stand behind two others."""


class Wanted(Protocol):
    """An intent, or the row it became."""

    @property
    def condition_id(self) -> int | None: ...
    @property
    def condition_revision(self) -> int: ...
    @property
    def symbol(self) -> str: ...
    @property
    def side(self) -> Side: ...
    @property
    def quantity(self) -> int: ...
    @property
    def price(self) -> int | None: ...
    @property
    def division(self) -> str: ...
    @property
    def reserve_price(self) -> int | None: ...


Check = Callable[[Wanted, Facts], Refusal | None]


def effective_mode(facts: Facts) -> Mode | None:
    """The mode that ``.env`` and the desk agree on; either of them alone can make it a dry run."""
    if facts.setting is None or facts.desk is None:
        return None
    if Mode.DRY_RUN in (facts.setting.mode, facts.desk.mode):
        return Mode.DRY_RUN
    return facts.desk.mode if facts.desk.mode == facts.setting.mode else None


def check_switches(wanted: Wanted, facts: Facts) -> Refusal | None:
    """1 · kill switch and trading switch."""
    if facts.desk is None:
        return refuse(wanted, "no_desk", "The desk's row is missing.")
    if facts.desk.killed_at is not None:
        return refuse(wanted, "killed", "The kill switch is on.", since=facts.desk.killed_at)
    if facts.desk.stop is not Stop.NORMAL:
        return refuse(wanted, "stopped", "New orders are stopped.", stop=facts.desk.stop)
    return None


def check_lease(wanted: Wanted, facts: Facts) -> Refusal | None:
    """2 · lease held, fencing number unchanged (every write looks at that once more)."""
    return None if facts.lease_held else refuse(wanted, "no_lease", "Another copy may have taken over.")


def check_mode(wanted: Wanted, facts: Facts) -> Refusal | None:
    """3 · live or paper: setting, host, account and the admin's switch agree."""
    if facts.setting is None or facts.desk is None:
        return refuse(wanted, "cannot_compute", "The mode is not known.")
    closed = closed_lock(facts.desk, facts.setting, facts.now)
    if closed is None:
        return None
    return refuse(wanted, closed.code, closed.text, desk=facts.desk.mode, setting=facts.setting.mode)


def closed_lock(desk: DeskView, setting: Setting, now: datetime) -> Refusal | None:
    """Which lock keeps orders of the wanted mode from leaving: a dry run has none to open."""
    if Mode.DRY_RUN in (setting.mode, desk.mode):
        return None
    if desk.mode is not setting.mode:
        return Refusal("modes_differ", "The desk and .env name different modes.")
    if not setting.account_known:
        return Refusal("no_account", "No account number is set.")
    if desk.mode is Mode.MOCK and setting.host not in ("mock", "simulator"):
        return Refusal("host_is_live", "Paper trading, but the broker's address is the live one.")
    if desk.mode is Mode.LIVE and setting.host != "live":
        return Refusal("host_is_not_live", "Live trading, but the broker's address is not the live one.")
    if desk.mode is Mode.LIVE and (desk.live_armed_until is None or now >= desk.live_armed_until):
        return Refusal("live_not_armed", "Live trading is not armed by a fresh code.")
    return None


def check_hours(wanted: Wanted, facts: Facts) -> Refusal | None:
    """4 · day confirmed open, inside the trading hours of this order type, by a clock that is right."""
    market = facts.market
    if market is None or market.day != kst_day(facts.now) or not market.confirmed or market.is_open is None:
        return refuse(wanted, "day_unconfirmed", "Nobody has confirmed that today is a trading day.")
    if not market.is_open:
        return refuse(wanted, "closed_today", "The market is closed today.")
    if market.regular_from is None or market.regular_to is None:
        return refuse(wanted, "no_hours", "The hours of this kind of order are not known.")
    if not market.regular_from <= facts.now < market.regular_to:
        return refuse(wanted, "outside_hours", "It is outside regular trading.")
    if not market.takes(facts.now, wanted.division):
        return refuse(wanted, "no_hours", "The hours of this kind of order are not known.")
    if facts.clock_skew is None or abs(facts.clock_skew) > MAX_CLOCK_SKEW:
        return refuse(wanted, "clock_off", "Our clock and the broker's differ.", seconds=facts.clock_skew)
    return None


def check_condition(wanted: Wanted, facts: Facts) -> Refusal | None:
    """5 · the condition is still on and inside its hours, unchanged since it was read, and parsed cleanly."""
    if wanted.condition_id is None:
        return None
    condition = facts.condition
    if condition is None or condition.id != wanted.condition_id:
        return refuse(wanted, "condition_gone", "The condition is gone.")
    if condition.revision != wanted.condition_revision:
        return refuse(wanted, "condition_changed", "The condition was changed.", revision=condition.revision)
    if not condition.enabled:
        return refuse(wanted, "off", "The condition is switched off.")
    if condition.problem:
        return refuse(wanted, "invalid", "The condition cannot be read.", problem=condition.problem)
    outside = outside_its_time(condition, facts.now)
    return refuse(wanted, outside.code, outside.text) if outside is not None else None


def check_instrument(wanted: Wanted, facts: Facts) -> Refusal | None:
    """6 · in the master, not halted, not in VI or single-price trading."""
    quote = facts.quote
    if quote is None or quote.instrument is None:
        return refuse(wanted, "not_listed", "The symbol is not in the master.")
    if quote.halted or quote.instrument.halted:
        return refuse(wanted, "halted", "Trading in this issue is halted.")
    if wanted.side == "buy" and quote.instrument.barred:
        return refuse(wanted, "barred", "The exchange has put a mark of danger on this issue: nothing is bought.")
    if quote.single_price:
        return refuse(wanted, "single_price", "The issue is in a call auction.")
    if quote.single_price is None:
        return refuse(wanted, "cannot_compute", "Whether the issue trades continuously is not known.")
    return None


def check_quote(wanted: Wanted, facts: Facts) -> Refusal | None:
    """7 · the symbol is covered, and its quote is fresh. Age below zero counts as old."""
    quote = facts.quote
    if quote is None or not quote.last_price:
        return refuse(wanted, "no_quote", "No price of this symbol is known.")
    if quote.covered is not True:
        return refuse(wanted, "not_covered", "Nothing that is alive keeps this price.")
    received = age(quote.received_at, facts.now)
    if received is None or not 0 <= received <= MAX_QUOTE_AGE:
        return refuse(wanted, "old_quote", "The last price is too old.", age=received)
    traded = age(quote.traded_at, facts.now)
    # The trade's time is the exchange's clock, in whole seconds: it may be ahead by what we allow that clock.
    if traded is not None and not -MAX_CLOCK_SKEW <= traded <= MAX_QUOTE_AGE:
        return refuse(wanted, "no_recent_trade", "It has not traded lately.", age=traded)
    return None


def check_assets(wanted: Wanted, facts: Facts) -> Refusal | None:
    """8 · assets are young, and read after start-up recovery."""
    asked = age(facts.balance.asked_at, facts.now) if facts.balance is not None else None
    if facts.balance is None or asked is None:
        return refuse(wanted, "no_assets", "The account has not been read.")
    if not 0 <= asked <= MAX_ASSET_AGE:
        return refuse(wanted, "old_assets", "The account was read too long ago.", age=asked)
    assert facts.balance.asked_at is not None
    if facts.recovered_at is None or facts.balance.asked_at < facts.recovered_at:
        return refuse(wanted, "not_recovered", "The account has not been read since the start.")
    return None


def check_price(wanted: Wanted, facts: Facts) -> Refusal | None:
    """9 · on the tick, inside the day's limits, within ten per cent of the last price."""
    quote = facts.quote
    if quote is None or quote.instrument is None or not quote.last_price:
        return refuse(wanted, "no_quote", "No price of this symbol is known.")
    lower, upper = day_limits(quote)
    price = wanted.price
    if price is None:
        if wanted.division not in WITHOUT_PRICE or wanted.reserve_price is None or wanted.reserve_price < upper:
            return refuse(wanted, "bad_price", "A market order must be reckoned at the upper limit.")
        return None
    if not on_tick(price, quote.instrument.kind):
        return refuse(wanted, "off_tick", "The price is not on a tick.", price=price)
    if not lower <= price <= upper:
        return refuse(wanted, "outside_limits", "The price is outside the day's limits.", lower=lower, upper=upper)
    if abs(price - quote.last_price) * 100 > quote.last_price * MAX_DISTANCE_PERCENT:
        return refuse(wanted, "too_far", "The price is far from the last one.", price=price, last=quote.last_price)
    return None


def check_limits(wanted: Wanted, facts: Facts) -> Refusal | None:
    """10 · quantity, and value per order, symbol and day; no buys after the day's loss."""
    desk, own = facts.desk, _own_today(facts)
    if desk is None or wanted.reserve_price is None:
        return refuse(wanted, "cannot_compute", "The limits are not known.")
    if not 1 <= wanted.quantity <= desk.max_order_quantity:
        return refuse(wanted, "quantity_limit", "More shares than one order may have.", limit=desk.max_order_quantity)
    value = wanted.quantity * wanted.reserve_price
    if value > desk.max_order_amount:
        return refuse(wanted, "order_limit", "More than one order may cost.", value=value, limit=desk.max_order_amount)
    if value + committed(own, symbol=wanted.symbol) > desk.max_symbol_amount:
        return refuse(wanted, "symbol_limit", "More than this symbol may take today.", limit=desk.max_symbol_amount)
    if value + committed(own) > desk.max_day_amount:
        return refuse(wanted, "day_limit", "More than a day may take.", limit=desk.max_day_amount)
    if desk.max_day_loss is not None and wanted.side == "buy":
        profit = facts.balance.day_profit if facts.balance is not None else None
        if profit is None:
            return refuse(wanted, "cannot_compute", "The result of the day is not known.")
        if profit <= -desk.max_day_loss:
            return refuse(wanted, "loss_limit", "The day has lost as much as it may.", result=profit)
    return None


def check_rate(wanted: Wanted, facts: Facts) -> Refusal | None:
    """11 · orders per minute and day."""
    if facts.desk is None:
        return refuse(wanted, "cannot_compute", "The limits are not known.")
    sent = [order.sent_at for order in _own_today(facts) if order.sent_at is not None]
    if len(sent) >= facts.desk.max_orders_day:
        return refuse(wanted, "orders_a_day", "As many orders as a day may have.", limit=facts.desk.max_orders_day)
    if sum((facts.now - at).total_seconds() < 60 for at in sent) >= facts.desk.max_orders_minute:
        return refuse(wanted, "orders_a_minute", "As many orders as a minute may have.")
    return None


def check_funds(wanted: Wanted, facts: Facts) -> Refusal | None:
    """12 · cash or shares, after everything at work and everything unknown."""
    if facts.balance is None or facts.desk is None or wanted.reserve_price is None or not facts.holdings_known:
        return refuse(wanted, "cannot_compute", "What the account has is not known.")
    others, asked_at = _others(facts), facts.balance.asked_at
    if wanted.side == "buy":
        if facts.balance.cash is None:
            return refuse(wanted, "cannot_compute", "How much cash there is is not known.")
        free = facts.balance.cash - cash_held(others, asked_at, facts.desk.fee_rate)
        needed = cost(wanted.quantity, wanted.reserve_price, facts.desk.fee_rate)
        return refuse(wanted, "no_cash", "Not enough cash.", free=free, needed=needed) if needed > free else None
    if facts.holding is None:
        return refuse(wanted, "no_shares", "The account does not hold this symbol.")
    left = facts.holding.quantity - shares_held(others, wanted.symbol, asked_at)
    left = min(left, facts.holding.orderable_quantity - shares_held_unseen(others, wanted.symbol, asked_at))
    return refuse(wanted, "no_shares", "Not enough shares.", free=left) if wanted.quantity > left else None


def check_symbol(wanted: Wanted, facts: Facts) -> Refusal | None:
    """13 · no other order of this symbol is open, at most one is unknown and not for long, every pause is over."""
    others = _others(facts)
    for order in others:
        if order.symbol == wanted.symbol and order.state in HOLDING:
            code = "symbol_blocked" if order.state in UNSETTLED else "symbol_working"
            return refuse(wanted, code, "Another order of this symbol is not over.", state=order.state)
    unknown = [order for order in others if order.state is State.UNKNOWN]
    if len(unknown) > MAX_UNKNOWN:
        return refuse(wanted, "orders_halted", "Two orders are unknown.", count=len(unknown))
    for order in unknown:
        since = age(order.sent_at, facts.now)
        if since is None or since > MAX_UNKNOWN_AGE:
            return refuse(wanted, "orders_halted", "An order has been unknown for too long.", symbol=order.symbol)
    return next((refusal for order in others if (refusal := _paused(wanted, order, facts))), None)


def check_budget(wanted: Wanted, facts: Facts) -> Refusal | None:
    """14 · the call budget has room."""
    if facts.order_wait is None or facts.order_wait > MAX_ORDER_WAIT:
        return refuse(wanted, "no_budget", "The call budget has no room.", wait=facts.order_wait)
    return None


CHECKS: tuple[Check, ...] = (
    check_switches, check_lease, check_mode, check_hours, check_condition, check_instrument, check_quote,
    check_assets, check_price, check_limits, check_rate, check_funds, check_symbol, check_budget,
)  # fmt: skip
CHEAP: tuple[Check, ...] = (
    check_switches, check_lease, check_mode, check_hours, check_condition, check_quote, check_assets,
)  # fmt: skip
"""Repeated after any wait of more than a second: what a clock, a switch or an edit can change meanwhile."""


def cancel_refusal(order: Order, facts: Facts) -> Refusal | None:
    """A cancel makes nothing worse: no switch, hour, price or limit keeps it back.

    It needs the lease, the broker that has the order, and room among the calls.
    """
    if facts.setting is None or facts.setting.mode is not order.mode or not facts.setting.account_known:
        return refuse(order, "other_broker", "The order stands at another broker.", mode=order.mode)
    return first_refusal(order, facts, (check_lease, check_budget))


def first_refusal(wanted: Wanted, facts: Facts, checks: Sequence[Check] = CHECKS) -> Refusal | None:
    """The first check that says no, or None. One that raises has said no."""
    for check in checks:
        try:
            refusal = check(wanted, facts)
        except Exception as exc:
            name = check.__name__.removeprefix("check_")
            return refuse(
                wanted, "cannot_compute", "A check could not be computed.", check=name, error=type(exc).__name__
            )
        if refusal is not None:
            return refusal
    return None


def _paused(wanted: Wanted, order: Order, facts: Facts) -> Refusal | None:
    """The pause after an order that failed: of its condition, and of its symbol where it may yet turn up."""
    same = order.condition_id is not None and order.condition_id == wanted.condition_id
    if order.state is State.REJECTED and not same:
        return None
    if order.state not in (State.REJECTED, State.NOT_PLACED) or not (same or order.symbol == wanted.symbol):
        return None
    if order.ended_at is None or facts.now < order.ended_at + PAUSE:
        return refuse(wanted, "pause", "A pause after an order that failed.", since=order.ended_at)
    if order.cleared_at is None:
        return refuse(wanted, "awaits_look_up", "A look-up has yet to show that nothing of the last order stands.")
    return None


def _others(facts: Facts) -> list[Order]:
    return [order for order in facts.orders if order.id != facts.order_id]


def _own_today(facts: Facts) -> list[Order]:
    """The desk's own orders of the day and whatever of it has not ended, dry runs among themselves."""
    today, dry = kst_day(facts.now), effective_mode(facts) is Mode.DRY_RUN
    return [
        order
        for order in _others(facts)
        if order.source is not Source.EXTERNAL
        and (order.mode is Mode.DRY_RUN) == dry
        and (order.ordered_on == today or open_quantity(order, facts.now))
    ]


def refuse(wanted: Wanted, code: str, text: str, **seen: object) -> Refusal:
    """Why this order is not made, with the values that were seen."""
    return Refusal(code, text, wanted.condition_id, wanted.condition_revision, wanted.symbol, wanted.side, seen)

"""What is due now. Pure: values in, values out; the same input gives the same orders, in the same order."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from stockdesk.kis.messages import KST
from trading.prices import Unpriced, cost, order_price, reached, strike_price, worst_price
from trading.pricings import order_type
from trading.values import (
    BalanceView,
    ConditionView,
    DeskView,
    HoldingView,
    Intent,
    QuoteView,
    Refusal,
    Sizing,
    Trigger,
    age,
)

MAX_QUOTE_AGE = 10.0  # seconds
MAX_REFUSALS = 3


def decide(
    conditions: Sequence[ConditionView],
    quotes: Mapping[str, QuoteView],
    holdings: Mapping[str, HoldingView],
    balance: BalanceView | None,
    desk: DeskView,
    now: datetime,
) -> list[Intent | Refusal]:
    """One answer for every condition, in their order: the order that is due, or why there is none.

    A symbol without a fresh quote gives no order: silence is not a price. One condition that cannot be reckoned
    does not stop the others.
    """
    answers: list[Intent | Refusal] = []
    for condition in conditions:
        try:
            answers.append(
                _decide_one(
                    condition, quotes.get(condition.symbol), holdings.get(condition.symbol), balance, desk, now
                )
            )
        except Exception as exc:
            answers.append(_no(condition, "cannot_compute", f"It could not be reckoned: {type(exc).__name__}."))
    return answers


def best_prices(
    conditions: Sequence[ConditionView], quotes: Mapping[str, QuoteView], now: datetime
) -> list[ConditionView]:
    """The trailing conditions whose best price moved, with the new one. Only a fresh quote moves it."""
    moved = []
    for condition in conditions:
        if condition.trigger is not Trigger.TRAILING or not condition.enabled or condition.problem:
            continue
        quote = quotes.get(condition.symbol)
        if quote is None or not quote.last_price or not is_fresh(quote, now) or quote.covered is not True:
            continue
        best = condition.best_price
        if best is None or (quote.last_price < best if condition.side == "buy" else quote.last_price > best):
            moved.append(replace(condition, best_price=quote.last_price))
    return moved


def is_fresh(quote: QuoteView, now: datetime) -> bool:
    """Received within the last ten seconds. A quote from the future is an old one whose clock is wrong."""
    seconds = age(quote.received_at, now)
    return seconds is not None and 0 <= seconds <= MAX_QUOTE_AGE


def _decide_one(
    condition: ConditionView,
    quote: QuoteView | None,
    holding: HoldingView | None,
    balance: BalanceView | None,
    desk: DeskView,
    now: datetime,
) -> Intent | Refusal:
    if refusal := _not_armed(condition, now):
        return refusal
    if quote is None or not quote.last_price:
        return _no(condition, "no_quote", "No price of this symbol is known.")
    if not is_fresh(quote, now):
        return _no(condition, "old_quote", "The last price is too old.", age=age(quote.received_at, now))
    try:
        strike = strike_price(condition, holding)
        if not reached(condition, quote.last_price, strike):
            return _no(condition, "not_reached", "The price is not there yet.", last=quote.last_price, strike=strike)
        price = order_price(condition, quote, strike)
        worst = worst_price(price, quote)
    except Unpriced as exc:
        return _no(condition, "no_price", f"{str(exc).capitalize()}.", last=quote.last_price)
    quantity = _quantity(condition, worst, holding, balance, desk)
    if isinstance(quantity, Refusal):
        return quantity
    return Intent(
        intent_key=f"condition:{condition.id}:{condition.revision}:{condition.history.made + 1}",
        condition_id=condition.id,
        condition_revision=condition.revision,
        symbol=condition.symbol,
        side=condition.side,
        quantity=quantity,
        price=price,
        division=order_type(condition.pricing).division,
        reserve_price=worst,
        reason=f"{condition.trigger} {strike.normalize():f}, last {quote.last_price}",
        quote_price=quote.last_price,
        quote_at=quote.received_at,
        assets_at=balance.asked_at if balance is not None else None,
        cancel_after=condition.cancel_after,
    )


def _not_armed(condition: ConditionView, now: datetime) -> Refusal | None:
    """Whether it may fire at all, before any price is looked at."""
    history = condition.history
    if condition.problem:
        return _no(condition, "invalid", "The condition cannot be read.", problem=condition.problem)
    if not condition.enabled:
        return _no(condition, "off", "The condition is switched off.")
    if condition.side == "buy" and condition.trigger in (Trigger.TAKE_PROFIT, Trigger.STOP_LOSS):
        return _no(condition, "invalid", "Taking profit and stopping a loss are for selling.")
    if outside := outside_its_time(condition, now):
        return _no(condition, outside.code, outside.text)
    if history.working:
        return _no(condition, "working", "Its order is at work.")
    if history.fired >= condition.repeat:
        return _no(condition, "done", "It has fired as often as it may.", fired=history.fired)
    if history.refusals >= MAX_REFUSALS:
        return _no(condition, "refused_often", "It was refused three times; switch it on again to go on.")
    if history.pause_until is not None and now < history.pause_until:
        return _no(condition, "pause", "It pauses after an order that failed.", until=history.pause_until)
    if history.awaits_look_up:
        return _no(condition, "awaits_look_up", "A look-up has yet to show that nothing of its last order stands.")
    cool_until = history.last_fired_at and history.last_fired_at + timedelta(seconds=condition.cool_down)
    if cool_until and now < cool_until:
        return _no(condition, "cool_down", "It cools down after its last order.", until=cool_until)
    return None


def outside_its_time(condition: ConditionView, now: datetime) -> Refusal | None:
    """Why not now, by the days and hours that the condition names."""
    local = now.astimezone(KST)
    if (condition.valid_from and local.date() < condition.valid_from) or (
        condition.valid_to and local.date() > condition.valid_to
    ):
        return Refusal("not_today", "Today is not among its days.")
    if (condition.hours_from and local.time() < condition.hours_from) or (
        condition.hours_to and local.time() >= condition.hours_to
    ):
        return Refusal("not_now", "It is outside its hours.")
    return None


def _quantity(
    condition: ConditionView, worst: int, holding: HoldingView | None, balance: BalanceView | None, desk: DeskView
) -> int | Refusal:
    if condition.sizing is Sizing.QUANTITY:
        quantity = condition.quantity or 0
    elif condition.sizing is Sizing.AMOUNT:
        quantity = (condition.amount or 0) // worst
    elif condition.side == "sell" and balance is None:
        return _no(condition, "no_assets", "The account has not been read.")  # so it is not known what it holds
    elif condition.side == "sell":
        quantity = min(holding.quantity, holding.orderable_quantity) if holding is not None else 0
    elif balance is None or balance.cash is None:
        return _no(condition, "no_cash_known", "How much cash there is is not known.")
    else:
        quantity = max(balance.cash, 0) // worst
        while quantity > 0 and cost(quantity, worst, desk.fee_rate) > balance.cash:
            quantity -= 1
    if quantity < 1:
        return _no(condition, "nothing_to_order", "The quantity comes out as nothing.", price=worst)
    return quantity


def _no(condition: ConditionView, code: str, text: str, **seen: object) -> Refusal:
    return Refusal(code, text, condition.id, condition.revision, condition.symbol, condition.side, seen)

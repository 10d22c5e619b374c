"""What trading says on a screen: a condition in one sentence, and its codes for "why not" in words."""

import re
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from trading.pricings import order_type
from trading.values import Sizing, Trigger

WHY_NOT: dict[str, str | Promise] = {
    # the condition itself
    "invalid": gettext_lazy("The condition cannot be read."),
    "off": gettext_lazy("The condition is switched off."),
    "not_today": gettext_lazy("Today is not among its days."),
    "not_now": gettext_lazy("It is outside its hours."),
    "working": gettext_lazy("Its order is at work."),
    "done": gettext_lazy("It has fired as often as it may."),
    "refused_often": gettext_lazy("It was refused three times; switch it off and on to go on."),
    "pause": gettext_lazy("A pause after an order that failed."),
    "awaits_look_up": gettext_lazy("Waits until a look-up shows that nothing of the last order stands."),
    "cool_down": gettext_lazy("It cools down after its last order."),
    "condition_gone": gettext_lazy("The condition was deleted meanwhile."),
    "condition_changed": gettext_lazy("The condition was changed meanwhile; it is decided anew."),
    "known_intent": gettext_lazy("This very order is in the ledger already."),
    # price
    "not_reached": gettext_lazy("The price is not there yet."),
    "no_quote": gettext_lazy("No price of this symbol has come in yet."),
    "old_quote": gettext_lazy("The last price is more than ten seconds old."),
    "not_covered": gettext_lazy("No price feed that is alive covers this symbol."),
    "no_recent_trade": gettext_lazy("It has not traded lately."),
    "no_price": gettext_lazy("No order price can be told (average price, best price or day's limits are missing)."),
    "bad_price": gettext_lazy("A market order must be reckoned at the upper limit."),
    "off_tick": gettext_lazy("The order price is not on a tick."),
    "outside_limits": gettext_lazy("The order price is outside the day's limits."),
    "too_far": gettext_lazy("The order price is more than 10 % away from the last price."),
    # size and funds
    "nothing_to_order": gettext_lazy("The quantity comes out as nothing."),
    "quantity_limit": gettext_lazy("More shares than one order may have."),
    "order_limit": gettext_lazy("More than one order may cost."),
    "symbol_limit": gettext_lazy("More than this symbol may take today."),
    "day_limit": gettext_lazy("More than a day may take."),
    "loss_limit": gettext_lazy("The day has lost as much as it may: no more buys."),
    "orders_a_day": gettext_lazy("As many orders today as a day may have."),
    "orders_a_minute": gettext_lazy("As many orders as a minute may have."),
    "no_cash": gettext_lazy("Not enough cash."),
    "no_cash_known": gettext_lazy("How much cash there is is not known."),
    "no_shares": gettext_lazy("Not enough shares that can be sold."),
    # the symbol
    "not_listed": gettext_lazy("The symbol is not in the master."),
    "halted": gettext_lazy("Trading in this issue is halted."),
    "barred": gettext_lazy("The exchange has marked this issue as a danger: nothing is bought."),
    "single_price": gettext_lazy("The issue is in a call auction."),
    "symbol_working": gettext_lazy("Another order of this symbol is at work."),
    "orders_halted": gettext_lazy("Unknown orders stop all new ones until they are settled."),
    "symbol_blocked": gettext_lazy("An order of this symbol is unknown: the symbol is blocked until it is settled."),
    # the market
    "day_unconfirmed": gettext_lazy("Nobody has confirmed that today is a trading day."),
    "closed_today": gettext_lazy("The market is closed today."),
    "no_hours": gettext_lazy("The hours of this kind of order are not known."),
    "outside_hours": gettext_lazy("It is outside regular trading."),
    "clock_off": gettext_lazy("Our clock and the broker's differ."),
    # the account
    "no_assets": gettext_lazy("The account has not been read."),
    "old_assets": gettext_lazy("The account was read more than thirty seconds ago."),
    "not_recovered": gettext_lazy("The account has not been read since the start."),
    # the desk
    "no_desk": gettext_lazy("The desk's row is missing."),
    "killed": gettext_lazy("The kill switch is on."),
    "stopped": gettext_lazy("New orders are stopped."),
    "no_lease": gettext_lazy("Another copy of the trading daemon may have taken over."),
    "modes_differ": gettext_lazy("The desk and .env name different modes."),
    "mode_changed": gettext_lazy("The desk's mode was changed meanwhile."),
    "no_account": gettext_lazy("No account number is set."),
    "host_is_live": gettext_lazy("Mock trading, but the broker's address is the live one."),
    "host_is_not_live": gettext_lazy("Live trading, but the broker's address is not the live one."),
    "live_not_armed": gettext_lazy("Live trading is not armed by a fresh code."),
    "other_broker": gettext_lazy("The order stands at another broker."),
    "no_budget": gettext_lazy("The call budget has no room."),
    "cannot_compute": gettext_lazy("Something that must be checked is not known."),
    # an order that was not sent
    "dry_run": gettext_lazy("Dry run: everything but the order was done."),
    "too_old": gettext_lazy("The order waited too long to be sent."),
    "found_at_start": gettext_lazy("The order was left over by an earlier process."),
    "unfit": gettext_lazy("The order cannot be sent in this form."),
    "refused": gettext_lazy("The exchange refused it."),
}

SWITCHED_OFF: dict[str, str | Promise] = {
    "board_off": gettext_lazy("the board row does not run"),
    "board_gone": gettext_lazy("the board row is gone"),
    "board_blank": gettext_lazy("the board row names no strike price any more"),
    "board_unmapped": gettext_lazy("the board's columns are not mapped any more"),
}
_REFUSED = re.compile(r"refused ([0-9]+) times: (.*)", re.DOTALL)


def why_not(code: str) -> str:
    """The sentence of a refusal's code; of one that has none, the code itself."""
    return str(WHY_NOT.get(code, code))


def switched_off_because(reason: str) -> str:
    """Why the desk switched a condition off by itself, as `switched_off_reason` keeps it; '' where a person did."""
    if refused := _REFUSED.fullmatch(reason):
        text = ngettext("refused %(n)s time: %(why)s", "refused %(n)s times: %(why)s", int(refused[1]))
        return text % {"n": refused[1], "why": refused[2]}
    return str(SWITCHED_OFF.get(reason, reason))


def says(condition: Any) -> str:
    """A condition in one sentence: "at 70,000 or below: buy 10 shares, limit order"."""
    text = _("%(when)s: %(side)s %(size)s, %(how)s") % {
        "when": _when(condition),
        "side": _("buy") if condition.side == "buy" else _("sell"),
        "size": _size(condition),
        "how": _how(condition),
    }
    if condition.repeat > 1:
        text += " · " + _("up to %(n)d times") % {"n": condition.repeat}
    return text


def _when(condition: Any) -> str:
    rate = "?" if condition.rate is None else f"{condition.rate.normalize():f}"
    price = "?" if condition.strike_price is None else f"{condition.strike_price:,}"
    trailing = _("%(rate)s %% down from the high") if condition.side == "sell" else _("%(rate)s %% up from the low")
    texts = {
        Trigger.AT_OR_BELOW: _("at %(price)s or below"),
        Trigger.AT_OR_ABOVE: _("at %(price)s or above"),
        Trigger.TAKE_PROFIT: _("profit of %(rate)s %%"),
        Trigger.STOP_LOSS: _("loss of %(rate)s %%"),
        Trigger.TRAILING: trailing,
    }
    text = texts.get(condition.trigger, "?")
    return text % {"price": price, "rate": rate}


def _size(condition: Any) -> str:
    if condition.sizing == Sizing.ALL:
        return _("everything")
    if condition.sizing == Sizing.AMOUNT:
        return _("for KRW %(amount)s") % {"amount": "?" if condition.amount is None else f"{condition.amount:,}"}
    quantity = condition.quantity
    text = ngettext("%(n)s share", "%(n)s shares", quantity or 0)
    return text % {"n": "?" if quantity is None else f"{quantity:,}"}


def _how(condition: Any) -> str:
    return str(order_type(condition.pricing).words) % {"ticks": f"{condition.ticks:+d}"}

"""Words that the dashboard's script needs for trading, and the English that the ledger's rules write into rows."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, pgettext

from trading.state_words import MODE_WORDS, SIDE_WORDS, STATE_WORDS, STOP_WORDS, TRIGGER_WORDS
from trading.words import WHY_NOT, why_not


def page_words() -> dict[str, str]:
    """Key -> text in the language of the request."""
    coded = {
        "order": STATE_WORDS, "stop": STOP_WORDS, "mode": MODE_WORDS, "side": SIDE_WORDS, "trigger": TRIGGER_WORDS,
    }  # fmt: skip
    words = {f"{kind}.{code}": str(text) for kind, texts in coded.items() for code, text in texts.items()}
    reasons = {f"reason.{code}": why_not(code) for code in WHY_NOT}
    return {**words, **reasons, **order_words(), **lost_words(), **switch_words()}


def order_words() -> dict[str, str]:
    return {
        "orders.market": pgettext("price", "market"),
        "orders.condition": _("Condition {n}"),
        "orders.manual": _("by hand"),
        "orders.external": _("elsewhere (HTS, phone)"),
        "orders.cancel": _("Cancel"),
        "orders.cancel_title": _("Cancel {side} order of {name}"),
        "orders.cancel_asked": _("cancel asked for"),
        "orders.cancel_text": _(
            "What has not filled yet ({rest} of {quantity} shares) is cancelled at the broker. What fills before the "
            "cancel arrives stays filled. The order counts as cancelled once the broker's list shows it."
        ),
        "orders.provisional": _("{n} by notice, not confirmed yet"),
        "orders.practice": pgettext("order", "practice"),
        "orders.open": _("open {n}"),
        "orders.armed": _("conditions {n}"),
        "conditions.reached": _("reached"),
        "conditions.shares": _("{n} shares"),
        "conditions.amount": _("KRW {n}"),
        "conditions.all": _("all shares"),
        "conditions.unpriced": _("no strike price yet"),
        "conditions.working": _("its order is at work"),
        "orders.times": _("{n} times"),
        "assets.computed": _("computed"),
    }


def lost_words() -> dict[str, str]:
    """Orders of which nobody knows whether they stand."""
    return {
        "lost.sent": _("sent {time}"),
        "lost.unsent": _("found in mid-work"),
        "lost.looked": _("looked up {n} times, {clean} times whole and without it"),
        "lost.next": _("next look-up in {n} s"),
        "lost.now": _("look-up due"),
        "lost.person": _("the program cannot tell: a person must"),
        "lost.candidate": _("No. {no}, {quantity} shares at {price}, {time}, filled {filled}"),
        "lost.cancelled": _("cancelled"),
        "lost.fits": _("fits"),
        "lost.seen": _("the broker's list {age} ago"),
        "lost.nobody": _("The broker's last whole list has no order that may be this one."),
        "lost.settle": _("Settle"),
    }


def switch_words() -> dict[str, str]:
    return {
        "desk.since": _("{time}, {who}"),
        "desk.killed": _("Kill switch on since {time}, {who}: no order leaves"),
        "desk.armed": _("live armed until {time}"),
        "desk.not_armed": _("live not armed"),
        "desk.differ": _("The desk says {desk}, .env says {env}: no order leaves"),
        "desk.env": _("desk: {desk}, .env: {env}"),
        "desk.trading": _("Trading program: {state}"),
        "desk.trading_quiet": _("Trading program: no sign of life for {age}"),
        "desk.trading_absent": _("Trading program: not running"),
        "desk.failed": _("It did not work: no answer from the desk. Look at what is shown, then try again."),
        "stop.normal.text": _("New orders leave again when a condition is met."),
        "stop.no_new.text": _("No new orders. Orders at work stay at work, and may fill."),
        "stop.full.text": _("No new orders, and every order of the desk at work is cancelled."),
    }


SENTENCES = (
    gettext_noop("An intent of an earlier process."),
    gettext_noop("The process ended while it was being sent."),
    gettext_noop("Nobody knows whether it was sent."),
    gettext_noop("It waited too long to be sent."),
    gettext_noop("It could not be cancelled."),
    gettext_noop("The broker has another order under this number."),
    gettext_noop("The exchange refused it."),
    gettext_noop("The day ended and no list ever showed it."),
    gettext_noop("The broker says more was filled than ordered."),
    gettext_noop("It was amended elsewhere and has another number now."),
    gettext_noop("{1} orders at the broker may be this one."),
    gettext_noop("It was thought absent and turned up late."),
    gettext_noop("Three complete look-ups did not show it."),
    gettext_noop("A notice speaks of it, and no look-up shows it."),
    gettext_noop("accepted without an order number"),
    gettext_noop("answered with another order's number"),
    gettext_noop("settled by {1}"),
    # events
    gettext_noop("buy {1}: it may stand at the broker"),
    gettext_noop("sell {1}: it may stand at the broker"),
    gettext_noop("{1} orders are unknown: nothing new is ordered"),
    gettext_noop("the kill switch was pressed by {1}: nothing new is ordered"),
    gettext_noop("new orders were stopped by {1}"),
    gettext_noop("everything was stopped by {1}"),
    gettext_noop("the broker's clock is {1} s from ours: nothing is ordered"),
    gettext_noop("the day's orders could not be read since the start: nothing is decided"),
    gettext_noop("since {1} the broker's list could not be read whole"),
    gettext_noop("switched off: refused {1} times: {2}"),
    gettext_noop("The desk and .env name different modes."),
    gettext_noop("No account number is set."),
    gettext_noop("Paper trading, but the broker's address is the live one."),
    gettext_noop("Live trading, but the broker's address is not the live one."),
    gettext_noop("Live trading is not armed by a fresh code."),
    gettext_noop("It is not known when this account traded last: enter the day in the admin."),
    gettext_noop(
        "{1} days without a trade: in a dry run nothing is ordered; trade one share elsewhere and enter the day in "
        "the admin."
    ),
    gettext_noop("{1} days without a trade: the last proposal was declined."),
    gettext_noop("{1} days without a trade: a share is proposed when the market is open."),
    gettext_noop("{1} days without a trade: no common share of {2} to {3} KRW has a living quote and no flag."),
    gettext_noop(
        "{1} days without a trade: one share of {2} at about {3} KRW is proposed and waits for a word in the admin."
    ),
    gettext_noop(
        "{1} days without a trade: one share of {2} at about {3} KRW is approved and waits for the market and a good "
        "quote."
    ),
    gettext_noop("{1} days without a trade: one share of {2} at about {3} KRW is being bought."),
)

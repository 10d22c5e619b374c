"""What is wrong with a strike condition as somebody wrote it, in sentences. Pure; forms, import and board ask here.

An error keeps the condition from being stored, a warning is only said. What the engine refuses at the moment of an
order is another matter (`trading.checks`): here a person is still in front of the screen.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, time
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from stockdesk.kis.numbers import TypedNumberError, typed_number
from trading.prices import reached
from trading.pricings import at_the_strike, order_type
from trading.ticks import on_tick, round_price, step
from trading.values import Sizing, Trigger

BY_PRICE = (Trigger.AT_OR_BELOW, Trigger.AT_OR_ABOVE)
BY_AVERAGE = (Trigger.TAKE_PROFIT, Trigger.STOP_LOSS)
MAX_PRICE = 100_000_000
MAX_QUANTITY = 10_000_000
MAX_AMOUNT = 1_000_000_000_000
MAX_REPEAT = 1_000
MAX_SECONDS = 86_400
MAX_TICKS = 50
MAX_RATE = 1_000

_RATE = re.compile(r"(?:0|[1-9][0-9]{0,3})(?:\.[0-9]{1,3})?", re.ASCII)
_WIDE = str.maketrans("０１２３４５６７８９．，％－＋", "0123456789.,%-+")
_BLANKS = dict.fromkeys(map(ord, " \t\u00a0\u3000"))


Said = Any
"""A condition as it is written down: a row of `trading.models.Condition`, or a `trading.values.ConditionView`."""


@dataclass(frozen=True, slots=True)
class Known:
    """What the desk knows of the instrument. None is "not known", and nothing is complained of on that ground."""

    today: date
    kind: str | None
    """None: not in the master."""
    last_price: int | None = None
    limits: tuple[int, int] | None = None
    """Lower and upper limit of the day."""
    average_price: Decimal | None = None
    max_quantity: int | None = None
    max_amount: int | None = None
    regular: tuple[time, time] | None = None
    """Continuous trading on an ordinary day."""
    others: tuple[Said, ...] = field(default=())
    """Conditions of the symbol that are on, without the one in hand."""


@dataclass(frozen=True, slots=True)
class Complaint:
    """One sentence about one field; ``field`` is empty where the row as a whole is meant."""

    field: str
    text: str
    warning: bool = False


def typed_problem(error: TypedNumberError) -> str:
    """The sentence of a typed number that is not clear enough, in the reader's language."""
    return {
        "empty": _("Write a number."),
        "not_a_number": _("Only digits and commas may be used."),
        "groups": _("Commas must separate groups of three digits."),
        "leading_zero": _("The number must not begin with a zero."),
        "zero": _("The number must be greater than zero."),
        "too_large": _("The number is too large."),
    }[error.reason]


def typed_rate(text: str) -> Decimal:
    """Percent above zero with at most three decimals, ``2.5`` or ``２.５％``; ValueError with a sentence otherwise."""
    plain = text.strip().translate(_BLANKS).translate(_WIDE).removesuffix("%")
    if not _RATE.fullmatch(plain):
        raise ValueError(_("Write the percentage as a number such as 3 or 2.5, without a sign."))
    rate = Decimal(plain)
    if not 0 < rate < MAX_RATE:
        raise ValueError(_("The percentage must be greater than zero and below 1,000."))
    return rate


def typed_whole(text: str, least: int, most: int) -> int:
    """A whole number in a range that may hold zero and less; ValueError with a sentence otherwise."""
    plain = text.strip().translate(_BLANKS).translate(_WIDE)
    sign, digits = (plain[0], plain[1:]) if plain.startswith(("-", "+")) else ("", plain)
    try:
        number = 0 if digits == "0" else typed_number(digits, 10**9)
    except TypedNumberError as exc:
        raise ValueError(typed_problem(exc)) from None
    number = -number if sign == "-" else number
    if not least <= number <= most:
        text = _("The number must be from %(least)s to %(most)s.")
        raise ValueError(text % {"least": f"{least:,}", "most": f"{most:,}"})
    return number


def asked_for(said: Said) -> dict[str, bool]:
    """Which of the fields that depend on a choice are asked for by it."""
    return {
        "strike_price": said.trigger in BY_PRICE,
        "rate": said.trigger not in BY_PRICE,
        "quantity": said.sizing == Sizing.QUANTITY,
        "amount": said.sizing == Sizing.AMOUNT,
        "ticks": order_type(said.pricing).with_ticks,
    }


def judge(said: Said, known: Known) -> list[Complaint]:
    """Everything that is wrong or doubtful, errors and warnings, in the order of the fields."""
    return [*judge_words(said, known), *judge_market(said, known), *judge_others(said, known)]


def errors(complaints: Iterable[Complaint]) -> list[Complaint]:
    return [complaint for complaint in complaints if not complaint.warning]


def judge_words(said: Said, known: Known) -> list[Complaint]:
    """What is wrong whatever the market does: it can be told by the words and the master alone."""
    found = [*_instrument(known), *_fields(said), *_trigger(said), *_days(said, known.today), *_hours(said, known)]
    if known.kind is not None and said.trigger in BY_PRICE and said.strike_price:
        found += _tick(said.strike_price, known.kind)
    return found


def _instrument(known: Known) -> Iterator[Complaint]:
    if known.kind is None:
        yield Complaint("symbol", _("This symbol is not in the instrument master."))


def _fields(said: Said) -> Iterator[Complaint]:
    """What a choice asks for must be there, and what it does not ask for must not contradict it."""
    names = {
        "strike_price": _("strike price"), "rate": _("rate"), "quantity": _("quantity"), "amount": _("order amount"),
        "ticks": _("ticks"),
    }  # fmt: skip
    for name, asked in asked_for(said).items():
        value = getattr(said, name)
        if asked and value is None:
            yield Complaint(name, _("Fill in the %(field)s.") % {"field": names[name]})
        elif asked and name != "ticks" and value <= 0:
            yield Complaint(name, _("The %(field)s must be greater than zero.") % {"field": names[name]})
        elif not asked and value:
            text = _("The %(field)s is not used with this choice: leave it empty or choose another.")
            yield Complaint(name, text % {"field": names[name]})


def _trigger(said: Said) -> Iterator[Complaint]:
    if said.side == "buy" and said.trigger in BY_AVERAGE:
        yield Complaint("trigger", _("Taking profit and stopping a loss are for selling; choose sell or a price."))
    if said.side == "buy" and said.sizing == Sizing.ALL:
        yield Complaint("sizing", _("All is for selling; a buy needs a quantity or an amount."))
    falls = said.trigger == Trigger.STOP_LOSS or (said.trigger == Trigger.TRAILING and said.side == "sell")
    if falls and said.rate is not None and said.rate >= 100:
        yield Complaint("rate", _("A price cannot fall to nothing: the rate must be below 100."))


def _tick(strike: int, kind: str) -> Iterator[Complaint]:
    if not on_tick(strike, kind):
        below = round_price(strike, "buy", kind)
        above = step(below, 1, kind) if below else round_price(strike, "sell", kind)
        text = _("KRW %(price)s is not on a tick; the nearest are %(below)s and %(above)s.")
        yield Complaint("strike_price", text % {"price": f"{strike:,}", "below": f"{below:,}", "above": f"{above:,}"})


def _days(said: Said, today: date) -> Iterator[Complaint]:
    if said.valid_from and said.valid_to and said.valid_to < said.valid_from:
        yield Complaint("valid_to", _("The last day is before the first."))
    elif said.valid_to and said.valid_to < today:
        yield Complaint("valid_to", _("The last day is over, so it will not fire."), warning=not said.enabled)


def _hours(said: Said, known: Known) -> Iterator[Complaint]:
    opens, closes = said.hours_from or time.min, said.hours_to or time.max
    if said.hours_from and said.hours_to and closes <= opens:
        yield Complaint("hours_to", _("The end of the hours is not after their beginning."))
        return
    if known.regular is None:
        return
    first, last = known.regular
    hours = {"hours": f"{first:%H:%M}–{last:%H:%M}"}
    if closes <= first or opens >= last:
        name = "hours_to" if said.hours_to and closes <= first else "hours_from"
        yield Complaint(name, _("These hours lie outside regular trading (%(hours)s).") % hours)
    elif (said.hours_from and opens < first) or (said.hours_to and closes > last):
        text = _("Orders leave in regular trading only (%(hours)s).") % hours
        yield Complaint("hours_from", text, warning=True)


def judge_market(said: Said, known: Known) -> list[Complaint]:
    """What the prices of today say to it."""
    return [*_limits(said, known), *_at_once(said, known), *_size(said, known)]


def _limits(said: Said, known: Known) -> Iterator[Complaint]:
    strike = strike_of(said, known)
    if known.limits is None or strike is None or known.limits[0] <= strike <= known.limits[1]:
        return
    lower, upper = known.limits
    places = {"lower": f"{lower:,}", "upper": f"{upper:,}"}
    typed = said.trigger in BY_PRICE
    if typed and not (said.valid_from and said.valid_from > known.today):
        text = _("Outside today's price limits, KRW %(lower)s to %(upper)s. For a later day set the first valid day.")
        yield Complaint("strike_price", text % places)
    else:
        text = _("Outside today's price limits, KRW %(lower)s to %(upper)s: it will not fire today.")
        yield Complaint("strike_price" if typed else "rate", text % places, warning=True)


def _at_once(said: Said, known: Known) -> Iterator[Complaint]:
    strike = strike_of(said, known)
    if strike is not None and known.last_price and reached(said, known.last_price, strike):
        text = _("The price is there already (KRW %(last)s): once on, it fires at once.")
        yield Complaint("", text % {"last": f"{known.last_price:,}"}, warning=True)


def _size(said: Said, known: Known) -> Iterator[Complaint]:
    price = _price_of_order(said, known)
    if said.sizing == Sizing.AMOUNT and said.amount:
        if price and said.amount < price:
            text = _("KRW %(amount)s does not buy one share at KRW %(price)s.")
            if said.side == "sell":
                text = _("KRW %(amount)s is less than one share at KRW %(price)s.")
            yield Complaint("amount", text % {"amount": f"{said.amount:,}", "price": f"{price:,}"})
        worth: int | None = said.amount
    else:
        worth = said.quantity * price if said.sizing == Sizing.QUANTITY and said.quantity and price else None
    if known.max_amount is not None and worth is not None and worth > known.max_amount:
        text = _("More than one order may cost on this desk (KRW %(limit)s): it would be refused.")
        name = "amount" if said.sizing == Sizing.AMOUNT else "quantity"
        yield Complaint(name, text % {"limit": f"{known.max_amount:,}"}, warning=True)
    if (
        known.max_quantity is not None
        and said.sizing == Sizing.QUANTITY
        and said.quantity
        and said.quantity > known.max_quantity
    ):
        text = _("More shares than one order may have on this desk (%(limit)s): it would be refused.")
        yield Complaint("quantity", text % {"limit": f"{known.max_quantity:,}"}, warning=True)


def _price_of_order(said: Said, known: Known) -> int | None:
    """What a share will cost about, in KRW; an order without a price is reckoned at the upper limit, as KIS does."""
    priced = order_type(said.pricing).priced
    if priced is None and known.limits is not None:
        return known.limits[1]
    strike = strike_of(said, known) if priced is at_the_strike else None
    return int(strike) if strike else known.last_price


def strike_of(said: Said, known: Known) -> Decimal | None:
    """The price at which it fires, as far as that is known before it is armed; trailing begins at the last price."""
    if said.trigger in BY_PRICE:
        return Decimal(said.strike_price) if said.strike_price else None
    base = known.average_price if said.trigger in BY_AVERAGE else known.last_price
    if not base or said.rate is None:
        return None
    up = said.trigger == Trigger.TAKE_PROFIT or (said.trigger == Trigger.TRAILING and said.side == "buy")
    return Decimal(base) * (100 + (said.rate if up else -said.rate)) / 100


def judge_others(said: Said, known: Known) -> list[Complaint]:
    """Against the other conditions of the symbol that are on; one that is off contradicts nobody."""
    if not said.enabled:
        return []
    found = []
    for other in known.others:
        if _same(said, other):
            found.append(Complaint("", _("The same condition is on already: this one would order once more.")))
        elif said.side != other.side and _both_at_once(said, other):
            text = _("A buy and a sell of this symbol would fire at the same price, KRW %(price)s.")
            buy = said if said.side == "buy" else other
            found.append(Complaint("strike_price", text % {"price": f"{buy.strike_price:,}"}))
    return found


_WORDS = (
    "symbol", "side", "trigger", "strike_price", "rate", "sizing", "quantity", "amount", "pricing", "ticks",
    "valid_from", "valid_to", "hours_from", "hours_to",
)  # fmt: skip


def _same(one: Said, other: Said) -> bool:
    return all(getattr(one, name) == getattr(other, name) for name in _WORDS)


def _both_at_once(one: Said, other: Said) -> bool:
    """Whether the sell would fire right where the buy does, on some day and hour that both may."""
    if one.trigger not in BY_PRICE or other.trigger not in BY_PRICE or not _meet(one, other):
        return False
    buy, sell = (one, other) if one.side == "buy" else (other, one)
    if not buy.strike_price or not sell.strike_price:
        return False
    return reached(sell, buy.strike_price, Decimal(sell.strike_price))


def _meet(one: Said, other: Said) -> bool:
    first = max(one.valid_from or date.min, other.valid_from or date.min)
    last = min(one.valid_to or date.max, other.valid_to or date.max)
    opens = max(one.hours_from or time.min, other.hours_from or time.min)
    closes = min(one.hours_to or time.max, other.hours_to or time.max)
    return first <= last and opens < closes

"""The order types of strike conditions: what each is called, as which ORD_DVSN its order leaves, and how it is priced.

A new one is a member of `trading.views.Pricing` and an entry here: forms, sentences, decisions and checks read this
table.
"""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from trading.ticks import round_price, step
from trading.views import ConditionView, Pricing

#: Of a condition, the last price (KRW), the strike price not rounded, and the kind of issue: KRW on a tick.
Priced = Callable[[ConditionView, int, Decimal, str], int]


@dataclass(frozen=True, slots=True)
class OrderType:
    """One way in which the order of a condition carries its price."""

    label: str | Promise
    """In the list to choose from."""
    words: str | Promise
    """In the sentence of a condition, which may name its %(ticks)s."""
    division: str
    """ORD_DVSN."""
    priced: Priced | None
    """None: the order carries no price, and KIS reserves the day's upper limit."""
    with_ticks: bool = False
    """Whether the condition says how many ticks."""


def at_the_strike(condition: ConditionView, last: int, strike: Decimal, kind: str) -> int:
    """The strike price on its tick: a buy goes down, a sell up."""
    whole = int(strike) if condition.side == "buy" else int(strike.to_integral_value(ROUND_CEILING))
    return round_price(whole, condition.side, kind)


def ticks_away(condition: ConditionView, last: int, strike: Decimal, kind: str) -> int:
    """So many ticks from the last price towards the fill; negative ones wait."""
    towards_fill = condition.ticks if condition.side == "buy" else -condition.ticks
    return step(round_price(last, condition.side, kind), towards_fill, kind)


ORDER_TYPES: dict[str, OrderType] = {
    Pricing.STRIKE: OrderType(_("limit at the strike price"), _("limit order"), "00", at_the_strike),
    Pricing.TICKS: OrderType(_("limit with ticks"), _("limit at %(ticks)s ticks"), "00", ticks_away, with_ticks=True),
    Pricing.MARKET: OrderType(_("market order"), _("market order"), "01", None),
}
#: The divisions whose orders carry no price.
WITHOUT_PRICE = frozenset(one.division for one in ORDER_TYPES.values() if one.priced is None)


def order_type(pricing: str) -> OrderType:
    """The order type of that name; of a name that is none, as SQL may have written it, the limit at the strike."""
    return ORDER_TYPES.get(pricing, ORDER_TYPES[Pricing.STRIKE])

"""The head of the symbol page: what moves by itself, as texts. The page never gets markup from here."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from assets.accounts import own_account
from assets.models import Holding
from collectors import symbol_texts as show
from market.models import Quote
from market.watch_cells import age_text, direction, is_old, time_text


@dataclass(frozen=True, slots=True)
class Worth:
    """What a holding is worth: by a price that came after the broker's word, or else by that word. KRW."""

    worth: int | None
    gain: int | None
    rate: Decimal | None
    computed: bool


def quote_of(symbol: str) -> Quote | None:
    return Quote.objects.of([symbol]).get(symbol)


def holding_of(symbol: str) -> Holding | None:
    """What the desk's own account holds of it, as the broker last told."""
    account = own_account()
    return Holding.objects.filter(account_id=account, symbol=symbol).first() if account else None


def live_facts(quote: Quote | None, holding: Holding | None, now: datetime) -> dict[str, Any]:
    """``texts`` and ``ways`` (up, down or none) by the name of their place on the page, and whether it is old."""
    texts, ways = ({}, {}) if quote is None else quote_facts(quote, now)
    if holding is not None:
        more, colours = holding_facts(holding, quote)
        texts, ways = {**texts, **more}, {**ways, **colours}
    return {
        "texts": texts,
        "ways": ways,
        "old": is_old(quote, now),
        "held": holding is not None,
        "at": f"{timezone.localtime(now):%H:%M:%S}",
    }


def quote_facts(quote: Quote, now: datetime) -> tuple[dict[str, str], dict[str, str]]:
    """Texts of a quote by name, and which of them are up or down."""
    way = {"flat": ""}.get(found := direction(quote), found)
    base = quote.base_price
    if base is None and quote.last_price is not None and quote.change is not None:
        base = quote.last_price - quote.change
    arrow = {"up": "▲ ", "down": "▼ "}.get(way, "")
    mark = {"up": "+", "down": "-"}.get(way, "")
    sources = {"ws": _("real time"), "rest": "REST"}
    prices = {"open": quote.open_price, "high": quote.high_price, "low": quote.low_price}
    texts = {
        "price": show.whole(quote.last_price),
        "change": "" if quote.change is None else f"{arrow}{abs(quote.change):,}",
        "rate": "" if quote.change_rate is None else f"{mark}{abs(quote.change_rate):.2f}%",
        "base": show.whole(base),
        **{name: show.whole(price) for name, price in prices.items()},
        "volume": show.whole(quote.day_volume),
        "amount": show.amount(quote.day_amount),
        "strength": "" if quote.strength is None else f"{quote.strength:.1f}",
        "traded": time_text(quote),
        "source": sources.get(quote.source, quote.source) if quote.received_at else "",
        "age": age_text(quote, now),
    }
    ways = {name: show.against(price, base) for name, price in prices.items()}
    return texts, {**ways, "price": way, "change": way, "rate": way}


def worth_of(holding: Holding, quote: Quote | None) -> Worth:
    """By the live price where that is newer than what the broker told, else as told; KRW and percent."""
    ticking = (
        quote is not None
        and quote.last_price is not None
        and quote.received_at is not None
        and (holding.updated_at is None or quote.received_at > holding.updated_at)
    )
    if not ticking or quote is None or quote.last_price is None:
        return Worth(holding.evaluation_amount, holding.profit_loss, holding.profit_rate, computed=False)
    worth, paid = quote.last_price * holding.quantity, holding.purchase_amount
    gain = None if paid is None else worth - paid
    rate = Decimal(gain * 100) / paid if gain is not None and paid else None
    return Worth(worth, gain, rate, computed=True)


def holding_facts(holding: Holding, quote: Quote | None) -> tuple[dict[str, str], dict[str, str]]:
    """The same of what is held."""
    now = worth_of(holding, quote)
    texts = {
        "held": show.whole(holding.quantity),
        "orderable": show.whole(holding.orderable_quantity),
        "average": show.whole(holding.average_price),
        "paid": show.whole(holding.purchase_amount),
        "worth": show.whole(now.worth),
        "gain": show.signed(now.gain),
        "gain_rate": show.change_percent(now.rate),
        "reckoned": _("reckoned at the live price") if now.computed else "",
        "told": show.minute(holding.updated_at),
    }
    return texts, {"gain": show.way_of(now.gain), "gain_rate": show.way_of(now.gain)}

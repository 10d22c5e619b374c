"""What the dashboard shows of the conditions that are on: where each fires, and the price beside it.

How far that is, the page reckons for itself with the prices that tick; why nothing was ordered is in the refusals.
"""

from market.models import Instrument, Quote
from stockdesk.sheets import Rows, Value, show
from trading.database import condition_view
from trading.known import desk_reader
from trading.models import Condition
from trading.prices import Unpriced, strike_price
from trading.values import HoldingView

MOST = 300
CONDITIONS = (
    "name", "symbol", "side", "trigger", "strike_price", "rate", "sizing", "quantity", "amount", "problem", "strike",
    "last_price", "sign", "change", "received_at",
)  # fmt: skip


def condition_rows() -> Rows:
    """Conditions that are on, as they are decided; ``strike`` (KRW) is blank where no price can be told."""
    conditions = list(Condition.objects.filter(enabled=True)[:MOST])
    if not conditions:
        return {}
    symbols = sorted({condition.symbol for condition in conditions})
    names = dict(Instrument.objects.filter(pk__in=symbols).values_list("symbol", "name"))
    quotes = Quote.objects.of(symbols)
    holdings = desk_reader().market_data([]).holdings or {}
    return {
        str(condition.pk): _row(condition, names, quotes.get(condition.symbol), holdings.get(condition.symbol))
        for condition in conditions
    }


def _row(condition: Condition, names: dict[str, str], quote: Quote | None, holding: HoldingView | None) -> list[Value]:
    try:
        strike = float(strike_price(condition_view(condition), holding))
    except Unpriced:
        strike = None
    return [
        names.get(condition.symbol) or (quote.name if quote else None),
        condition.symbol,
        condition.side,
        condition.trigger,
        condition.strike_price,
        None if condition.rate is None else float(condition.rate),
        condition.sizing,
        condition.quantity,
        condition.amount,
        condition.problem,
        strike,
        *(
            [quote.last_price, quote.sign, quote.change, _milliseconds(quote)]
            if quote is not None
            else [None, None, None, None]
        ),
    ]


def _milliseconds(quote: Quote) -> int | None:
    return None if quote.received_at is None else round(quote.received_at.timestamp() * 1000)


show("conditions", CONDITIONS, condition_rows)

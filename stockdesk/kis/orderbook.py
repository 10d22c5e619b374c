"""The order book of one issue over REST: inquire-asking-price-exp-ccn -> OrderBook."""

from dataclasses import dataclass
from datetime import datetime, time

from stockdesk.kis.errors import OutcomeUnknown
from stockdesk.kis.frames import MAX_PRICE, checked_symbol
from stockdesk.kis.rest import KisClient
from stockdesk.kis.values import MAX_QUANTITY, FieldError, Row, text, whole_or_none

LEVELS = 10
TR_ID = "FHKST01010200"


@dataclass(frozen=True, slots=True)
class Level:
    """A price (KRW) and the shares that wait there."""

    price: int
    shares: int


@dataclass(frozen=True, slots=True)
class OrderBook:
    """What waits on both sides, the best price first; a level that is empty is not there."""

    symbol: str
    asks: tuple[Level, ...]
    bids: tuple[Level, ...]
    total_asked: int | None
    """Shares; more than the ten levels hold."""
    total_bid: int | None
    base_price: int | None
    taken_at: time | None
    """When the exchange took the last order of it, KST."""


class BookClient(KisClient):
    """A `KisClient` that reads order books."""

    async def order_book(self, symbol: str, *, market: str = "J", lane: str = "spare") -> OrderBook:
        """Ten levels of both sides (FHKST01010200). Sent once: the next look is a second away."""
        checked_symbol(symbol)
        path = "/uapi/domestic-stock/v1/quotations/inquire-asking-price-exp-ccn"
        params = {"FID_COND_MRKT_DIV_CODE": market, "FID_INPUT_ISCD": symbol}
        answer = await self._call(TR_ID, path, lane, params=params, repeat=False)
        levels, expected = answer.rows("output1"), answer.rows("output2")
        if len(levels) != 1:
            raise OutcomeUnknown("an answer without one output1", tr_id=TR_ID)
        try:
            return book_from(symbol, levels[0], expected[0] if expected else {})
        except FieldError as exc:
            raise OutcomeUnknown(str(exc), tr_id=TR_ID) from None


def book_from(symbol: str, levels: Row, expected: Row) -> OrderBook:
    """Both outputs of FHKST01010200; FieldError names a field that is no number."""
    if (told := text(expected, "stck_shrn_iscd")) and told != symbol:
        raise FieldError("stck_shrn_iscd is another symbol")
    return OrderBook(
        symbol,
        asks=_side(levels, "ask"),
        bids=_side(levels, "bid"),
        total_asked=whole_or_none(levels, "total_askp_rsqn", MAX_QUANTITY),
        total_bid=whole_or_none(levels, "total_bidp_rsqn", MAX_QUANTITY),
        base_price=whole_or_none(expected, "stck_sdpr", MAX_PRICE) or None,
        taken_at=_clock(text(levels, "aspr_acpt_hour")),
    )


def _side(levels: Row, side: str) -> tuple[Level, ...]:
    found = []
    for place in range(1, LEVELS + 1):
        price = whole_or_none(levels, f"{side}p{place}", MAX_PRICE)
        shares = whole_or_none(levels, f"{side}p_rsqn{place}", MAX_QUANTITY)
        if price and shares is not None:
            found.append(Level(price, shares))
    return tuple(found)


def _clock(said: str) -> time | None:
    try:
        return datetime.strptime(said, "%H%M%S").time()
    except ValueError:
        return None

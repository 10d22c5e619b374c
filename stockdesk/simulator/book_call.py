"""inquire-asking-price-exp-ccn (FHKST01010200): ten levels around the walking price."""

from collections.abc import Callable, Mapping

from stockdesk.simulator.book import DEPTH
from stockdesk.simulator.frames import sign
from stockdesk.simulator.prices import Price
from stockdesk.simulator.quotes import OK
from stockdesk.simulator.responses import Answer
from stockdesk.simulator.rules import step_down, step_up
from stockdesk.simulator.tr import MARKET_CODES, Market, input_error

LEVELS = 10


def asking_price(market: Market, query: Mapping[str, str]) -> Answer:
    """A code nobody knows, and a halted issue, have zeros on every level."""
    symbol = query.get("FID_INPUT_ISCD", "").strip()
    if query.get("FID_COND_MRKT_DIV_CODE", "") not in MARKET_CODES:
        return input_error("INVALID_CHECK_MRKT_DIV_CODE")
    if not symbol:
        return input_error("FIELD NOT FOUND [FID_INPUT_ISCD]")
    price = market.read(symbol)
    taken_at = f"{market.options.now():%H%M%S}"
    return Answer({"output1": _levels(price, taken_at), "output2": _expected(symbol, price), **OK})


def _levels(price: Price | None, taken_at: str) -> dict[str, str]:
    trading = price if price and not price.halted else None
    asks = _side(trading, trading.ask, trading.ask_rest, step_up) if trading else []
    bids = _side(trading, trading.bid, trading.bid_rest, step_down) if trading else []
    output = {"aspr_acpt_hour": taken_at}
    for side, levels in (("ask", asks), ("bid", bids)):
        for place in range(LEVELS):
            level, shares = levels[place] if place < len(levels) else (0, 0)
            output[f"{side}p{place + 1}"] = str(level)
            output[f"{side}p_rsqn{place + 1}"] = str(shares)
            output[f"{side}p_rsqn_icdc{place + 1}"] = "0"
        output[f"total_{side}p_rsqn"] = str(sum(shares for _, shares in levels))
        output[f"total_{side}p_rsqn_icdc"] = "0"
    output["ntby_aspr_rsqn"] = str(sum(shares for _, shares in bids) - sum(shares for _, shares in asks))
    return output | {"new_mkop_cls_code": "20"}


def _side(price: Price, best: int, rest: int, step: Callable[[int, str], int]) -> list[tuple[int, int]]:
    """The levels of one side within the limits of the day: what orders meet there (see ``book.Book``)."""
    levels: list[tuple[int, int]] = []
    level, shares = best, rest
    while level and price.lower <= level <= price.upper and len(levels) < LEVELS:
        levels.append((level, shares))
        level, shares = step(level, price.instrument.kind), price.typical * DEPTH
    return levels


def _expected(symbol: str, price: Price | None) -> dict[str, str]:
    base = price.instrument.base_price if price else 0
    prices = {
        "stck_prpr": price.last if price else 0,
        "stck_oprc": price.open if price else 0,
        "stck_hgpr": price.high if price else 0,
        "stck_lwpr": price.low if price else 0,
        "stck_sdpr": base,
        "antc_cnpr": 0,
        "antc_cntg_vrss": 0,
        "antc_vol": 0,
    }
    return {
        "antc_mkop_cls_code": "",
        **{name: str(value) for name, value in prices.items()},
        "antc_cntg_vrss_sign": sign(price) if price else "3",
        "antc_cntg_prdy_ctrt": "0.00",
        "stck_shrn_iscd": symbol,
        "vi_cls_code": "Y" if price and price.vi else "N",
    }

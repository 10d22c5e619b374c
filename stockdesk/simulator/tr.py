"""The calls about prices of now, issues and trading days, by method and path.

`reading_tr` puts those about past days and other countries beside them; those of orders are in `trading_tr`.
"""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from stockdesk.simulator.hours import Hours
from stockdesk.simulator.options import Options
from stockdesk.simulator.pages import MORE
from stockdesk.simulator.prices import Price, Prices
from stockdesk.simulator.quotes import OK, STOCK_TYPE, UNKNOWN_PRICE, instrument_output, multi_row, price_output
from stockdesk.simulator.responses import Answer
from stockdesk.simulator.trading_days import calendar_row

MARKET_CODES = ("J", "NX", "UN")
MOST_CODES = 30
DAYS_A_PAGE = 24
DAYS_KEY_WIDTH = 20


class Market:
    """What a quotation call may look at."""

    def __init__(self, prices: Prices, hours: Hours, options: Options) -> None:
        self.prices = prices
        self.hours = hours
        self.options = options

    def read(self, symbol: str) -> Price | None:
        if self.options.real_hours and not self.hours.trading(self.options.now()):
            return self.prices.get(symbol)
        return self.prices.read(symbol, time.monotonic(), self.options.now().strftime("%H%M%S"))


def inquire_price(market: Market, query: Mapping[str, str]) -> Answer:
    """FHKST01010100. A code nobody knows is answered with zeros and rt_cd 0, as KIS does."""
    symbol = query.get("FID_INPUT_ISCD", "").strip()
    if query.get("FID_COND_MRKT_DIV_CODE", "") not in MARKET_CODES:
        return input_error("INVALID_CHECK_MRKT_DIV_CODE")
    if not symbol:
        return input_error("FIELD NOT FOUND [FID_INPUT_ISCD]")
    price = market.read(symbol)
    output = {**UNKNOWN_PRICE, "stck_shrn_iscd": symbol} if price is None else price_output(price)
    return Answer({"output": output, **OK})


def multi_price(market: Market, query: Mapping[str, str]) -> Answer:
    """FHKST11300006: up to 30 codes, the market code beside each; empty places are skipped."""
    prefix = "FID_INPUT_ISCD_"
    places = [name.removeprefix(prefix) for name in query if name.startswith(prefix)]
    wanted = [(int(place), query[prefix + place].strip()) for place in places if place.isdecimal()]
    wanted = sorted((place, symbol) for place, symbol in wanted if symbol)
    if not wanted:
        return input_error("FIELD NOT FOUND [FID_INPUT_ISCD_1]")
    if len(wanted) > MOST_CODES or wanted[-1][0] > MOST_CODES:
        return input_error("INVALID_CHECK_FIELD_LENGTH")
    if any(query.get(f"FID_COND_MRKT_DIV_CODE_{place}", "") not in MARKET_CODES for place, _ in wanted):
        return input_error("INVALID_CHECK_MRKT_DIV_CODE")
    return Answer({"output": [multi_row(symbol, market.read(symbol)) for _, symbol in wanted], **OK})


def search_info(market: Market, query: Mapping[str, str]) -> Answer:
    """CTPF1604R. rt_cd 7 says that there is no such product of this type."""
    instrument = market.prices.world.get(query.get("PDNO", "").strip())
    if instrument is None or query.get("PRDT_TYPE_CD") != STOCK_TYPE:
        return Answer({"rt_cd": "7", "msg_cd": "KIOK0560", "msg1": "조회할 내용이 없습니다"})
    return Answer({"output": instrument_output(instrument), **OK})


def chk_holiday(market: Market, query: Mapping[str, str]) -> Answer:
    """CTCA0903R: a page of days from BASS_DT on, or from where CTX_AREA_NK says the last one ended."""
    asked = query.get("BASS_DT", "").strip()
    try:
        since = datetime.strptime(query.get("CTX_AREA_NK", "").strip() or asked, "%Y%m%d").date()
        *days, after = (since + timedelta(days=at) for at in range(DAYS_A_PAGE + 1))
    except (ValueError, OverflowError):
        return input_error("INVALID_CHECK_BASS_DT")
    output = [calendar_row(day, always_open=not market.options.real_hours) for day in days]
    keys = {"ctx_area_nk": f"{after:%Y%m%d}", "ctx_area_fk": asked}
    code, text = MORE
    body = {name: key.ljust(DAYS_KEY_WIDTH) for name, key in keys.items()} | {"output": output}
    return Answer({**body, "rt_cd": "0", "msg_cd": code, "msg1": text})


def input_error(text: str) -> Answer:
    code = "OPSQ2001" if "MRKT_DIV" in text else "OPSQ2002"
    return Answer({"rt_cd": "2", "msg_cd": code, "msg1": f"ERROR : INPUT {text}"})


@dataclass(frozen=True, slots=True)
class Call:
    """One operation: which TR ids its path takes, and whether 모의투자 has it."""

    tr_ids: tuple[str, ...]
    in_mock: bool
    answer: Callable[[Market, Mapping[str, str]], Answer]


QUOTATIONS = "/uapi/domestic-stock/v1/quotations"
CALLS: dict[tuple[str, str], Call] = {
    ("GET", f"{QUOTATIONS}/inquire-price"): Call(("FHKST01010100",), True, inquire_price),
    ("GET", f"{QUOTATIONS}/intstock-multprice"): Call(("FHKST11300006",), False, multi_price),
    ("GET", f"{QUOTATIONS}/search-info"): Call(("CTPF1604R",), False, search_info),
    ("GET", f"{QUOTATIONS}/chk-holiday"): Call(("CTCA0903R",), False, chk_holiday),
}

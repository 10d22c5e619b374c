"""The stand-in for data.go.kr: daily prices and listed issues of the toy world, and its five kinds of error."""

import json
import random
from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from typing import Any

from stockdesk.simulator.mishaps import Mishaps
from stockdesk.simulator.options import KST, Options
from stockdesk.simulator.rules import tick_size
from stockdesk.simulator.trading_days import is_trading_day, trading_day_after
from stockdesk.simulator.world import Instrument, World

NAME = "datagokr"
PUBLISHED_AT = time(13, 0)  # of the next trading day
SHORTEST_KEY = 40
MOST_ROWS, USUAL_ROWS = 1_000, 10
HALTED_SHARE = 0.003
JSON, XML, TEXT = "application/json;charset=UTF-8", "text/xml;charset=UTF-8", "text/plain;charset=UTF-8"
MESSAGES = {
    "01": "APPLICATION_ERROR",
    "03": "NODATA_ERROR",
    "04": "HTTP_ERROR",
    "05": "SERVICETIMEOUT_ERROR",
    "10": "INVALID_REQUEST_PARAMETER_ERROR",
    "12": "NO_OPENAPI_SERVICE_ERROR",
    "20": "SERVICE_ACCESS_DENIED_ERROR",
    "22": "LIMITED_NUMBER_OF_SERVICE_REQUESTS_EXCEEDS_ERROR",
    "23": "LIMITED_NUMBER_OF_SERVICE_REQUESTS_PER_SECOND_EXCEEDS_ERROR",
    "29": "BLOCKED_IP_ERROR",
    "30": "SERVICE_KEY_IS_NOT_REGISTERED_ERROR",
    "31": "DEADLINE_HAS_EXPIRED_ERROR",
    "32": "UNREGISTERED_IP_ERROR",
}
TOO_MANY = ("API token quota exceeded", "API rate limit exceeded")

Query = Mapping[str, str]
Answer = tuple[int, bytes, str]


class DataGoKr:
    """Answers by service path; ``answer`` gives status, body and content type."""

    def __init__(self, world: World, options: Options, mishaps: Mishaps) -> None:
        self.world = world
        self.stocks = tuple(i for i in world if i.kind == "stock")
        self.options = options
        self.mishaps = mishaps
        self.rows: dict[str, Callable[[date, Instrument], dict[str, str]]] = {
            "GetStockSecuritiesInfoService/getStockPriceInfo": self._price_row,
            "GetKrxListedInfoService/getItemInfo": _issue_row,
        }

    def answer(self, service: str, query: Query) -> Answer:
        """Status, body and content type of one call."""
        strikes = self.mishaps.strikes
        if switch := strikes("datagokr-text", None, service):
            words = str(switch.value or TOO_MANY[0])
            return 429 if words in TOO_MANY else 500, words.encode(), TEXT
        if switch := strikes("datagokr-gateway-xml", None, service):
            return _gateway_xml(str(switch.value or "30"))
        if switch := strikes("datagokr-gateway", None, service):
            return _gateway(str(switch.value or "30"))
        key = query.get("serviceKey", "")
        # Encoded twice it arrives with a %, pasted into the address undecoded with a blank.
        if len(key) < SHORTEST_KEY or set(key) & {"%", " "}:
            return _gateway("30")
        if service not in self.rows:
            return 404, b"API not found", TEXT
        if switch := strikes("datagokr-code", None, service):
            return _refused(str(switch.value or "22"))
        return self._page(service, query)

    def _page(self, service: str, query: Query) -> Answer:
        try:
            day = self._day(query.get("basDt", ""))
            number, size = int(query.get("pageNo", "1")), int(query.get("numOfRows", str(USUAL_ROWS)))
        except ValueError:
            return _refused("10")
        if query.get("resultType") != "json" or number < 1 or size < 1:
            return _refused("10")
        size = min(size, MOST_ROWS)
        found = self.stocks if self._published(day) else ()
        page = [self.rows[service](day, stock) for stock in found[(number - 1) * size : number * size]]
        total = len(found) + (number if self.mishaps.strikes("datagokr-moving-count", None, service) else 0)
        # One row alone is no list, and none at all an empty text.
        items: Any = {"item": page if len(page) > 1 else page[0]} if page else ""
        return _envelope("00", "NORMAL SERVICE.", numOfRows=size, pageNo=number, totalCount=total, items=items)

    def _day(self, text: str) -> date:
        """The day that was asked for; without one the newest that there is."""
        if text:
            return datetime.strptime(text, "%Y%m%d").replace(tzinfo=KST).date()
        day = self.options.now().astimezone(KST).date()
        while not self._published(day):
            day = date.fromordinal(day.toordinal() - 1)
        return day

    def _published(self, day: date) -> bool:
        if not is_trading_day(day) or self.mishaps.strikes("datagokr-unpublished", None, NAME):
            return False
        return self.options.now() >= datetime.combine(trading_day_after(day), PUBLISHED_AT, KST)

    def _price_row(self, day: date, stock: Instrument) -> dict[str, str]:
        rng = random.Random(f"{self.world.seed}/{stock.symbol}/{day}")
        close, before = self._close(day, stock), self._close(date.fromordinal(day.toordinal() - 1), stock)
        volume = rng.randrange(1_000, 3_000_000) if rng.random() >= HALTED_SHARE else 0
        low, high = sorted((close, _on_grid(close * rng.uniform(0.97, 1.03))))
        start = _on_grid(rng.uniform(low, high))
        prices = (min(start, low), high, min(start, low)) if volume else (0, 0, 0)
        rate = (close - before) / before * 100
        return {
            "basDt": f"{day:%Y%m%d}",
            "srtnCd": stock.symbol,
            "isinCd": _isin(stock),
            "itmsNm": stock.name,
            "mrktCtg": stock.market,
            "clpr": str(close),
            "vs": str(close - before),
            "fltRt": f"{rate:.2f}".replace("0.", ".", 1) if abs(rate) < 1 else f"{rate:.2f}",
            "mkp": str(start if volume else 0),
            "hipr": str(prices[1]),
            "lopr": str(prices[2]),
            "trqu": str(volume),
            "trPrc": str(volume * close),
            "lstgStCnt": str(stock.listed_shares),
            "mrktTotAmt": str(close * stock.listed_shares),
        }

    def _close(self, day: date, stock: Instrument) -> int:
        """A price near the base price of the world, the same whenever it is asked for."""
        return _on_grid(
            stock.base_price * random.Random(f"{self.world.seed}/{stock.symbol}/{day}/c").uniform(0.94, 1.06)
        )


def _on_grid(price: float) -> int:
    whole = int(price)
    return max(whole - whole % tick_size(whole, "stock"), 1)


def _isin(stock: Instrument) -> str:
    return f"KR7{stock.symbol[:6]}003"


def _issue_row(day: date, stock: Instrument) -> dict[str, str]:
    number = random.Random(stock.symbol).randrange(10**12, 2 * 10**12)
    return {
        "basDt": f"{day:%Y%m%d}",
        "srtnCd": f"A{stock.symbol}",
        "isinCd": _isin(stock),
        "mrktCtg": stock.market,
        "itmsNm": stock.name,
        "crno": str(number),
        "corpNm": f"{stock.name}(주)",
    }


def _envelope(code: str, message: str, **body: Any) -> Answer:
    answer: dict[str, Any] = {"header": {"resultCode": code, "resultMsg": message}}
    if body:
        answer["body"] = body
    return 200, json.dumps({"response": answer}, ensure_ascii=False).encode(), JSON


def _refused(code: str) -> Answer:
    return _envelope(code, MESSAGES.get(code, "UNKNOWN_ERROR"))


def _header(code: str) -> dict[str, str]:
    return {"errMsg": "SERVICE ERROR", "returnAuthMsg": MESSAGES.get(code, "UNKNOWN_ERROR"), "returnReasonCode": code}


def _gateway(code: str) -> Answer:
    return 403, json.dumps({"OpenAPI_ServiceResponse": {"cmmMsgHeader": _header(code)}}).encode(), JSON


def _gateway_xml(code: str) -> Answer:
    inner = "".join(f"<{name}>{value}</{name}>" for name, value in _header(code).items())
    text = f"<OpenAPI_ServiceResponse><cmmMsgHeader>{inner}</cmmMsgHeader></OpenAPI_ServiceResponse>"
    return 200, text.encode(), XML

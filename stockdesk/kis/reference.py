"""The reference calls over REST, one method per TR: what the market did, after the close. Reads only."""

import logging
from collections.abc import Awaitable, Callable, Mapping
from datetime import date
from typing import Any, Literal, TypeVar

from stockdesk.kis.answers import Answer
from stockdesk.kis.errors import OutcomeUnknown
from stockdesk.kis.frames import checked_symbol
from stockdesk.kis.reference_rows import (
    CreditBalance,
    DailyBar,
    Dividend,
    InvestorFlow,
    MarketFlow,
    Ranked,
    ShortSale,
    credit_balance,
    daily_bar,
    dividend,
    investor_flow,
    market_flow,
    ranked,
    short_sale,
)
from stockdesk.kis.rest import KisClient
from stockdesk.kis.values import FieldError, Row, text

logger = logging.getLogger(__name__)

QUOTATIONS = "/uapi/domestic-stock/v1/quotations"
RANKING = "/uapi/domestic-stock/v1/ranking"
#: The index of a market and the market's own name in the call of its investors.
MARKETS = {"KOSPI": ("0001", "KSP"), "KOSDAQ": ("1001", "KSQ")}

RankBy = Literal["volume", "up", "down"]
Investor = Literal["foreign", "institution"]
_T = TypeVar("_T")

KeepBody = Callable[[str, str, bytes], Awaitable[None]]


class ReferenceClient(KisClient):
    """A `KisClient` for the batch jobs.

    ``keep_body`` is given TR id, what was asked and the body of every answer before it is read.
    """

    def __init__(
        self, base_url: str, app_key: str, app_secret: str, *, keep_body: KeepBody | None = None, **options: Any
    ) -> None:
        super().__init__(base_url, app_key, app_secret, **options)
        self._keep_body = keep_body

    async def daily_bars(self, symbol: str, since: date, to: date, *, lane: str) -> list[DailyBar]:
        """At most 100 days of adjusted prices, newest first (FHKST03010100)."""
        params = {
            "FID_COND_MRKT_DIV_CODE": "J",
            "FID_INPUT_ISCD": checked_symbol(symbol),
            "FID_INPUT_DATE_1": f"{since:%Y%m%d}",
            "FID_INPUT_DATE_2": f"{to:%Y%m%d}",
            "FID_PERIOD_DIV_CODE": "D",
            "FID_ORG_ADJ_PRC": "0",
        }
        answer = await self._ask("FHKST03010100", f"{QUOTATIONS}/inquire-daily-itemchartprice", lane, params)
        return bars_in(answer, symbol)

    async def investor_flows(self, symbol: str, on: date, *, lane: str) -> list[InvestorFlow]:
        """The days up to ``on``, newest first (FHPTJ04160001; not on the mock host)."""
        tr_id = "FHPTJ04160001"
        self._real_only(tr_id)
        params = {
            "FID_COND_MRKT_DIV_CODE": "J",
            "FID_INPUT_ISCD": checked_symbol(symbol),
            "FID_INPUT_DATE_1": f"{on:%Y%m%d}",
            "FID_ORG_ADJ_PRC": "",
            "FID_ETC_CLS_CODE": "",
        }
        answer = await self._ask(tr_id, f"{QUOTATIONS}/investor-trade-by-stock-daily", lane, params)
        return flows_in(answer, symbol)

    async def market_flows(self, market: str, on: date, *, lane: str) -> list[MarketFlow]:
        """A whole market, KOSPI or KOSDAQ (FHPTJ04040000; not on the mock host)."""
        tr_id = "FHPTJ04040000"
        self._real_only(tr_id)
        index, name = MARKETS[market]
        params = {
            "FID_COND_MRKT_DIV_CODE": "U",
            "FID_INPUT_ISCD": index,
            "FID_INPUT_DATE_1": f"{on:%Y%m%d}",
            "FID_INPUT_ISCD_1": name,
            "FID_INPUT_DATE_2": f"{on:%Y%m%d}",
            "FID_INPUT_ISCD_2": index,
        }
        answer = await self._ask(tr_id, f"{QUOTATIONS}/inquire-investor-daily-by-market", lane, params)
        return _read(answer, tr_id, "output", lambda row: market_flow(market, row), needs="frgn_ntby_tr_pbmn")

    async def short_sales(self, symbol: str, since: date, to: date, *, lane: str) -> list[ShortSale]:
        """Short sales by day (FHPST04830000; not on the mock host)."""
        tr_id = "FHPST04830000"
        self._real_only(tr_id)
        params = {
            "FID_INPUT_DATE_2": f"{to:%Y%m%d}",
            "FID_COND_MRKT_DIV_CODE": "J",
            "FID_INPUT_ISCD": checked_symbol(symbol),
            "FID_INPUT_DATE_1": f"{since:%Y%m%d}",
        }
        answer = await self._ask(tr_id, f"{QUOTATIONS}/daily-short-sale", lane, params)
        return short_sales_in(answer, symbol)

    async def credit_balances(self, symbol: str, settled_on: date, *, lane: str) -> list[CreditBalance]:
        """Up to 30 days back from a settlement day (FHPST04760000, parameters in lower case; not on the mock host)."""
        tr_id = "FHPST04760000"
        self._real_only(tr_id)
        params = {
            "fid_cond_mrkt_div_code": "J",
            "fid_cond_scr_div_code": "20476",
            "fid_input_iscd": checked_symbol(symbol),
            "fid_input_date_1": f"{settled_on:%Y%m%d}",
        }
        answer = await self._ask(tr_id, f"{QUOTATIONS}/daily-credit-balance", lane, params)
        return _read(answer, tr_id, "output", lambda row: credit_balance(symbol, row), needs="deal_date")

    async def dividends(self, symbol: str, since: date, to: date, *, lane: str) -> list[Dividend]:
        """Record days between the two, decided or not (HHKDB669102C0; not on the mock host)."""
        tr_id = "HHKDB669102C0"
        self._real_only(tr_id)
        params = {
            "CTS": "",
            "GB1": "0",
            "F_DT": f"{since:%Y%m%d}",
            "T_DT": f"{to:%Y%m%d}",
            "SHT_CD": checked_symbol(symbol),
            "HIGH_GB": "",
        }
        answer = await self._ask(tr_id, "/uapi/domestic-stock/v1/ksdinfo/dividend", lane, params)
        found = _read(answer, tr_id, "output1", dividend, needs="record_date")
        return [row for row in found if row.symbol == symbol]

    async def ranking(self, by: RankBy, *, lane: str) -> list[Ranked]:
        """The first 30 by volume (FHPST01710000) or by gain or loss (FHPST01700000); not on the mock host."""
        if by == "volume":
            tr_id, path, symbol = "FHPST01710000", f"{QUOTATIONS}/volume-rank", "mksc_shrn_iscd"
            params = {
                "FID_COND_MRKT_DIV_CODE": "J",
                "FID_COND_SCR_DIV_CODE": "20171",
                "FID_INPUT_ISCD": "0000",
                "FID_DIV_CLS_CODE": "0",
                "FID_BLNG_CLS_CODE": "0",
                "FID_TRGT_CLS_CODE": "111111111",
                "FID_TRGT_EXLS_CLS_CODE": "0000000000",
                **dict.fromkeys(("FID_INPUT_PRICE_1", "FID_INPUT_PRICE_2", "FID_VOL_CNT", "FID_INPUT_DATE_1"), ""),
            }
        else:
            tr_id, path, symbol = "FHPST01700000", f"{RANKING}/fluctuation", "stck_shrn_iscd"
            params = {
                "fid_cond_mrkt_div_code": "J",
                "fid_cond_scr_div_code": "20170",
                "fid_input_iscd": "0000",
                "fid_rank_sort_cls_code": "0" if by == "up" else "1",
                "fid_prc_cls_code": "1",
                **dict.fromkeys(
                    ("fid_input_cnt_1", "fid_trgt_cls_code", "fid_trgt_exls_cls_code", "fid_div_cls_code"), "0"
                ),
                **dict.fromkeys(
                    ("fid_input_price_1", "fid_input_price_2", "fid_vol_cnt", "fid_rsfl_rate1", "fid_rsfl_rate2"), ""
                ),
            }
        self._real_only(tr_id)
        answer = await self._ask(tr_id, path, lane, params)
        return _ranking(answer, tr_id, symbol=symbol)

    async def net_buyers(self, who: Investor, *, selling: bool = False, lane: str) -> list[Ranked]:
        """What foreigners or institutions bought most, or sold most, by KRW (FHPTJ04400000; not on the mock host)."""
        tr_id = "FHPTJ04400000"
        self._real_only(tr_id)
        params = {
            "FID_COND_MRKT_DIV_CODE": "V",
            "FID_COND_SCR_DIV_CODE": "16449",
            "FID_INPUT_ISCD": "0000",
            "FID_DIV_CLS_CODE": "1",
            "FID_RANK_SORT_CLS_CODE": "1" if selling else "0",
            "FID_ETC_CLS_CODE": "1" if who == "foreign" else "2",
        }
        answer = await self._ask(tr_id, f"{QUOTATIONS}/foreign-institution-total", lane, params)
        return _ranking(answer, tr_id, symbol="mksc_shrn_iscd", who="frgn" if who == "foreign" else "orgn")

    async def _ask(self, tr_id: str, path: str, lane: str, params: Mapping[str, str]) -> Answer:
        return await self._call(tr_id, path, lane, params=params)

    async def _exchange(
        self,
        tr_id: str,
        method: str,
        path: str,
        headers: Mapping[str, str],
        params: Mapping[str, str] | None,
        body: Mapping[str, str] | None,
        **more: Any,
    ) -> tuple[int, str, bytes]:
        status, tr_cont, content = await super()._exchange(tr_id, method, path, headers, params, body, **more)
        if self._keep_body is not None and method == "GET" and status == 200:
            asked = " ".join(value for value in (params or {}).values() if value)
            await self._keep_body(tr_id, asked, content)
        return status, tr_cont, content


def bars_in(answer: Answer, symbol: str) -> list[DailyBar]:
    """The days of an answer of FHKST03010100. Raises OutcomeUnknown."""
    tr_id = "FHKST03010100"
    named = text((answer.rows("output1") or [{}])[0], "stck_shrn_iscd")
    if named and named != symbol:
        raise OutcomeUnknown("an answer about another symbol", tr_id=tr_id)
    return _read(answer, tr_id, "output2", lambda row: daily_bar(symbol, row), needs="stck_bsop_date")


def flows_in(answer: Answer, symbol: str) -> list[InvestorFlow]:
    """The days of an answer of FHPTJ04160001. Raises OutcomeUnknown."""
    return _read(answer, "FHPTJ04160001", "output2", lambda row: investor_flow(symbol, row), needs="frgn_ntby_qty")


def short_sales_in(answer: Answer, symbol: str) -> list[ShortSale]:
    """The days of an answer of FHPST04830000. Raises OutcomeUnknown."""
    return _read(answer, "FHPST04830000", "output2", lambda row: short_sale(symbol, row), needs="ssts_cntg_qty")


def _read(answer: Answer, tr_id: str, name: str, read: Callable[[Row], _T], *, needs: str) -> list[_T]:
    """The rows under ``name`` that have a value in ``needs``; those that make no sense are left out and logged.

    An answer without the list, or with nothing but nonsense in it, is no empty list.
    """
    if not answer.has_rows(name):
        raise OutcomeUnknown(f"an answer without {name}", tr_id=tr_id)
    found: list[_T] = []
    wrong: list[str] = []
    for row in answer.rows(name):
        if not text(row, needs):
            continue
        try:
            found.append(read(row))
        except FieldError as exc:
            wrong.append(str(exc))
    if wrong:
        logger.warning("%s: %d rows left out, %s", tr_id, len(wrong), "; ".join(wrong[:3]))
        if not found:
            raise OutcomeUnknown(f"no row can be read: {wrong[0]}", tr_id=tr_id)
    return found


def _ranking(answer: Answer, tr_id: str, *, symbol: str, who: str = "") -> list[Ranked]:
    places = iter(range(1, 1000))
    rows = _read(answer, tr_id, "output", lambda row: ranked(row, next(places), symbol=symbol, who=who), needs=symbol)
    # One place and one symbol each, whatever was sent twice.
    return list({row.place: row for row in {row.symbol: row for row in rows}.values()}.values())

"""The account over REST: what it ordered, what it owns, what it can buy. Reads only."""

import logging
from calendar import monthrange
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from typing import Any

from stockdesk.kis.answers import Answer, text_of
from stockdesk.kis.balances import assets_from, balance_from, orderable_from, realised_from, sellable_from
from stockdesk.kis.booked import open_order_from, order_from
from stockdesk.kis.errors import KisError, OutcomeUnknown
from stockdesk.kis.frames import checked_symbol
from stockdesk.kis.messages import (
    KST,
    AccountAssets,
    Balance,
    BrokerOrder,
    OpenOrder,
    Orderable,
    OrderList,
    RealisedProfit,
    Sellable,
)
from stockdesk.kis.rest import KisClient
from stockdesk.kis.values import FieldError, whole_or_none

logger = logging.getLogger(__name__)

MAX_PAGES = 50  # of 100 orders or 50 holdings; on the mock host of 15 and 20

TRADING = "/uapi/domestic-stock/v1/trading"
_MORE_ROWS = "KIOK0500"  # its text: the inquiry goes on, press "next"
_MAX_TOTAL = 10**15


class AccountClient(KisClient):
    """A `KisClient` that knows its account and reads it. It cannot order: `OrderClient` can."""

    def __init__(self, base_url: str, app_key: str, app_secret: str, *, account: str, **options: Any) -> None:
        super().__init__(base_url, app_key, app_secret, account=account, **options)
        if not (self._account.isascii() and self._account.isdigit() and len(self._account) == 10):
            raise ValueError("the account must be 8 and 2 digits")

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._base_url})"

    # Orders

    async def orders_of(self, day: date, *, to: date | None = None, lane: str = "fill") -> OrderList:
        """Every order of a day, or of the days up to ``to``, oldest first (TTTC0081R, CTSC9215R).

        What was read before a page failed, and beside a row that makes no sense, is handed over as not complete; a
        first page that fails raises. An empty list is complete only if the totals say zero too.
        """
        last = to or day
        since = three_months_before(self._now().astimezone(KST).date())
        if last < day or day < since <= last:
            raise ValueError("the days end before they begin, or lie on both sides of three months ago")
        tr_id = self._tr_id("TTTC0081R" if day >= since else "CTSC9215R")
        params = {
            "INQR_STRT_DT": f"{day:%Y%m%d}",
            "INQR_END_DT": f"{last:%Y%m%d}",
            "SLL_BUY_DVSN_CD": "00",
            "PDNO": "",
            "ORD_GNO_BRNO": "",
            "ODNO": "",
            "CCLD_DVSN": "00",
            "INQR_DVSN": "00",
            "INQR_DVSN_1": "",
            "INQR_DVSN_3": "00",
            "EXCG_ID_DVSN_CD": "KRX" if self._mock else "ALL",
        }
        pages, failure = await self._pages(tr_id, "inquire-daily-ccld", lane, params)
        if failure is not None and not pages:
            raise failure
        found: dict[tuple[date, str], BrokerOrder] = {}
        notes = [str(failure)] if failure else []
        for page in pages:
            if not page.has_rows("output1"):
                notes.append("a page without readable output1")
            for row in page.rows("output1"):
                try:
                    order = order_from(row)
                except FieldError as exc:
                    notes.append(f"order {self._clean(text_of(row, 'odno'))[:20]}: {exc}")
                else:
                    found[order.ordered_at.date(), order.key] = order
        if not found and not notes and not _says_none(pages[-1]):
            notes.append("no rows, and totals that do not say zero")
        if notes:
            logger.warning("%s: not all orders could be read, %s", tr_id, "; ".join(notes[:5]))
        orders = sorted(found.values(), key=lambda order: (order.ordered_at, int(order.key)))
        return OrderList(tuple(orders), complete=not notes, note="; ".join(notes[:5]))

    async def open_orders(self, *, lane: str = "fill") -> list[OpenOrder]:
        """The orders that can still be cancelled, all of them or an exception (TTTC0084R; not on the mock host)."""
        tr_id = "TTTC0084R"
        self._real_only(tr_id)
        params = {"INQR_DVSN_1": "0", "INQR_DVSN_2": "0"}
        found = {}
        for page in await self._all_pages(tr_id, "inquire-psbl-rvsecncl", lane, params, "output"):
            for row in page.rows("output"):
                with _named(tr_id):
                    order = open_order_from(row)
                found[order.key] = order
        return [*found.values()]

    # Assets

    async def balance(self, *, lane: str = "assets") -> Balance:
        """Cash, totals and all holdings (TTTC8434R); an exception where a part of it cannot be read."""
        tr_id = self._tr_id("TTTC8434R")
        params = {
            "AFHR_FLPR_YN": "N",
            "OFL_YN": "",
            "INQR_DVSN": "02",
            "UNPR_DVSN": "01",
            "FUND_STTL_ICLD_YN": "N",
            "FNCG_AMT_AUTO_RDPT_YN": "N",
            "PRCS_DVSN": "00",
        }
        pages = await self._all_pages(tr_id, "inquire-balance", lane, params, "output1")
        # The totals come with every page; the last ones are the newest.
        totals = _only_row(tr_id, pages[-1], "output2")
        with _named(tr_id):
            return balance_from((row for page in pages for row in page.rows("output1")), totals)

    async def realised_profit(self, *, lane: str = "assets") -> RealisedProfit:
        """What today's sales earned, after fees and tax (TTTC8494R; not on the mock host).

        The totals come with every page, so the first is enough however many holdings there are.
        """
        tr_id = "TTTC8494R"
        self._real_only(tr_id)
        params = {
            "AFHR_FLPR_YN": "N",
            "OFL_YN": "",
            "INQR_DVSN": "00",
            "UNPR_DVSN": "01",
            "FUND_STTL_ICLD_YN": "N",
            "FNCG_AMT_AUTO_RDPT_YN": "N",
            "PRCS_DVSN": "01",  # without yesterday's trades
            "COST_ICLD_YN": "Y",
            "CTX_AREA_FK100": "",
            "CTX_AREA_NK100": "",
        }
        answer = await self._read_account(tr_id, "inquire-balance-rlz-pl", lane, params)
        totals = _only_row(tr_id, answer, "output2")
        with _named(tr_id):
            return realised_from(totals)

    async def orderable(
        self, symbol: str | None = None, price: int | None = None, *, lane: str = "assets"
    ) -> Orderable:
        """What can be bought without 미수, at ``price`` or at the market (TTTC8908R); without a symbol, the cash."""
        if symbol is not None:
            checked_symbol(symbol)
        params = {
            "PDNO": symbol or "",
            "ORD_UNPR": str(price or ""),
            # The quantity for a market order takes the margin rate into account, the one for a limit does not.
            "ORD_DVSN": "00" if price else "01",
            "CMA_EVLU_AMT_ICLD_YN": "N",
            "OVRS_ICLD_YN": "N",
        }
        tr_id = self._tr_id("TTTC8908R")
        answer = await self._read_account(tr_id, "inquire-psbl-order", lane, params)
        row = _only_row(tr_id, answer, "output")
        with _named(tr_id):
            return orderable_from(row, symbol)

    async def sellable(self, symbol: str, *, lane: str = "assets") -> Sellable:
        """How many shares of a holding can be sold now (TTTC8408R; not on the mock host)."""
        tr_id = "TTTC8408R"
        self._real_only(tr_id)
        checked_symbol(symbol)
        answer = await self._read_account(tr_id, "inquire-psbl-sell", lane, {"PDNO": symbol})
        row = _only_row(tr_id, answer, "output1" if "output1" in answer.fields else "output")
        with _named(tr_id):
            return sellable_from(row, symbol)

    async def account_assets(self, *, lane: str = "assets") -> AccountAssets:
        """Everything the account owns and owes (CTRP6548R; not on the mock host)."""
        tr_id = "CTRP6548R"
        self._real_only(tr_id)
        params = {"INQR_DVSN_1": "", "BSPR_BF_DT_APLY_YN": ""}
        answer = await self._read_account(tr_id, "inquire-account-balance", lane, params)
        if not answer.has_rows("output1"):
            raise OutcomeUnknown("an answer without readable output1", tr_id=tr_id)
        totals = _only_row(tr_id, answer, "output2")
        with _named(tr_id):
            return assets_from(answer.rows("output1"), totals)

    async def _read_account(
        self, tr_id: str, name: str, lane: str, params: Mapping[str, str], *, next_page: bool = False
    ) -> Answer:
        params = {**self._owner, **params}
        return await self._call(tr_id, f"{TRADING}/{name}", lane, params=params, next_page=next_page)

    async def _pages(
        self, tr_id: str, name: str, lane: str, params: Mapping[str, str]
    ) -> tuple[list[Answer], KisError | None]:
        """The pages of an inquiry, and what kept us from the rest of them."""
        pages: list[Answer] = []
        condition = key = ""
        seen = {("", "")}
        while len(pages) < MAX_PAGES:
            context = {"CTX_AREA_FK100": condition, "CTX_AREA_NK100": key}
            try:
                page = await self._read_account(tr_id, name, lane, {**params, **context}, next_page=bool(pages))
            except KisError as exc:
                return pages, exc
            pages.append(page)
            if not page.more:
                if text_of(page.fields, "msg_cd") == _MORE_ROWS:
                    return pages, OutcomeUnknown("more rows are announced and not given", tr_id=tr_id)
                return pages, None
            condition, key = (str(page.fields.get(f"ctx_area_{part}") or "") for part in ("fk100", "nk100"))
            if (condition.strip(), key.strip()) in seen:
                return pages, OutcomeUnknown(f"the key of page {len(pages) + 1} repeats", tr_id=tr_id)
            seen.add((condition.strip(), key.strip()))
        return pages, OutcomeUnknown(f"more than {MAX_PAGES} pages", tr_id=tr_id)

    async def _all_pages(self, tr_id: str, name: str, lane: str, params: Mapping[str, str], rows: str) -> list[Answer]:
        pages, failure = await self._pages(tr_id, name, lane, params)
        if failure is not None:
            raise failure
        if not all(page.has_rows(rows) for page in pages):
            raise OutcomeUnknown(f"a page without readable {rows}", tr_id=tr_id)
        return pages

    @property
    def _owner(self) -> dict[str, str]:
        return {"CANO": self._account[:8], "ACNT_PRDT_CD": self._account[8:]}

    def _tr_id(self, tr_id: str) -> str:
        return f"V{tr_id[1:]}" if self._mock else tr_id


def three_months_before(day: date) -> date:
    """How far back TTTC0081R reaches; what is older is CTSC9215R's."""
    year, month = divmod(day.year * 12 + day.month - 4, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def _only_row(tr_id: str, answer: Answer, name: str) -> dict[str, Any]:
    rows = answer.rows(name)
    if len(rows) != 1:
        raise OutcomeUnknown(f"{len(rows)} rows of {name} instead of one", tr_id=tr_id)
    return rows[0]


@contextmanager
def _named(tr_id: str) -> Iterator[None]:
    """A field that cannot be read makes the outcome of the call unknown: it is never a zero."""
    try:
        yield
    except FieldError as exc:
        raise OutcomeUnknown(str(exc), tr_id=tr_id) from None


def _says_none(page: Answer) -> bool:
    """Whether the totals agree that there is no order: on the mock host they were seen beside an empty list."""
    totals = page.rows("output2")
    try:
        return bool(totals) and not any(
            whole_or_none(row, name, _MAX_TOTAL) != 0 for row in totals for name in ("tot_ord_qty", "tot_ccld_qty")
        )
    except FieldError:
        return False

"""A broker's balance inquiry, page by page, for a client without a network."""

from collections.abc import Awaitable, Callable
from typing import Any

import httpx

from stockdesk.kis.account import AccountClient
from stockdesk.kis.messages import IssuedToken

NUMBER = "50123456-01"
APP_KEY, APP_SECRET = "PS" + "k" * 34, "s" * 180
PAGE = 2

TOTALS = {
    "dnca_tot_amt": "1000000", "nxdy_excc_amt": "1000000", "prvs_rcdl_excc_amt": "1000000", "cma_evlu_amt": "0",
    "bfdy_buy_amt": "0", "thdt_buy_amt": "0", "bfdy_sll_amt": "0", "thdt_sll_amt": "0", "thdt_tlex_amt": "0",
    "tot_loan_amt": "0", "bfdy_tot_asst_evlu_amt": "1000000", "asst_icdc_amt": "0", "fncg_gld_auto_rdpt_yn": "",
}  # fmt: skip

#: Makes of the page as it should be what is sent instead.
Answer = Callable[[httpx.Response], httpx.Response]


class FreeBudget:
    async def reserve(self, lane: str) -> None:
        assert lane in ("assets", "spare")

    async def slow_down(self) -> None:
        pass


class OneToken:
    async def get(self, issue: Callable[[], Awaitable[IssuedToken]]) -> str:
        return "token"

    async def reject(self, token: str) -> None:
        pass


class Broker:
    """Shares by symbol, shown in pages of two. ``instead`` replaces the answer of a page, by its number."""

    def __init__(self, **shares: int) -> None:
        self.shares = shares
        self.instead: dict[int, Answer] = {}
        self.calls = 0
        self.under_way = self.most_under_way = 0

    async def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/chk-holiday"):  # whether it is asked for depends on the time of day
            return said("APBK0656", "no calendar here")(httpx.Response(200))
        self.calls += 1
        self.under_way += 1
        self.most_under_way = max(self.most_under_way, self.under_way)
        try:
            at = int(request.url.params["CTX_AREA_NK100"].strip() or 0)
            return self.instead.get(at + 1, _as_it_is)(self.page(at))
        finally:
            self.under_way -= 1

    def page(self, at: int) -> httpx.Response:
        rows = [holding(symbol, quantity) for symbol, quantity in self.shares.items()]
        shown, left = rows[at * PAGE : (at + 1) * PAGE], rows[(at + 1) * PAGE :]
        worth, cost = (str(sum(int(row[name]) for row in rows)) for name in ("evlu_amt", "pchs_amt"))
        totals = TOTALS | {
            "scts_evlu_amt": worth, "evlu_amt_smtl_amt": worth, "pchs_amt_smtl_amt": cost,
            "evlu_pfls_smtl_amt": str(int(worth) - int(cost)), "tot_evlu_amt": str(int(worth) + 1_000_000),
            "nass_amt": str(int(worth) + 1_000_000),
        }  # fmt: skip
        body = {
            "rt_cd": "0",
            "msg_cd": "KIOK0500" if left else "KIOK0510",
            "msg1": "조회".ljust(80),
            "ctx_area_fk100": "50123456!^01!^".ljust(100),
            "ctx_area_nk100": (str(at + 1) if left else "").ljust(100),
            "output1": shown,
            "output2": [totals],
        }
        return httpx.Response(200, json=body, headers={"tr_cont": "M" if left else "D"})

    def client(self) -> AccountClient:
        return AccountClient(
            "http://broker",
            APP_KEY,
            APP_SECRET,
            account=NUMBER,
            tokens=OneToken(),
            budget=FreeBudget(),
            transport=httpx.MockTransport(self),
            deadline=2.0,
            sleep=_at_once,
        )


async def _at_once(seconds: float) -> None:
    pass


def holding(symbol: str, quantity: int) -> dict[str, Any]:
    return {
        "pdno": symbol, "prdt_name": f"name of {symbol}", "trad_dvsn_name": "현금", "bfdy_buy_qty": "0",
        "bfdy_sll_qty": "0", "thdt_buyqty": "0", "thdt_sll_qty": "0", "hldg_qty": str(quantity),
        "ord_psbl_qty": str(quantity), "pchs_avg_pric": "69500.0000", "pchs_amt": str(69_500 * quantity),
        "prpr": "71000", "evlu_amt": str(71_000 * quantity), "evlu_pfls_amt": str(1_500 * quantity),
        "evlu_pfls_rt": "2.16", "evlu_erng_rt": "0.00000000", "loan_dt": "", "loan_amt": "0",
        "stln_slng_chgs": "0", "expd_dt": "", "fltt_rt": "1.42857143", "bfdy_cprs_icdc": "1000",
    }  # fmt: skip


def _as_it_is(page: httpx.Response) -> httpx.Response:
    return page


def said(code: str, text: str, status: int = 500) -> Answer:
    return lambda page: httpx.Response(status, json={"rt_cd": "1", "msg_cd": code, "msg1": text})


def html(page: httpx.Response) -> httpx.Response:
    return httpx.Response(200, text="<html><body>점검 중입니다</body></html>")


def nothing(page: httpx.Response) -> httpx.Response:
    return httpx.Response(200, text="")


def silence(page: httpx.Response) -> httpx.Response:
    raise httpx.ReadTimeout("no answer")


def cut(page: httpx.Response) -> httpx.Response:
    raise httpx.RemoteProtocolError("peer closed connection")


def unreachable(page: httpx.Response) -> httpx.Response:
    raise httpx.ConnectError("refused")


def last(page: httpx.Response, **changes: Any) -> httpx.Response:
    """The page with these changes, and no other after it."""
    body = {**page.json(), "msg_cd": "KIOK0510", **changes}
    return httpx.Response(200, json=body, headers={"tr_cont": "D"})


def empty_list(page: httpx.Response) -> httpx.Response:
    """No rows, though the totals know of securities."""
    return last(page, output1=[])


def without_totals(page: httpx.Response) -> httpx.Response:
    return last(page, output2=[])


def blank_quantity(page: httpx.Response) -> httpx.Response:
    return last(page, output1=[holding("005930", 1) | {"hldg_qty": ""}])


def quoting_the_account(page: httpx.Response) -> httpx.Response:
    text = f"계좌 50123456 01 ({NUMBER}) 조회 불가 CANO=50123456"
    return httpx.Response(500, json={"rt_cd": "1", "msg_cd": "APBK1234", "msg1": text})


#: What a page can be instead of what it should: each of them must leave the stored rows alone.
FAILURES: dict[str, Answer] = {
    "EGW00201": said("EGW00201", "초당 거래건수를 초과하였습니다."),
    "EGW00215": said("EGW00215", "원장 거래건수를 초과하였습니다."),
    "token dead": said("EGW00123", "기간이 만료된 token 입니다."),
    "refused": said("APBK0656", "계좌 없음", status=200),
    "HTML": html,
    "empty body": nothing,
    "timeout": silence,
    "cut": cut,
    "unreachable": unreachable,
    "empty list": empty_list,
    "no totals": without_totals,
    "blank quantity": blank_quantity,
    "quotes the account": quoting_the_account,
}

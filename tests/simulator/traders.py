"""A client with an account, written by hand like the others: it orders, cancels, lists and turns pages."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx

from stockdesk.simulator.testing import RunningSimulator
from tests.simulator.clients import Caller

TRADING = "/uapi/domestic-stock/v1/trading"
LIST = {"SLL_BUY_DVSN_CD": "00", "CCLD_DVSN": "00", "INQR_DVSN": "00", "INQR_DVSN_3": "00", "EXCG_ID_DVSN_CD": "ALL"}


class Trader(Caller):
    """One app key with an account number; ``mock`` sends the V form of every id."""

    account = ("50001234", "01")
    mock = False

    def _id(self, tr_id: str) -> str:
        return f"V{tr_id[1:]}" if self.mock else tr_id

    def _mine(self) -> dict[str, str]:
        return {"CANO": self.account[0], "ACNT_PRDT_CD": self.account[1]}

    async def order(
        self, symbol: str, side: str, quantity: Any, price: Any = None, division: str | None = None, **more: str
    ) -> httpx.Response:
        """order-cash; a market order without a price."""
        tr_id = more.pop("tr_id", "TTTC0012U" if side == "buy" else "TTTC0011U")
        body = {
            **self._mine(),
            "PDNO": symbol,
            "ORD_DVSN": division or ("01" if price is None else "00"),
            "ORD_QTY": str(quantity),
            "ORD_UNPR": str(price or 0),
            "EXCG_ID_DVSN_CD": "KRX",
            **more,
        }
        return await self.http.post(f"{TRADING}/order-cash", json=body, headers=self.headers(self._id(tr_id)))

    async def change(
        self, number: Any, doing: str, quantity: Any = None, price: Any = 0, **more: str
    ) -> httpx.Response:
        """order-rvsecncl: ``doing`` 01 amends, 02 cancels; all that is left without a quantity."""
        tr_id = more.pop("tr_id", "TTTC0013U")
        body = {
            **self._mine(),
            "KRX_FWDG_ORD_ORGNO": "00950" if self.mock else "91252",
            "ORGN_ODNO": str(number),
            "ORD_DVSN": "00",
            "RVSE_CNCL_DVSN_CD": doing,
            "ORD_QTY": str(quantity or 0),
            "ORD_UNPR": str(price),
            "QTY_ALL_ORD_YN": "Y" if quantity is None else "N",
            "EXCG_ID_DVSN_CD": "KRX",
            **more,
        }
        return await self.http.post(f"{TRADING}/order-rvsecncl", json=body, headers=self.headers(self._id(tr_id)))

    async def cancel(self, number: Any, quantity: Any = None, **more: str) -> httpx.Response:
        return await self.change(number, "02", quantity, **more)

    async def amend(self, number: Any, price: Any, quantity: Any = None, **more: str) -> httpx.Response:
        return await self.change(number, "01", quantity, price, **more)

    async def ask(self, path: str, tr_id: str, cont: str = "", **query: str) -> httpx.Response:
        headers = {**self.headers(self._id(tr_id)), "tr_cont": cont}
        return await self.http.get(f"{TRADING}/{path}", params={**self._mine(), **query}, headers=headers)

    async def pages(self, path: str, tr_id: str, **query: str) -> list[httpx.Response]:
        """Every page of a list, as a client turns them."""
        answers: list[httpx.Response] = []
        keys, cont = ("", ""), ""
        while len(answers) < 50:
            query = {**query, "CTX_AREA_FK100": keys[0], "CTX_AREA_NK100": keys[1]}
            answers.append(await self.ask(path, tr_id, cont, **query))
            if answers[-1].headers["tr_cont"] not in ("F", "M"):
                break
            body, cont = answers[-1].json(), "N"
            keys = (body["ctx_area_fk100"], body["ctx_area_nk100"])
        return answers

    async def daily_pages(self, tr_id: str = "TTTC0081R", day: str = "20261120", **query: str) -> list[httpx.Response]:
        return await self.pages(
            "inquire-daily-ccld", tr_id, **{"INQR_STRT_DT": day, "INQR_END_DT": day, **LIST, **query}
        )

    async def orders(self, **query: str) -> list[dict[str, str]]:
        """inquire-daily-ccld of the test clock's day, all pages, the last order first."""
        return [row for page in await self.daily_pages(**query) for row in page.json()["output1"]]

    async def order_row(self, number: Any) -> dict[str, str]:
        rows = [row for row in await self.orders() if int(row["odno"]) == int(number)]
        assert len(rows) == 1
        return rows[0]

    async def balance_pages(self, **query: str) -> list[httpx.Response]:
        return await self.pages("inquire-balance", "TTTC8434R", **{"INQR_DVSN": "02", "PRCS_DVSN": "00", **query})

    async def balance(self) -> tuple[dict[str, dict[str, str]], dict[str, str]]:
        """Rows of holdings by symbol, and the totals."""
        pages = [page.json() for page in await self.balance_pages()]
        return {row["pdno"]: row for page in pages for row in page["output1"]}, pages[-1]["output2"][0]

    async def ask_realised(self, with_costs: str) -> httpx.Response:
        return await self.ask("inquire-balance-rlz-pl", "TTTC8494R", COST_ICLD_YN=with_costs)

    async def realised(self, with_costs: str) -> dict[str, str]:
        """The totals of what today's sales earned."""
        return (await self.ask_realised(with_costs)).json()["output2"][0]

    async def orderable(self, symbol: str = "", price: str = "", division: str = "00") -> dict[str, str]:
        answer = await self.ask("inquire-psbl-order", "TTTC8908R", PDNO=symbol, ORD_UNPR=price, ORD_DVSN=division)
        return answer.json()["output"]


def number_of(answer: httpx.Response) -> int:
    """The order number of an answer that says yes."""
    body = answer.json()
    assert body["rt_cd"] == "0", body
    return int(body["output"]["ODNO"])


def said(answer: httpx.Response) -> tuple[int, str, str]:
    """Status, rt_cd and msg_cd."""
    body = answer.json()
    return answer.status_code, body["rt_cd"], body["msg_cd"]


@asynccontextmanager
async def trading(simulator: RunningSimulator, mock: bool = False) -> AsyncIterator[Trader]:
    """A trader with a token."""
    async with Trader(simulator) as trader:
        trader.mock = mock
        await trader.ask_token()
        yield trader

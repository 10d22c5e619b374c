"""Orders over REST: each is sent exactly once, whatever becomes of it."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import httpx

from stockdesk.kis.account import TRADING, AccountClient
from stockdesk.kis.errors import KisError, NotOnMock, NotSent, OutcomeUnknown, RateLimited, TokenRejected
from stockdesk.kis.frames import checked_symbol
from stockdesk.kis.messages import OrderAck, OrderRequest, PriceRow, order_key
from stockdesk.kis.refusals import judge_order

logger = logging.getLogger(__name__)

APART = 1.0  # seconds from the end of one order call to the next
CONNECT_SECONDS = 0.4  # each for TCP and TLS: with the last checks, an order leaves within a second of them
INSPECTION_SECONDS = 3.0

_PLACE = {"buy": "TTTC0012U", "sell": "TTTC0011U"}

Confirm = Callable[[], Awaitable[object]]


class OrderClient(AccountClient):
    """An `AccountClient` that may order.

    Every order leaves on a connection of its own. On one that was kept, the broker may have hung up just before we
    write, and then nobody knows whether it read the order; a new one that fails has carried nothing: `NotSent`.
    """

    def __init__(
        self,
        base_url: str,
        app_key: str,
        app_secret: str,
        *,
        account: str,
        transport: httpx.AsyncBaseTransport | None = None,
        deadline: float = 10.0,
        **options: Any,
    ) -> None:
        super().__init__(
            base_url, app_key, app_secret, account=account, transport=transport, deadline=deadline, **options
        )
        self._one_at_a_time = asyncio.Lock()
        self._ended = -APART
        single_use = httpx.Limits(max_keepalive_connections=0)
        self._orders_http = httpx.AsyncClient(
            base_url=base_url,
            transport=transport or httpx.AsyncHTTPTransport(trust_env=False, retries=0, limits=single_use),
            trust_env=False,
            follow_redirects=False,
            timeout=httpx.Timeout(deadline, connect=min(CONNECT_SECONDS, deadline)),
        )

    async def aclose(self) -> None:
        await self._orders_http.aclose()
        await super().aclose()

    async def place(self, order: OrderRequest, *, confirm: Confirm | None = None) -> OrderAck:
        """Send one order, once (TTTC0012U buy, TTTC0011U sell).

        ``confirm`` is awaited when the call has its slot, right before it leaves: what it raises comes out as it is,
        and nothing was sent. Otherwise KisError, by what is true: NotSent; Refused, with RateLimited and
        TokenRejected, whose token is given up by then; OutcomeUnknown, after which only `orders_of` can tell. What
        cannot be asked for at all leaves neither: ValueError, and NotOnMock for an exchange that mock trading lacks.
        """
        checked_symbol(order.symbol)
        self._check_exchange(order.exchange)
        body = {
            "PDNO": order.symbol,
            "ORD_DVSN": order.wire_division,
            "ORD_QTY": str(order.quantity),
            "ORD_UNPR": str(order.price or 0),
            "EXCG_ID_DVSN_CD": order.exchange,
        }
        return await self._send_once(_PLACE[order.side], "order-cash", body, confirm)

    async def cancel(
        self,
        order_no: str,
        branch_no: str,
        *,
        quantity: int = 0,
        division: str = "00",
        exchange: str = "KRX",
        confirm: Confirm | None = None,
    ) -> OrderAck:
        """Ask to cancel what is left of an order, or ``quantity`` of it (TTTC0013U); errors as `place`.

        The acknowledgement carries the number of the cancel itself. Whether it worked, `orders_of` tells.
        """
        if not (order_no.isascii() and order_no.isdigit() and order_key(order_no)) or quantity < 0:
            raise ValueError("not an order number, or a quantity below zero")
        self._check_exchange(exchange)
        body = {
            "KRX_FWDG_ORD_ORGNO": branch_no,
            "ORGN_ODNO": order_no,
            "ORD_DVSN": division,
            "RVSE_CNCL_DVSN_CD": "02",
            "ORD_QTY": str(quantity),
            "ORD_UNPR": "0",
            "QTY_ALL_ORD_YN": "N" if quantity else "Y",
            "EXCG_ID_DVSN_CD": exchange,
        }
        return await self._send_once("TTTC0013U", "order-rvsecncl", body, confirm)

    async def inspect(self, symbol: str) -> PriceRow:
        """What the broker says of an issue right before an order for it (FHKST01010100): halt, auction, limits.

        Within a few seconds or OutcomeUnknown: an order does not wait long for it. Other errors as `inquire_price`.
        """
        try:
            async with asyncio.timeout(INSPECTION_SECONDS):
                return await self.inquire_price(symbol, lane="spare")
        except TimeoutError:
            raise OutcomeUnknown(f"no answer within {INSPECTION_SECONDS:g} s", tr_id="FHKST01010100") from None

    async def _send_once(self, tr_id: str, name: str, body: Mapping[str, str], confirm: Confirm | None) -> OrderAck:
        tr_id = self._tr_id(tr_id)
        async with self._one_at_a_time:
            token = await self._cleared(tr_id)
            if confirm is not None:
                await confirm()
            try:
                posted = self._post(tr_id, f"{TRADING}/{name}", {**self._owner, **body}, token)
                return await self._told("order", posted)
            finally:
                self._ended = asyncio.get_running_loop().time()

    async def _cleared(self, tr_id: str) -> str:
        """Token, pause and slot; whatever keeps us from them, nothing has been sent."""
        try:
            token = await self._tokens.get(self.issue_token)
            # Slots are apart, but the last order may have left late: counted from its end it is never too close.
            if (pause := self._ended + APART - asyncio.get_running_loop().time()) > 0:
                await self._sleep(pause)
            await self._budget.reserve("order")
        except NotSent:
            raise
        except Exception as exc:
            # A token call with an unknown outcome is not an order with one.
            said = str(exc) if isinstance(exc, KisError) else type(exc).__name__
            raise NotSent(f"no token or no slot: {said}", tr_id=tr_id) from exc
        return token

    async def _post(self, tr_id: str, path: str, body: Mapping[str, str], token: str) -> OrderAck:
        try:
            status, _, content = await self._exchange(
                tr_id, "POST", path, self._headers(tr_id, token), None, body, http=self._orders_http
            )
            return judge_order(tr_id, status, content, now=self._now(), clean=lambda text: self._clean(text, token))
        except TokenRejected:
            await _quietly(self._tokens.reject(token))
            raise
        except RateLimited:
            await _quietly(self._budget.slow_down())
            raise
        except KisError:
            raise
        except Exception as exc:
            # Whatever it is, the order may have left. Its text and its traceback may quote a header.
            logger.error("%s: %s, which nobody foresaw", tr_id, type(exc).__name__)
            raise OutcomeUnknown(type(exc).__name__, tr_id=tr_id) from None

    def _check_exchange(self, exchange: str) -> None:
        if self._mock and exchange != "KRX":
            raise NotOnMock("mock trading knows KRX only")


async def _quietly(effect: Awaitable[object]) -> None:
    """A side effect of an answer that must not replace it."""
    try:
        await effect
    except Exception as exc:
        logger.warning("after the answer to an order: %s", type(exc).__name__)

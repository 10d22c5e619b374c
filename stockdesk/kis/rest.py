"""The broker over REST: one method per TR, each call through its lane."""

import asyncio
import logging
import random
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Protocol, TypeVar

import httpx

from stockdesk.kis.answers import Answer, judge
from stockdesk.kis.days import CalendarDay, days_from
from stockdesk.kis.errors import KisError, NotOnMock, NotSent, OutcomeUnknown, RateLimited, TokenRejected
from stockdesk.kis.frames import checked_symbol
from stockdesk.kis.messages import KST, IssuedToken, PriceRow
from stockdesk.kis.prices import row_from_inquiry, row_from_list
from stockdesk.kis.values import FieldError

logger = logging.getLogger(__name__)

SYMBOLS_A_CALL = 30  # FHKST11300006
MAX_ANSWER_BYTES = 8 << 20
CONNECT_SECONDS = 3.0

# Seconds before each repeat of a read; when they are used up, the error stands.
AFTER_FAILURE = (0.2, 1.0)
AFTER_RATE_LIMIT = (0.2, 1.0, 5.0)
AFTER_TOKEN = (0.0,)

_QUOTATIONS = "/uapi/domestic-stock/v1/quotations"
_is_header_value = re.compile(r"[!-~]+").fullmatch
_T = TypeVar("_T")


class Tokens(Protocol):
    """Where the access token lives; it issues one where it has none, once a minute at most."""

    async def get(self, issue: Callable[[], Awaitable[IssuedToken]]) -> str: ...

    async def reject(self, token: str) -> object: ...


class Budget(Protocol):
    """The calls a second of an app key, shared by all processes."""

    async def reserve(self, lane: str) -> object: ...

    async def slow_down(self) -> object: ...


class KisClient:
    """One app key's REST calls. ``account`` is 8+2 digits; ``deadline`` is for one whole exchange, in seconds.

    ``mock`` says that the address is the mock trading host, which lacks some calls: they raise NotOnMock.
    A read, and the question for an approval key, is repeated a bounded number of times, each time through its lane; a
    token is asked for once.
    ``failed`` is told the lane and the error of every call that came to nothing.
    """

    def __init__(
        self,
        base_url: str,
        app_key: str,
        app_secret: str,
        *,
        account: str | None = None,
        mock: bool = False,
        tokens: Tokens,
        budget: Budget,
        failed: Callable[[str, KisError], object] = lambda lane, error: None,
        transport: httpx.AsyncBaseTransport | None = None,
        deadline: float = 10.0,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        jitter: Callable[[], float] = random.random,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        if not (_is_header_value(app_key) and _is_header_value(app_secret)):
            raise ValueError("app key and secret must be printable ASCII without blanks")
        if not base_url.startswith(("https://", "http://")):
            raise ValueError("the broker's address must begin with https:// or http://")
        self.clock_skew: float | None = None
        """How far the broker's clock is ahead of ours, in seconds, give or take one; None until it has answered."""
        self._base_url = base_url
        self._app_key = app_key
        self._app_secret = app_secret
        self._account = (account or "").replace("-", "")
        self._mock = mock
        self._tokens = tokens
        self._budget = budget
        self._failed = failed
        self._deadline = deadline
        self._sleep = sleep
        self._jitter = jitter
        self._now = now
        self._http = httpx.AsyncClient(
            base_url=base_url,
            transport=transport,
            trust_env=False,
            follow_redirects=False,
            timeout=httpx.Timeout(deadline, connect=min(CONNECT_SECONDS, deadline)),
            headers={"content-type": "application/json; charset=utf-8"},
        )

    def __repr__(self) -> str:
        return f"KisClient({self._base_url})"

    async def aclose(self) -> None:
        await self._http.aclose()

    async def issue_token(self) -> IssuedToken:
        """A new access token (tokenP). Never repeated, for KIS gives one a minute; the store sees to that.

        It takes a slot like any other call: KIS counts it among those of the second.
        """
        await self._budget.reserve("spare")
        answer = await self._told("spare", self._grant("tokenP", "appsecret"))
        value, ends = answer.fields.get("access_token"), answer.fields.get("access_token_token_expired")
        if not (isinstance(value, str) and _is_header_value(value)):
            raise OutcomeUnknown("an answer without a token", tr_id="tokenP")
        try:
            # Not expires_in: KIS may count that from an earlier issue of the same token.
            expires_at = datetime.strptime(str(ends), "%Y-%m-%d %H:%M:%S").replace(tzinfo=KST)
        except ValueError:
            raise OutcomeUnknown("a token without its end", tr_id="tokenP") from None
        return IssuedToken(value, expires_at)

    async def approval_key(self, *, lane: str = "spare") -> str:
        """A fresh key for one WebSocket connection (Approval)."""

        async def once(_token: str) -> str:
            key = (await self._grant("Approval", "secretkey")).fields.get("approval_key")
            if not (isinstance(key, str) and _is_header_value(key)):
                raise OutcomeUnknown("an answer without an approval key", tr_id="Approval")
            return key

        return await self._through_lane(lane, once, authorized=False, repeat=True)

    async def multi_price(self, symbols: Sequence[str], *, market: str = "J", lane: str = "market") -> list[PriceRow]:
        """Prices of 1 to 30 symbols in one call (FHKST11300006; not on the mock host), in the order asked.

        A symbol that KIS leaves out, and a row that makes no sense, are left out here too.
        """
        self._real_only("FHKST11300006")
        if not 1 <= len(symbols) <= SYMBOLS_A_CALL:
            raise ValueError(f"{len(symbols)} symbols, a call takes 1 to {SYMBOLS_A_CALL}")
        params = {}
        for slot, symbol in enumerate(symbols, start=1):
            params[f"FID_COND_MRKT_DIV_CODE_{slot}"] = market
            params[f"FID_INPUT_ISCD_{slot}"] = checked_symbol(symbol)
        answer = await self._call("FHKST11300006", f"{_QUOTATIONS}/intstock-multprice", lane, params=params)
        if "output" not in answer.fields:
            raise OutcomeUnknown("an answer without output", tr_id="FHKST11300006")
        found = {}
        for fields in answer.rows("output"):
            symbol = str(fields.get("inter_shrn_iscd", "")).strip()
            if symbol not in symbols:
                continue
            try:
                found[symbol] = row_from_list(symbol, fields)
            except ValueError as exc:
                logger.warning("FHKST11300006: %s left out, %s", symbol, exc)
        return [found[symbol] for symbol in dict.fromkeys(symbols) if symbol in found]

    async def inquire_price(self, symbol: str, *, market: str = "J", lane: str = "market") -> PriceRow:
        """Price of one symbol (FHKST01010100). An unknown symbol has no price: KIS answers with zeros."""
        params = {"FID_COND_MRKT_DIV_CODE": market, "FID_INPUT_ISCD": checked_symbol(symbol)}
        answer = await self._call("FHKST01010100", f"{_QUOTATIONS}/inquire-price", lane, params=params)
        rows = answer.rows("output")
        if not rows or str(rows[0].get("stck_shrn_iscd") or symbol).strip() != symbol:
            raise OutcomeUnknown("an answer without this symbol", tr_id="FHKST01010100")
        try:
            return row_from_inquiry(symbol, rows[0])
        except ValueError as exc:
            raise OutcomeUnknown(str(exc), tr_id="FHKST01010100") from None

    async def trading_days(self, since: date, *, lane: str = "spare") -> list[CalendarDay]:
        """KIS's calendar from ``since`` on, about 24 days (CTCA0903R; not on the mock host).

        Sent once and never repeated by itself: KIS asks for one call a day.
        """
        tr_id = "CTCA0903R"
        self._real_only(tr_id)
        params = {"BASS_DT": f"{since:%Y%m%d}", "CTX_AREA_NK": "", "CTX_AREA_FK": ""}
        answer = await self._call(tr_id, f"{_QUOTATIONS}/chk-holiday", lane, params=params, repeat=False)
        if not answer.has_rows("output"):
            raise OutcomeUnknown("an answer without readable output", tr_id=tr_id)
        try:
            return days_from(answer.rows("output"), since)
        except FieldError as exc:
            raise OutcomeUnknown(str(exc), tr_id=tr_id) from None

    async def _call(
        self,
        tr_id: str,
        path: str,
        lane: str,
        *,
        params: Mapping[str, str],
        next_page: bool = False,
        repeat: bool = True,
    ) -> Answer:
        """One TR that reads (GET) through its lane; repeated within bounds unless ``repeat`` is False."""

        async def once(token: str) -> Answer:
            headers = self._headers(tr_id, token, next_page=next_page)
            status, tr_cont, content = await self._exchange(tr_id, "GET", path, headers, params, None)
            return judge(tr_id, status, content, tr_cont=tr_cont, clean=lambda text: self._clean(text, token))

        return await self._through_lane(lane, once, authorized=True, repeat=repeat)

    def _headers(self, tr_id: str, token: str, *, next_page: bool = False) -> dict[str, str]:
        return {
            "authorization": f"Bearer {token}",
            "appkey": self._app_key,
            "appsecret": self._app_secret,
            "tr_id": tr_id,
            "tr_cont": "N" if next_page else "",
            "custtype": "P",
        }

    def _real_only(self, tr_id: str) -> None:
        if self._mock:
            raise NotOnMock("not available in mock trading", tr_id=tr_id)

    async def _grant(self, name: str, secret_name: str) -> Answer:
        """One of the two calls that carry the secret in their body, under different names."""
        body = {"grant_type": "client_credentials", "appkey": self._app_key, secret_name: self._app_secret}
        status, _, content = await self._exchange(name, "POST", f"/oauth2/{name}", {}, None, body)
        return judge(name, status, content, envelope=False, clean=self._clean)

    async def _through_lane(
        self, lane: str, once: Callable[[str], Awaitable[_T]], *, authorized: bool, repeat: bool
    ) -> _T:
        """Token, slot, call; and again after an error that time may heal, as long as the patience lasts."""
        patience = {TokenRejected: [*AFTER_TOKEN], RateLimited: [*AFTER_RATE_LIMIT], KisError: [*AFTER_FAILURE]}
        while True:
            token = await self._tokens.get(self.issue_token) if authorized else ""
            await self._budget.reserve(lane)
            try:
                return await self._told(lane, once(token))
            except (TokenRejected, RateLimited) as exc:
                if isinstance(exc, TokenRejected):
                    await self._tokens.reject(token)
                else:
                    await self._budget.slow_down()
                pauses = patience[type(exc)]
                if not (repeat and pauses):
                    raise
            except (NotSent, OutcomeUnknown):
                pauses = patience[KisError]
                if not (repeat and pauses):
                    raise
            await self._sleep(pauses.pop(0) * (1 + self._jitter()))

    async def _told(self, lane: str, call: Awaitable[_T]) -> _T:
        """What the call gives, or its error, which is counted on its way."""
        try:
            return await call
        except KisError as exc:
            self._failed(lane, exc)
            raise

    async def _exchange(
        self,
        tr_id: str,
        method: str,
        path: str,
        headers: Mapping[str, str],
        params: Mapping[str, str] | None,
        body: Mapping[str, str] | None,
        *,
        http: httpx.AsyncClient | None = None,
    ) -> tuple[int, str, bytes]:
        """Status, ``tr_cont`` and body of one answer, or NotSent, or OutcomeUnknown."""
        http = http or self._http
        request = http.build_request(
            method,
            path,
            params=params,
            json=body,
            headers={**headers, "content-type": "application/json; charset=utf-8"},
        )
        sent_at = self._now()
        try:
            # httpx's limits are for each step of a call; this one is for all of it.
            async with asyncio.timeout(self._deadline):
                response = await http.send(request, stream=True)
                try:
                    self._note_clock(response.headers.get("date", ""), sent_at)
                    content = await _body(response)
                finally:
                    await response.aclose()
        except TimeoutError:
            raise OutcomeUnknown(f"no answer within {self._deadline:g} s", tr_id=tr_id) from None
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as exc:
            raise NotSent(f"{type(exc).__name__} {exc}".strip(), tr_id=tr_id) from exc
        except AttributeError as exc:
            # A connection reset while it opens: anyio asks it for its peer when uvloop has no socket left to ask.
            raise OutcomeUnknown("the connection was reset while it opened", tr_id=tr_id) from exc
        except httpx.HTTPError as exc:
            # Its text stays out: a header that breaks the protocol is quoted in it.
            raise OutcomeUnknown(type(exc).__name__, tr_id=tr_id) from None
        if content is None:
            raise OutcomeUnknown(f"an answer of more than {MAX_ANSWER_BYTES} bytes", tr_id=tr_id)
        return response.status_code, response.headers.get("tr_cont", ""), content

    def _note_clock(self, date: str, sent_at: datetime) -> None:
        try:
            told = parsedate_to_datetime(date)
        except (ValueError, TypeError, OverflowError):
            return
        if told.tzinfo is None:
            told = told.replace(tzinfo=UTC)
        # The header has whole seconds: on average the moment was half a second later.
        between = sent_at + (self._now() - sent_at) / 2
        self.clock_skew = (told + timedelta(seconds=0.5) - between).total_seconds()

    def _clean(self, text: str, token: str = "") -> str:
        """The broker's words without ours: it quotes what it refuses."""
        for secret in (self._app_key, self._app_secret, token, self._account, self._account[:8]):
            if secret:
                text = text.replace(secret, "...")
        return text[:300]


async def _body(response: httpx.Response) -> bytes | None:
    """The whole body, or None where it is too large to be an answer of the broker."""
    chunks, size = [], 0
    async for chunk in response.aiter_bytes():
        size += len(chunk)
        if size > MAX_ANSWER_BYTES:
            return None
        chunks.append(chunk)
    return b"".join(chunks)

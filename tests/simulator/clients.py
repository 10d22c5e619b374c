"""The least that a KIS client does, written by hand so that the desk's own client is not its own witness."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Any, Self

import httpx
from websockets.asyncio.client import ClientConnection, connect

from stockdesk.simulator.testing import RunningSimulator, new_key

QUOTATIONS = "/uapi/domestic-stock/v1/quotations"


class Caller:
    """One app key at the REST side."""

    def __init__(self, simulator: RunningSimulator, key: tuple[str, str] | None = None) -> None:
        self.key, self.secret = key or new_key()
        self.http = httpx.AsyncClient(base_url=simulator.rest_url, trust_env=False, timeout=10)
        self.token = ""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.http.aclose()

    async def ask_token(self) -> httpx.Response:
        body = {"grant_type": "client_credentials", "appkey": self.key, "appsecret": self.secret}
        answer = await self.http.post("/oauth2/tokenP", json=body)
        self.token = answer.json().get("access_token", self.token) if answer.content else self.token
        return answer

    async def approval_key(self) -> str:
        body = {"grant_type": "client_credentials", "appkey": self.key, "secretkey": self.secret}
        answer = await self.http.post("/oauth2/Approval", json=body)
        return answer.json()["approval_key"]

    def headers(self, tr_id: str) -> dict[str, str]:
        return {
            "authorization": f"Bearer {self.token}".strip(),
            "appkey": self.key,
            "appsecret": self.secret,
            "tr_id": tr_id,
            "custtype": "P",
        }

    async def price(self, symbol: str) -> httpx.Response:
        params = {"FID_COND_MRKT_DIV_CODE": "J", "FID_INPUT_ISCD": symbol}
        headers = self.headers("FHKST01010100")
        return await self.http.get(f"{QUOTATIONS}/inquire-price", params=params, headers=headers)

    async def multi_price(self, symbols: list[str]) -> httpx.Response:
        params = {}
        for place, symbol in enumerate(symbols, 1):
            params[f"FID_COND_MRKT_DIV_CODE_{place}"] = "J"
            params[f"FID_INPUT_ISCD_{place}"] = symbol
        headers = self.headers("FHKST11300006")
        return await self.http.get(f"{QUOTATIONS}/intstock-multprice", params=params, headers=headers)


class Watcher:
    """One session at the socket side."""

    def __init__(self, socket: ClientConnection, approval_key: str) -> None:
        self.socket = socket
        self.approval_key = approval_key

    def wish(self, tr_key: str, tr_id: str = "H0STCNT0", tr_type: str = "1") -> str:
        header = {"approval_key": self.approval_key, "custtype": "P", "tr_type": tr_type, "content-type": "utf-8"}
        return json.dumps({"header": header, "body": {"input": {"tr_id": tr_id, "tr_key": tr_key}}})

    async def register(self, tr_key: str, tr_id: str = "H0STCNT0") -> dict[str, Any]:
        """Register and wait for the answer."""
        await self.socket.send(self.wish(tr_key, tr_id))
        return await self.reply()

    async def unregister(self, tr_key: str, tr_id: str = "H0STCNT0") -> dict[str, Any]:
        await self.socket.send(self.wish(tr_key, tr_id, tr_type="2"))
        return await self.reply()

    async def reply(self) -> dict[str, Any]:
        """The next control reply."""
        return json.loads(await self.next(lambda text: text.startswith("{") and "PINGPONG" not in text))

    async def pingpong(self) -> str:
        return await self.next(lambda text: "PINGPONG" in text)

    async def frame(self) -> list[str]:
        """The four parts of the next data frame: encrypted, TR id, count, body."""
        return (await self.next(lambda text: text[:2] in ("0|", "1|"))).split("|", 3)

    async def next(self, wanted: Any, seconds: float = 10.0) -> str:
        async with asyncio.timeout(seconds):
            while True:
                text = await self.socket.recv()
                assert isinstance(text, str)
                if wanted(text):
                    return text


@asynccontextmanager
async def watching(
    simulator: RunningSimulator, caller: Caller, path: str = "/tryitout", **options: Any
) -> AsyncIterator[Watcher]:
    """A session of this app key with an approval key of its own."""
    approval_key = await caller.approval_key()
    async with connect(simulator.ws_url + path, ping_interval=None, compression=None, **options) as socket:
        yield Watcher(socket, approval_key)

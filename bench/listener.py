"""An independent listener at the stand-in broker: has every row what was sent a moment ago?"""

import time
from collections import deque
from collections.abc import Mapping, Sequence

import httpx

from stockdesk.kis.session import Registration, Session
from stockdesk.simulator.testing import new_key

# A row may lag its tick by this much, in seconds: one beat, and half a beat for the machine.
LAG = 1.5
_SYMBOL, _DAY_VOLUME = 0, 13  # columns of H0STCNT0
_KEPT = 2_000  # ticks of a symbol


class Listener:
    """For each symbol the volumes of the day that were heard lately, with their arrival; a session of its own key."""

    def __init__(self) -> None:
        self._heard: dict[str, deque[tuple[float, int]]] = {}
        self._session: Session | None = None

    async def open(self, rest_url: str, ws_url: str, symbols: Sequence[str]) -> None:
        key, secret = new_key()
        body = {"grant_type": "client_credentials", "appkey": key, "secretkey": secret}
        async with httpx.AsyncClient(base_url=rest_url, trust_env=False) as client:
            answer = await client.post("/oauth2/Approval", json=body)
        self._session = Session(
            1, ws_url, answer.json()["approval_key"], on_ticks=self._take, on_notices=lambda _: None
        )
        self._session.want(Registration("H0STCNT0", symbol) for symbol in symbols)
        await self._session.open()

    async def close(self) -> None:
        if self._session is not None:
            await self._session.abort()

    def _take(self, frame: bytes) -> None:
        now = time.monotonic()
        count, body = frame.split(b"|", 3)[2:]
        fields = body.split(b"^")
        for start in range(0, len(fields), len(fields) // int(count)):
            heard = self._heard.setdefault(fields[start + _SYMBOL].decode(), deque(maxlen=_KEPT))
            heard.append((now, int(fields[start + _DAY_VOLUME])))

    def late(self, volumes: Mapping[str, int | None], read_at: float) -> list[str]:
        """Symbols whose row, read at this time (monotonic), lacks a tick that came longer than ``LAG`` before."""
        found = []
        for symbol, heard in self._heard.items():
            while len(heard) > 1 and heard[1][0] < read_at - LAG:
                heard.popleft()
            at, volume = heard[0]
            if at < read_at - LAG and (volumes.get(symbol) or 0) < volume:
                found.append(symbol)
        return found

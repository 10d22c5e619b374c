"""A session that listens for execution notices, and reads them."""

import base64
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from stockdesk.kis.fields import H0STCNI0
from stockdesk.simulator.testing import RunningSimulator
from tests.simulator.clients import Caller, Watcher, watching


def clear_text(key: str, iv: str, body: str) -> str:
    decryptor = Cipher(algorithms.AES(key.encode()), modes.CBC(iv.encode())).decryptor()
    padded = decryptor.update(base64.b64decode(body)) + decryptor.finalize()
    assert set(padded[-padded[-1] :]) == {padded[-1]}
    return padded[: -padded[-1]].decode()


class Listener:
    """Notices of one HTS id, by KIS's column names."""

    def __init__(self, watcher: Watcher, key: str, iv: str, tr_id: str) -> None:
        self.watcher = watcher
        self.key, self.iv = key, iv
        self.tr_id = tr_id

    async def notice(self) -> dict[str, str]:
        encrypted, tr_id, count, body = await self.watcher.frame()
        assert (encrypted, tr_id, count) == ("1", self.tr_id, "001")
        return dict(zip(H0STCNI0, clear_text(self.key, self.iv, body).split("^"), strict=True))

    async def notices(self, count: int) -> list[dict[str, str]]:
        return [await self.notice() for _ in range(count)]


@asynccontextmanager
async def listening(
    simulator: RunningSimulator, caller: Caller, tr_id: str = "H0STCNI0", hts_id: str = "toyuser1"
) -> AsyncIterator[Listener]:
    async with watching(simulator, caller) as watcher:
        output = (await watcher.register(hts_id, tr_id))["body"]["output"]
        yield Listener(watcher, output["key"], output["iv"], tr_id)

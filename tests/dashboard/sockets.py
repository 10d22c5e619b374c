"""A browser's end of the WebSocket, against the ASGI application itself (channels' own needs daphne)."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

from asgiref.testing import ApplicationCommunicator

from stockdesk.asgi import application

WAIT = 10.0
HOST = (b"host", b"127.0.0.1:8000")
ORIGIN = (b"origin", b"http://127.0.0.1:8000")


class Browser(ApplicationCommunicator):
    def __init__(self, headers: list[tuple[bytes, bytes]], path: str = "/ws/quotes/") -> None:
        path, _, query = path.partition("?")
        scope = {
            "type": "websocket",
            "path": path,
            "query_string": query.encode(),
            "headers": [HOST, *headers],
            "subprotocols": [],
        }
        super().__init__(application, scope)

    async def connect(self) -> bool:
        """True when the handshake was accepted."""
        await self.send_input({"type": "websocket.connect"})
        message = await self.receive_output(WAIT)
        return message["type"] == "websocket.accept"

    async def hear(self, wanted: Callable[[dict[str, Any]], Any]) -> dict[str, Any]:
        """The next message that satisfies ``wanted``."""
        async with asyncio.timeout(WAIT):
            while True:
                output = await self.receive_output(WAIT)
                assert output["type"] == "websocket.send", output
                message = json.loads(output["text"])
                if wanted(message):
                    return message

    async def closing_code(self) -> int:
        async with asyncio.timeout(WAIT):
            while (output := await self.receive_output(WAIT))["type"] != "websocket.close":
                pass
        return output["code"]

    async def say(self, **data: Any) -> None:
        await self.send_input({"type": "websocket.receive", **data})

    async def leave(self) -> None:
        await self.send_input({"type": "websocket.disconnect", "code": 1001})
        await self.wait(WAIT)


async def connected(headers: list[tuple[bytes, bytes]], path: str = "/ws/quotes/") -> Browser:
    browser = Browser(headers, path)
    assert await browser.connect()
    return browser

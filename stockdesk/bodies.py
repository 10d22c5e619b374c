"""A ceiling for what a browser may send: Django writes the whole body to disk before any page sees it."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

Message = Mapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Application = Callable[[dict[str, Any], Receive, Send], Awaitable[None]]

#: Twice the largest file that a page takes in, and its form.
MOST_BYTES = 5 * 2**20


class TooLarge(Exception):
    """The body went past the ceiling, whatever its header said."""


def bounded(pages: Application, most: int = MOST_BYTES) -> Application:
    """The same pages, answering 413 to a longer body without having kept it. Nobody need be logged in to send one."""

    async def answer(scope: dict[str, Any], receive: Receive, send: Send) -> None:
        said = dict(scope["headers"]).get(b"content-length", b"0")
        if not said.isdigit() or int(said) > most:
            await _refuse(send)
            return
        taken = 0

        async def counted() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > most:
                raise TooLarge
            return message

        try:
            await pages(scope, counted, send)
        except TooLarge:
            await _refuse(send)

    return answer


async def _refuse(send: Send) -> None:
    headers = [(b"content-type", b"text/plain"), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": b"Too large.\n"})

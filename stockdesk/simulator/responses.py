"""HTTP answers with the header spelling that strangers' clients depend on."""

import asyncio
import itertools
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from email.utils import formatdate
from typing import Any

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

JSON_TYPE = "application/json; charset=utf-8"
_serial = itertools.count(1)


@dataclass(slots=True)
class Answer:
    """What a call is answered with, before mishaps had their turn at it."""

    body: Mapping[str, Any]
    status: int = 200
    tr_cont: str = ""
    lost: bool = False  # the connection closes instead

    @property
    def code(self) -> str:
        return str(self.body.get("msg_cd") or self.body.get("error_code") or "")


def refused(code: str, text: str, status: int = 500) -> Answer:
    return Answer({"rt_cd": "1", "msg_cd": code, "msg1": text}, status)


def refused_at_the_door(code: str, text: str) -> Answer:
    """The other shape of an error: that of the token calls."""
    return Answer({"error_description": text, "error_code": code}, 403)


class Reply(Response):
    """A response whose header names reach the wire as written here.

    KIS's official sample makes a namedtuple of all lower-case header names: ``content-type`` there breaks it,
    and so does a capitalised ``Tr_cont``. Hence capitals for HTTP's own names and small letters for KIS's.
    """

    def __init__(self, body: bytes, status: int, names: Mapping[str, str]) -> None:
        self.names = names
        super().__init__(body, status)

    def init_headers(self, headers: Mapping[str, str] | None = None) -> None:
        named = {**self.names, "Content-Length": str(len(self.body))}
        self.raw_headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in named.items()]


class NoReply(Response):
    """Closes the connection without an answer."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["state"]["transport"].abort()
        while (await receive())["type"] != "http.disconnect":
            pass


class CutReply(Reply):
    """Announces the whole body, sends half of it and closes the connection."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        await send({"type": "http.response.body", "body": self.body[: len(self.body) // 2], "more_body": True})
        scope["state"]["transport"].close()


class DrippingReply(Reply):
    """Sends the head at once and then the body byte by byte."""

    def __init__(self, body: bytes, status: int, names: Mapping[str, str], seconds: float) -> None:
        super().__init__(body, status, names)
        self.seconds = seconds

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        for at in range(len(self.body)):
            await send({"type": "http.response.body", "body": self.body[at : at + 1], "more_body": True})
            await asyncio.sleep(self.seconds)
            if scope["state"]["transport"].is_closing():
                return
        await send({"type": "http.response.body", "body": b"", "more_body": False})


@dataclass(slots=True)
class Letterhead:
    """The headers of one answer: KIS's own names only on calls that carry a TR id."""

    now: datetime
    tr_id: str = ""
    content_type: str = JSON_TYPE
    date_offset: float = 0.0
    tr_cont: str = field(default="")

    def names(self) -> dict[str, str]:
        names = {
            "Date": formatdate(self.now.timestamp() + self.date_offset, usegmt=True),
            "Content-Type": self.content_type,
        }
        if self.tr_id:
            names["tr_id"] = self.tr_id
            names["tr_cont"] = self.tr_cont
            names["gt_uid"] = f"{self.now:%Y%m%d%H%M%S%f}SIM{next(_serial) % 1_000_000:06d}"
        return names


def json_bytes(body: Any) -> bytes:
    return json.dumps(body, ensure_ascii=False).encode()

"""Registrations and their answers: the JSON side of the socket. Text in, values out."""

import json
import re
from typing import Any

from stockdesk.kis.errors import FrameError
from stockdesk.kis.messages import ControlReply, PingPong
from stockdesk.kis.numbers import NO_VALUE

# Subscribed, unsubscribed, was subscribed already, was not subscribed: after each the session is as we want it.
DONE_CODES = frozenset(("OPSP0000", "OPSP0001", "OPSP0002", "OPSP0003"))

# KIS says back what it refused ("invalid approval : <key>"); that key must not reach a log.
_ECHOED_KEY = re.compile(r"(?i)\b(approval(?:[ _]?key)?)\s*:.*", re.DOTALL)
_LONG_TOKEN = re.compile(r"[0-9A-Za-z+/=_-]{32,}")


def subscribe_message(approval_key: str, tr_id: str, tr_key: str, register: bool) -> str:
    """The message that registers ``tr_key`` (a symbol; the HTS id for notices), or takes it off again."""
    return json.dumps(
        {
            "header": {
                "approval_key": approval_key,
                "custtype": "P",
                "tr_type": "1" if register else "2",
                "content-type": "utf-8",
            },
            "body": {"input": {"tr_id": tr_id, "tr_key": tr_key}},
        }
    )


def parse_control(text: str) -> ControlReply | PingPong:
    """Read one JSON message of the server. Header fields may be missing: they come back as ``""``."""
    try:
        message = json.loads(text)
    except (ValueError, RecursionError):
        raise FrameError("control message: not JSON") from None
    if not isinstance(message, dict):
        raise FrameError("control message: not a JSON object")
    header = _object(message, "header")
    tr_id = _text(header, "tr_id", 16)
    if tr_id == "PINGPONG":
        return PingPong(text)
    body = _object(message, "body")
    code = _text(body, "msg_cd", 16)
    if not code:
        raise FrameError("control message: no msg_cd", tr_id=tr_id)
    output = _object(body, "output")
    return ControlReply(
        tr_id=tr_id,
        tr_key=_text(header, "tr_key", 64),
        code=code,
        text=_without_keys(_text(body, "msg1", 500))[:200],
        ok=code in DONE_CODES,
        key=_text(output, "key", 64) or None,
        iv=_text(output, "iv", 64) or None,
    )


def _object(parent: dict[str, Any], name: str) -> dict[str, Any]:
    child = parent.get(name)
    return child if isinstance(child, dict) else {}


def _text(parent: dict[str, Any], name: str, limit: int) -> str:
    value = parent.get(name)
    if not isinstance(value, str):
        return ""
    value = value.strip()[:limit]
    return "" if value in NO_VALUE else value


def _without_keys(text: str) -> str:
    return _LONG_TOKEN.sub("...", _ECHOED_KEY.sub(r"\1", text))

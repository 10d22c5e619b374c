"""What an HTTP answer of the broker means: its fields, or an error that says what is true afterwards."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from stockdesk.kis.errors import OutcomeUnknown, RateLimited, Refused, TokenRejected, TokenTooSoon

_REFUSALS: dict[str, type[Refused]] = {
    "EGW00121": TokenRejected,
    "EGW00123": TokenRejected,
    "EGW00133": TokenTooSoon,
    "EGW00201": RateLimited,
    "EGW00215": RateLimited,
}
# The gateway does not know itself what became of the call.
_UNKNOWN_CODES = frozenset(("EGW00001", "EGW00002", "EGW00202", "EGW00203", "EGW00300", "EGW00301", "EGW00302"))


@dataclass(frozen=True, slots=True)
class Answer:
    """A call that was carried out: its fields by lower-case name, and whether more pages follow."""

    fields: dict[str, Any]
    more: bool = False

    def rows(self, name: str) -> list[dict[str, Any]]:
        """The rows under ``name``, keys in lower case; KIS sends a lone object for an array, and the reverse."""
        value = self.fields.get(name)
        rows = value if isinstance(value, list) else [value]
        return [_lower(row) for row in rows if isinstance(row, dict)]

    def has_rows(self, name: str) -> bool:
        """Whether ``rows`` leaves nothing out: an empty list has all its rows, a missing one has not."""
        value = self.fields.get(name)
        return isinstance(value, dict) or (isinstance(value, list) and all(isinstance(row, dict) for row in value))


def judge(
    tr_id: str, status: int, content: bytes, *, tr_cont: str = "", envelope: bool = True, clean: Callable[[str], str]
) -> Answer:
    """Read one answer, body before status: KIS sends its refusals with HTTP 200, 403 and 500 alike.

    ``envelope`` is False for the token calls, whose success has no ``rt_cd``. ``clean`` takes secrets out of the
    broker's words, which end up in the error.
    """
    fields = object_of(content)
    if fields is None:
        raise OutcomeUnknown(f"HTTP {status} without a JSON object", tr_id=tr_id)
    code = text_of(fields, "msg_cd") or text_of(fields, "error_code")
    text = clean(text_of(fields, "msg1") or text_of(fields, "error_description")) or f"HTTP {status}"
    verdict = text_of(fields, "rt_cd")
    if 200 <= status < 300 and "error_code" not in fields and (verdict == "0" or not (verdict or envelope)):
        return Answer(fields, more=tr_cont.strip() in ("F", "M"))
    if code in _REFUSALS:
        raise _REFUSALS[code](text, code, tr_id)
    said_no = verdict not in ("", "0") or "error_code" in fields
    if code and said_no and code not in _UNKNOWN_CODES and not 300 <= status < 400:
        raise Refused(text, code, tr_id)
    raise OutcomeUnknown(text, code, tr_id)


def object_of(content: bytes) -> dict[str, Any] | None:
    """The body as a JSON object with lower-case keys; None where it is none."""
    try:
        value = json.loads(content)
    except (ValueError, RecursionError):
        return None
    return _lower(value) if isinstance(value, dict) else None


def _lower(row: dict[str, Any]) -> dict[str, Any]:
    return {key.lower(): value for key, value in row.items()}


def text_of(fields: dict[str, Any], name: str) -> str:
    """A field as text without padding; empty where it is missing or no plain value."""
    value = fields.get(name)
    return "" if value is None or isinstance(value, (dict, list)) else str(value).strip()

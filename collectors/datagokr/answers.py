"""What data.go.kr answers, good or bad, in all the shapes it has been seen in; pure functions over bytes.

1 the ordinary envelope with another resultCode than 00; 2 OpenAPI_ServiceResponse as JSON; 3 the same as XML, though
JSON was asked for; 4 a few words of plain text; 5 HTML, or nothing at all.
"""

import json
import re
from dataclasses import dataclass
from typing import Any
from xml.etree.ElementTree import Element, ParseError

from defusedxml import ElementTree
from defusedxml.common import DefusedXmlException

from collectors.errors import BadCall, KeyRefused, NoData, QuotaReached, SourceError

SOURCE = "datagokr"
GOOD = "00"
LONGEST_COUNT = 9  # digits

# Words of a message (in capitals, _ for blanks) and what is true then, the telling ones first. By words before
# numbers: 20 alone stands for three different things, and plain texts have no number.
WORDS: tuple[tuple[str, type[SourceError]], ...] = (
    ("PER_SECOND", SourceError),
    ("RATE_LIMIT", SourceError),
    ("QUOTA", QuotaReached),
    ("LIMITED_NUMBER_OF_SERVICE_REQUESTS", QuotaReached),
    ("SERVICE_KEY", KeyRefused),
    ("THE_SERVICEKEY", KeyRefused),
    ("ACCESS_DENIED", KeyRefused),
    ("PERMISSION", KeyRefused),
    ("EXPIRED", KeyRefused),
    ("UNREGISTERED", KeyRefused),
    ("BLOCKED", KeyRefused),
    ("UNAUTHORIZED", KeyRefused),
    ("FORBIDDEN", KeyRefused),
    ("NODATA", NoData),
    ("NO_DATA", NoData),
    ("API_NOT_FOUND", BadCall),
    ("NO_OPENAPI_SERVICE", BadCall),
    ("INVALID_REQUEST_PARAMETER", BadCall),
    ("NO_MANDATORY_REQUEST_PARAMETER", BadCall),
)
CODES: dict[str, type[SourceError]] = {
    "03": NoData,
    "10": BadCall,
    "11": BadCall,
    "12": BadCall,
    "20": KeyRefused,
    "21": KeyRefused,
    "22": QuotaReached,
    "29": KeyRefused,
    "30": KeyRefused,
    "31": KeyRefused,
    "32": KeyRefused,
}
REMEDIES: dict[type[SourceError], str] = {
    QuotaReached: "The day's calls are used up; go on tomorrow.",
    KeyRefused: "Check DATA_GO_KR_KEY, and that this very data set was applied for; approval takes an hour or two.",
}


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a good answer; ``total`` counts the rows of all pages."""

    rows: list[dict[str, Any]]
    total: int


def read_page(status: int, body: bytes, service: str) -> Page:
    """The page in a good answer; raises what any other means, which is never an empty page."""
    text = body.decode("utf-8", "replace").strip()
    if not text:
        raise _unreadable(service, status, "an empty body")
    if text.startswith("<"):
        raise _error_in_xml(text, status, service)
    try:
        answer = json.loads(text)
    except (ValueError, RecursionError):
        raise _error_in_words(text, status, service) from None
    return _page_of(answer, status, service)


def _page_of(answer: Any, status: int, service: str) -> Page:
    try:
        if "OpenAPI_ServiceResponse" in answer:
            raise _gateway_error(answer["OpenAPI_ServiceResponse"]["cmmMsgHeader"], service)
        header = answer["response"]["header"]
        code = str(header["resultCode"]).strip()
        if code != GOOD:
            raise _error(code, str(header.get("resultMsg") or ""), service)
        if status != 200:
            raise _unreadable(service, status, "rows")
        body = answer["response"]["body"]
        rows, total = items_in(body["items"]), str(body["totalCount"])
        if not (total.isascii() and total.isdigit() and len(total) <= LONGEST_COUNT):
            raise ValueError("no count")
    except (AttributeError, KeyError, TypeError, ValueError):
        raise _unreadable(service, status, "JSON of an unknown form") from None
    return Page(rows, int(total))


def items_in(items: Any) -> list[dict[str, Any]]:
    """The rows of ``items``, which is "", {}, {"item": []}, {"item": {…}} or {"item": [{…}]}; else ValueError."""
    if items in ("", None, {}, []):
        return []
    item = items["item"]
    if item in ("", None):
        return []
    rows = item if isinstance(item, list) else [item]
    if not all(isinstance(row, dict) for row in rows):
        raise ValueError("rows that are no objects")
    return rows


def _error_in_xml(text: str, status: int, service: str) -> SourceError:
    """An error as XML; HTML of a firewall, and rows as XML, which were not asked for, are no answer."""
    try:
        root: Element | None = ElementTree.fromstring(text)
    except (ParseError, ValueError, DefusedXmlException):
        root = None
    if root is None:
        return _unreadable(service, status, "a page of HTML")
    told = {element.tag: (element.text or "").strip() for element in root.iter()}
    if "returnReasonCode" in told or "returnAuthMsg" in told or "errMsg" in told:
        return _gateway_error(told, service)
    if told.get("resultCode", GOOD) != GOOD:
        return _error(told["resultCode"], told.get("resultMsg", ""), service)
    return _unreadable(service, status, "a page of HTML or XML")


def _error_in_words(text: str, status: int, service: str) -> SourceError:
    """A few words of the gateway; anything else that is no JSON (cut short, say) is no answer."""
    if len(text) <= 200 and text.isprintable() and not text.startswith(("{", "[")):
        return _error("", text, service, status)
    return _unreadable(service, status, "something that is no JSON")


def _gateway_error(header: dict[str, Any], service: str) -> SourceError:
    message = " ".join(str(header.get(name) or "") for name in ("returnAuthMsg", "errMsg")).strip()
    return _error(str(header.get("returnReasonCode") or "").strip(), message, service)


def _error(code: str, message: str, service: str, status: int = 200) -> SourceError:
    """The error of a message, with the source's own words."""
    words = re.sub(r"[\s_]+", "_", message.upper())
    kind = next((kind for word, kind in WORDS if word in words), None)
    if kind is None:
        kind = CODES.get(code.zfill(2) if code else "", SourceError)
    shown = " ".join(message.split())[:200].rstrip(".") or "no reason given"
    http = f" (HTTP {status})" if status != 200 else ""
    text = f"{service}: {shown}{http}. {REMEDIES.get(kind, '')}".rstrip()
    return kind(text, source=SOURCE, code=code)


def _unreadable(service: str, status: int, what: str) -> SourceError:
    text = f"{service}: {what} in place of an answer (HTTP {status}); stored values stay"
    return SourceError(text, source=SOURCE, code="" if status == 200 else str(status))

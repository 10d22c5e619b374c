"""Calls of DART's open API: every answer is HTTP 200, and its body says whether it is one."""

import json
import re
from functools import cache
from typing import Any
from xml.etree.ElementTree import ParseError

from defusedxml import ElementTree
from defusedxml.common import DefusedXmlException
from django.conf import settings

from collectors.errors import BadCall, KeyRefused, NoData, QuotaReached, SourceError

SOURCE = "dart"
CALLS_PER_SECOND = 5  # more than 1,000 a minute can block the address
KEY_LENGTH = 40
ZIP_MARK = b"PK\x03\x04"
GOOD = "000"

# status: what is true then
MEANINGS: dict[str, type[SourceError]] = {
    "013": NoData,
    "014": NoData,
    "020": QuotaReached,
    "021": BadCall,
    "100": BadCall,
    "101": BadCall,
    "010": KeyRefused,
    "011": KeyRefused,
    "012": KeyRefused,
    "901": KeyRefused,
}
REMEDIES = {
    QuotaReached: "The day's calls are used up; go on tomorrow.",
    KeyRefused: "Check DART_API_KEY at opendart.fss.or.kr, and the addresses it is allowed from.",
}


class DartClient:
    """Bodies of good answers; anything else is one of `collectors.errors`."""

    def __init__(self, base_url: str, key: str) -> None:
        if len(key) != KEY_LENGTH:
            text = f"DART_API_KEY must have {KEY_LENGTH} characters, it has {len(key)}; get one at opendart.fss.or.kr"
            raise KeyRefused(text, source=SOURCE)
        from collectors.calling import PublicSession  # 5 MB: for who calls, not for all who know the tables

        self._session = PublicSession(SOURCE, base_url, "crtfc_key", key, per_second=CALLS_PER_SECOND)

    def json(self, endpoint: str, **params: str | int) -> bytes:
        """A JSON answer of status 000 as it came; `read` takes it apart."""
        body = self._body(endpoint, params)
        read(body, endpoint)
        return body

    def zip(self, endpoint: str, **params: str | int) -> bytes:
        """A zip as it came. Its errors come as XML or JSON in its place."""
        body = self._body(endpoint, params)
        if not body.startswith(ZIP_MARK):
            status, message = _status_of(body, endpoint)
            raise refusal(status, message, endpoint)
        return body

    def _body(self, endpoint: str, params: dict[str, str | int]) -> bytes:
        answer = self._session.get(endpoint, params)
        if answer.status != 200:
            text = f"{endpoint}: HTTP {answer.status} in place of an answer"
            raise SourceError(text, source=SOURCE, code=str(answer.status))
        return answer.body


@cache
def _client(base_url: str, key: str) -> DartClient:
    return DartClient(base_url, key)


def client() -> DartClient:
    """The client of this process; raises KeyRefused where no key is set, or one of another length."""
    source = settings.DESK.sources[SOURCE]
    return _client(source.url, source.key)


def read(body: bytes, endpoint: str) -> dict[str, Any]:
    """The object of a JSON answer of status 000; raises what its status means otherwise."""
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        answer = None
    if isinstance(answer, dict) and answer.get("status") == GOOD:
        return answer
    status, message = _status_of(body, endpoint)
    raise refusal(status, message, endpoint)


def rows_in(answer: dict[str, Any], endpoint: str) -> list[dict[str, Any]]:
    """The rows of a good answer; one without any says 013 instead, so none at all is no answer."""
    rows = answer.get("list")
    if not isinstance(rows, list) or not rows or not all(isinstance(row, dict) for row in rows):
        raise SourceError(f"{endpoint}: status 000, but no rows in it", source=SOURCE)
    return rows


def refusal(status: str, message: str, endpoint: str) -> SourceError:
    """The error of a status, with DART's own words."""
    kind = MEANINGS.get(status, SourceError)
    text = f"{endpoint}: {message or 'no reason given'}. {REMEDIES.get(kind, '')}".rstrip()
    return kind(text, source=SOURCE, code=status)


def _status_of(body: bytes, endpoint: str) -> tuple[str, str]:
    """Status and message of an error, which comes as JSON or as XML whatever was asked for."""
    found: dict[str, Any] = {}
    try:
        if body.lstrip().startswith(b"<"):
            root = ElementTree.fromstring(body)
            found = {child.tag: child.text for child in root}
        else:
            answer = json.loads(body)
            found = answer if isinstance(answer, dict) else {}
    except (ValueError, RecursionError, ParseError, DefusedXmlException):
        found = {}
    status = str(found.get("status") or "").strip()
    if not re.fullmatch(r"[0-9]{3}", status) or status == GOOD:
        text = f"{endpoint}: {len(body):,} bytes that are no answer of DART's; stored values stay"
        raise SourceError(text, source=SOURCE)
    return status, " ".join(str(found.get("message") or "").split())[:200].rstrip(".")

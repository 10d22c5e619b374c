"""Every address of the desk, with something filled in where a page has parameters."""

import re
from collections.abc import Iterator
from typing import Any

from django.urls import get_resolver

FILLED = {"symbol": "005930", "wish": "start", "url": "no-such-page", "content_type_id": "1"}


def addresses() -> list[str]:
    return sorted({filled for filled in map(fill, patterns(get_resolver())) if filled is not None})


def patterns(resolver: Any, before: str = "/") -> Iterator[str]:
    for entry in resolver.url_patterns:
        whole = before + str(entry.pattern)
        yield from patterns(entry, whole) if hasattr(entry, "url_patterns") else (whole,)


def fill(pattern: str) -> str | None:
    """None for the few addresses that a regular expression describes."""
    path = re.sub(r"<(?:\w+:)?(\w+)>", lambda match: FILLED.get(match[1], "1"), pattern)
    return None if re.search(r"[\^$()\\]", path) else path

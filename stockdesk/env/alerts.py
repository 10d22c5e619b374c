"""The part of the environment that alerts stand on: where they go, from which level on, and when keys end."""

import re
from dataclasses import dataclass, field
from datetime import date, time
from urllib.parse import unquote, urlsplit

LEVELS = ("info", "warning", "critical")
#: Of an address shorter pieces are not searched for in log lines: they are words like "json" or "to".
SHORTEST_PIECE = 8

_NEXT = re.compile(r"[\s,]+(?=[a-z0-9]{2,20}://)")
_ADDRESS = re.compile(r"[a-z0-9]{2,20}://\S+")


@dataclass(frozen=True, slots=True)
class AlertSettings:
    """What ``.env`` says of alerts. The addresses hold passwords and tokens: neither is ever shown or stored."""

    urls: tuple[str, ...] = field(default=(), repr=False)
    minimum: tuple[str, ...] = ("info",)
    language: str = "ko"
    fills: bool = True
    summary_at: time | None = None
    heartbeat_url: str = field(default="", repr=False)
    key_ends: dict[str, date] = field(default_factory=dict)
    """Name of the setting (KIS_APP_KEY_EXPIRES) -> the last day on which the key is good."""

    def minimum_of(self, number: int) -> str:
        """The lowest level that the channel with this number (from 0) hears of."""
        return self.minimum[number] if number < len(self.minimum) else self.minimum[-1]

    def secrets(self) -> list[str]:
        """The addresses and those parts of them that open something."""
        found = []
        for url in (*self.urls, self.heartbeat_url):
            if url:
                found += [url, *(piece for piece in pieces(url) if len(piece) >= SHORTEST_PIECE)]
        return found


def pieces(url: str) -> list[str]:
    """Everything in an address that may be a secret: all but its scheme and the name of a host."""
    rest = url.partition("://")[2]
    try:
        host = urlsplit(url).hostname or ""
    except ValueError:
        host = ""
    parts = [part for part in re.split(r"[/:@?&=#,]", rest) if part]
    plain = [part for part in parts if not (part.lower() == host and re.fullmatch(r"[0-9a-z-]*(\.[0-9a-z-]+)+", host))]
    return [spelling for part in plain for spelling in dict.fromkeys((part, unquote(part)))]


def cut(value: str) -> tuple[str, ...]:
    """The addresses, cut where blanks or commas stand before the next scheme; ValueError for what is none."""
    urls = tuple(_NEXT.split(value)) if value else ()
    for number, url in enumerate(urls, start=1):
        if _ADDRESS.fullmatch(url) is None:
            raise ValueError(f"address {number} is not of the form scheme://..., without blanks")
    return urls


def levels(value: str) -> tuple[str, ...]:
    given = tuple(level.strip() for level in value.split(","))
    if not set(given) <= set(LEVELS):
        raise ValueError(f"must be one of {', '.join(LEVELS)}")
    return given


def summary_at(value: str) -> time | None:
    if not value:
        return None
    if re.fullmatch(r"([01][0-9]|2[0-3]):[0-5][0-9]", value, re.ASCII) is None:
        raise ValueError("must be HH:MM, or empty")
    return time.fromisoformat(value)


def web_url(value: str) -> str:
    if value and re.fullmatch(r"https?://[^\s/]\S*", value) is None:
        raise ValueError("must be http:// or https://")
    return value


def expiry(value: str) -> date | None:
    if value and re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value, re.ASCII) is None:
        raise ValueError("must be a date like 2027-05-01")
    try:
        return date.fromisoformat(value) if value else None
    except ValueError:
        raise ValueError("is no date of the calendar") from None

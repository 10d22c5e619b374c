"""DATABASE_URL as people write it: a password may hold ``@ # $ % / ?`` as they are."""

import re
from typing import Any
from urllib.parse import unquote

#: For the session alone. Gnuboard's own INSERTs leave out columns, so the server's global mode is not ours to set.
STRICT = "STRICT_TRANS_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION"
KOREA = "+09:00"
QUERY_NAMES = ("unix_socket", "ssl_ca")
CONNECT_TIMEOUT = 5

_START = re.compile(r"(?:mysql|mariadb)://")
_PLACE = re.compile(
    r"(?P<host>\[[0-9A-Fa-f:]+\]|[^@:/?#\[\]]*)(?::(?P<port>[0-9]{1,5}))?/(?P<name>[^@/?#]+)(?:\?(?P<query>.*))?"
)
_ESCAPES = re.compile(r"(?:[^%]|%[0-9A-Fa-f]{2})*", re.DOTALL)


class DatabaseUrlError(ValueError):
    """The URL cannot be read; the message never repeats any of it."""


def parse_database_url(url: str, password: str = "") -> dict[str, Any]:
    """Django's settings for the database behind the URL. Raises DatabaseUrlError.

    The user ends at the first ``:``, the password at the last ``@`` that leaves a readable host, port and name.
    ``%41`` is decoded only where every ``%`` is followed by two hex digits. ``password`` wins over the URL's.
    """
    start = _START.match(url)
    if start is None:
        raise DatabaseUrlError("must begin with mysql://")
    rest = url[start.end() :]
    readings = [reading for at in _ends(rest) if (reading := _read(rest, at)) is not None]
    if not readings:
        raise DatabaseUrlError("is not mysql://user@host:port/name?unix_socket=...&ssl_ca=...; put the password, "
                               "whatever is in it, into DATABASE_PASSWORD")  # fmt: skip
    if len(readings) > 1:
        raise DatabaseUrlError("can be read in two ways; put the password into DATABASE_PASSWORD")
    account, place, query = readings[0]
    user, _, from_url = account.partition(":")
    options: dict[str, Any] = {
        "charset": "utf8mb4",
        "connect_timeout": CONNECT_TIMEOUT,
        "isolation_level": "read committed",
        "init_command": f"SET SESSION sql_mode = '{STRICT}', time_zone = '{KOREA}'",
    }
    if "unix_socket" in query:
        options["unix_socket"] = query["unix_socket"]
    if "ssl_ca" in query:
        options["ssl"] = {"ca": query["ssl_ca"]}
    return {
        "ENGINE": "django.db.backends.mysql",
        "NAME": _decoded(place["name"] or ""),
        "USER": _decoded(user),
        "PASSWORD": password or _decoded(from_url),
        "HOST": (place["host"] or "").strip("[]"),
        "PORT": place["port"] or "",
        "OPTIONS": options,
        # Pages come from short-lived threads, which could not hand a kept connection on; daemons keep their own.
        "CONN_MAX_AGE": 0,
        "CONN_HEALTH_CHECKS": True,
        "TEST": {"CHARSET": "utf8mb4"},
    }


def reading(database: dict[str, Any]) -> dict[str, Any]:
    """The same database for reads that must hold nobody up (failure-model I9).

    ``FOR UPDATE`` needs no more than SELECT and would block a collector's write; in a read-only session it fails
    (1792). Two seconds for a statement, three for a transaction that idles.
    """
    options = database["OPTIONS"]
    only = "tx_read_only = 1, max_statement_time = 2, idle_transaction_timeout = 3"
    return {
        **database,
        "OPTIONS": {**options, "init_command": f"{options['init_command']}, {only}"},
        "TEST": {"MIRROR": "default"},
    }


def _ends(rest: str) -> list[int]:
    """Where the account may end: before each ``@``; -1 where there is none, so no account."""
    return [i for i, letter in enumerate(rest) if letter == "@"] or [-1]


def _read(rest: str, at: int) -> tuple[str, dict[str, str | None], dict[str, str]] | None:
    place = _PLACE.fullmatch(rest[at + 1 :])
    if place is None:
        return None
    query = {}
    for part in (place["query"] or "").split("&") if place["query"] else ():
        name, mark, value = part.partition("=")
        if name not in QUERY_NAMES or not mark or not value:
            return None
        query[name] = _decoded(value)
    return rest[: max(at, 0)], place.groupdict(), query


def _decoded(text: str) -> str:
    return unquote(text) if _ESCAPES.fullmatch(text) else text

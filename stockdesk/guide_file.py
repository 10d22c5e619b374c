"""Writes the ``.env`` of a new desk, once: whole, private, read back letter by letter before it counts."""

import os
import secrets
import string
from pathlib import Path

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from stockdesk.env_file import UnreadableFile, read_file
from stockdesk.env_reader import read_environment
from stockdesk.guide import HOSTS, Typed

LETTERS = string.ascii_letters + string.digits
HEAD = "# Made by the guide (/guide/). What else may stand here: .env.example. Going live: docs/going-live.md.\n"


class NotWritten(Exception):
    """Nothing was written; ``names`` are the settings that it is about, never their values."""

    def __init__(self, why: str, names: list[str] | None = None) -> None:
        super().__init__(why)
        self.why = why
        self.names = names or []


def values_of(typed: Typed) -> dict[str, str]:
    """The settings by name. Always a dry run: going live is a step of its own."""
    host = HOSTS[typed.host]
    values = {
        "DATABASE_URL": typed.database_url,
        "DATABASE_PASSWORD": typed.database_password,
        "DATABASE_TRADING_PASSWORD": _drawn(32),
        "SECRET_KEY": _drawn(64),
        "ALLOWED_HOSTS": ",".join(settings.ALLOWED_HOSTS),
        "DESK_HTTPS": "1" if settings.DESK.https else "0",
        "DESK_MODE": "dry-run",
        "KIS_REST_URL": host.rest_url,
        "KIS_WS_URL": host.ws_url,
        "KIS_APP_KEY": typed.app_key,
        "KIS_APP_SECRET": typed.app_secret,
        "KIS_ACCOUNT": typed.account,
        "KIS_HTS_ID": typed.hts_id,
        "KIS_CALLS_PER_SECOND": str(host.calls_per_second),
        "WS_SESSIONS": "1",  # KIS allows one session per app key
        "DART_API_KEY": typed.dart_key,
        "DATA_GO_KR_KEY": typed.data_go_kr_key,
    }
    return {name: value for name, value in values.items() if value}


def write(path: Path, typed: Typed) -> None:
    """Make the file at ``path``. NotWritten where there is one, or where it would not be read back as meant."""
    values = values_of(typed)
    if path.exists():
        raise NotWritten("exists", _that_differ(path, values))
    fresh = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    try:
        handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(HEAD + "".join(f"{name}={spelt(value)}\n" for name, value in values.items()))
                file.flush()
                os.fsync(file.fileno())
            _read_back(fresh, values)
            # A link never replaces: of two who write at once, one finds the other's file.
            os.link(fresh, path)
        finally:
            fresh.unlink()
    except FileExistsError:
        raise NotWritten("exists", _that_differ(path, values)) from None
    except OSError as exc:
        raise NotWritten(f"the system says: {exc.strerror}") from None


def spelt(value: str) -> str:
    """As `stockdesk.env_file` reads it back, letter by letter; quoted only where quotes or blanks would be lost."""
    if "\n" in value or "\r" in value:
        raise NotWritten("a line break cannot stand in a setting")
    return f"'{value}'" if value[:1] in ("'", '"') or value != value.strip() else value


def _read_back(path: Path, values: dict[str, str]) -> None:
    """The desk's own reader has to find every value and no fault."""
    found, _problems = read_file(path)
    if different := [name for name, value in values.items() if found.get(name) != value]:
        raise NotWritten("would not be read back as typed", different)
    try:
        read_environment(path.parent, {"STOCKDESK_ENV": str(path)})
    except ImproperlyConfigured as exc:
        raise NotWritten("refused by the desk", [line.strip() for line in str(exc).splitlines()[1:]]) from None


def _that_differ(path: Path, values: dict[str, str]) -> list[str]:
    """Names whose value in the present file is another one; what is drawn by lot always is, and is left out."""
    try:
        found, _problems = read_file(path)
    except UnreadableFile:
        return []
    drawn = ("SECRET_KEY", "DATABASE_TRADING_PASSWORD")
    return [name for name, value in values.items() if name not in drawn and found.get(name) != value]


def _drawn(length: int) -> str:
    return "".join(secrets.choice(LETTERS) for _n in range(length))

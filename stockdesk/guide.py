"""The way from the demo to a desk of one's own: what was typed in is tried out before anything is written.

What is typed lives in the request alone: never in a session, a row or a log. One access token is asked for, as KIS
gives one a minute; it is kept in this process for ten minutes, so that a wrong account number costs no second one.
"""

import asyncio
import hmac
import json
import re
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256

from asgiref.sync import sync_to_async
from django.conf import settings
from django.core import signing
from django.db import DatabaseError
from django.db.utils import ConnectionHandler
from django.utils.translation import gettext as _

from stockdesk.checks import CLOCK_SECONDS, OLDEST_SERVER
from stockdesk.env import APP_KEY_LENGTH, APP_SECRET_LENGTH
from stockdesk.env_database import DatabaseUrlError, parse_database_url
from stockdesk.kis.account import AccountClient
from stockdesk.kis.errors import KisError, NotSent, Refused, TokenTooSoon
from stockdesk.kis.messages import IssuedToken
from stockdesk.logs import account_forms, redact

KEPT = 600  # seconds for which a token and a receipt are good
PAUSE = 1.1  # seconds between two calls: the mock host takes one a second


@dataclass(frozen=True, slots=True)
class Host:
    """One of KIS's two worlds."""

    rest_url: str
    ws_url: str
    mock: bool
    calls_per_second: int


HOSTS = {
    "real": Host("https://openapi.koreainvestment.com:9443", "ws://ops.koreainvestment.com:21000", False, 18),
    "mock": Host("https://openapivts.koreainvestment.com:29443", "ws://ops.koreainvestment.com:31000", True, 1),
}


@dataclass(frozen=True, slots=True)
class Typed:
    """What the person typed in; nothing of it shows up in a repr."""

    host: str
    app_key: str = field(repr=False)
    app_secret: str = field(repr=False)
    account: str = field(repr=False)
    hts_id: str = field(repr=False)
    database_url: str = field(repr=False)
    database_password: str = field(repr=False)
    dart_key: str = field(repr=False, default="")
    data_go_kr_key: str = field(repr=False, default="")

    @classmethod
    def of(cls, form: Mapping[str, str]) -> "Typed":
        """From the form; blanks at either end come from copying."""
        return cls(**{name: form.get(name, "").strip() for name in cls.__slots__})

    def secrets(self) -> list[str]:
        return [self.app_key, self.app_secret, *account_forms(self.account), self.hts_id,
                self.database_password, self.dart_key, self.data_go_kr_key]  # fmt: skip

    def digest(self) -> str:
        """Tells whether two forms say the same, and nothing of what they say."""
        text = json.dumps([getattr(self, name) for name in self.__slots__])
        return hmac.new(settings.SECRET_KEY.encode(), text.encode(), sha256).hexdigest()


@dataclass(frozen=True, slots=True)
class Check:
    """One look: ``ok``, ``bad`` (nothing is written) or ``later`` (cannot be told from here)."""

    name: str
    state: str
    text: str


async def examine(typed: Typed) -> list[Check]:
    """Every check of the form, those of the broker one after the other. Nothing is stored."""
    for secret in typed.secrets():
        redact(secret, "typed")
    shape = list(_shape(typed))
    if shape:
        return shape
    database = await sync_to_async(_database, thread_sensitive=False)(typed)
    broker = await _broker(typed, HOSTS[typed.host])
    told = _("Well formed. KIS says whether it is right when the desk connects for the first time.")
    return [*broker, Check("hts_id", "later", told), *database, *_sources(typed)]


def _shape(typed: Typed) -> Iterator[Check]:
    """What cannot be right whoever is asked."""
    if typed.host not in HOSTS:
        yield Check("host", "bad", _("Choose the real or the mock host."))
    for name, value, length in (
        ("app_key", typed.app_key, APP_KEY_LENGTH),
        ("app_secret", typed.app_secret, APP_SECRET_LENGTH),
    ):
        if len(value) != length or not value.isascii() or not value.isprintable() or " " in value:
            told = _("KIS's has %(right)d characters, this has %(length)d. Copy it whole.")
            yield Check(name, "bad", told % {"right": length, "length": len(value)})
    if not re.fullmatch(r"[0-9]{8}-?[0-9]{2}", typed.account, re.ASCII):
        yield Check("account", "bad", _("Eight digits and two, as 12345678-01."))
    if not typed.hts_id or len(typed.hts_id) > 20 or re.search(r"\s", typed.hts_id):
        yield Check("hts_id", "bad", _("Your HTS id, 20 characters or fewer, capitals as you registered them."))
    try:
        parse_database_url(typed.database_url, typed.database_password)
    except DatabaseUrlError:
        yield Check("database", "bad", _("Write it as mysql://user@host:3306/name, the password in its own field."))
    if any("\n" in value or "\r" in value for value in (*typed.secrets(), typed.database_url)):
        yield Check("host", "bad", _("A line break cannot stand in a setting."))


def _sources(typed: Typed) -> Iterator[Check]:
    for name, key in (("dart_key", typed.dart_key), ("data_go_kr_key", typed.data_go_kr_key)):
        told = _("Taken as typed; its first fetch tells.") if key else _("Left out: its figures are not collected.")
        yield Check(name, "later", told)


# The broker


class _Slots:
    """A call a second. The desk's own budget is for its own keys."""

    def __init__(self) -> None:
        self._first = True

    async def reserve(self, lane: str) -> None:
        if not self._first:
            await asyncio.sleep(PAUSE)
        self._first = False

    async def slow_down(self) -> None:
        await asyncio.sleep(PAUSE)


_tokens: dict[str, tuple[str, float]] = {}


class _OneToken:
    """The token of the keys that were typed, asked for once; forgotten ten minutes later."""

    def __init__(self, typed: Typed) -> None:
        text = json.dumps([typed.host, typed.app_key, typed.app_secret])
        self._name = hmac.new(settings.SECRET_KEY.encode(), text.encode(), sha256).hexdigest()

    async def get(self, issue: Callable[[], Awaitable[IssuedToken]]) -> str:
        now = time.monotonic()
        for name in [name for name, (_value, until) in _tokens.items() if until <= now]:
            del _tokens[name]
        if self._name not in _tokens:
            issued = await issue()
            redact(issued.value, "typed")
            _tokens[self._name] = (issued.value, now + KEPT)
        return _tokens[self._name][0]

    async def reject(self, token: str) -> None:
        _tokens.pop(self._name, None)


async def _broker(typed: Typed, host: Host) -> list[Check]:
    """Token, account and clock, in this order; what was not reached is left out."""
    tokens = _OneToken(typed)
    client = AccountClient(
        host.rest_url, typed.app_key, typed.app_secret, account=typed.account, mock=host.mock,
        tokens=tokens, budget=_Slots(),
    )  # fmt: skip
    found: list[Check] = []
    try:
        await tokens.get(client.issue_token)
        found.append(Check("app_key", "ok", _("KIS takes this key and secret.")))
        balance = await client.balance()
        told = _("KIS shows this account: %(count)d holdings.") % {"count": len(balance.holdings)}
        found.append(Check("account", "ok", told))
    except KisError as exc:
        found.append(_refusal("account" if found else "app_key", exc))
    finally:
        await client.aclose()
    if client.clock_skew is not None:
        found.append(_clock(client.clock_skew))
    return found


def _refusal(name: str, exc: KisError) -> Check:
    """A sentence for what the broker, or the way to it, said; its own words have lost our secrets already."""
    if isinstance(exc, TokenTooSoon):
        told = _("KIS gives one token a minute (EGW00133), and one was asked for just now. Try again in a minute.")
    elif isinstance(exc, Refused) and name == "app_key":
        told = _("KIS does not take this key and secret (%(why)s). Real and mock have keys of their own.")
    elif isinstance(exc, Refused):
        told = _("KIS does not show this account to this key (%(why)s). A key belongs to one account.")
    elif isinstance(exc, NotSent):
        told = _("KIS cannot be reached from this machine (%(why)s). A firewall, or no internet?")
    else:
        told = _("KIS gave no answer that can be read (%(why)s). Try again later.")
    why = " ".join(part for part in (exc.code, exc.text) if part)
    return Check(name, "bad", told % {"why": why} if "%(why)s" in told else told)


def _clock(skew: float) -> Check:
    # The Date header has whole seconds, so one second either way says nothing.
    if abs(skew) <= CLOCK_SECONDS:
        return Check("clock", "ok", _("This machine's clock agrees with KIS's."))
    told = _("KIS's clock is %(seconds)+d s from this machine's. Switch on time synchronisation (NTP).")
    return Check("clock", "bad", told % {"seconds": round(skew)})


# The database


def _database(typed: Typed) -> list[Check]:
    """One connection as the desk would open it, and what the server is like."""
    parsed = parse_database_url(typed.database_url, typed.database_password)
    redact(parsed["PASSWORD"], "typed")
    connection = ConnectionHandler({"default": {**parsed, "TIME_ZONE": "Asia/Seoul"}})["default"]
    table = settings.DESK.gnuboard.table
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT @@SESSION.sql_mode, @@event_scheduler, @@read_only, @@version")
            sql_mode, scheduler, read_only, version = cursor.fetchone()
            cursor.execute(
                "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = %s",
                [table],
            )
            has_board = bool(cursor.fetchone()[0])
        is_new = connection.mysql_is_mariadb and connection.mysql_version >= OLDEST_SERVER  # type: ignore[attr-defined]
    except DatabaseError as exc:
        return [Check("database", "bad", _database_says(exc))]
    finally:
        connection.close()
    if not is_new:
        told = _("MariaDB 10.6 or newer is needed, this is %(version)s.") % {"version": version}
        return [Check("database", "bad", told)]
    if read_only or "STRICT_TRANS_TABLES" not in sql_mode:
        told = _("The server is read-only, or something on the way changes sql_mode: numbers would be cut silently.")
        return [Check("database", "bad", told)]
    found = [Check("database", "ok", _("The database answers: %(version)s.") % {"version": version})]
    if scheduler != "ON":
        found.append(Check("events", "later", _("Set event_scheduler = ON on the server: bars are rolled by it.")))
    if has_board:
        found.append(Check("board", "ok", _("The board %(table)s is there.") % {"table": table}))
    else:
        told = _("There is no table %(table)s: ./desk up makes it. GNUBOARD_TABLE names another one.")
        found.append(Check("board", "later", told % {"table": table}))
    return found


def _database_says(exc: DatabaseError) -> str:
    number = exc.args[0] if exc.args else "?"
    known: dict[object, str] = {
        1045: _("The database does not know this user and password (1045)."),
        1049: _("There is no database of this name on the server (1049)."),
        1044: _("This user may not use this database (1044)."),
        2002: _("No database server answers at this address (2002)."),
        2003: _("No database server answers at this address (2003)."),
        2005: _("This database host is not known (2005)."),
    }
    return known.get(number) or _("The database does not answer: error %(number)s.") % {"number": number}


# A receipt: these very values were found right


def receipt(typed: Typed, who: str) -> str:
    """Signed, good for ten minutes, for this person and these values alone; it holds a digest, not the values."""
    return signing.dumps([typed.digest(), who], salt="stockdesk.guide")


def is_receipt(text: str, typed: Typed, who: str) -> bool:
    try:
        return bool(signing.loads(text, salt="stockdesk.guide", max_age=KEPT) == [typed.digest(), who])
    except signing.BadSignature:
        return False

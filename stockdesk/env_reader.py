"""Reads the operator's environment, letter by letter, and refuses it whole when something is missing or doubtful."""

import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

from stockdesk.env import (
    APP_KEY_LENGTH,
    APP_SECRET_LENGTH,
    LOOPBACK,
    MOCK_PLACES,
    MODES,
    REAL_PLACES,
    AppKey,
    Environment,
    GnuboardSettings,
    RecordingSettings,
    SourceSettings,
    place_of,
)
from stockdesk.env_alerts import AlertSettings, cut, expiry, levels, summary_at, web_url
from stockdesk.env_database import DatabaseUrlError, parse_database_url
from stockdesk.env_file import UnreadableFile, read_file
from stockdesk.env_names import DEFAULTS, KEY_ENDS, KNOWN, MOST_KEYS, OURS
from stockdesk.public_sources import PUBLIC_SOURCES

T = TypeVar("T")


def read_environment(base: Path, variables: Mapping[str, str] | None = None) -> Environment:
    """The environment of this process and of the file in STOCKDESK_ENV, else ``.env`` in `base` if there is one.

    Raises ImproperlyConfigured with all that is missing or doubtful at once, by name and length, never a value.
    """
    variables = os.environ if variables is None else variables
    given = variables.get("STOCKDESK_ENV")
    path = Path(given) if given else base / ".env"
    from_file: dict[str, str] = {}
    problems: list[str] = []
    if given or path.exists():
        try:
            from_file, problems = read_file(path)
        except UnreadableFile as exc:
            raise ImproperlyConfigured(str(exc)) from None
    reader = _Reader({**from_file, **variables}, problems, base)
    values = reader.values()
    if reader.problems:
        source = str(path) if from_file else f"the environment (there is no {path})"
        head = f"{len(reader.problems)} settings are missing or doubtful in {source}; .env.example explains each:"
        raise ImproperlyConfigured("\n  ".join([head, *reader.problems]))
    unknown = tuple(sorted(name for name in from_file if name.startswith(OURS) and name not in KNOWN))
    return Environment(**values, path=path if from_file else None, unknown=unknown)


class _Reader:
    """Takes values by name and collects what is wrong with them instead of stopping at the first."""

    def __init__(self, given: Mapping[str, str], problems: list[str], base: Path) -> None:
        self.given = given
        self.problems = problems
        self.base = base

    def values(self) -> dict[str, Any]:
        """The arguments of `Environment`; of use only when no problem was found."""
        mode = self.checked("DESK_MODE", MODES.__contains__, f"must be one of {', '.join(MODES)}")
        demo = self.flag("DESK_DEMO")
        rest_url = self.url("KIS_REST_URL", ("http", "https"))
        ws_url = self.url("KIS_WS_URL", ("ws", "wss"))
        self.agree(mode, demo, rest_url, ws_url)
        account = self.secret("KIS_ACCOUNT", lambda v: not v or re.fullmatch(r"[0-9]{8}-?[0-9]{2}", v) is not None,
                              "must be 8+2 digits, with or without a dash")  # fmt: skip
        hts_id = self.secret("KIS_HTS_ID", lambda v: len(v) <= 20 and not re.search(r"\s", v), "is no HTS id")
        if mode in ("mock", "live"):
            for name, value in (("KIS_ACCOUNT", account), ("KIS_HTS_ID", hts_id)):
                if not value:
                    self.problem(name, f"is missing; mode {mode} needs it")
        return {
            "secret_key": self.secret("SECRET_KEY", _is_strong, "must be 50 random characters or more"),
            "allowed_hosts": self.hosts(),
            "https": self.flag("DESK_HTTPS"),
            "metrics_token": self.secret("METRICS_TOKEN", _is_bearer, "must be 16 characters or more, without blanks"),
            **self.databases(),
            "mode": mode,
            "kis_rest_url": rest_url,
            "kis_ws_url": ws_url,
            "kis_master_url": self.master_url(demo, rest_url),
            "app_keys": self.app_keys(),
            "account": account,
            "hts_id": hts_id,
            "calls_per_second": self.whole("KIS_CALLS_PER_SECOND", 1, 100),
            "ws_sessions": self.whole("WS_SESSIONS", 1, 5),
            "ws_symbols_per_session": self.whole("WS_SYMBOLS_PER_SESSION", 1, 40),
            "flush_seconds": self.seconds("FLUSH_SECONDS", 0.1, 60.0),
            "recording": self.recording(demo),
            "gnuboard": self.gnuboard(),
            "sources": {
                source.name: SourceSettings(
                    self.secret(source.key), self.source_url(source.url, demo, f"{rest_url}{source.simulated}")
                )
                for source in PUBLIC_SOURCES
            },
            "demo": demo,
            "log_level": self.checked("LOG_LEVEL", ("info", "debug").__contains__, "must be info or debug").upper(),
            "alerts": self.alerts(),
            "backup_dir": self.text("BACKUP_DIR"),
            "backup_keep": self.whole("BACKUP_KEEP", 1, 366),
        }

    def problem(self, name: str, text: str) -> None:
        value = self.given.get(name)
        length = f" (length {len(value)})" if value is not None else ""
        entry = f"{name}{length}: {text}"
        if entry not in self.problems:
            self.problems.append(entry)

    def text(self, name: str) -> str:
        """The value letter by letter, else the default, else a problem and nothing."""
        value = self.given.get(name)
        default = DEFAULTS.get(name, "")
        if value is None or (not value and default is None):
            if default is None:
                self.problem(name, "is missing")
            return default or ""
        return value

    def checked(self, name: str, is_good: Callable[[str], bool], otherwise: str) -> str:
        value = self.text(name)
        # A required value that is missing has been noted; it need not be called malformed as well.
        if not is_good(value) and (value or DEFAULTS.get(name) is not None):
            self.problem(name, otherwise)
        return value

    def secret(self, name: str, is_good: Callable[[str], bool] = lambda _value: True, otherwise: str = "") -> str:
        value = self.text(name)
        if value != value.strip():
            self.problem(name, "begins or ends with a blank")
        elif value and not is_good(value):
            self.problem(name, otherwise)
        return value

    def flag(self, name: str) -> bool:
        return self.checked(name, lambda v: v in ("0", "1", ""), "must be 1 or 0") == "1"

    def whole(self, name: str, least: int, most: int) -> int:
        return self._number(name, r"[0-9]{1,4}", int, least, most, "a whole number")

    def seconds(self, name: str, least: float, most: float) -> float:
        return self._number(name, r"[0-9]{1,4}(\.[0-9]{1,6})?", float, least, most, "a number")

    def _number(self, name: str, form: str, make: Callable[[str], T], least: T, most: T, what: str) -> T:
        value = self.text(name)
        if re.fullmatch(form, value, re.ASCII):
            number = make(value)
            if least <= number <= most:  # type: ignore[operator]
                return number
        self.problem(name, f"must be {what} from {least} to {most}")
        return least

    def url(self, name: str, schemes: tuple[str, ...]) -> str:
        value = self.text(name)
        if not value:
            return ""
        try:
            parts = urlsplit(value)
            good = parts.scheme in schemes and bool(parts.hostname) and (parts.port is None or parts.port > 0)
        except ValueError:
            good = False
        else:
            good = good and not (parts.username or parts.password or parts.query or parts.fragment)
        if not good or re.search(r"\s", value):
            self.problem(name, f"must be {' or '.join(f'{scheme}://' for scheme in schemes)}host:port")
            return ""
        return value.rstrip("/")

    def master_url(self, demo: bool, rest_url: str) -> str:
        """A demo asks nobody outside, also where its file does not say so."""
        if demo and "KIS_MASTER_URL" not in self.given:
            return f"{rest_url}/common/master"
        url = self.url("KIS_MASTER_URL", ("http", "https"))
        if demo and url and place_of(url)[0] not in LOOPBACK:
            self.problem("KIS_MASTER_URL", "the demo talks to the simulator on this machine only")
        return url

    def source_url(self, name: str, demo: bool, simulated: str) -> str:
        """The address of a public source, whose key travels in the URL; the demo's is this machine, come what may."""
        if not self.given.get(name):
            return simulated if demo else DEFAULTS[name] or ""
        url = self.url(name, ("http", "https"))
        host = place_of(url)[0]
        if url and demo and host not in LOOPBACK:
            self.problem(name, "the demo talks to the simulator on this machine only")
        elif url and urlsplit(url).scheme != "https" and host not in LOOPBACK:
            self.problem(name, "must be https: the key travels in the address")
        return url

    def agree(self, mode: str, demo: bool, rest_url: str, ws_url: str) -> None:
        """Mode and addresses belong to the same world: real, mock or a stand-in."""
        for name, url in (("KIS_REST_URL", rest_url), ("KIS_WS_URL", ws_url)):
            if not url:
                continue
            place = place_of(url)
            if mode == "live" and place not in REAL_PLACES:
                self.problem(name, "mode live needs KIS's real host and port")
            if mode == "mock" and place in REAL_PLACES:
                self.problem(name, "mode mock must not talk to KIS's real host")
            if demo and place[0] not in LOOPBACK:
                self.problem(name, "the demo talks to the simulator on this machine only")
        places = {place_of(rest_url), place_of(ws_url)} if rest_url and ws_url else set()
        if places & REAL_PLACES and places & MOCK_PLACES:
            self.problem("KIS_WS_URL", "one address is KIS's real host, the other its mock")
        if demo and mode == "live":
            self.problem("DESK_MODE", "the demo cannot be live")

    def database(self) -> dict[str, Any]:
        url = self.text("DATABASE_URL")
        if not url:
            return {}
        try:
            return parse_database_url(url, self.text("DATABASE_PASSWORD"))
        except DatabaseUrlError as exc:
            self.problem("DATABASE_URL", str(exc))
            return {}

    def databases(self) -> dict[str, Any]:
        """The desk's own database user, and those that daemons work as."""
        own = self.database()
        found: dict[str, Any] = {"database": own}
        taken = {own.get("USER"): "the one in DATABASE_URL"}
        for role in ("trading", "collecting"):
            user_name, password_name = f"DATABASE_{role.upper()}_USER", f"DATABASE_{role.upper()}_PASSWORD"
            user = self.secret(user_name, lambda v: len(v) <= 80, "must be 80 characters or fewer")
            if user and user in taken:
                self.problem(user_name, f"must be another user than {taken[user]}")
            taken[user] = f"that of {user_name}"
            found[f"{role}_user"] = user
            found[f"{role}_password"] = self.secret(
                password_name, lambda v: len(v) >= 12, "must be 12 characters or more"
            )
        return found

    def hosts(self) -> list[str]:
        hosts = [host.strip() for host in self.text("ALLOWED_HOSTS").split(",") if host.strip()]
        if not hosts:
            self.problem("ALLOWED_HOSTS", "names no host")
        if "*" in hosts:
            self.problem("ALLOWED_HOSTS", "must name the hosts: with * any page may open our socket")
        return hosts

    def app_keys(self) -> tuple[AppKey, ...]:
        """The pool: numbered without a gap, each pair complete, none twice (KIS counts sessions by key)."""
        pool: list[AppKey] = []
        gap = ""
        for number in range(1, MOST_KEYS + 1):
            suffix = "" if number == 1 else f"_{number}"
            key_name, secret_name = f"KIS_APP_KEY{suffix}", f"KIS_APP_SECRET{suffix}"
            key = self.secret(key_name, _has_form(APP_KEY_LENGTH), f"must be {APP_KEY_LENGTH} characters")
            secret = self.secret(secret_name, _has_form(APP_SECRET_LENGTH), f"must be {APP_SECRET_LENGTH} characters")
            if number > 1 and not key and not secret:
                gap = gap or key_name
                continue
            if len(key) == APP_SECRET_LENGTH and len(secret) == APP_KEY_LENGTH:
                self.problem(key_name, f"holds the secret, and {secret_name} the key: swap them")
            if number > 1 and bool(key) != bool(secret):
                self.problem(secret_name if key else key_name, f"is missing beside {key_name if key else secret_name}")
            if gap:
                self.problem(key_name, f"comes after a gap: {gap} is missing")
            if key and key in (pair.key for pair in pool):
                self.problem(key_name, "is the same key as an earlier one")
            if secret and secret in (pair.secret for pair in pool):
                self.problem(secret_name, "is the same secret as an earlier one: each key has its own")
            pool.append(AppKey(number, key, secret))
        return tuple(pool)

    def alerts(self) -> AlertSettings:
        urls = self.formed("ALERT_URLS", cut)
        minimum = self.formed("ALERT_MINIMUM", levels)
        if minimum is not None and len(minimum) > 1 and urls is not None and len(minimum) != len(urls):
            self.problem("ALERT_MINIMUM", "must be one level, or one for each of ALERT_URLS")
        return AlertSettings(
            urls=urls or (),
            minimum=minimum or ("info",),
            language=self.checked("ALERT_LANGUAGE", ("ko", "en").__contains__, "must be ko or en"),
            fills=self.flag("ALERT_FILLS"),
            summary_at=self.formed("ALERT_SUMMARY_AT", summary_at),
            heartbeat_url=self.formed("ALERT_HEARTBEAT_URL", web_url) or "",
            key_ends={name: day for name in KEY_ENDS if (day := self.formed(name, expiry)) is not None},
        )

    def formed(self, name: str, make: Callable[[str], T]) -> T | None:
        """What ``make`` reads out of the value; a ValueError of it is a problem, which must not name the value."""
        try:
            return make(self.text(name).strip())
        except ValueError as exc:
            self.problem(name, str(exc))
            return None

    def recording(self, demo: bool) -> RecordingSettings:
        """The demo keeps today's, and little of it, unless its file says else."""
        days = 1 if demo and "RECORD_DAYS" not in self.given else self.whole("RECORD_DAYS", 1, 9999)
        gigabytes = 1 if demo and "RECORD_GB" not in self.given else self.whole("RECORD_GB", 1, 9999)
        most_bytes = gigabytes << 30
        return RecordingSettings(self.flag("RECORD"), self.base / self.text("RECORD_DIRECTORY"), days, most_bytes)

    def gnuboard(self) -> GnuboardSettings:
        def identifier(name: str, *, optional: bool = False) -> str:
            # These go into SQL as names, where no parameter can stand.
            form = r"[0-9A-Za-z_]{0,64}" if optional else r"[0-9A-Za-z_]{1,64}"
            return self.checked(name, lambda v: re.fullmatch(form, v, re.ASCII) is not None, "is no table or column")

        table, prefix = identifier("GNUBOARD_TABLE"), identifier("GNUBOARD_PREFIX", optional=True)
        if not 0 < len(table.removeprefix(f"{prefix}write_")) <= 20 or not table.startswith(f"{prefix}write_"):
            self.problem("GNUBOARD_TABLE", "must be GNUBOARD_PREFIX, then write_, then a board id of 20 or fewer")
        replies = self.checked("GNUBOARD_INCLUDE_REPLIES", lambda v: v.lower() in _TRUTH, "must be true or false")
        return GnuboardSettings(
            table=table,
            prefix=prefix,
            col_run=identifier("GNUBOARD_COL_RUN"),
            col_code=identifier("GNUBOARD_COL_CODE"),
            col_price=identifier("GNUBOARD_COL_PRICE", optional=True),
            col_qty=identifier("GNUBOARD_COL_QTY", optional=True),
            col_side=identifier("GNUBOARD_COL_SIDE", optional=True),
            col_name=identifier("GNUBOARD_COL_NAME"),
            run_on=self.checked("GNUBOARD_RUN_ON", bool, "must not be empty"),
            run_off=self.text("GNUBOARD_RUN_OFF"),
            run_off_words=tuple(word.strip().lower() for word in self.text("GNUBOARD_RUN_OFF_WORDS").split(",")),
            include_replies=_TRUTH.get(replies.lower(), False),
            author=self.text("GNUBOARD_AUTHOR"),
        )


_TRUTH = {"1": True, "true": True, "yes": True, "on": True,
          "0": False, "false": False, "no": False, "off": False, "": False}  # fmt: skip


def _is_strong(key: str) -> bool:
    """Django's own measure of a SECRET_KEY (security.W009)."""
    return len(key) >= 50 and len(set(key)) >= 5 and not key.startswith("django-insecure-")


def _is_bearer(token: str) -> bool:
    """It travels in an HTTP header."""
    return len(token) >= 16 and token.isascii() and token.isprintable() and " " not in token


def _has_form(length: int) -> Callable[[str], bool]:
    """Of that length, in printable ASCII without blanks: it travels in an HTTP header."""
    return lambda value: len(value) == length and value.isascii() and value.isprintable() and " " not in value

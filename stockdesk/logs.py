"""Log lines in Korean time, with every secret taken out before a handler sees them."""

import json
import logging
import re
import sys
import threading
from collections import defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime
from types import TracebackType
from typing import Any
from urllib.parse import quote, quote_plus

from stockdesk.env import Environment
from stockdesk.kis.messages import KST

MASK = "[redacted]"

#: Shorter than this a value is not searched for: "01" would black out half of every line.
SHORTEST = 3
#: Below this length a value is only taken out where it stands alone, not inside a longer word.
WHOLE_WORD = 8

#: What follows these names is a secret whoever wrote the line. A library that cuts a long frame short leaves half a
#: key, which is not among the known values: it is known by its name alone.
_NAMED = re.compile(
    r"""\b(?P<name>appkey|appsecret|secretkey|approval_key|access_token|authorization|crtfc_key|servicekey|cano)
        (?P<between>(?:[\\"']*\s*[:=]\s*|["']\s*,\s*)(?:b(?=["']))?+[\\"']*+(?:bearer\s+)?+)
        (?!\[redacted\])[^\s\\"'&,;)}]+""",
    re.IGNORECASE | re.VERBOSE,
)


class Secrets:
    """The values that must not be shown: those of the environment for good, others as they come and go.

    Of what comes and goes the ``kept`` latest of each kind are remembered, so that one kind, however many there are,
    does not push out another that is in use.
    """

    def __init__(self, kept: int = 64) -> None:
        self._lasting: set[str] = set()
        self._kept = kept
        self._passing: defaultdict[str, dict[str, None]] = defaultdict(dict)
        self._pattern: re.Pattern[str] | None = None
        self._lock = threading.Lock()

    def keep(self, values: Iterable[str]) -> None:
        with self._lock:
            self._lasting.update(value for value in values if len(value) >= SHORTEST)
            self._compile()

    def register(self, value: str, kind: str = "token") -> None:
        with self._lock:
            known = self._passing[kind]
            if len(value) < SHORTEST or value in self._lasting:
                return
            new = value not in known
            known.pop(value, None)
            known[value] = None  # the latest again: what is in use is named now and then
            if new:
                while len(known) > self._kept:
                    del known[next(iter(known))]
                self._compile()

    def removed_from(self, text: str) -> str:
        pattern = self._pattern
        return pattern.sub(MASK, text) if pattern else text

    def _compile(self) -> None:
        passing = (value for known in self._passing.values() for value in known)
        spellings = {s for value in (*self._lasting, *passing) for s in _spellings(value)}
        # The longest first: one secret may be the beginning of another.
        parts = [_expression(s) for s in sorted(spellings, key=lambda s: (-len(s), s))]
        self._pattern = re.compile("|".join(parts)) if parts else None


def _spellings(value: str) -> set[str]:
    """The value itself and how it looks inside a URL, a JSON body or a repr."""
    return {value, quote(value), quote(value, safe=""), quote_plus(value), json.dumps(value)[1:-1],
            repr(value)[1:-1], ascii(value)[1:-1]}  # fmt: skip


def _expression(spelling: str) -> str:
    exact = re.escape(spelling)
    return rf"(?<![0-9A-Za-z]){exact}(?![0-9A-Za-z])" if len(spelling) < WHOLE_WORD else exact


_secrets = Secrets()


def redact(value: str, kind: str = "token") -> None:
    """Keep this value (a token, an approval key) out of everything that is logged from now on."""
    _secrets.register(value, kind)


def redacted(text: str) -> str:
    """The text with every known secret replaced."""
    return _secrets.removed_from(text)


def logged(text: str) -> str:
    """The text as a log may have it: without the known secrets, and without what is one by its name."""
    return _NAMED.sub(rf"\g<name>\g<between>{MASK}", redacted(text))


def secrets_of(desk: Environment) -> list[str]:
    """Every value of the environment that must not be shown, in each form in which it travels."""
    values = [desk.secret_key, desk.hts_id, *(source.key for source in desk.sources.values()),
              desk.database["PASSWORD"], desk.trading_password, desk.collecting_password, desk.metrics_token,
              *desk.alerts.secrets()]  # fmt: skip
    for pair in desk.app_keys:
        values += [pair.key, pair.secret]
    return values + account_forms(desk.account)


def account_forms(account: str) -> list[str]:
    """How an account number travels: with its dash, without it, and (CANO of a call) without its last two digits."""
    digits = account.replace("-", "")
    return [account, digits, f"{digits[:8]}-{digits[8:]}", digits[:8]] if account else []


class Redact(logging.Filter):
    """Rewrites a record so that no handler, however it formats, finds a secret in it."""

    def filter(self, record: logging.LogRecord) -> bool:
        try:
            text = record.getMessage()
        except Exception:
            # A wrong placeholder must not stop a daemon, and Python's own complaint would show the arguments.
            text = f"{record.msg} (with {len(record.args or ())} arguments that do not fit)"
        record.msg, record.args = logged(text), None
        if record.exc_info:
            record.exc_text = logged(logging.Formatter().formatException(record.exc_info))
            record.exc_info = None
        if record.stack_info:
            record.stack_info = logged(record.stack_info)
        return True


class KstFormatter(logging.Formatter):
    """``2026-11-20T09:00:00.123+09:00 WARNING market.feed: text``, whatever the machine's zone."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s: %(message)s")

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:
        at = datetime.fromtimestamp(record.created, UTC).astimezone(KST)
        return at.isoformat(timespec="milliseconds")

    def format(self, record: logging.LogRecord) -> str:
        return logged(super().format(record))


def logging_config(desk: Environment) -> dict[str, Any]:
    """Django's LOGGING: everything to stderr, where supervisord picks it up and rotates it."""
    _secrets.keep(secrets_of(desk))
    quiet = "WARNING" if desk.log_level == "INFO" else desk.log_level
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {"redact": {"()": "stockdesk.logs.Redact"}},
        "formatters": {"kst": {"()": "stockdesk.logs.KstFormatter"}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "filters": ["redact"], "formatter": "kst"}},
        "root": {"handlers": ["stderr"], "level": desk.log_level},
        "loggers": {
            # Django's own configuration gives this one a handler besides ours.
            "django": {"handlers": [], "level": "INFO", "propagate": True},
            # uvicorn brings handlers of its own, which know nothing of secrets.
            "uvicorn": {"handlers": [], "level": "INFO", "propagate": True},
            "uvicorn.access": {"handlers": [], "level": "INFO", "propagate": True},
            # One line per call at INFO, with the query string in it.
            "httpx": {"level": quiet},
            "httpcore": {"level": quiet},
            # A line for every frame at DEBUG: the recording of the day has them too, and costs less.
            "websockets": {"level": "WARNING"},
            # Three lines per task at INFO.
            "django-q": {"level": quiet},
            # Four lines for every login; a lock-out is a warning.
            "axes": {"level": "WARNING"},
            # Addresses of the public sources, in which the keys travel, at INFO and below.
            "urllib3": {"level": quiet},
        },
    }


def log_uncaught_errors() -> None:
    """Send tracebacks that nobody caught through the log too; Python would print them as they are."""
    log = logging.getLogger("stockdesk.uncaught")

    def on_error(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            sys.__excepthook__(kind, error, trace)
        else:
            log.critical("uncaught error", exc_info=(kind, error, trace))

    def on_thread_error(args: threading.ExceptHookArgs) -> None:
        if args.exc_value is not None:
            name = args.thread.name if args.thread else "?"
            log.critical("uncaught error in thread %s", name, exc_info=args.exc_value)

    sys.excepthook = on_error
    threading.excepthook = on_thread_error

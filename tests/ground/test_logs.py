"""Log lines: Korean time, no secrets, whichever way they try to get in."""

import io
import logging
import subprocess
import sys

import pytest
from django.conf import settings

from stockdesk.logs import MASK, KstFormatter, Redact, Secrets, redact, redacted, secrets_of

SECRET = "tok-$ab@c#d%e\\\"'-한글"


@pytest.fixture
def lines():
    """What our handler writes; a formatter that hides nothing shows that the filter alone is enough."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.addFilter(Redact())
    handler.setFormatter(logging.Formatter("%(message)s"))
    log = logging.getLogger("tests.lines")
    log.propagate = False
    log.addHandler(handler)
    redact(SECRET)
    yield log, stream
    log.removeHandler(handler)


def test_a_secret_in_the_message_or_its_arguments_is_masked(lines):
    log, stream = lines
    log.warning(f"token {SECRET.replace('%', '%%')} for %s and %r", SECRET, {"authorization": SECRET})
    assert SECRET not in stream.getvalue()
    assert repr(SECRET)[1:-1] not in stream.getvalue()
    assert stream.getvalue().count(MASK) == 3


def test_arguments_that_do_not_fit_neither_stop_the_caller_nor_show(lines, capsys):
    log, stream = lines
    log.warning("%d of " + SECRET, SECRET)
    assert stream.getvalue().startswith("%d of [redacted]")
    assert SECRET not in stream.getvalue() + capsys.readouterr().err


def test_a_secret_in_a_chain_of_exceptions_is_masked(lines):
    log, stream = lines
    try:
        try:
            raise ValueError(SECRET)
        except ValueError as exc:
            raise RuntimeError(f"could not use {SECRET}") from exc
    except RuntimeError:
        log.exception("failed")
    assert SECRET not in stream.getvalue()
    assert repr(SECRET)[1:-1] not in stream.getvalue()
    assert "ValueError" in stream.getvalue()
    assert "RuntimeError: could not use" in stream.getvalue()


def test_a_secret_in_stack_info_is_masked(lines):
    log, stream = lines
    record = log.makeRecord(log.name, logging.INFO, __file__, 1, "here", (), None, sinfo=f"Stack:\n  call({SECRET})")
    log.handle(record)
    assert "Stack" in stream.getvalue()
    assert SECRET not in stream.getvalue()


@pytest.mark.parametrize("form", ["%24ab%40c", "tok+x%2F", "\\ud55c"])
def test_a_secret_is_found_in_url_and_json_spelling(form):
    secrets = Secrets()
    secrets.keep(["$ab@c", "tok x/", "abc-한"])
    assert form not in secrets.removed_from("GET /?a=%24ab%40c&b=tok+x%2F {'c': 'abc-\\ud55c'}")


def test_a_short_secret_is_masked_where_it_stands_alone():
    secrets = Secrets()
    secrets.keep(["kim", "01"])
    assert secrets.removed_from("kim logged in, kimchi 01") == f"{MASK} logged in, kimchi 01"


def test_one_secret_that_begins_another_does_not_uncover_its_rest():
    secrets = Secrets()
    secrets.keep(["12345678", "12345678-01"])
    assert secrets.removed_from("account 12345678-01") == f"account {MASK}"


def test_only_so_many_tokens_are_remembered():
    secrets = Secrets(tokens_kept=2)
    for value in ("token-one", "token-two", "token-three"):
        secrets.register(value)
    assert secrets.removed_from("token-one token-three") == f"token-one {MASK}"


def test_every_secret_of_the_environment_is_known():
    for value in secrets_of(settings.DESK):
        assert value not in redacted(f"see {value} here") or len(value) < 3
    digits = settings.DESK.account.replace("-", "")
    assert digits[:8] not in redacted(f"CANO={digits[:8]} and {digits}")


def test_a_line_carries_korean_time_with_its_offset():
    record = logging.makeLogRecord({"created": 1_795_132_800.25, "msg": "tick", "levelname": "INFO", "name": "x"})
    assert KstFormatter().format(record) == "2026-11-20T09:00:00.250+09:00 INFO x: tick"


def test_an_error_that_nobody_caught_goes_through_the_log():
    code = (
        "import logging.config; import django; django.setup();"
        "from stockdesk.logs import log_uncaught_errors, redact; log_uncaught_errors();"
        "redact('very-secret-token'); raise RuntimeError('very-secret-token')"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)
    assert ran.returncode == 1
    assert f"RuntimeError: {MASK}" in ran.stderr
    # The program's own text is not shown by a traceback of -c, so nothing is left.
    assert "very-secret-token" not in ran.stderr


def test_every_logger_ends_at_our_handler():
    code = (
        "import logging, uvicorn.config; logging.config.dictConfig(uvicorn.config.LOGGING_CONFIG);"
        "import django; django.setup();"
        "print([n for n in ('django', 'django.server', 'uvicorn', 'uvicorn.access', 'uvicorn.error', 'httpx')"
        " if any(type(h.formatter).__name__ != 'KstFormatter' for h in logging.getLogger(n).handlers)])"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert ran.stdout.strip() == "[]"

"""Log lines: Korean time, no secrets, whichever way they try to get in."""

import io
import logging
import os
import subprocess
import sys

import pytest
from django.conf import settings

from stockdesk.logs import MASK, KstFormatter, Redact, Secrets, logged, redact, redacted, secrets_of

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


def test_only_so_many_tokens_are_remembered_those_in_use_longest():
    secrets = Secrets(kept=2)
    for value in ("token-one", "token-two", "token-one", "token-three"):
        secrets.register(value)
    assert secrets.removed_from("token-one token-two token-three") == f"{MASK} token-two {MASK}"


def test_what_somebody_types_pushes_out_no_token():
    secrets = Secrets(kept=2)
    secrets.register("token-one")
    for number in range(5):
        secrets.register(f"typed-{number}", "typed")
    assert secrets.removed_from("token-one typed-0 typed-4") == f"{MASK} typed-0 {MASK}"


def test_every_secret_of_the_environment_is_known():
    for value in secrets_of(settings.DESK):
        assert value not in redacted(f"see {value} here") or len(value) < 3
    digits = settings.DESK.account.replace("-", "")
    assert digits[:8] not in redacted(f"CANO={digits[:8]} and {digits}")


CUT_BY_A_LIBRARY = {
    """> TEXT '{"header":{"approval_key":"5ec4e7ca-4a47-4b...}}' [170 bytes]""": "websockets, a long frame",
    """< TEXT b'{\\"appkey\\": \\"5ec4e7ca-4a47-4b"}'""": "JSON inside of JSON",
    "Adding (b'authorization', b'Bearer 5ec4e7ca-4a47.x') to the header table": "hpack",
    'https://opendart.fss.or.kr:443 "GET /api/list.json?crtfc_key=5ec4e7ca-4a47&page_no=1 HTTP/1.1" 200': "urllib3",
    "headers={'Authorization': 'Bearer 5ec4e7ca-4a47', 'appsecret': '5ec4e7ca-4a47=='}": "a dict",
    "body: {'CANO': '5ec4e7ca-4a47', 'ACNT_PRDT_CD': '01'}": "an order",
}


@pytest.mark.parametrize("line", CUT_BY_A_LIBRARY)
def test_half_a_secret_that_no_list_knows_is_masked_by_its_name(lines, line):
    log, stream = lines
    log.warning("%s", line)
    assert "5ec4e7ca" not in stream.getvalue()
    assert MASK in stream.getvalue()
    assert logged(stream.getvalue()) == stream.getvalue()


def test_words_beside_such_a_name_are_left_alone():
    told = "no access_token, and expires_in is gone; appkey of session 2: KIS says EGW00103"
    assert logged(told) == told


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


LOUDEST = """
import logging, django
django.setup()
from django.conf import settings
from stockdesk.logs import redact
desk, approval = settings.DESK, "0a1b2c3d-1111-2222-3333-444455556666"
redact(approval)
key = desk.app_keys[0]
said = {
    "websockets.client": f'> TEXT {{"header":{{"approval_key":"{approval}"}},"body":{{"tr_key":"{desk.hts_id}"}}}}',
    "websockets.server": f'< TEXT {{"header":{{"approval_key":"{approval[:20]}...',
    "urllib3.connectionpool": f'"GET /api/list.json?crtfc_key={desk.sources["dart"].key} HTTP/1.1" 200',
    "httpx": f"HTTP Request: POST https://broker.example/uapi?CANO={desk.account[:8]}",
    "httpcore.http11": f"send_request_headers.started [(b'appkey', b'{key.key}'), (b'appsecret', b'{key.secret}')]",
    "a.library": f"account {desk.account}, {desk.account.replace('-', '')}, id {desk.hts_id}, key {approval}",
}
for name, text in said.items():
    logging.getLogger(name).debug("%s", text)
    try:
        raise ValueError(text)
    except ValueError:
        logging.getLogger(name).debug("failed", exc_info=True)
"""


def test_an_operator_who_asks_for_everything_gets_no_secret():
    secret = {
        "DART_API_KEY": "a-key-of-dart-0123456789", "KIS_HTS_ID": "toyuser7", "KIS_ACCOUNT": "44445555-01",
        "KIS_APP_KEY": "k" * 36, "KIS_APP_SECRET": "s" * 180,
    }  # fmt: skip
    ran = subprocess.run(
        [sys.executable, "-c", LOUDEST], env={**os.environ, **secret, "LOG_LEVEL": "debug"},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    for value in (*secret.values(), "44445555", "4444555501", "0a1b2c3d"):
        assert value not in ran.stderr
    heard = {
        name for name in ("urllib3.connectionpool", "httpx", "httpcore.http11", "a.library") if name in ran.stderr
    }
    assert len(heard) == 4, ran.stderr
    assert "websockets" not in ran.stderr, "a line for each frame would fill a disk"


def test_every_logger_ends_at_our_handler():
    code = (
        "import logging, uvicorn.config; logging.config.dictConfig(uvicorn.config.LOGGING_CONFIG);"
        "import django; django.setup();"
        "print([n for n in ('django', 'django.server', 'uvicorn', 'uvicorn.access', 'uvicorn.error', 'httpx')"
        " if any(type(h.formatter).__name__ != 'KstFormatter' for h in logging.getLogger(n).handlers)])"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert ran.stdout.strip() == "[]"

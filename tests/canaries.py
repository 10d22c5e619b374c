"""Secrets that sing: whatever the suite logs, prints, renders or starts is searched for the secrets it ran with.

Everything runs at DEBUG, child processes too. A secret that is seen fails the test that showed it. What is searched:

- every log record that the test process makes, of every logger from DEBUG on: what our own code says, as it says it;
  what libraries say, as our handler would write it. Levels, handlers and whatever switches logging off do not matter
- what tests and the processes that they start write: captured output, ``*.log`` files, pipes
- pages and other answers of the web process
- arguments of started processes, which everybody on the machine reads in ``ps``
"""

import logging
import os
import subprocess
import types
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.handlers.base import BaseHandler

from stockdesk import logs
from stockdesk.simulator import credentials
from stockdesk.simulator import testing as simulators

MARK = "5ec4e7ca4a47"

#: The account of the tests, which most of them hand over themselves, past the settings.
ACCOUNT = "50123456-01"

NEEDLES = {
    MARK: "an app key, a secret or an approval key of the simulator",
    # How the simulator's tokens go on after the first dot: {"sub": "token", "iss": "simulator",
    "eyJzdWIiOiAidG9rZW4iLCAiaXNzIjogInNpbXVsYXRvciIs": "an access token",
    ACCOUNT[:8]: "the account number",
}
#: Where our own code lies; of the rest of the checkout, tests leak on purpose and libraries are not ours.
OURS = tuple(
    str(Path(settings.BASE_DIR, app)) + os.sep for app in ("stockdesk", "market", "assets", "trading", "collectors")
)
#: Django's note that a template names what is not there (DEBUG, which our configuration holds back): it has the whole
#: context in it, and whoever reads that makes the queries that the page has just saved.
UNREAD = "django.template"
_found: list[str] = []
_redact, _format = logs.Redact(), logs.KstFormatter()


def search(text: str | bytes, where: str) -> None:
    """Note every secret in the text; the test that runs is failed at its end."""
    if isinstance(text, bytes):
        text = text.decode(errors="replace")
    for needle, name in NEEDLES.items():
        if needle in text:
            at = text.index(needle)
            around = text[max(0, at - 80) : at].replace("\n", " ")
            _found.append(f"{name} in {where}, behind: ...{around!r}")


def listen_to_records() -> None:
    """Hear what every logger says, by the class that they all are: no configuration, no ``logging.disable`` and no
    logger that was disabled changes that. Only we hear of a record that nobody would have made without us."""
    enabled, handle = logging.Logger.isEnabledFor, logging.Logger.handle

    def wanted(self: logging.Logger, level: int) -> bool:
        return level >= logging.DEBUG or enabled(self, level)

    def handled(self: logging.Logger, record: logging.LogRecord) -> None:
        overhear(record)
        if enabled(self, record.levelno):
            handle(self, record)

    logging.Logger.isEnabledFor = wanted  # type: ignore[method-assign]
    logging.Logger.handle = handled  # type: ignore[method-assign]


def overhear(record: logging.LogRecord) -> None:
    if record.name == UNREAD and record.levelno < logging.INFO:
        return
    try:
        text = record.getMessage()
    except Exception:
        text = f"{record.msg} {record.args}"
    if record.exc_info:
        text += _format.formatException(record.exc_info)
    if any(needle in text for needle in NEEDLES):
        if not record.pathname.startswith(OURS):
            copy = logging.makeLogRecord(record.__dict__)
            _redact.filter(copy)
            text = _format.format(copy)
        search(text, f"the log of {record.name}")


def listen_to_children() -> None:
    start, communicate = subprocess.Popen.__init__, subprocess.Popen.communicate

    def started(self: Any, args: Any, *others: Any, **more: Any) -> None:
        command = [args] if isinstance(args, str | bytes | os.PathLike) else list(args)
        search(" ".join(os.fsdecode(part) for part in command), "the arguments of a process")
        start(self, args, *others, **more)

    def communicated(self: Any, *args: Any, **more: Any) -> Any:
        said = communicate(self, *args, **more)
        # What ps shows of the environment, it shows to the processes' own user alone.
        showing = isinstance(self.args, list) and self.args[0] == "ps"
        for text in said:
            if text and not showing:
                search(text, "the output of a process")
        return said

    subprocess.Popen.__init__ = started  # type: ignore[method-assign]
    subprocess.Popen.communicate = communicated  # type: ignore[method-assign]


def read_every_page() -> None:
    answer, answer_later = BaseHandler.get_response, BaseHandler.get_response_async

    def look(request: Any, response: Any) -> Any:
        if not response.streaming:
            search(response.content, f"the answer of {request.path}")
        search(str(response.headers), f"the headers of {request.path}")
        return response

    def answered(self: Any, request: Any) -> Any:
        return look(request, answer(self, request))

    async def answered_later(self: Any, request: Any) -> Any:
        return look(request, await answer_later(self, request))

    BaseHandler.get_response = answered  # type: ignore[method-assign]
    BaseHandler.get_response_async = answered_later  # type: ignore[method-assign]


def put_canaries_in() -> None:
    """Marked keys for the simulator, and the values of this run's environment file, which are drawn by lot."""
    NEEDLES.update({value: "a secret of the environment file" for value in logs.secrets_of(settings.DESK)
                    if len(value) >= 16})  # fmt: skip
    logs._secrets.keep(logs.account_forms(ACCOUNT))
    key = simulators.new_key

    def marked_key() -> tuple[str, str]:
        app_key, secret = key()
        return MARK + app_key[len(MARK) :], MARK + secret[len(MARK) :]

    simulators.new_key = marked_key
    marked = types.SimpleNamespace(uuid4=lambda: f"{MARK[:8]}-{MARK[8:]}-4{str(uuid.uuid4())[15:]}")
    credentials.uuid = marked  # type: ignore[assignment]
    NEEDLES[f"{MARK[:8]}-{MARK[8:]}-"] = "an approval key"


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("numprocesses", None) and not hasattr(config, "workerinput"):
        return  # the tests run in other processes, which would take our level for the one that was asked for
    put_canaries_in()
    listen_to_records()
    listen_to_children()
    read_every_page()
    os.environ["LOG_LEVEL"] = "debug"


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Iterator[None]:
    outcome: Any = yield
    report = outcome.get_result()
    if call.when != "teardown":
        return
    made = getattr(item, "funcargs", {}).get("tmp_path")
    judge(report, made and Path(made))


def judge(report: pytest.TestReport, made: Path | None) -> None:
    """Fail the report of a test that showed secrets; ``made`` is the directory of its files."""
    for title, text in report.sections:
        search(text, title)
    for log in made.rglob("*.log") if made else ():
        search(log.read_bytes(), log.name)
    if _found:
        told = list(dict.fromkeys(_found))
        report.outcome, report.longrepr = "failed", "\n".join(["Secrets were shown:", *told[:20]])
        _found.clear()

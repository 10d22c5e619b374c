"""A secret that anything shows fails the test that ran; these leak on purpose."""

import logging
import logging.config
import os
import subprocess
import sys
from types import SimpleNamespace

import pytest
from django.conf import settings
from django.http import HttpResponse
from django.test import Client

from stockdesk import logs
from stockdesk.logs import redact
from tests import canaries

LEAK = canaries.MARK + "0123456789"
#: What made an earlier listener deaf, in a test of its own; the leak is in the next one.
PLANTED = """
import logging, logging.config
from tests.canaries import MARK

def test_that_sets_logging_up_again():
    from stockdesk.asgi import application
    logging.getLogger("a.library").setLevel("ERROR")
    logging.config.dictConfig({"version": 1, "disable_existing_loggers": True, "root": {"level": "CRITICAL"}})
    logging.disable(logging.CRITICAL)

def test_that_leaks():
    logging.getLogger("a.library").debug("called with %s", MARK)

def test_that_does_not():
    logging.getLogger("a.library").debug("called")
"""


@pytest.fixture
def verdict(tmp_path):
    """What became of a test that did what was done so far."""

    def judged(*sections):
        report = SimpleNamespace(sections=list(sections), outcome="passed", longrepr="")
        canaries.judge(report, tmp_path)  # type: ignore[arg-type]
        return report

    return judged


@pytest.mark.parametrize("name", ["market.feed", "httpcore.http11", "urllib3.connectionpool", "a.library"])
def test_a_secret_in_a_log_at_debug_fails_the_test(verdict, name):
    logging.getLogger(name).debug("called with %s", LEAK)
    report = verdict()
    assert report.outcome == "failed"
    assert f"in the log of {name}" in report.longrepr
    assert verdict().outcome == "passed"  # each is told once


def test_a_secret_in_the_traceback_of_a_log_fails_the_test(verdict):
    try:
        raise ValueError(LEAK)
    except ValueError:
        logging.getLogger("a.library").debug("failed", exc_info=True)
    assert verdict().outcome == "failed"


def test_a_secret_that_leaves_the_process_masked_does_not(verdict):
    redact(f"{LEAK}-registered")
    logging.getLogger("a.library").debug("called with %s", f"{LEAK}-registered")
    logging.getLogger("websockets.client").debug("> %s", '{"header":{"approval_key":"' + LEAK[:-3] + "...")
    assert verdict().outcome == "passed"


def test_our_own_code_does_not_even_count_on_the_mask(verdict):
    redact(f"{LEAK}-registered")
    log = logging.getLogger("stockdesk.calls.tokens")
    log.handle(log.makeRecord(log.name, logging.DEBUG, logs.__file__, 1, f"{LEAK}-registered", (), None))
    assert verdict().outcome == "failed"


@pytest.mark.parametrize("way", [["-p", "no:xdist"], ["-n", "1"]], ids=["alone", "shared out"])
def test_whatever_sets_logging_up_again_the_ears_still_hear(tmp_path, way):
    (tmp_path / "test_planted.py").write_text(PLANTED)
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "tests.canaries", "-p", "no:cacheprovider", "-q", "-rE", "--tb=no",
         "--show-capture=no", f"--rootdir={tmp_path}", "--ds=stockdesk.settings", *way, str(tmp_path)],
        cwd=settings.BASE_DIR, env={**os.environ, "PYTHONPATH": str(settings.BASE_DIR)}, check=False,
        capture_output=True, text=True,
    )  # fmt: skip
    assert "3 passed" in ran.stdout  # the verdict comes at the end of a test, when all of it has been heard
    broken = [line.partition(" - ")[0] for line in ran.stdout.splitlines() if line.startswith("ERROR")]
    assert [node.partition("::")[2] for node in broken] == ["test_that_leaks"], ran.stdout + ran.stderr


def test_a_secret_of_the_environment_file_is_known(verdict):
    assert verdict(("Captured stdout", f"key {settings.DESK.app_keys[0].secret}")).outcome == "failed"


def test_a_secret_in_captured_output_or_in_the_log_of_a_process_fails_the_test(verdict, tmp_path):
    assert verdict(("Captured stderr call", f"Traceback: {LEAK}")).outcome == "failed"
    (tmp_path / "daemon.log").write_text(f"using {LEAK}")
    assert "daemon.log" in verdict().longrepr
    (tmp_path / "daemon.log").unlink()


def test_a_secret_in_arguments_or_output_of_a_process_fails_the_test(verdict):
    subprocess.run([sys.executable, "-c", "", LEAK], check=True)
    assert "arguments of a process" in verdict().longrepr
    halves = [LEAK[:6], LEAK[6:]]
    subprocess.run([sys.executable, "-c", "import sys; print(sys.argv[1] + sys.argv[2])", *halves],
                   check=True, capture_output=True)  # fmt: skip
    assert "output of a process" in verdict().longrepr


def test_a_secret_on_a_page_fails_the_test(verdict, monkeypatch):
    monkeypatch.setattr("stockdesk.headers.HttpResponse", lambda *args, **more: HttpResponse(LEAK))
    Client().get("/robots.txt")
    assert "the answer of /robots.txt" in verdict().longrepr

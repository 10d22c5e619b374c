"""A secret that anything shows fails the test that ran; these leak on purpose."""

import subprocess
import sys
from types import SimpleNamespace

import pytest
from django.conf import settings
from django.http import HttpResponse
from django.test import Client

from tests import canaries

LEAK = canaries.MARK + "0123456789"


@pytest.fixture
def verdict(tmp_path):
    """What became of a test that did what was done so far."""

    def judged(*sections):
        report = SimpleNamespace(sections=list(sections), outcome="passed", longrepr="")
        canaries.judge(report, tmp_path)  # type: ignore[arg-type]
        return report

    return judged


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

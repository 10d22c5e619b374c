"""``./desk audit`` says what is known, and plainly when nobody could be asked."""

import json
from pathlib import Path

import pytest
from django.conf import settings

from stockdesk.setup import audit as auditing
from stockdesk.setup.audit import CLEAN, HOLES, UNKNOWN, pinned, told

WANTED = {"django"}


def report(*holes, others=()):
    vulns = [{"id": name, "fix_versions": list(mended)} for name, mended in holes]
    return json.dumps({"dependencies": [{"name": "Django", "version": "5.2", "vulns": vulns}, *others], "fixes": []})


def test_libraries_without_known_holes_pass(capsys):
    assert told(report(), "", 0, WANTED) == CLEAN
    assert capsys.readouterr().out == "1 libraries, 0 known holes\n"


def test_a_hole_is_named_with_the_version_that_mends_it(capsys):
    assert told(report(("PYSEC-2026-1", ["5.2.9"])), "Found 1 known vulnerability", 1, WANTED) == HOLES
    assert "Django 5.2: PYSEC-2026-1, mended in 5.2.9" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("found", "code", "wanted"),
    [
        ("", 1, WANTED),  # nobody could be asked
        ("null", 0, WANTED),
        ('{"dependencies": []}', 0, WANTED),  # nobody was
        (report(), 0, {"django", "httpx"}),  # not about all
        (report(others=[{"name": "httpx", "skip_reason": "no answer"}]), 0, {"django", "httpx"}),
        (report(), 1, WANTED),  # it failed after it had written
        (report(), 137, WANTED),
        ('{"dependencies": [{"name": "Django", "vulns": [{}]}]}', 1, WANTED),
    ],
)
def test_what_was_not_asked_is_no_good_news(capsys, found, code, wanted):
    assert told(found, "ERROR: Dependency not found on PyPI", code, wanted) == UNKNOWN
    assert "NOT AUDITED" in capsys.readouterr().err


def test_a_hole_that_is_known_is_told_even_where_others_could_not_be_asked(capsys):
    assert told(report(("PYSEC-2026-1", [])), "", 1, {"django", "httpx"}) == UNKNOWN
    said = capsys.readouterr()
    assert "PYSEC-2026-1, mended in no version yet" in said.out
    assert "no answer about httpx" in said.err


def test_every_library_of_the_lock_has_to_be_answered_for():
    lock = Path(settings.BASE_DIR, "requirements.lock").read_text()
    names = pinned(lock)
    assert {"django", "mysqlclient", "websockets", "django-q2"} <= names
    assert len(names) == lock.count("==")


def test_a_program_that_fails_ends_in_a_code_of_its_own(monkeypatch, capsys):
    monkeypatch.setattr(auditing.sys, "executable", "/bin/false")
    assert auditing.audit([]) == UNKNOWN
    assert "pip-audit said nothing" in capsys.readouterr().err

"""``./desk audit`` says what is known, and plainly when nobody could be asked."""

import json

from stockdesk.setup.audit import CLEAN, HOLES, UNKNOWN, told


def report(*holes):
    vulns = [{"id": name, "fix_versions": list(mended)} for name, mended in holes]
    return json.dumps({"dependencies": [{"name": "django", "version": "5.2", "vulns": vulns}], "fixes": []})


def test_libraries_without_known_holes_pass(capsys):
    assert told(report(), "") == CLEAN
    assert capsys.readouterr().out == "1 libraries, 0 known holes\n"


def test_a_hole_is_named_with_the_version_that_mends_it(capsys):
    assert told(report(("PYSEC-2026-1", ["5.2.9"])), "Found 1 known vulnerability") == HOLES
    assert "django 5.2: PYSEC-2026-1, mended in 5.2.9" in capsys.readouterr().out


def test_a_service_that_cannot_be_asked_is_no_good_news(capsys):
    assert told("", "ERROR:pip_audit._cli:anyio: Dependency not found on PyPI and could not be audited") == UNKNOWN
    assert "NOT AUDITED" in capsys.readouterr().err

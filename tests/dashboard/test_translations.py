"""Every text that a screen can show has its Korean, and the catalogue holds nothing else."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import polib
import pytest
from django.conf import settings

BASE = Path(settings.BASE_DIR)
ROOMS = (*(app for app in settings.INSTALLED_APPS if (BASE / app).is_dir()), "templates", "static")
CATALOGUE = BASE / "locale" / "ko" / "LC_MESSAGES" / "django.po"


def identity(entry):
    return entry.msgctxt, entry.msgid, entry.msgid_plural or None


@pytest.fixture(scope="module")
def extracted(tmp_path_factory):
    """What makemessages finds in a copy of the source, by itself."""
    copy = tmp_path_factory.mktemp("source")
    for room in ROOMS:
        shutil.copytree(BASE / room, copy / room, ignore=shutil.ignore_patterns("__pycache__", "*.mo"))
    (copy / "locale").mkdir()
    subprocess.run(
        [sys.executable, "-m", "django", "makemessages", "-l", "ko", "--no-location", "--no-wrap"],
        cwd=copy,
        check=True,
        capture_output=True,
    )
    return polib.pofile(str(copy / "locale" / "ko" / "LC_MESSAGES" / "django.po"))


@pytest.fixture(scope="module")
def catalogue():
    return polib.pofile(str(CATALOGUE))


def test_every_message_of_the_source_is_in_the_catalogue_and_no_other(extracted, catalogue):
    found = {identity(entry) for entry in extracted if not entry.obsolete}
    kept = {identity(entry) for entry in catalogue}
    assert found - kept == set(), "not in the catalogue: run makemessages and translate"
    assert kept - found == set(), "no longer in the source"


def test_every_message_is_translated_and_none_is_a_guess(catalogue):
    assert [entry.msgid for entry in catalogue if not entry.translated() or entry.fuzzy or entry.obsolete] == []


def test_a_translation_keeps_the_places_that_are_filled_in(catalogue):
    def places(text):
        return sorted(re.findall(r"%\(\w+\)\w|%[ds]|\{\w+\}", text))

    for entry in catalogue:
        for translated in [entry.msgstr] if entry.msgstr else entry.msgstr_plural.values():
            assert places(translated) == places(entry.msgid_plural or entry.msgid), entry.msgid

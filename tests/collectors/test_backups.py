"""The nightly backup: made once a day in a process of its own, and missed aloud."""

import os
from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from collectors import backups
from collectors.errors import NotYet, SourceError
from collectors.jobs import JOBS
from stockdesk.backup import files, tables
from stockdesk.events import Troubles
from stockdesk.kis.messages import KST
from stockdesk.models import Event

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def folder(tmp_path, settings, monkeypatch, process_environment):
    """Where the job and the command that it starts keep their backups."""
    settings.BACKUP_DIR = tmp_path / "backups"
    for name, value in process_environment(BACKUP_DIR=str(settings.BACKUP_DIR)).items():
        monkeypatch.setitem(os.environ, name, value)
    return settings.BACKUP_DIR


def test_a_day_has_one_backup_however_often_the_job_runs(folder):
    today = timezone.localdate()
    for _ in range(2):
        assert JOBS["backup"].fetch(today, backups.EVERYTHING) == 1
        assert len(list(folder.glob("stockdesk-*.sql.gz"))) == 1


def test_a_backup_that_takes_long_is_looked_for_later(folder, monkeypatch):
    monkeypatch.setattr(backups, "A_WHILE", 0.01)
    with pytest.raises(NotYet):
        backups.fetch(timezone.localdate(), backups.EVERYTHING)


def test_a_backup_that_fails_says_why(folder, monkeypatch, tmp_path):
    (tmp_path / "a-file").touch()
    monkeypatch.setitem(os.environ, "BACKUP_DIR", str(tmp_path / "a-file"))
    with pytest.raises(SourceError, match="a-file"):
        backups.fetch(timezone.localdate(), backups.EVERYTHING)


def test_two_days_without_a_backup_are_an_event_until_there_is_one(folder, monkeypatch):
    monkeypatch.setattr(backups, "_troubles", Troubles("backup", (backups.OLD,)))
    now = datetime(2026, 11, 21, 12, tzinfo=KST)

    def is_open() -> bool:
        return Event.objects.filter(code=backups.OLD, is_open=True).exists()

    folder.mkdir()
    backups.tell_age(now)
    assert not is_open(), "a new desk has time for its first"
    (folder / files.name_of(tables.database(), now - timedelta(hours=49))).touch()
    backups.tell_age(now)
    assert is_open()
    (folder / files.name_of(tables.database(), now - timedelta(hours=1))).touch()
    backups.tell_age(now)
    assert not is_open()

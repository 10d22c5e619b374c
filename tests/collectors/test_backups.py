"""The nightly backup: made once a day in a process of its own, and missed aloud."""

import os
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from collectors import backups
from collectors.errors import NotYet, SourceError
from collectors.jobs import EVERYTHING, JOBS
from stockdesk.backup import files, tables
from stockdesk.events import Troubles
from stockdesk.kis.messages import KST
from stockdesk.models import Event
from tests.ground.calendar import at, ruled

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def folder(tmp_path, settings, monkeypatch, process_environment):
    """Where the job and the command that it starts keep their backups, at an hour at which nobody trades."""
    monkeypatch.setattr(backups, "trading_until", lambda now: None)
    settings.BACKUP_DIR = tmp_path / "backups"
    for name, value in process_environment(BACKUP_DIR=str(settings.BACKUP_DIR)).items():
        monkeypatch.setitem(os.environ, name, value)
    return settings.BACKUP_DIR


def test_a_day_has_one_backup_however_often_the_job_runs(folder):
    today = timezone.localdate()
    for _ in range(2):
        assert JOBS["backup"].fetch(today, EVERYTHING) == 1
        assert len(list(folder.glob("stockdesk-*.sql.gz"))) == 1


def test_a_backup_that_takes_long_is_looked_for_later(folder, monkeypatch):
    monkeypatch.setattr(backups, "A_WHILE", 0.01)
    with pytest.raises(NotYet):
        backups.fetch(timezone.localdate(), EVERYTHING)


def test_a_backup_that_fails_says_why(folder, monkeypatch, tmp_path):
    (tmp_path / "a-file").touch()
    monkeypatch.setitem(os.environ, "BACKUP_DIR", str(tmp_path / "a-file"))
    with pytest.raises(SourceError, match="a-file"):
        backups.fetch(timezone.localdate(), EVERYTHING)


@pytest.mark.parametrize(
    ("now", "until"),
    [
        ("2026-11-20T05:20", None),
        ("2026-11-20T07:29", None),
        ("2026-11-20T07:30", "15:30"),  # half an hour before NXT's pre-market
        ("2026-11-20T08:55", "15:30"),
        ("2026-11-20T15:29", "15:30"),
        ("2026-11-20T15:30", None),
        ("2026-11-19T15:50", "16:30"),  # the day of the CSAT
        ("2026-11-21T10:00", None),  # a Saturday
    ],
)
def test_a_backup_that_was_missed_waits_for_the_market_to_shut(settings, now, until):
    settings.DESK = replace(settings.DESK, demo=False)
    found = backups.trading_until(at(now))
    assert (f"{found:%H:%M}" if found else None) == until


def test_a_weekday_that_is_closed_and_the_demo_wait_for_nothing(settings):
    settings.DESK = replace(settings.DESK, demo=False)
    ruled(at("2026-11-20T00:00").date(), False)
    assert backups.trading_until(at("2026-11-20T10:00")) is None
    settings.DESK = replace(settings.DESK, demo=True, mode="mock")
    assert backups.trading_until(at("2026-11-19T10:00")) is None


def test_while_the_market_trades_the_job_makes_no_backup(folder, monkeypatch):
    monkeypatch.setattr(backups, "trading_until", lambda now: at("2026-11-20T15:30"))
    with pytest.raises(NotYet, match="until 15:30") as told:
        backups.fetch(timezone.localdate(), EVERYTHING)
    assert told.value.until == at("2026-11-20T15:30"), "and is tried right then"
    assert not folder.exists()


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

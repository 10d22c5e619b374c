"""The session of the public sources: its pace, its bounds, and a table that blanks nothing."""

import threading
from datetime import timedelta

import pytest
from django.utils import timezone

from collectors import calling
from collectors.calling import Pace, PublicSession
from collectors.errors import SourceError
from collectors.models import Filing
from collectors.upsert import store

from .answers import DART

KEY = "k" * 40


@pytest.fixture
def session() -> PublicSession:
    return PublicSession("dart", DART, "crtfc_key", KEY, per_second=1_000)


def test_calls_are_spaced_evenly_whoever_makes_them():
    waited: list[float] = []
    pace = Pace(5, waited.append)
    threads = [threading.Thread(target=pace.take) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [round(seconds, 1) for seconds in sorted(waited)] == [0.2, 0.4, 0.6]


def test_the_first_call_after_a_pause_does_not_wait():
    waited: list[float] = []
    pace = Pace(1_000_000, waited.append)
    pace.take()
    threading.Event().wait(0.001)
    pace.take()
    assert waited == []


def test_an_answer_without_end_is_given_up(web, session, monkeypatch):
    monkeypatch.setattr(calling, "MOST_BYTES", 1_000)
    web.get(f"{DART}/corpCode.xml", body=b"x" * 1_001)
    with pytest.raises(SourceError, match="more than"):
        session.get("corpCode.xml", {})


def test_an_answer_that_drips_is_given_up(web, session, monkeypatch):
    monkeypatch.setattr(calling, "WHOLE_SECONDS", -1.0)
    web.get(f"{DART}/corpCode.xml", body=b"x")
    with pytest.raises(SourceError, match="not complete"):
        session.get("corpCode.xml", {})


def filing(**changes):
    return Filing(**{"rcept_no": "20261120000001", "received_on": "2026-11-20", "symbol": "005930", "filer": "a",
                     "fetched_at": timezone.now(), **changes})  # fmt: skip


@pytest.mark.django_db
def test_the_newer_answer_wins_column_by_column_in_either_order():
    now = timezone.now()
    older = {"filer": "old", "report": "only the old one says", "fetched_at": now - timedelta(days=1)}
    newer = {"filer": "new", "report": "", "remarks": "only the new one says", "fetched_at": now}
    results = []
    for first, second in ((older, newer), (newer, older)):
        Filing.objects.all().delete()
        store([filing(**first)])
        store([filing(**second)])
        results.append(Filing.objects.values("filer", "report", "remarks", "fetched_at").get())
    assert results[0] == results[1]
    assert results[0] == {**newer, "report": "only the old one says"}


@pytest.mark.django_db
def test_many_rows_go_in_several_statements(django_assert_num_queries):
    rows = [filing(rcept_no=f"20261120{number:06d}") for number in range(1_001)]
    with django_assert_num_queries(3):
        assert store(rows) == 1_001
    assert Filing.objects.count() == 1_001


@pytest.mark.django_db
def test_no_rows_are_no_statement(django_assert_num_queries):
    with django_assert_num_queries(0):
        assert store([]) == 0

"""The jobs of the public sources from the clock to the rows, against the simulator over real sockets."""

import dataclasses
from datetime import date, datetime, timedelta

import pytest
from django_q.models import OrmQ

from collectors import jobs
from collectors.dart.jobs import WHILE_OPEN
from collectors.job_models import JobDay, JobItem
from collectors.jobs import JOBS, work
from collectors.management.commands.run_reference import advance
from collectors.models import Corp, DailyPrice, Filing, FilingText, KeyAccount, ListedIssue, RawBody, StatementLine
from market import gnuboard_post
from stockdesk.confirmation import yes_to
from stockdesk.kis.messages import KST
from stockdesk.models import Event
from stockdesk.simulator.testing import running_simulator
from tests.people import client_of, owner
from tests.sources import asking, simulated

from .conftest import assert_no_key

NOW = datetime(2026, 11, 20, 15, 0, tzinfo=KST)
PUBLIC = ("dart", "datagokr")
State = JobItem.State

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def world():
    with running_simulator(symbols=300, ticks_per_second=0, now=lambda: NOW) as running:
        yield running


@pytest.fixture
def simulator(world, settings, monkeypatch, empty_board):
    """The stand-in for the sources, and a registry with their jobs alone."""
    settings.DESK = dataclasses.replace(simulated(settings.DESK, world.rest_url), demo=False)
    public = {name: job for name, job in JOBS.items() if job.source in PUBLIC}
    monkeypatch.setattr(jobs, "JOBS", public)
    monkeypatch.setattr("collectors.management.commands.run_reference.JOBS", public)
    for instrument in world.world.instruments[:20]:
        gnuboard_post.post(symbol=instrument.symbol, name=instrument.name, running=True)
    yield world
    world.control.reset()


def rounds(count=4):
    """The daemon's steps, and the workers' work between them."""
    for _ in range(count):
        advance(NOW)
        OrmQ.objects.all().delete()
        JobDay.objects.update(handed_out_at=None, worked_at=None)
        for row in JobDay.objects.all():
            while jobs.can_take(row.job, row.day):
                work(row.job, row.day.isoformat())


def test_every_source_fills_its_tables_by_itself(simulator):
    rounds()
    failed = JobItem.objects.exclude(state__in=[State.DONE, State.SKIPPED])
    assert not failed.exists(), list(failed.values_list("job", "item", "state", "error"))
    for model in (Corp, DailyPrice, Filing, FilingText, KeyAccount, ListedIssue, StatementLine):
        assert model.objects.exists(), model
    assert set(DailyPrice.objects.values_list("on", flat=True)) == {date(2026, 11, 19)}
    assert set(ListedIssue.objects.values_list("on", flat=True)) == {date(2026, 11, 16)}
    assert set(Filing.objects.values_list("received_on", flat=True)) == {date(2026, 11, 19), date(2026, 11, 20)}
    assert not Event.objects.filter(is_open=True).exists()


def test_filings_of_today_are_polled_and_their_texts_follow(simulator, monkeypatch):
    polls = iter(["0900", "1500"])
    monkeypatch.setattr(jobs, "JOBS", {name: jobs.JOBS[name] for name in ("filings", "filing-texts")})
    monkeypatch.setattr("collectors.management.commands.run_reference.JOBS", jobs.JOBS)
    polled = dataclasses.replace(jobs.JOBS["filings"], items=lambda day: [next(polls)])
    monkeypatch.setitem(jobs.JOBS, "filings", polled)
    rounds(2)
    JobDay.objects.update(opened_at=NOW - timedelta(minutes=5))
    rounds(1)
    assert WHILE_OPEN.day(NOW) == NOW.date()
    done = JobItem.objects.filter(job="filings", state=State.DONE)
    assert list(done.order_by("item").values_list("item", flat=True)) == ["0900", "1500"]
    assert JobItem.objects.filter(job="filing-texts", state=State.DONE).exists()


def test_a_refused_key_stops_one_source_says_what_to_do_and_a_person_lets_it_go_on(simulator):
    simulator.control.mishap_on("dart-status", value="010")
    rounds()
    assert sum(simulator.control.seen()["calls"]["dart"]["by_tr_id"].values()) == 1
    assert not JobItem.objects.filter(job__in=["corps", "filings-day"]).exclude(state=State.WAITING).exists()
    assert DailyPrice.objects.exists(), "data.go.kr goes on"
    event = Event.objects.get(is_open=True)
    assert "Check DART_API_KEY at opendart.fss.or.kr" in event.text
    assert_no_key(f"{event.text} {list(JobItem.objects.values_list())} {list(RawBody.objects.values_list('key'))}")

    admin = client_of(owner(), "ko")
    assert "까지 대기" in admin.get("/admin/collectors/jobday/").content.decode()
    simulator.control.mishap_off("dart-status")
    keys = [str(JobDay.objects.get(job="corps").pk)]
    chosen = {"action": "try_again", "_selected_action": keys, "confirmed": yes_to(keys)}
    answer = admin.post("/admin/collectors/jobday/", chosen, follow=True)
    assert "수집을 다시 시작합니다" in answer.content.decode()
    assert not Event.objects.filter(is_open=True).exists()
    rounds()
    assert Corp.objects.exists()
    assert Filing.objects.exists()


def test_without_a_key_nothing_is_asked_and_the_admin_says_so(simulator, settings):
    settings.DESK = asking(settings.DESK, dart={"key": ""}, datagokr={"key": ""})
    asked = simulator.control.seen()["calls"]
    rounds()
    assert simulator.control.seen()["calls"] == asked
    assert not Event.objects.filter(is_open=True).exists()
    admin = client_of(owner(), "ko")
    page = admin.get("/admin/collectors/jobday/").content.decode()
    assert "키 없음" in page
    assert ".env에 DART_API_KEY 값이 없습니다" in page
    assert ".env에 DATA_GO_KR_KEY 값이 없습니다" in page

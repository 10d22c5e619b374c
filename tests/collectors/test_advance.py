"""A step of ``run_reference``: what it opens, hands out, and says when it cannot."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.db import ProgrammingError
from django.utils import timezone
from django_q.models import OrmQ

from collectors import jobs, sources
from collectors.errors import NotYet
from collectors.job_models import JobDay, JobItem
from collectors.jobs import Job, open_day, work
from collectors.management.commands.run_reference import KEPT, QUEUE_FULL, advance
from stockdesk.kis.messages import KST
from stockdesk.models import Event
from tests.sources import asking

pytestmark = pytest.mark.django_db(transaction=True)

NOW = datetime(2026, 11, 20, 21, 0, tzinfo=KST)
DAY = NOW.date()


class Daily:
    def day(self, now: datetime) -> date | None:
        return now.date()

    def next_at(self, now: datetime) -> datetime:
        return now + timedelta(days=1)


def items(day: date) -> list[str]:
    return ["a", "b"]


def broken(day: date) -> list[str]:
    raise ProgrammingError(1146, "Table 'g5_write_daemon_kind_stock' doesn't exist")


def fetch(day: date, item: str) -> int:
    if item == "b":
        raise NotYet("nothing yet")
    return 1


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> dict[str, Job]:
    """The registry with one job of the test's own."""
    registry = {"test": Job("test", "test", items, fetch, Daily())}
    monkeypatch.setattr(jobs, "JOBS", registry)
    monkeypatch.setattr("collectors.management.commands.run_reference.JOBS", registry)
    return registry


def test_a_day_is_opened_once_and_handed_out_once(known: dict[str, Job]) -> None:
    assert advance(NOW) == {"opened": 1, "tasks": 1, "queued": 1}
    assert advance(NOW) == {"opened": 0, "tasks": 0, "queued": 1}
    assert JobItem.objects.count() == 2


def test_a_list_that_cannot_be_read_stops_its_own_job_alone(known: dict[str, Job]) -> None:
    known["other"] = Job("other", "other", broken, fetch, Daily())
    assert advance(NOW)["opened"] == 1
    event = Event.objects.get(source="reference", code="job-unopened", is_open=True)
    assert event.subject == "other"
    known["other"] = Job("other", "other", items, fetch, Daily())
    assert advance(NOW)["opened"] == 1
    assert not Event.objects.filter(is_open=True).exists()


def test_a_day_that_had_nothing_to_do_is_looked_at_again(known: dict[str, Job]) -> None:
    known["test"] = Job("test", "test", lambda day: [], fetch, Daily())
    assert advance(NOW)["opened"] == 1
    JobDay.objects.update(opened_at=NOW - timedelta(minutes=9))
    known["test"] = Job("test", "test", items, fetch, Daily())
    assert advance(NOW)["opened"] == 0
    JobDay.objects.update(opened_at=NOW - timedelta(minutes=10))
    assert advance(NOW) == {"opened": 1, "tasks": 1, "queued": 1}


def test_work_that_went_silent_is_handed_out_again(known: dict[str, Job]) -> None:
    advance(NOW)
    OrmQ.objects.all().delete()  # the task is lost
    JobDay.objects.update(handed_out_at=NOW - timedelta(seconds=80))
    assert advance(NOW)["tasks"] == 0
    JobDay.objects.update(handed_out_at=NOW - timedelta(seconds=100))
    assert advance(NOW)["tasks"] == 1


def test_what_was_not_there_yet_is_handed_out_when_its_time_has_come(known: dict[str, Job]) -> None:
    advance(NOW)
    work("test", DAY.isoformat())
    quiet = {"handed_out_at": NOW - timedelta(minutes=40), "worked_at": NOW - timedelta(minutes=40)}
    JobDay.objects.update(**quiet)
    assert advance(NOW)["tasks"] == 0
    JobItem.objects.filter(item="b").update(not_before=timezone.now() - timedelta(seconds=1))
    assert advance(NOW)["tasks"] == 1


def test_an_unfinished_day_goes_on_the_day_after_and_not_for_ever(known: dict[str, Job]) -> None:
    open_day(known["test"], DAY - timedelta(days=2))
    open_day(known["test"], DAY - timedelta(days=30))
    open_day(known["test"], DAY)
    assert advance(NOW)["tasks"] == 2


def test_a_short_list_is_handed_out_before_a_long_one_of_its_day(known: dict[str, Job]) -> None:
    known["a-long-one"] = Job("a-long-one", "", lambda day: list("abcdef"), fetch, Daily())
    for job in known.values():
        open_day(job, DAY)
        open_day(job, DAY - timedelta(days=1))
    assert jobs.unfinished(DAY - timedelta(days=3)) == [
        ("test", DAY - timedelta(days=1)),
        ("a-long-one", DAY - timedelta(days=1)),
        ("test", DAY),
        ("a-long-one", DAY),
    ]


def test_a_job_waits_until_nothing_is_left_of_the_one_before_it(known: dict[str, Job]) -> None:
    known["then"] = Job("then", "then", items, lambda day, item: 1, Daily(), after="test")
    assert advance(NOW)["opened"] == 1
    JobItem.objects.filter(item="a").update(state=JobItem.State.DONE)
    assert advance(NOW)["opened"] == 0
    JobItem.objects.filter(item="b").update(state=JobItem.State.FAILED)
    assert advance(NOW)["opened"] == 1, "what failed keeps nobody waiting"
    assert JobItem.objects.filter(job="then").count() == 2


def test_a_job_goes_by_the_newest_day_of_the_weekly_one_before_it(known: dict[str, Job]) -> None:
    weekly = known.pop("test")
    known["then"] = Job("then", "then", items, lambda day, item: 1, Daily(), after="test")
    open_day(weekly, DAY - timedelta(days=4))
    assert advance(NOW)["opened"] == 0
    JobItem.objects.update(state=JobItem.State.DONE)
    assert advance(NOW)["opened"] == 1


def test_a_list_that_grows_is_read_again_while_its_day_lasts(known: dict[str, Job]) -> None:
    found = ["0700"]
    known["test"] = Job("test", "test", lambda day: found[:], fetch, Daily(), again=timedelta(minutes=5))
    advance(NOW)
    JobDay.objects.update(opened_at=NOW - timedelta(minutes=4))
    found.append("0720")
    assert advance(NOW)["opened"] == 0
    JobDay.objects.update(opened_at=NOW - timedelta(minutes=5))
    assert advance(NOW)["opened"] == 1
    assert set(JobItem.objects.values_list("item", flat=True)) == set(found)


def test_a_source_without_a_key_is_skipped_until_it_has_one(known: dict[str, Job], settings: Any) -> None:
    known["test"] = replace(known["test"], source="dart")
    settings.DESK = asking(settings.DESK, dart={"key": ""})
    assert advance(NOW)["tasks"] == 0
    assert JobDay.objects.exists(), "the admin shows it"
    assert not Event.objects.filter(is_open=True).exists()
    settings.DESK = asking(settings.DESK, dart={"key": "d4" * 20})
    JobDay.objects.update(opened_at=NOW - timedelta(minutes=10))
    assert advance(NOW)["tasks"] == 1


def test_a_refused_key_is_forgiven_when_the_day_is_over(known: dict[str, Job], settings: Any) -> None:
    settings.DESK = asking(settings.DESK, dart={"key": "d4" * 20})
    known["test"] = replace(known["test"], source="dart")
    advance(NOW)
    sources.pause(["test"], "dart 010", datetime.now(KST))
    sources.tell_key_refused("dart", "010")
    advance(NOW)
    assert Event.objects.filter(code="key-refused", is_open=True).exists()
    JobDay.objects.update(paused_until=datetime.now(KST) - timedelta(seconds=1))
    advance(NOW)
    assert not Event.objects.filter(code="key-refused", is_open=True).exists()


def test_tasks_that_wait_behind_other_jobs_are_not_doubled(known: dict[str, Job]) -> None:
    known["other"] = replace(known["test"], name="other")
    advance(NOW)
    JobDay.objects.filter(job="test").update(handed_out_at=NOW - timedelta(minutes=5))
    JobDay.objects.filter(job="other").update(worked_at=NOW)
    assert advance(NOW)["tasks"] == 0
    JobDay.objects.filter(job="test").update(handed_out_at=NOW - timedelta(minutes=11))
    assert advance(NOW)["tasks"] == 1


def test_tasks_do_not_pile_up_where_no_worker_takes_them(known: dict[str, Job]) -> None:
    for _ in range(QUEUE_FULL):
        OrmQ.objects.create(key="stockdesk", payload="x", lock=timezone.now())
    assert advance(NOW)["tasks"] == 0
    assert Event.objects.filter(source="reference", code="worker-idle", is_open=True).exists()
    OrmQ.objects.all().delete()
    assert advance(NOW)["tasks"] == 1
    assert not Event.objects.filter(is_open=True).exists()


def test_the_ledger_forgets_after_three_months(known: dict[str, Job]) -> None:
    open_day(known["test"], DAY - KEPT - timedelta(days=1))
    open_day(known["test"], DAY - KEPT + timedelta(days=1))
    advance(NOW)
    assert set(JobDay.objects.values_list("day", flat=True)) == {DAY, DAY - KEPT + timedelta(days=1)}
    assert JobItem.objects.count() == 4

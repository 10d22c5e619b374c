"""A step of ``run_reference``: what it opens, hands out, and says when it cannot."""

from datetime import date, datetime, timedelta

import pytest
from django.db import ProgrammingError
from django.utils import timezone
from django_q.models import OrmQ

from collectors import jobs
from collectors.errors import NotYet
from collectors.job_models import JobDay, JobItem
from collectors.jobs import Job, open_day, work
from collectors.management.commands.run_reference import KEPT, QUEUE_FULL, advance
from stockdesk.kis.messages import KST
from stockdesk.models import Event

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

"""The engine of the batch jobs: each item once, whatever fails, repeats or dies in between."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.db import OperationalError, connection, connections
from django.utils import timezone
from django_q.models import OrmQ

from collectors import jobs
from collectors.errors import BadCall, KeyRefused, NoData, NotYet, QuotaReached
from collectors.job_models import JobDay, JobItem
from collectors.jobs import ITEMS_A_TASK, JOBS, Job, LeftOut, again, hand_out, open_day, take, work
from stockdesk.kis.messages import KST
from stockdesk.logs import redact
from stockdesk.models import Event
from tests.sources import asking

pytestmark = pytest.mark.django_db(transaction=True)

DAY = date(2026, 11, 18)
State = JobItem.State


class Anytime:
    """Due at every moment."""

    def day(self, now: datetime) -> date | None:
        return DAY

    def next_at(self, now: datetime) -> datetime:
        return now


@pytest.fixture(autouse=True)
def _keys(settings: Any) -> None:
    settings.DESK = asking(settings.DESK, dart={"key": "d4" * 20}, datagokr={"key": "Ab" * 44})


@pytest.fixture
def make(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Job]:
    """A job of the given items, opened and known to the workers."""

    def made(fetch: Callable[[date, str], int], *items: str, name: str = "test", source: str = "nobody") -> Job:
        job = Job(name, name, lambda day: list(items), fetch, Anytime(), source)
        monkeypatch.setitem(JOBS, name, job)
        open_day(job, DAY)
        return job

    return made


def states() -> dict[str, str]:
    return dict(JobItem.objects.order_by("item").values_list("item", "state"))


def pass_time(**fields: datetime | None) -> None:
    """As if the time until these moments had passed."""
    JobItem.objects.update(**fields)


def test_every_item_is_fetched_once_and_its_rows_are_counted(make: Callable[..., Job]) -> None:
    fetched: list[str] = []

    def fetch(day: date, item: str) -> int:
        fetched.append(item)
        return len(item)

    make(fetch, "a", "bb", "ccc")
    work("test", DAY.isoformat())
    work("test", DAY.isoformat())
    assert fetched == ["a", "bb", "ccc"]
    assert states() == dict.fromkeys(("a", "bb", "ccc"), State.DONE)
    assert list(JobItem.objects.order_by("item").values_list("rows", flat=True)) == [1, 2, 3]
    assert JobDay.objects.get().worked_at is not None


def test_one_failing_item_does_not_stop_the_others_and_tells_why_without_the_key(make: Callable[..., Job]) -> None:
    redact("a-very-secret-key")

    def fetch(day: date, item: str) -> int:
        if item == "b":
            raise RuntimeError("refused for key a-very-secret-key")
        return 1

    make(fetch, "a", "b", "c")
    work("test", DAY.isoformat())
    assert states() == {"a": State.DONE, "b": State.FAILED, "c": State.DONE}
    failed = JobItem.objects.get(item="b")
    assert failed.error == "RuntimeError: refused for key [redacted]"
    assert failed.not_before is not None


def test_a_failed_item_is_tried_again_by_itself_and_in_the_end_only_by_a_person(make: Callable[..., Job]) -> None:
    tries: list[str] = []

    def fetch(day: date, item: str) -> int:
        tries.append(item)
        raise RuntimeError("no")

    make(fetch, "a")
    work("test", DAY.isoformat())
    work("test", DAY.isoformat())
    assert len(tries) == 1, "not before its pause is over"
    for _ in range(10):
        JobItem.objects.filter(not_before__isnull=False).update(not_before=timezone.now() - timedelta(seconds=1))
        work("test", DAY.isoformat())
    assert len(tries) == len(jobs.PAUSES) + 1
    assert again([JobItem.objects.get().pk]) == 1
    work("test", DAY.isoformat())
    assert len(tries) == len(jobs.PAUSES) + 2


def test_what_is_not_there_yet_is_asked_for_later(make: Callable[..., Job]) -> None:
    answers = iter([NotYet("nothing yet"), None])

    def fetch(day: date, item: str) -> int:
        if error := next(answers):
            raise error
        return 7

    make(fetch, "a")
    work("test", DAY.isoformat())
    item = JobItem.objects.get()
    assert (item.state, item.error) == (State.WAITING, "nothing yet")
    work("test", DAY.isoformat())
    assert states() == {"a": State.WAITING}
    pass_time(not_before=timezone.now() - timedelta(seconds=1))
    work("test", DAY.isoformat())
    item.refresh_from_db()
    assert (item.state, item.rows, item.error) == (State.DONE, 7, "")


def test_what_names_its_moment_is_asked_for_right_then(make: Callable[..., Job]) -> None:
    """A backup put off until 15:30 began at 16:00, for it was asked for every half hour from any minute on."""
    until = timezone.now() + timedelta(hours=5)

    def fetch(day: date, item: str) -> int:
        raise NotYet("the market trades", until=until)

    make(fetch, "a")
    work("test", DAY.isoformat())
    not_before = JobItem.objects.get().not_before
    assert not_before is not None
    assert timedelta() <= not_before - until < timedelta(seconds=30)


def test_the_end_of_a_quota_stops_every_day_of_the_job_until_midnight_in_korea(make: Callable[..., Job]) -> None:
    asked: list[str] = []

    def fetch(day: date, item: str) -> int:
        asked.append(item)
        if len(asked) == 2:
            raise QuotaReached("20,000 calls a day")
        return 1

    make(fetch, "a", "b", "c")
    work("test", DAY.isoformat())
    work("test", DAY.isoformat())
    assert asked == ["a", "b"]
    assert states() == {"a": State.DONE, "b": State.WAITING, "c": State.WAITING}
    assert hand_out("test", DAY) == 0
    until = JobDay.objects.get().paused_until
    assert until is not None
    tomorrow = datetime.now(KST).date() + timedelta(days=1)
    assert until.astimezone(KST) == datetime.combine(tomorrow, datetime.min.time(), KST)
    JobDay.objects.update(paused_until=timezone.now() - timedelta(seconds=1))
    work("test", DAY.isoformat())
    assert asked == ["a", "b", "b", "c"]


def test_what_cannot_be_had_is_left_out_and_not_asked_for_again(make: Callable[..., Job]) -> None:
    asked: list[str] = []

    def fetch(day: date, item: str) -> int:
        asked.append(item)
        raise LeftOut("not on the mock host")

    make(fetch, "a")
    work("test", DAY.isoformat())
    work("test", DAY.isoformat())
    assert asked == ["a"]
    assert JobItem.objects.get().error == "not on the mock host"


def test_what_a_source_has_nothing_about_is_left_out(make: Callable[..., Job]) -> None:
    def fetch(day: date, item: str) -> int:
        raise NoData("no filings", source="dart", code="013")

    make(fetch, "a")
    work("test", DAY.isoformat())
    item = JobItem.objects.get()
    assert (item.state, item.error) == (State.SKIPPED, "dart 013: no filings")


def test_a_mistake_of_ours_is_not_repeated_until_a_person_says_so(make: Callable[..., Job]) -> None:
    asked: list[str] = []

    def fetch(day: date, item: str) -> int:
        asked.append(item)
        raise BadCall("a field too many", source="dart", code="100")

    make(fetch, "a", "b")
    for _ in range(3):
        work("test", DAY.isoformat())
    assert asked == ["a", "b"]
    assert states() == dict.fromkeys("ab", State.FAILED)
    assert again([JobItem.objects.get(item="a").pk]) == 1
    work("test", DAY.isoformat())
    assert asked == ["a", "b", "a"]


@pytest.mark.parametrize("error", [QuotaReached, KeyRefused])
def test_what_ends_a_key_stops_all_jobs_of_its_source_and_no_other(
    make: Callable[..., Job], error: type[QuotaReached | KeyRefused]
) -> None:
    asked: list[str] = []

    def refused(day: date, item: str) -> int:
        asked.append(item)
        raise error("no more", source="dart", code="012")

    def fetch(day: date, item: str) -> int:
        asked.append(item)
        return 1

    make(refused, "a", "b", source="dart")
    make(fetch, "c", name="same-source", source="dart")
    make(fetch, "d", name="other-source", source="datagokr")
    for name in ("test", "same-source", "other-source"):
        work(name, DAY.isoformat())
    assert asked == ["a", "d"]
    assert states() == {"a": State.WAITING, "b": State.WAITING, "c": State.WAITING, "d": State.DONE}
    assert hand_out("same-source", DAY) == 0
    assert jobs.resume("same-source"), "a person says so"
    work("same-source", DAY.isoformat())
    assert asked == ["a", "d", "c"]


def test_a_refused_key_is_an_event_that_says_what_to_do_and_ends_when_a_person_tries_again(
    make: Callable[..., Job],
) -> None:
    def refused(day: date, item: str) -> int:
        raise KeyRefused("등록되지 않은 키입니다", source="dart", code="010")

    make(refused, "a", source="dart")
    work("test", DAY.isoformat())
    event = Event.objects.get(is_open=True)
    assert (event.code, event.subject, event.level) == ("key-refused", "dart", "error")
    assert event.text.startswith("DART refuses the key (010). Check DART_API_KEY")
    jobs.resume("test")
    assert not Event.objects.filter(is_open=True).exists()


def test_a_source_without_a_key_has_nothing_to_do(make: Callable[..., Job], settings: Any) -> None:
    settings.DESK = asking(settings.DESK, dart={"key": ""})
    make(lambda day, item: 1, "a", source="dart")
    assert JobDay.objects.count() == 1
    assert not JobItem.objects.exists()


def test_an_item_of_a_worker_that_died_is_taken_again_and_the_late_one_changes_nothing(
    make: Callable[..., Job],
) -> None:
    make(lambda day, item: 5, "a")
    lost = take("test", DAY)
    assert lost is not None
    assert take("test", DAY) is None, "it is held"
    pass_time(deadline_at=timezone.now() - timedelta(seconds=1))
    work("test", DAY.isoformat())
    assert not jobs.end(lost, State.FAILED, error="too late")
    item = JobItem.objects.get()
    assert (item.state, item.rows, item.attempts) == (State.DONE, 5, 2)


def test_an_item_that_kills_its_worker_each_time_comes_to_an_end(make: Callable[..., Job]) -> None:
    make(lambda day, item: 5, "a")
    for _ in range(len(jobs.PAUSES) + 1):
        assert take("test", DAY) is not None
        pass_time(deadline_at=timezone.now() - timedelta(seconds=1))
    assert hand_out("test", DAY) == 0
    assert states() == {"a": State.FAILED}


def test_workers_side_by_side_never_take_the_same_item(make: Callable[..., Job]) -> None:
    names = [f"{number:03}" for number in range(60)]
    make(lambda day, item: 1, *names)

    def taken(_: int) -> list[str]:
        try:
            found = []
            while (item := take("test", DAY)) is not None:
                found.append(item.item)
            return found
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        lists = list(pool.map(taken, range(4)))
    assert sorted(name for found in lists for name in found) == names


def test_opening_a_day_again_adds_what_is_new_and_keeps_what_is_done(make: Callable[..., Job]) -> None:
    make(lambda day, item: 1, "a")
    work("test", DAY.isoformat())
    make(lambda day, item: 1, "a", "b")
    assert states() == {"a": State.DONE, "b": State.WAITING}
    assert JobDay.objects.count() == 1


def test_jobs_take_turns_a_few_items_at_a_time(make: Callable[..., Job]) -> None:
    make(lambda day, item: 1, *(f"{number:03}" for number in range(2 * ITEMS_A_TASK + 1)))
    assert hand_out("test", DAY) == OrmQ.objects.count() == 2
    for done in (ITEMS_A_TASK, 2 * ITEMS_A_TASK):
        work("test", DAY.isoformat())
        assert JobItem.objects.filter(state=State.DONE).count() == done
    assert OrmQ.objects.count() == 4, "what is left is at the end of the queue"
    work("test", DAY.isoformat())
    assert not JobItem.objects.exclude(state=State.DONE).exists()
    assert OrmQ.objects.count() == 4


def test_a_database_that_goes_away_in_between_fails_the_task_and_not_the_item(make: Callable[..., Job]) -> None:
    def fetch(day: date, item: str) -> int:
        raise OperationalError(2006, "server has gone away")

    make(fetch, "a")
    with pytest.raises(OperationalError):
        work("test", DAY.isoformat())
    assert states() == {"a": State.WAITING}


def test_two_jobs_of_one_name_are_refused() -> None:
    job = Job("once", "once", lambda day: [], lambda day, item: 0, Anytime())
    try:
        assert jobs.register(job) is job
        assert jobs.register(job) is job
        with pytest.raises(ValueError, match="two jobs"):
            jobs.register(Job("once", "again", lambda day: [], lambda day, item: 0, Anytime()))
    finally:
        JOBS.pop("once")


def test_the_claim_is_found_by_an_index() -> None:
    with connection.cursor() as cursor:
        cursor.execute("EXPLAIN SELECT * FROM collectors_jobitem WHERE claim = 'x'")
        (plan,) = cursor.fetchall()
    assert "collectors_jobitem_claim" in plan

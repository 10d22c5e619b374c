"""Batch jobs: what there is to fetch, when a day of it is due, and how its items are worked through.

A job's day is a list of items in `JobItem`. Tasks of django-q2 take one item after the other; a task that is
lost, repeated or killed costs nothing, for what is done is in the table and not in the queue.
"""

import logging
import time
import uuid
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from math import ceil
from typing import Any, Protocol

from django.db import OperationalError, connection
from django.db.models import Count
from django_q.tasks import async_task

from collectors import sources
from collectors.errors import BadCall, KeyRefused, NoData, NotYet, QuotaReached
from collectors.job_models import ITEM_LENGTH, JobItem
from collectors.retry import executed
from stockdesk.kis.messages import KST
from stockdesk.logs import redacted

log = logging.getLogger(__name__)

#: A task takes at most this many items, and no new one after so many seconds: stopping the worker waits for it.
ITEMS_A_TASK, SLICE_SECONDS = 20, 15.0
#: Tasks of one day at a time; each goes to the end of the queue with what is left, so that jobs take turns.
TASKS_A_DAY = 2
#: An item still running after this many seconds belongs to a worker that died.
ITEM_SECONDS = 120
#: A failed item is tried again by itself up to this many times in all, seconds apart; then a person decides.
PAUSES = (60, 300, 900, 1800)
#: What was not there yet is asked for again after so many seconds, and given up after so many times.
ASK_AGAIN, ASKED_MOST = 1800, 40


class Due(Protocol):
    """When a day of a job is due; moments are aware, days are those of Korea."""

    def day(self, now: datetime) -> date | None:
        """The newest day whose hour has come, None while there is nothing to do."""

    def next_at(self, now: datetime) -> datetime | None:
        """When the next day will be due; None where that is not near."""


@dataclass(frozen=True, slots=True)
class Job:
    """What is fetched of a day: ``items`` lists it, ``fetch`` gets one item, stores it and returns its rows.

    ``fetch`` may be called again for the same item and must then leave the same rows. It raises `NotYet` where
    the source has nothing yet (asked again at its ``until``), `LeftOut` or `NoData` where this item will bring
    nothing, `QuotaReached` or `KeyRefused` where the source gives nothing more today to any job of it; any other
    error fails this item alone, and a `BadCall` is not repeated. An item during which the database went waits.

    ``again``: a day that is due is listed anew so often, for its items grow. ``after``: a day is opened only when
    nothing is left to fetch of the newest day of that job up to it.
    """

    name: str
    label: Any
    items: Callable[[date], list[str]]
    fetch: Callable[[date, str], int]
    due: Due
    source: str = sources.KIS
    again: timedelta | None = None
    after: str = ""


class LeftOut(Exception):
    """This item cannot be had, and that is no failure: the text says why."""


JOBS: dict[str, Job] = {}
#: The item of a day that is done in one go.
EVERYTHING = "all"


def register(job: Job) -> Job:
    """Make a job known to the daemon, the workers and the admin."""
    if JOBS.setdefault(job.name, job) is not job:
        raise ValueError(f"two jobs are called {job.name}")
    return job


def one_item(day: date) -> list[str]:
    """The ``items`` of a job that does all of a day in one go."""
    return [EVERYTHING]


def of_the_source(job: Job) -> list[str]:
    """The names of all jobs that ask the same source, this one among them."""
    return sorted({job.name, *(other.name for other in JOBS.values() if other.source == job.source)})


def due_days(now: datetime, jobs: Iterable[Job]) -> list[tuple[Job, date]]:
    """Which day of which job is due, in the order of registration."""
    found = [(job, job.due.day(now)) for job in jobs]
    return [(job, day) for job, day in found if day is not None]


# The ledger

_OPEN = """
    INSERT INTO collectors_jobday (job, day) VALUES (%s, %s) ON DUPLICATE KEY UPDATE opened_at = NOW(6)
"""
_ADD = "INSERT IGNORE INTO collectors_jobitem (job, day, item) VALUES "
_CAN_TAKE = """
    job = %s AND day = %s AND (
        (state IN ('waiting', 'failed') AND (not_before <= NOW(6) OR state = 'waiting' AND not_before IS NULL))
        OR (state = 'running' AND deadline_at < NOW(6)))
"""
_TAKE = f"""
    UPDATE collectors_jobitem
    SET state = 'running', claim = %s, attempts = attempts + 1, started_at = NOW(6),
        deadline_at = NOW(6) + INTERVAL %s SECOND
    WHERE {_CAN_TAKE} ORDER BY id LIMIT 1
"""
_END = """
    UPDATE collectors_jobitem
    SET state = %s, `rows` = COALESCE(%s, `rows`), error = %s, not_before = NOW(6) + INTERVAL %s SECOND,
        ended_at = NOW(6), claim = ''
    WHERE claim = %s AND state = 'running'
"""
# An item that kills its worker each time must come to an end as well.
_DEADLY = """
    UPDATE collectors_jobitem SET state = 'failed', error = 'its worker died each time', ended_at = NOW(6), claim = ''
    WHERE job = %s AND day = %s AND state = 'running' AND deadline_at < NOW(6) AND attempts > %s
"""
_WORKED = "UPDATE collectors_jobday SET worked_at = NOW(6) WHERE job = %s AND day = %s"
_HANDED_OUT = "UPDATE collectors_jobday SET handed_out_at = NOW(6) WHERE job = %s AND day = %s"


def open_day(job: Job, day: date) -> int:
    """Write down what there is to do that day; how much that is. Repeating it adds what is new and leaves the rest.

    Where the source has no key the day stands there without items. Raises what ``job.items`` raises.
    """
    names = [] if sources.lacks_key(job.source) else list(dict.fromkeys(job.items(day)))
    if too_long := [name for name in names if not 0 < len(name) <= ITEM_LENGTH]:
        raise ValueError(f"{job.name}: an item has 1 to {ITEM_LENGTH} characters, not {len(too_long[0])}")
    with connection.cursor() as cursor:
        for start in range(0, len(names), 500):
            part = names[start : start + 500]
            values = [value for name in part for value in (job.name, day, name)]
            cursor.execute(_ADD + ", ".join(["(%s, %s, %s)"] * len(part)), values)
        cursor.execute(_OPEN, (job.name, day))
    return len(names)


def purge(before: date) -> None:
    """Forget days that nobody asks about any more; what was fetched stays."""
    for table in ("collectors_jobitem", "collectors_jobday"):
        executed(f"DELETE FROM {table} WHERE day < %s LIMIT 5000", (before,))  # a name of ours


def can_take(job: str, day: date) -> int:
    """How many items a worker could take now."""
    if paused(job):
        return 0
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT COUNT(*) FROM collectors_jobitem WHERE {_CAN_TAKE}", (job, day))
        return int(cursor.fetchone()[0])


def paused(job: str) -> bool:
    """Whether the job's source gives nothing more today."""
    return sources.paused(of_the_source(JOBS[job]) if job in JOBS else [job])


def resume(job: str) -> bool:
    """Let the jobs of this job's source go on, by a person's wish; True when they were stopped."""
    if job not in JOBS:
        return False
    sources.key_may_be_good(JOBS[job].source)
    return sources.resume(of_the_source(JOBS[job]))


def take(job: str, day: date) -> JobItem | None:
    """The next item, now ours alone; None when there is none to take."""
    claim = uuid.uuid4().hex
    if not executed(_TAKE, (claim, ITEM_SECONDS, job, day)):
        return None
    return JobItem.objects.get(claim=claim)


def end(item: JobItem, state: str, *, rows: int | None = None, error: str = "", pause: int | None = None) -> bool:
    """Write the outcome, unless the item has meanwhile been given to another worker: then its outcome counts."""
    ended = executed(_END, (state, rows, redacted(error)[:300], pause, item.claim))
    executed(_WORKED, (item.job, item.day))
    return bool(ended)


def again(items: Iterable[int]) -> int:
    """Put failed and left out items back to the beginning, by a person's wish; how many there were.

    ``items`` are primary keys.
    """
    failed = [JobItem.State.FAILED, JobItem.State.SKIPPED]
    return JobItem.objects.filter(pk__in=items, state__in=failed).update(
        state=JobItem.State.WAITING, attempts=0, not_before=None, error=""
    )


# The work


def hand_out(job: str, day: date) -> int:
    """Queue tasks for the items that can be taken, a few at most; returns how many."""
    executed(_DEADLY, (job, day, len(PAUSES)))
    tasks = min(ceil(can_take(job, day) / ITEMS_A_TASK), TASKS_A_DAY)
    for _ in range(tasks):
        async_task("collectors.jobs.work", job, day.isoformat(), q_options={"group": f"{job} {day}"})
    if tasks:
        executed(_HANDED_OUT, (job, day))
    return tasks


def work(job: str, day: str) -> str:
    """A task: take items until there are none, the slice is over or the source gives no more; what is left when the
    slice is over goes to the end of the queue."""
    known, on, until = JOBS[job], date.fromisoformat(day), time.monotonic() + SLICE_SECONDS
    done = 0
    while done < ITEMS_A_TASK and time.monotonic() < until:
        if paused(job) or (item := take(job, on)) is None:
            return f"{done}"
        done += 1
        if not fetch(known, item):
            return f"{done}"
    if can_take(job, on):
        async_task("collectors.jobs.work", job, day, q_options={"group": f"{job} {day}"})
    return f"{done}"


def fetch(job: Job, item: JobItem, now: Callable[[], datetime] = lambda: datetime.now(KST)) -> bool:
    """Get one item that is ours and write down what became of it. False when its source gives no more today.

    Raises ``django.db.OperationalError`` when the database went meanwhile.
    """
    try:
        rows = job.fetch(item.day, item.item)
    except (QuotaReached, KeyRefused) as exc:
        # The key is that of all jobs of the source.
        sources.pause(of_the_source(job), str(exc), now())
        end(item, JobItem.State.WAITING, error=str(exc))
        if isinstance(exc, KeyRefused):
            sources.tell_key_refused(job.source, exc.code)
        return False
    except NotYet as exc:
        if item.attempts < ASKED_MOST:
            end(item, JobItem.State.WAITING, error=str(exc), pause=_pause(exc, now()))
        else:
            end(item, JobItem.State.SKIPPED, error=str(exc))
    except (LeftOut, NoData) as exc:
        end(item, JobItem.State.SKIPPED, error=str(exc))
    except BadCall as exc:
        log.warning("%s %s %s is our own mistake: %s", job.name, item.day, item.item, exc)
        end(item, JobItem.State.FAILED, error=str(exc))
    except OperationalError:
        end(item, JobItem.State.WAITING, error="the database was away", pause=PAUSES[0])
        raise
    except Exception as exc:
        log.warning("%s %s %s failed", job.name, item.day, item.item, exc_info=True)
        pause = PAUSES[item.attempts - 1] if item.attempts <= len(PAUSES) else None
        end(item, JobItem.State.FAILED, error=f"{type(exc).__name__}: {exc}", pause=pause)
    else:
        end(item, JobItem.State.DONE, rows=rows)
    return True


def _pause(exc: NotYet, now: datetime) -> int:
    """Seconds until what was not there yet is asked for again."""
    return ASK_AGAIN if exc.until is None else max(ceil((exc.until - now).total_seconds()), 1)


def unfinished(since: date) -> list[tuple[str, date]]:
    """Days from ``since`` on that have items neither done nor left out: the oldest day first, of a day the shortest
    list, so that a ranking does not wait for the whole watch list."""
    open_states = [JobItem.State.WAITING, JobItem.State.RUNNING, JobItem.State.FAILED]
    found = JobItem.objects.filter(day__gte=since, state__in=open_states).order_by().values_list("job", "day")
    counted = found.annotate(left=Count("pk")).order_by("day", "left", "job")
    return [(job, day) for job, day, _ in counted]

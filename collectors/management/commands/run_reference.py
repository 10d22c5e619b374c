"""Daemon 6: sees which job is due and hands its items to the workers; it fetches nothing itself."""

import logging
from datetime import date, datetime, timedelta

from django.db import DatabaseError
from django_q.models import OrmQ

from collectors import backups, sources
from collectors.errors import SourceError
from collectors.job_models import JobDay, JobItem
from collectors.jobs import JOBS, Job, can_take, due_days, hand_out, open_day, purge, unfinished
from stockdesk.daemon import DATABASE_WEATHER, Daemon
from stockdesk.events import clear_event, raise_event
from stockdesk.kis.messages import KST

#: Days this old are no longer worked on by themselves.
KEPT_OPEN = timedelta(days=14)
#: Work that was handed out and shows no sign of life for so long is handed out again.
SILENT = timedelta(seconds=90)
#: And after so long while the workers are busy with other jobs: its tasks wait in the queue.
IN_THE_QUEUE = timedelta(minutes=10)
#: A day with nothing to do is looked at again after so long.
EMPTY_AGAIN = timedelta(minutes=10)
#: With so many tasks queued nobody takes them: more would not help.
QUEUE_FULL = 100
IDLE, UNOPENED = "worker-idle", "job-unopened"
#: How long the ledger of the jobs is kept.
KEPT = timedelta(days=90)

log = logging.getLogger("stockdesk.daemon.reference")


class Command(Daemon):
    """Jobs are decided by the clock and the calendar; what is left of earlier days goes on as well."""

    help = "Opens the batch jobs that are due and queues them for the workers (manage.py qcluster)."
    name = "reference"
    every = 30.0

    async def step(self) -> None:
        self.counters |= await self.database.run(advance, datetime.now(KST))
        await self.database.run(backups.tell_age, datetime.now(KST))


def advance(now: datetime) -> dict[str, int]:
    """Open what is due and has not been opened, and hand out what nobody is working on."""
    opened = 0
    for job, day in due_days(now, JOBS.values()):
        if _is_new(job, day, now):
            opened += _opened(job, day)
    if opened:
        purge(now.date() - KEPT)
    _forgive_keys()
    left = unfinished(now.date() - KEPT_OPEN)
    handed_out = sum(_handed_out(JOBS[name], day, now) for name, day in left if name in JOBS)
    return {"opened": opened, "tasks": handed_out, "queued": OrmQ.objects.count()}


def _is_new(job: Job, day: date, now: datetime) -> bool:
    """Whether a day was never opened, grows by its nature, or had nothing to do: a watch list may be filled late."""
    if job.after and not _is_through(job.after, day):
        return False
    row = JobDay.objects.filter(job=job.name, day=day).first()
    if row is None:
        return True
    age = now - row.opened_at
    if job.again is not None and age >= job.again:
        return True
    return age >= EMPTY_AGAIN and not JobItem.objects.filter(job=job.name, day=day).exists()


def _is_through(job: str, day: date) -> bool:
    """Whether the newest day of a job up to this one was opened and nothing of it is left but what failed."""
    row = JobDay.objects.filter(job=job, day__lte=day).order_by("-day").first()
    left = [JobItem.State.WAITING, JobItem.State.RUNNING]
    return row is not None and not JobItem.objects.filter(job=job, day=row.day, state__in=left).exists()


def _forgive_keys() -> None:
    """A key that was refused is tried again on the next day; with it goes the event."""
    for source in sources.PUBLIC:
        jobs = [job.name for job in JOBS.values() if job.source == source]
        if jobs and not sources.paused(jobs):
            sources.key_may_be_good(source)


def _opened(job: Job, day: date) -> int:
    """Write down a day's items. A list that cannot be had stops this job alone, until it can."""
    try:
        open_day(job, day)
    except DATABASE_WEATHER:
        raise
    except (DatabaseError, SourceError) as exc:
        log.warning("%s of %s cannot be opened: %s", job.name, day, exc)
        raise_event("reference", UNOPENED, job.name, text=f"{type(exc).__name__}: {exc}")
        return 0
    clear_event("reference", UNOPENED, job.name)
    return 1


def _queue_moves(now: datetime) -> bool:
    """Whether tasks are queued and somebody works on them."""
    return OrmQ.objects.exists() and JobDay.objects.filter(worked_at__gte=now - SILENT).exists()


def _handed_out(job: Job, day: date, now: datetime) -> int:
    row = JobDay.objects.filter(job=job.name, day=day).first()
    if row is None or sources.lacks_key(job.source) or not can_take(job.name, row.day):
        return 0
    signs = [at for at in (row.handed_out_at, row.worked_at) if at is not None]
    if signs and now - max(signs) < (IN_THE_QUEUE if _queue_moves(now) else SILENT):
        return 0
    if OrmQ.objects.count() >= QUEUE_FULL:
        raise_event(
            "reference", IDLE, text="tasks are queued, but no worker takes them: is the program worker running?"
        )
        return 0
    clear_event("reference", IDLE)
    return hand_out(job.name, row.day)

"""Daemon 6: sees what is due after each trading day and hands it to the workers; it fetches nothing itself."""

from datetime import date, datetime, timedelta
from typing import ClassVar

from django_q.models import OrmQ

from collectors.errors import SourceError
from collectors.job_models import JobDay
from collectors.jobs import JOBS, Job, can_take, due_days, hand_out, open_day, unfinished
from stockdesk.daemon import Daemon
from stockdesk.events import clear_event, raise_event
from stockdesk.kis.messages import KST

#: Days this old are no longer worked on by themselves.
KEPT_OPEN = timedelta(days=7)
#: Work that was handed out and shows no sign of life for so long is handed out again.
SILENT = timedelta(seconds=90)
#: With so many tasks queued nobody takes them: more would not help.
QUEUE_FULL = 100
IDLE = "worker-idle"


class Command(Daemon):
    """Jobs are decided by the clock and the calendar; what is left of earlier days goes on as well."""

    help = "Opens the batch jobs that are due after the close and queues them for the workers (manage.py qcluster)."
    name = "reference"
    every = 30.0
    foreseen: ClassVar[tuple[type[BaseException], ...]] = (*Daemon.foreseen, SourceError)

    async def step(self) -> None:
        self.counters |= await self.database.run(advance, datetime.now(KST))


def advance(now: datetime) -> dict[str, int]:
    """Open what is due and has not been opened, and hand out what nobody is working on."""
    opened = 0
    for job, day in due_days(now, JOBS.values()):
        if not JobDay.objects.filter(job=job.name, day=day).exists():
            open_day(job, day)
            opened += 1
    handed_out = sum(
        _handed_out(JOBS[name], day, now) for name, day in unfinished(now.date() - KEPT_OPEN) if name in JOBS
    )
    return {"opened": opened, "tasks": handed_out, "queued": OrmQ.objects.count()}


def _handed_out(job: Job, day: date, now: datetime) -> int:
    row = JobDay.objects.filter(job=job.name, day=day).first()
    if row is None or not can_take(job.name, row.day):
        return 0
    signs = [at for at in (row.handed_out_at, row.worked_at) if at is not None]
    if signs and now - max(signs) < SILENT:
        return 0
    if OrmQ.objects.count() >= QUEUE_FULL:
        raise_event(
            "reference", IDLE, text="tasks are queued, but no worker takes them: is the program worker running?"
        )
        return 0
    clear_event("reference", IDLE)
    return hand_out(job.name, row.day)

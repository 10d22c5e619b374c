"""Hands batches to the sending process and brings its answers back; a thread waits for it, nobody else does."""

import json
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings

from stockdesk.alerts.channels import Channel

log = logging.getLogger(__name__)

#: A batch that takes longer is ended, in seconds: what has not answered by then is tried again.
LIMIT = 45.0
PING = "ping"
#: All that the sending process is told of our environment. No proxies: what they see, they could keep.
PASSED = ("PATH", "LANG", "LC_ALL", "TZ", "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "STOCKDESK_RUN",
          "VIRTUAL_ENV")  # fmt: skip
#: Level, or end, as apprise's plugins colour it.
TYPES = {"info": "info", "warning": "warning", "critical": "failure", "recovered": "success"}


@dataclass(frozen=True, slots=True)
class Job:
    """One message for one channel; ``id`` is the delivery's."""

    id: int
    channel: str
    title: str
    body: str
    type: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a job. ``error`` holds nothing of the channel's address."""

    id: int | str
    ok: bool
    error: str = ""


@dataclass(slots=True)
class Batch:
    """What is sent by one process."""

    jobs: Sequence[Job] = ()
    ping: str = field(default="", repr=False)


def send(channels: Sequence[Channel], batch: Batch, *, limit: float = LIMIT) -> list[Answer]:
    """Send it and wait, at most ``limit`` seconds. Jobs behind one that failed in the same channel have no answer."""
    by_id = {job.id: job for job in batch.jobs}
    named = {channel.name: channel for channel in channels}
    work: list[dict[str, Any]] = []
    for channel in channels:
        jobs = [job for job in batch.jobs if job.channel == channel.name]
        if jobs:
            told = [{"id": job.id, "title": job.title, "body": job.body, "type": job.type} for job in jobs]
            work.append({"url": channel.url, "jobs": told})
    text, late = _run(json.dumps({"channels": work, "ping": batch.ping}), limit)
    answers = []
    for line in text.splitlines():
        given = json.loads(line)
        job = by_id.get(given["id"])
        error = named[job.channel].cleaned(given["error"]) if job else given["error"].replace(batch.ping, "...")
        answers.append(Answer(given["id"], given["ok"], error))
    if late:
        # The first of each channel without an answer is the one that hung.
        told_of = {by_id[answer.id].channel for answer in answers if isinstance(answer.id, int) and not answer.ok}
        answered = {answer.id for answer in answers}
        for job in batch.jobs:
            if job.id not in answered and job.channel not in told_of:
                told_of.add(job.channel)
                answers.append(Answer(job.id, False, late))
    return answers


def _run(text: str, limit: float) -> tuple[str, str]:
    """What the sending process wrote, whole lines, and why there is not more of it."""
    environment = {name: os.environ[name] for name in PASSED if name in os.environ}
    # Nor a password of ~/.netrc that belongs to somebody else's host.
    environment |= {"NO_PROXY": "*", "NETRC": os.devnull, "PYTHONDONTWRITEBYTECODE": "1"}
    process = subprocess.Popen(
        [sys.executable, "-m", "stockdesk.alerts.post"],
        cwd=settings.BASE_DIR, env=environment, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    late = ""
    try:
        written, _ = process.communicate(text, timeout=limit)
        if process.returncode:
            late = f"the sending process ended with {process.returncode}"
    except subprocess.TimeoutExpired:
        process.kill()
        written, _ = process.communicate()
        late = f"no answer within {limit:.0f} s"
    return written[: written.rfind("\n") + 1], late


class Post:
    """One batch at a time in a thread of its own; answers are taken when they are there."""

    def __init__(self, channels: Sequence[Channel]) -> None:
        self.channels = channels
        self._thread: threading.Thread | None = None
        self._answers: list[Answer] | None = None

    @property
    def busy(self) -> bool:
        """Whether a batch is under way, or its answers have not been taken yet."""
        return self._thread is not None

    def start(self, batch: Batch) -> None:
        self._answers = None
        self._thread = threading.Thread(target=self._work, args=(batch,), name="alerts", daemon=True)
        self._thread.start()

    def taken(self) -> list[Answer]:
        """The answers of a batch that is through, once; nothing while it is under way."""
        if self._thread is None or self._thread.is_alive():
            return []
        self._thread = None
        return self._answers or []

    def wait(self) -> None:
        if self._thread is not None:
            self._thread.join()

    def _work(self, batch: Batch) -> None:
        try:
            self._answers = send(self.channels, batch)
        except (OSError, ValueError) as exc:
            log.error("alerts could not be sent: %s", exc)

"""``alert_test``: one message to every channel of ALERT_URLS at once, and what each of them answers."""

import sys
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import translation

from stockdesk.alerts import trial
from stockdesk.alerts.channels import channels
from stockdesk.alerts.sending import Batch, Job, send
from stockdesk.kis.messages import KST


class Command(BaseCommand):
    help = "Sends a test message to every channel of ALERT_URLS and says what each answered. Needs no running desk."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        found = channels(settings.DESK.alerts)
        if not found:
            raise CommandError("ALERT_URLS is empty: alerts go nowhere. .env.example shows how addresses look.")
        with translation.override(settings.DESK.alerts.language):
            title, body = trial.words(datetime.now(KST))
        jobs = [Job(number, channel.name, title, body, "info") for number, channel in enumerate(found)]
        answers = {answer.id: answer for answer in send(found, Batch(jobs))}
        for job in jobs:
            answer = answers.get(job.id)
            said = "sent" if answer is not None and answer.ok else f"failed: {answer.error if answer else 'no answer'}"
            self.stdout.write(f"{job.channel}: {said}")
        if not all(job.id in answers and answers[job.id].ok for job in jobs):
            sys.exit(1)

"""An alerting desk with a clock of its own, and receivers that really receive."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from stockdesk.alerts import registry
from stockdesk.alerts.alerting import Alerts
from stockdesk.alerts.sending import Answer, Batch
from stockdesk.env.alerts import AlertSettings
from stockdesk.events import clear_event, raise_event
from stockdesk.kis.messages import KST
from stockdesk.models import Event
from tests.alerts.receivers import MailBox, Webhook, mail_box, webhook

#: A Friday on which the exchange trades; long past for the database's own clock, so that no event is taken for
#: one that has just ended.
NOW = datetime(2026, 11, 13, 10, 0, tzinfo=KST)


@dataclass
class Outbox:
    """In the place of the sending process: keeps what it is given and answers at once."""

    sent: list[Any] = field(default_factory=list)
    pings: list[str] = field(default_factory=list)
    error: str = ""
    answers: list[Answer] = field(default_factory=list)
    busy: bool = False

    def start(self, batch: Batch) -> None:
        self.answers = [Answer(job.id, not self.error, self.error) for job in batch.jobs]
        if not self.error:
            self.sent += batch.jobs
        self.pings += [batch.ping] if batch.ping else []

    def taken(self) -> list[Answer]:
        answers, self.answers = self.answers, []
        return answers

    @property
    def titles(self) -> list[str]:
        return [job.title for job in self.sent]


class Scene:
    """A desk whose time passes when it is told to, two seconds a step, as in the manager."""

    def __init__(self, settings: Any) -> None:
        self.settings = settings
        self.now = NOW
        self.outbox = Outbox()
        self.alerts = self.begun()

    def begun(self) -> Alerts:
        """Another process begins."""
        return Alerts(lambda: self.now, self.outbox)  # type: ignore[arg-type]

    def set(self, **values: Any) -> None:
        alerts = replace(self.settings.DESK.alerts, **values)
        self.settings.DESK = replace(self.settings.DESK, alerts=alerts)
        self.alerts = self.begun()

    def open(self, code: str, subject: str = "", text: str = "", level: str = "warning") -> None:
        raise_event("test", code, subject, level=level, text=text)
        Event.objects.filter(code=code, subject=subject, started_at__gt=self.now + timedelta(days=1)).update(
            started_at=self.now
        )

    def end(self, code: str, subject: str = "") -> None:
        clear_event("test", code, subject)
        Event.objects.filter(code=code, subject=subject, ended_at__gt=self.now + timedelta(days=1)).update(
            ended_at=self.now
        )

    def passes(self, seconds: float, step: float = 2.0) -> list[str]:
        """Let time pass; the titles that were sent meanwhile. Long times go by in longer steps."""
        before, until = len(self.outbox.sent), self.now + timedelta(seconds=seconds)
        while self.now < until:
            self.now += timedelta(seconds=step if seconds <= 20 else max(step, seconds / 15))
            self.alerts.step()
        return self.outbox.titles[before:]


@pytest.fixture
def settings_of_alerts(settings: Any) -> Callable[..., None]:
    def given(**values: Any) -> None:
        settings.DESK = replace(settings.DESK, alerts=AlertSettings(**values))

    return given


@pytest.fixture
def no_watches(monkeypatch: pytest.MonkeyPatch) -> None:
    """This machine's own disk and calendar are looked at elsewhere."""
    monkeypatch.setattr(registry, "WATCHES", {})


@pytest.fixture
def scene(db: None, settings: Any, settings_of_alerts: Callable[..., None], no_watches: None) -> Scene:
    settings_of_alerts(urls=("json://one.example/hook",))
    return Scene(settings)


@pytest.fixture
def receiver() -> Iterator[Webhook]:
    with webhook() as running:
        yield running


@pytest.fixture
def mails() -> Iterator[MailBox]:
    with mail_box() as running:
        yield running

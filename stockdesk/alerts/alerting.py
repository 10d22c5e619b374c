"""Events and news become messages: each cause once, many at once as one, quiet where it flaps."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.conf import settings
from django.db import Error as DatabaseError
from django.db.models import Q
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from stockdesk.alert_models import Alert
from stockdesk.alerts import ledger, registry, summary, words
from stockdesk.alerts.catalogue import WARNING, Entry, entry_of
from stockdesk.alerts.channels import Channel, channels
from stockdesk.alerts.pace import CROWD, FORGET, HOUR, Pace
from stockdesk.alerts.registry import News
from stockdesk.alerts.sending import PING, Answer, Batch, Post
from stockdesk.events import REOPEN_SECONDS, Troubles, clear_event, raise_event
from stockdesk.kis.messages import KST
from stockdesk.models import Event
from stockdesk.sheets import say

log = logging.getLogger(__name__)

SOURCE, UNDELIVERED, GIVEN_UP = "alerts", "alerts-undelivered", "alerts-given-up"
LOST = gettext_noop("messages that were not sent: {1}")
#: An end is told when the event can no longer return as the same row; what a person ended, at once.
SETTLED = timedelta(seconds=REOPEN_SECONDS + 5)
#: How far back ends and news are looked at; further at a start, for what ended while nobody watched.
BACK, BACK_AT_START = timedelta(minutes=70), timedelta(days=7)
NEWS_BACK, NEWS_BACK_AT_START = timedelta(minutes=10), timedelta(hours=12)
START = timedelta(minutes=1)
PING_EVERY = timedelta(minutes=5)
PURGE_EVERY = timedelta(hours=1)
REMIND_AFTER = timedelta(hours=24)

Kind = Alert.Kind


@dataclass(slots=True)
class Telling:
    """What is to be told of one code in one message."""

    kind: str
    level: str
    code: str
    events: list[Event] = field(default_factory=list)
    news: list[News] = field(default_factory=list)


class Alerts:
    """Stepped every two seconds from one thread of one process (`alerts.chore`); sending happens beside it.

    ``now`` is the clock, ``post`` what sends (`sending.Post`). Without ALERT_URLS only the watches are done.
    """

    def __init__(self, now: Callable[[], datetime] | None = None, post: Post | None = None) -> None:
        self.settings = settings.DESK.alerts
        self.channels: list[Channel] = channels(self.settings)
        self._now = now or (lambda: datetime.now(KST))
        self._post = post or Post(self.channels)
        self._pace = Pace()
        self._unsettled: list[Answer] = []
        self._told: dict[int, int] = {}
        self._began_at: datetime | None = None
        self._told_news: dict[str, datetime] = {}
        self._first: dict[tuple[str, str], datetime] = {}
        self._watched: dict[str, datetime] = {}
        self._reminded: dict[int, datetime] = {}
        self._pinged_at: datetime | None = None
        self._purged_at: datetime | None = None
        self._ping_failing = False

    def step(self) -> None:
        """One look: a few ms when nothing is new. Raises ``django.db.Error``; the next step goes on from there."""
        now = self._now()
        with translation.override(self.settings.language):
            self._take_answers(now)
            self._watch(now)
            if self.channels:
                self._remember(now)
                self._tell(self._tellings(now), now)
                self._summarise(now)
            self._send(now)

    # What stands in the tables

    def _remember(self, now: datetime) -> None:
        """At the first look: what was told before this process began."""
        if self._began_at is not None:
            return
        for at, code in Alert.objects.filter(created_at__gt=now - max(HOUR, CROWD)).values_list("created_at", "code"):
            self._pace.note_message(at, code)
        told = Alert.objects.filter(created_at__gt=now - FORGET, kind=Kind.OPENED, keys__event_id__isnull=False)
        rows = list(told.order_by("created_at").values_list("created_at", "keys__event_id"))
        causes = {e.pk: (e.code, e.subject) for e in Event.objects.filter(pk__in=[event for _at, event in rows])}
        for at, event in rows:
            if event in causes:
                self._pace.note_cause(at, causes[event])
        self._look_at_channels(now)
        self._began_at = now

    def _look_at_channels(self, now: datetime) -> None:
        """The list may be another one since: what is said of a channel is to be true of whatever is called so now."""
        ledger.readdress(now, self.channels)
        self._say_what_is_lost(now)
        failing = ledger.failing(self.channels)
        told = Event.objects.filter(source=SOURCE, code=UNDELIVERED, is_open=True).values_list("subject", flat=True)
        for channel in set(told) - failing:
            clear_event(SOURCE, UNDELIVERED, channel)

    def _say_what_is_lost(self, now: datetime) -> None:
        lost = ledger.given_up(now)
        wrong = {(GIVEN_UP, channel): LOST.replace("{1}", str(count)) for channel, count in lost.items()}
        Troubles(SOURCE, (GIVEN_UP,)).tell(wrong)

    def _events(self, now: datetime) -> list[Event]:
        """All that is open, and what ended lately; one query, by the index on the end."""
        back = BACK_AT_START if self._begins(now) else BACK
        events = list(Event.objects.filter(Q(ended_at=None) | Q(ended_at__gt=now - back)).order_by("pk"))
        unknown = [event.pk for event in events if event.pk not in self._told]
        told = self._told | (ledger.times_told(unknown) if unknown else {})
        self._told = {event.pk: told[event.pk] for event in events}
        return events

    def _begins(self, now: datetime) -> bool:
        return self._began_at is None or now - self._began_at < START

    # What is to be told

    def _tellings(self, now: datetime) -> list[Telling]:
        """Everything that waits to be told, by kind and code, and whose time has come."""
        found: dict[tuple[str, str], Telling] = {}

        def waits(kind: str, level: str, code: str) -> Telling | None:
            if not any(channel.hears(level) for channel in self.channels):
                return None
            return found.setdefault((kind, code), Telling(kind, level, code))

        for event in self._events(now):
            entry = entry_of(event.code, event.level)
            kind = self._kind(event, entry, now)
            if kind and (telling := waits(kind, entry.level, event.code)) is not None:
                telling.events.append(event)
        for item in self._news(now):
            if (telling := waits(Kind.NEWS, entry_of(item.code).level, item.code)) is not None:
                telling.news.append(item)
        self._first = {key: self._first.get(key, now) for key in found}
        return [
            telling
            for key, telling in found.items()
            if now >= self._pace.gathers_until(telling.code, telling.level, self._first[key], now)
            or entry_of(telling.code).by_hand
        ]

    def _kind(self, event: Event, entry: Entry, now: datetime) -> str:
        """What there is to tell of this event now; empty for nothing."""
        told = self._told[event.pk]
        if event.ended_at is not None:
            settled = entry.by_hand or now - event.ended_at >= SETTLED
            return Kind.RECOVERED if told % 2 and settled and entry.level != "info" else ""
        if told % 2:
            return Kind.REMINDER if entry.again and self._reminder_due(event, now) else ""
        if (now - event.started_at).total_seconds() < entry.patience:
            return ""
        if not entry.by_hand and self._pace.is_quiet(now, (event.code, event.subject)):
            return ""
        return Kind.OPENED

    def _reminder_due(self, event: Event, now: datetime) -> bool:
        if event.pk not in self._reminded:
            last = Alert.objects.filter(keys__event_id=event.pk).order_by("-created_at").first()
            self._reminded[event.pk] = last.created_at if last is not None else now
        return now - self._reminded[event.pk] >= REMIND_AFTER

    def _news(self, now: datetime) -> list[News]:
        since = now - (NEWS_BACK_AT_START if self._begins(now) else NEWS_BACK)
        self._told_news = {key: at for key, at in self._told_news.items() if at > since - NEWS_BACK}
        items = [item for source in registry.NEWS for item in source(since) if item.key not in self._told_news]
        told = ledger.known([f"news:{item.key}" for item in items]) if items else set()
        self._told_news |= {item.key: now for item in items if f"news:{item.key}" in told}
        return [item for item in items if f"news:{item.key}" not in told]

    # Telling it

    def _tell(self, tellings: Sequence[Telling], now: datetime) -> None:
        for telling in sorted(tellings, key=lambda one: one.level != "critical"):
            if self._pace.has_room(now, telling.level):
                self._write(telling, now)
            else:
                self._say_bound(now)

    def _write(self, telling: Telling, now: datetime) -> None:
        events, count = telling.events, len(telling.events) + len(telling.news)
        if telling.kind == Kind.RECOVERED:
            lines = [words.ended_line(event, now) for event in events]
        else:
            lines = [words.line(event, seen=self._seen(event, telling.kind)) for event in events]
            lines += [item.text for item in telling.news]
        todo = "" if telling.kind == Kind.RECOVERED else entry_of(telling.code, telling.level).todo
        title = words.head(telling.kind, telling.level, telling.code, count)
        if telling.kind == Kind.REMINDER:
            keys: list[ledger.Key] = [(f"reminder:{event.pk}:{now:%Y-%m-%d}", event.pk) for event in events]
        else:
            keys = [(f"event:{event.pk}:{self._told[event.pk] + 1}", event.pk) for event in events]
            keys += [(f"news:{item.key}", None) for item in telling.news]
        if not self._save(telling.kind, telling.level, telling.code, title, words.body(lines, todo), keys, now):
            # Some of it was told by another process a moment ago: not again, but the rest of it is to be told still.
            told = ledger.known([key for key, _event in keys])
            events = [event for event, (key, _event) in zip(events, keys, strict=False) if key in told]
            telling.news = [item for item in telling.news if f"news:{item.key}" in told]
        for event in events:
            if telling.kind == Kind.REMINDER:
                self._reminded[event.pk] = now
                continue
            self._told[event.pk] += 1
            if telling.kind == Kind.OPENED:
                self._pace.note_cause(now, (event.code, event.subject))
        self._told_news |= {item.key: now for item in telling.news}

    def _seen(self, event: Event, kind: str) -> int:
        """How often this cause has come since it was told last."""
        last = self._pace.last_told((event.code, event.subject))
        if kind != Kind.OPENED or last is None:
            return 1
        rows = Event.objects.filter(source=event.source, code=event.code, subject=event.subject, started_at__gt=last)
        return max(rows.count(), 1)

    def _save(
        self, kind: str, level: str, code: str, title: str, body: str, keys: Sequence[ledger.Key], now: datetime
    ) -> bool:
        hearers = [channel for channel in self.channels if channel.hears(level)]
        alert = Alert(kind=kind, level=level, code=code, title=title[:200], body=body, created_at=now)
        stored = ledger.write(alert, keys, hearers)
        if stored:
            self._pace.note_message(now, code)
        return stored

    def _say_bound(self, now: datetime) -> None:
        """Once an hour: there is more than is sent."""
        key = f"bound:{now.astimezone(KST):%Y-%m-%d %H}"
        if key in self._told_news:
            return
        self._told_news[key] = now
        title = _("[Alerts] There is more than is sent")
        text = _("So many alerts in one hour that the rest is held back: look at the dashboard.")
        self._save(Kind.BOUND, WARNING, "", title, text, [(key, None)], now)

    def _summarise(self, now: datetime) -> None:
        at, local = self.settings.summary_at, now.astimezone(KST)
        key = f"summary:{local:%Y-%m-%d}"
        if at is None or local.time() < at or key in self._told_news:
            return
        if not ledger.known([key]) and summary.is_due(local.date()):
            title, text = summary.written(local.date(), now)
            self._save(Kind.SUMMARY, WARNING, "", title, text, [(key, None)], now)
        self._told_news[key] = now

    # Looking after things

    def _watch(self, now: datetime) -> None:
        for name, watch in registry.WATCHES.items():
            if name in self._watched and (now - self._watched[name]).total_seconds() < watch.every:
                continue
            self._watched[name] = now
            try:
                watch.look(now)
            except DatabaseError:
                raise
            except Exception:
                # One look that fails must not keep the alerts from being told.
                log.exception("the watch %s failed", name)
        self._pace.forget(now)
        if self._purged_at is None or now - self._purged_at >= PURGE_EVERY:
            self._purged_at = now
            ledger.purge(now)
            self._say_what_is_lost(now)

    # Sending

    def _send(self, now: datetime) -> None:
        if self._post.busy:
            return
        jobs, strays = ledger.due(now, self.channels)
        if strays:
            self._look_at_channels(now)
        ping = self._ping(now)
        if jobs or ping:
            ledger.hold(jobs, now)
            self._post.start(Batch(jobs, ping))

    def _ping(self, now: datetime) -> str:
        """The address to be asked for now: only a step that came this far says that all is watched."""
        if not self.settings.heartbeat_url or (self._pinged_at is not None and now - self._pinged_at < PING_EVERY):
            return ""
        self._pinged_at = now
        return self.settings.heartbeat_url

    def _take_answers(self, now: datetime) -> None:
        """Write the answers down, one by one; where the database is away they wait here, and nothing else is sent."""
        self._unsettled += self._post.taken()
        while self._unsettled:
            self._settle(self._unsettled[0], now)
            del self._unsettled[0]

    def _settle(self, answer: Answer, now: datetime) -> None:
        if answer.id == PING:
            if not answer.ok and not self._ping_failing:
                log.warning("ALERT_HEARTBEAT_URL does not answer: %s", answer.error)
            self._ping_failing = not answer.ok
            return
        settled = ledger.settle(answer, self.channels, now)
        if settled is None:
            return
        channel, in_vain = settled
        if in_vain >= ledger.IN_VAIN:
            raise_event(SOURCE, UNDELIVERED, channel, text=answer.error)
        elif not in_vain:
            clear_event(SOURCE, UNDELIVERED, channel)
        if in_vain > len(ledger.AGAIN):
            self._say_what_is_lost(now)


say(dict, [LOST])

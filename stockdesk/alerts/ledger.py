"""The tables of what was told: written before anything leaves, so that a restart tells nothing twice."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction

from stockdesk.alert_models import Alert, AlertDelivery, AlertKey
from stockdesk.alerts.channels import Channel
from stockdesk.alerts.sending import LIMIT, TYPES, Answer, Job
from stockdesk.models import Event

KEEP = timedelta(days=90)
#: Seconds until the next try after the first failed one, the second ...; after the last it stays failed.
AGAIN = (10, 30, 120, 600, 1800, 3600)
#: Messages handed to one sending process.
BATCH = 20
#: After so many tries in vain a channel is an event.
IN_VAIN = 3

#: Key of what is told, and the event it is about.
Key = tuple[str, int | None]


def write(alert: Alert, keys: Sequence[Key], hearers: Iterable[Channel]) -> bool:
    """Store a message, what it tells and where it goes, all or nothing. False when any of it was told already."""
    try:
        with transaction.atomic():
            alert.save()
            AlertKey.objects.bulk_create(AlertKey(key=key, alert=alert, event_id=event) for key, event in keys)
            AlertDelivery.objects.bulk_create(
                AlertDelivery(alert=alert, channel=channel.name, channel_key=channel.key, next_try_at=alert.created_at)
                for channel in hearers
            )
    except IntegrityError:
        return False
    return True


def times_told(event_ids: Collection[int]) -> dict[int, int]:
    """How often each event was told: its opening is 1, its end 2, its return 3 ..."""
    found = dict.fromkeys(event_ids, 0)
    rows = AlertKey.objects.filter(event_id__in=event_ids, key__startswith="event:")
    for event in rows.values_list("event_id", flat=True):
        if event is not None:
            found[event] += 1
    return found


def known(keys: Collection[str]) -> set[str]:
    return set(AlertKey.objects.filter(key__in=keys).values_list("key", flat=True))


def due(now: datetime, channels: Sequence[Channel]) -> list[Job]:
    """What is to be sent now, oldest first; whatever waits for a channel that is gone fails."""
    rows = AlertDelivery.objects.filter(state=AlertDelivery.State.WAITING, next_try_at__lte=now)
    names = {channel.key: channel.name for channel in channels}
    jobs, gone = [], []
    for row in rows.select_related("alert").order_by("alert_id")[:BATCH]:
        if (name := names.get(row.channel_key)) is None:
            gone.append(row.pk)
            continue
        alert = row.alert
        look = TYPES["recovered" if alert.kind == Alert.Kind.RECOVERED else alert.level]
        jobs.append(Job(row.pk, name, alert.title, alert.body, look))
    if gone:
        AlertDelivery.objects.filter(pk__in=gone).update(
            state=AlertDelivery.State.FAILED, error="the channel is no longer in ALERT_URLS"
        )
    return jobs


def failing(channels: Sequence[Channel]) -> set[str]:
    """The channels, by name, that have a message which they did not take several times."""
    rows = AlertDelivery.objects.filter(state=AlertDelivery.State.WAITING, tries__gte=IN_VAIN)
    keys = set(rows.values_list("channel_key", flat=True))
    return {channel.name for channel in channels if channel.key in keys}


def hold(jobs: Sequence[Job], now: datetime) -> None:
    """Before they leave: if nobody hears of them again, they are sent once more. Twice is better than never."""
    until = now + timedelta(seconds=LIMIT + 15)
    AlertDelivery.objects.filter(pk__in=[job.id for job in jobs]).update(next_try_at=until)


def settle(answer: Answer, channels: Sequence[Channel], now: datetime) -> tuple[str, int] | None:
    """Write down what became of a delivery; its channel by its name of today, and how many tries were in vain so far
    (0 = sent).

    None where its message is no longer there.
    """
    row = AlertDelivery.objects.filter(pk=answer.id).first()
    if row is None:
        return None
    row.tries += 1
    if answer.ok:
        row.state, row.sent_at, row.error = AlertDelivery.State.SENT, now, ""
    else:
        row.error = answer.error
        if row.tries > len(AGAIN):
            row.state = AlertDelivery.State.FAILED
        else:
            row.next_try_at = now + timedelta(seconds=AGAIN[row.tries - 1])
    row.save()
    names = {channel.key: channel.name for channel in channels}
    return names.get(row.channel_key, row.channel), 0 if answer.ok else row.tries


def purge(now: datetime) -> None:
    """Let go of old messages, but not of those that tell of an event which is open still."""
    still = Event.objects.filter(is_open=True).values_list("pk", flat=True)
    old = Alert.objects.filter(created_at__lt=now - KEEP).exclude(keys__event_id__in=list(still))
    Alert.objects.filter(pk__in=list(old.values_list("pk", flat=True)[:200])).delete()

"""The tables of what was told: written before anything leaves, so that a restart tells nothing twice."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import Count, F, Q
from django.db.models.functions import Least

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
#: What was given up is an event for so long.
MOURNED = timedelta(days=1)

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


def due(now: datetime, channels: Sequence[Channel]) -> tuple[list[Job], bool]:
    """What is to be sent now, oldest first, and whether anything due knows no address: `readdress` is for that."""
    rows = AlertDelivery.objects.filter(state=AlertDelivery.State.WAITING, next_try_at__lte=now)
    names = {channel.key: channel.name for channel in channels}
    jobs, strays = [], False
    for row in rows.select_related("alert").order_by("alert_id")[:BATCH]:
        if (name := names.get(row.channel_key)) is None:
            strays = True
            continue
        alert = row.alert
        look = TYPES["recovered" if alert.kind == Alert.Kind.RECOVERED else alert.level]
        jobs.append(Job(row.pk, name, alert.title, alert.body, look))
    return jobs, strays


def readdress(now: datetime, channels: Sequence[Channel]) -> None:
    """Give whatever waits for an address that is not listed the one that took its place, now; without one it fails.

    A row without a key, of an older program, goes by the channel's name.
    """
    waiting = AlertDelivery.objects.filter(state=AlertDelivery.State.WAITING)
    strays = waiting.exclude(channel_key__in=[channel.key for channel in channels])
    named = {channel.name: channel for channel in channels}
    for row in strays.select_related("alert").order_by("alert_id"):
        channel = named.get(row.channel)
        if channel is not None and (not row.channel_key or _is_correction(row, channel)):
            # As many tries as make it an event still: it ends with the first message that arrives.
            strays.filter(pk=row.pk).update(channel_key=channel.key, next_try_at=now, tries=Least(F("tries"), IN_VAIN))
        else:
            strays.filter(pk=row.pk).update(
                state=AlertDelivery.State.FAILED, error="the channel is no longer in ALERT_URLS", next_try_at=now
            )


def _is_correction(row: AlertDelivery, channel: Channel) -> bool:
    """Whether the address is newer than the message. One that was listed then has come to this place by another
    order of the list: it had a message before, or is not told of anything so slight."""
    earlier = AlertDelivery.objects.filter(channel_key=channel.key, alert_id__lte=row.alert_id)
    return channel.hears(row.alert.level) and not earlier.exclude(alert__kind=Alert.Kind.TEST).exists()


def given_up(now: datetime) -> dict[str, int]:
    """How many messages each channel, by its name then, was lately not sent for good."""
    rows = AlertDelivery.objects.filter(state=AlertDelivery.State.FAILED, next_try_at__gt=now - MOURNED)
    rows = rows.exclude(Q(alert__kind=Alert.Kind.TEST) | Q(error=AlertDelivery.RESTORED)).order_by()
    return dict(rows.values_list("channel").annotate(Count("pk")))


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
            row.state, row.next_try_at = AlertDelivery.State.FAILED, now
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

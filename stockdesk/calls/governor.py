"""How often we may connect to the broker, kept in MariaDB so that a crash does not forget it.

KIS blocks accounts and addresses that connect and disconnect in quick succession (kis 6.3). Every attempt
is a row that is committed before the attempt, so killing a process ten times gains nothing.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.utils import timezone

from stockdesk.events import clear_event, raise_event
from stockdesk.models import Connection, Pace

#: Added to every gap and window: the attempt reaches the broker a little after its permission, not always equally so.
MARGIN = 0.5
#: Seconds between two connects of one key, and between any two connects.
KEY_GAP = 5.0
ANY_GAP = 1.0
#: (attempts, seconds): never more of them in that time, per key.
CEILINGS = ((3, 60.0), (10, 600.0), (100, 86_400.0))
#: The pace doubles from the first to the second with every attempt that did not prove itself.
PACE_FIRST, PACE_LONGEST = 5.0, 120.0
QUARANTINE_FIRST, QUARANTINE_LONGEST = 60.0, 900.0
KEEP_DAYS = 30
ALL_KEYS = "*"


@dataclass(frozen=True, slots=True)
class Permission:
    """The answer to `Governor.ask`. When not allowed, ask again after `wait` seconds."""

    allowed: bool
    wait: float
    reason: str
    attempt_id: int | None


def database_now() -> datetime:
    """The database's clock, aware: the only one that all machines share."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT NOW(6)")
        return timezone.make_aware(cursor.fetchone()[0], connection.timezone)


class Governor:
    """Gives permission to connect with one app key. Every method is one short transaction.

    Connect at once when permission is given: the approval key is fetched before asking.
    """

    def __init__(
        self,
        key_id: str,
        *,
        now: Callable[[], datetime] = database_now,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self.key_id = key_id
        self._now = now
        self._jitter = jitter
        self._has_rows = False

    def ask(self, session: int) -> Permission:
        """May session number `session` connect now? A yes is counted as an attempt, used or not."""
        self._make_rows()
        with transaction.atomic():
            # The row of all keys always comes first, so two governors wait in turn and never in a ring.
            everyone, pace = self._locked(ALL_KEYS), self._locked(self.key_id)
            now = self._now()
            wait, reason = self._wait(everyone, pace, now)
            if wait > 0:
                return Permission(False, wait, reason, None)
            attempt = Connection.objects.create(key_id=self.key_id, session=session, at=now)
            pace.streak = min(pace.streak + 1, 1000)
            pace.next_at = now + timedelta(seconds=self._pace(pace.streak) + MARGIN)
            pace.reason = f"attempt {pace.streak} without proof"
            pace.connects += 1
            pace.save()
            everyone.next_at = now + timedelta(seconds=ANY_GAP + MARGIN / 2)
            everyone.save()
            old = Connection.objects.filter(at__lt=now - timedelta(days=KEEP_DAYS)).order_by("at")[:100]
            Connection.objects.filter(pk__in=[row.pk for row in old]).delete()
            return Permission(True, 0.0, "", attempt.pk)

    def proved(self, attempt_id: int) -> None:
        """The connection has carried data for 60 seconds: the pace starts over."""
        self._make_rows()
        with transaction.atomic():
            pace = self._locked(self.key_id)
            attempt = Connection.objects.get(pk=attempt_id, key_id=self.key_id)
            attempt.proved_at = self._now()
            attempt.save(update_fields=["proved_at"])
            newest = Connection.objects.filter(key_id=self.key_id).order_by("-at", "-pk").first()
            if newest is None or newest.pk != attempt.pk:
                return  # A later attempt of this key is still to prove itself.
            pace.streak, pace.quarantines, pace.quarantined_until, pace.reason = 0, 0, None, ""
            pace.next_at = attempt.at + timedelta(seconds=KEY_GAP + MARGIN)
            pace.save()
        clear_event("governor", "key-quarantined", self.key_id)

    def ended(self, attempt_id: int, outcome: str) -> None:
        """Note how the attempt came to its end; the pace was set when it began."""
        Connection.objects.filter(pk=attempt_id, key_id=self.key_id, ended_at=None).update(
            ended_at=self._now(), outcome=outcome[:80]
        )

    def quarantine(self, seconds: float, reason: str) -> float:
        """Keep the key away for at least `seconds` and at least 60, longer each time; returns the seconds chosen.

        For OPSP8996 (key already in use): asking again soon makes the broker hold the slot longer.
        """
        self._make_rows()
        with transaction.atomic():
            pace = self._locked(self.key_id)
            grown = min(QUARANTINE_FIRST * 2.0 ** min(pace.quarantines, 10), QUARANTINE_LONGEST)
            chosen = max(grown, seconds)
            until = self._now() + timedelta(seconds=chosen)
            pace.quarantines = min(pace.quarantines + 1, 1000)
            pace.quarantined_until = max(until, pace.quarantined_until or until)
            pace.reason = reason[:80]
            pace.save()
        raise_event("governor", "key-quarantined", self.key_id, text=f"{reason}: no connect for {chosen:.0f} s")
        return chosen

    def connects_today(self, session: int | None = None) -> int:
        """Attempts of this key (and session) since midnight in Korea."""
        return connects_today(self.key_id, session, now=self._now())

    def _make_rows(self) -> None:
        # Outside the transaction: INSERT IGNORE leaves a shared lock, and two who hold it both wait to write.
        if not self._has_rows:
            Pace.objects.bulk_create([Pace(key_id=ALL_KEYS), Pace(key_id=self.key_id)], ignore_conflicts=True)
            self._has_rows = True

    def _locked(self, key_id: str) -> Pace:
        return Pace.objects.select_for_update().get(pk=key_id)

    def _wait(self, everyone: Pace, pace: Pace, now: datetime) -> tuple[float, str]:
        """The longest of all rules, in seconds, with its name."""

        def until(moment: datetime | None, at_most: float = 86_400.0) -> float:
            # A moment further off than any rule could have put it was written before the clock was set back.
            return min((moment - now).total_seconds(), at_most) if moment else 0.0

        rules = [
            (until(everyone.next_at, ANY_GAP + MARGIN), "gap"),
            (until(pace.next_at, PACE_LONGEST * 1.25 + MARGIN), "pace"),
            (until(pace.quarantined_until), "quarantine"),
        ]
        recent = list(
            Connection.objects.filter(key_id=self.key_id, at__gt=now - timedelta(seconds=CEILINGS[-1][1] + MARGIN))
            .order_by("-at")
            .values_list("at", flat=True)[: CEILINGS[-1][0]]
        )
        for attempts, seconds in CEILINGS:
            if len(recent) >= attempts:
                opens = min(recent[attempts - 1], now) + timedelta(seconds=seconds + MARGIN)
                rules.append((until(opens), f"{attempts} connects in {seconds:.0f} s"))
        return max(rules)

    def _pace(self, streak: int) -> float:
        """Seconds after attempt number `streak`: 5, 10, 20 ... 120, and up to a quarter more by chance."""
        return min(PACE_FIRST * 2.0 ** min(streak - 1, 10), PACE_LONGEST) * (1.0 + 0.25 * self._jitter())


def connects_today(key_id: str | None = None, session: int | None = None, *, now: datetime | None = None) -> int:
    """Permitted attempts since midnight in Korea, of all keys and sessions unless told otherwise."""
    midnight = timezone.localtime(now or database_now()).replace(hour=0, minute=0, second=0, microsecond=0)
    rows = Connection.objects.filter(at__gte=midnight)
    if key_id is not None:
        rows = rows.filter(key_id=key_id)
    if session is not None:
        rows = rows.filter(session=session)
    return rows.count()

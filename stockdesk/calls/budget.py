"""The call budget: KIS counts the calls of an app key, so all processes that share one share these rows.

Each lane is a row with the moment of its next slot (GCRA: even spacing, no bursts). One UPDATE takes a slot
on the database's clock. Lanes are spaced a little wider than their share, so that a call which leaves late
still fits: in no sliding second do more calls leave than the ceiling allows. A process that cannot wake on time pays
with the slots it oversleeps: it calls less often on a busy machine, and never not at all.
"""

import asyncio
import logging
import random
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from django.db import Error as DatabaseError
from django.db import OperationalError, connection

from stockdesk.calls.tally import RESULTS, tally_of
from stockdesk.events import clear_event, raise_event
from stockdesk.kis.errors import NotSent
from stockdesk.models import Lane
from stockdesk.threads import DatabaseThread

log = logging.getLogger(__name__)

#: Calls a second of the fixed lanes; ``market`` has what is left of the ceiling.
FIXED = {"order": 1, "fill": 1, "assets": 4, "spare": 2}
MARKET = "market"
LANES = (*FIXED, MARKET)
#: Below this ceiling (mock: 1; new customers: 3) the shares would be fractions: all lanes share one row.
SMALLEST_SPLIT = sum(FIXED.values()) + 2
SHARED = "shared"

#: How much wider than its share a lane is spaced: 93 % of the share are usable, of the market's 97 %. As many slots as
#: its share, less `LATE` for the call in the first of them, are still more than a second.
WIDER, WIDER_MARKET = 1.08, 1.03
#: A call that would leave later than this after its slot gives the slot up and takes another.
LATE = 0.015
#: On a busy machine a call takes the slots after its own too, and may leave in any of them. Seconds, at most:
MOST_LEEWAY = 1.0
MAX_WAIT = 10.0
SLOW_SECONDS = 10.0
SLOWEST = 8
DEADLOCK = 1213

_NOW_US = "CAST(UNIX_TIMESTAMP(NOW(6)) * 1000000 AS UNSIGNED)"
# A slot further off than any queue can be was reserved before the clock was set back: it counts as free.
_SLOT_US = f"IF(next_us > {_NOW_US} + 60000000, {_NOW_US}, GREATEST(next_us, {_NOW_US}))"
# LAST_INSERT_ID(x) hands x back with the answer, so one statement both takes the slot and tells when it is.
_RESERVE = f"""
    UPDATE stockdesk_lane FORCE INDEX (PRIMARY)
    SET calls_today = IF(calls_on = CURRENT_DATE, calls_today + 1, 1), calls_on = CURRENT_DATE,
        calls = calls + 1, {", ".join(f"{result} = {result} + %s" for result in RESULTS)},
        next_us = LAST_INSERT_ID({_SLOT_US} - {_NOW_US}) + {_NOW_US}
                  + spacing_us * IF(slow_until_us > {_NOW_US}, slow_factor, 1) * (1 + CEIL(%s / spacing_us))
    WHERE name IN (%s, %s) AND {_SLOT_US} - {_NOW_US} <= %s
    ORDER BY {_SLOT_US}, name = %s DESC LIMIT 1
"""
# A burst of refusals is one sign, not several: the factor grows at most once a second.
_SLOW = f"""
    UPDATE stockdesk_lane
    SET slow_factor = IF(slow_until_us <= {_NOW_US}, 2,
                         IF(slowed_us < {_NOW_US} - 1000000, LEAST(slow_factor * 2, %s), slow_factor)),
        slowed_us = IF(slow_until_us <= {_NOW_US} OR slowed_us < {_NOW_US} - 1000000, {_NOW_US}, slowed_us),
        slow_until_us = {_NOW_US} + %s
    WHERE key_id = %s
"""


class BudgetExhausted(NotSent):
    """No slot within the time allowed. Nothing was sent."""


@dataclass(frozen=True, slots=True)
class Slot:
    """When a call may leave, on this machine's monotonic clock.

    The database told its wait somewhere between asking and answer, so the slot lies between two moments:
    before `latest` the call might be early, and beyond `earliest` + `LATE` it might be late. One that took the slots
    of ``leeway`` seconds after it as well may leave so much later.
    """

    earliest: float
    latest: float


def shares(ceiling: int) -> dict[str, int]:
    """Calls a second of each lane's row; the sum is the ceiling.

    20 gives order 1, fill 1, assets 4, spare 2, market 12. A ceiling below 10 gives one row for all, in which
    an order waits for two calls at most (`Budget.queue`), each of which takes a slot, and those of its leeway.
    """
    if ceiling < SMALLEST_SPLIT:
        return {SHARED: ceiling}
    return {**FIXED, MARKET: ceiling - sum(FIXED.values())}


class Budget:
    """The lanes of one app key. Plain functions: each is one statement in autocommit."""

    def __init__(self, key_id: str, ceiling: int) -> None:
        if ceiling < 1:
            raise ValueError("the ceiling is at least one call a second")
        self.key_id = key_id
        self.shares = shares(ceiling)
        self._tally = tally_of(key_id)

    def ensure(self) -> None:
        """Make the rows of this key, or bring their spacing in line with the ceiling; remove lanes it has no more."""
        wanted = {lane: int(1_000_000 * spacing(lane, share)) for lane, share in self.shares.items()}
        present = dict(Lane.objects.filter(key_id=self.key_id).values_list("lane", "spacing_us"))
        if gone := present.keys() - wanted:
            Lane.objects.filter(pk__in=[self.name(lane) for lane in gone]).delete()
        rows = [
            Lane(name=self.name(lane), key_id=self.key_id, lane=lane, spacing_us=wanted[lane])
            for lane in sorted(wanted)
            if wanted[lane] != present.get(lane)
        ]
        if rows:
            # Without unique_fields: MariaDB goes by whichever unique key the row meets.
            Lane.objects.bulk_create(rows, update_conflicts=True, update_fields=["spacing_us"])
        self.note_recovery()

    def reserve(self, lane: str, max_wait: float = MAX_WAIT, leeway: float = 0.0) -> float:
        """Take the next slot of the lane, and those within ``leeway`` seconds after it; returns the seconds to wait.

        BudgetExhausted beyond `max_wait`. An order takes a slot of the market lane when that comes sooner, never the
        other way round.
        """
        if lane not in LANES:
            raise ValueError(f"no lane {lane!r}")
        own, other = self._rows(lane)
        wait = self._counted(lane, own, other, max_wait, leeway)
        if wait is None:
            # No slot, or no row yet; another process may be making the rows at this moment.
            if not Lane.objects.filter(pk=own).exists():
                self.ensure()
            wait = self._counted(lane, own, other, max_wait, leeway)
        if wait is not None:
            return wait
        raise BudgetExhausted(f"no free call on lane {lane} within {max_wait:.1f} s")

    def wait(self, lane: str) -> float | None:
        """Seconds until a call of the lane could leave, without taking the slot; None where its rows are not there."""
        sql = f"SELECT MIN({_SLOT_US} - {_NOW_US}) FROM stockdesk_lane WHERE name IN (%s, %s)"
        with connection.cursor() as cursor:
            cursor.execute(sql, self._rows(lane))
            (wait,) = cursor.fetchone()
        return None if wait is None else float(wait) / 1_000_000

    def name(self, lane: str) -> str:
        """The primary key of a lane's row."""
        return f"{self.key_id}:{lane}"

    def _rows(self, lane: str) -> tuple[str, str]:
        """The primary keys of the rows a call of this lane may take a slot of."""
        own, other = (SHARED, SHARED) if SHARED in self.shares else (lane, MARKET if lane == "order" else lane)
        return self.name(own), self.name(other)

    def _counted(self, lane: str, own: str, other: str, max_wait: float, leeway: float) -> float | None:
        """Take a slot, and take along how the lane's last calls ended."""
        results = self._tally.take(lane)
        wait = None
        try:
            wait = self._taken(own, other, max_wait, leeway, results)
        finally:
            if wait is None:
                self._tally.add(lane, results)
        return wait

    def _taken(self, own: str, other: str, max_wait: float, leeway: float, results: dict[str, int]) -> float | None:
        values: list[int | str] = [
            *(results[result] for result in RESULTS),
            int(leeway * 1_000_000),
            own,
            other,
            int(max_wait * 1_000_000),
            own,
        ]
        for again in (True, True, False):
            try:
                with connection.cursor() as cursor:
                    if cursor.execute(_RESERVE, values):
                        return cursor.lastrowid / 1_000_000
                    return None
            except OperationalError as exc:
                # A deadlock undoes the statement, so nothing was taken yet.
                if not again or exc.args[0] != DEADLOCK:
                    raise
        return None

    def slot(self, lane: str, max_wait: float = MAX_WAIT, leeway: float = 0.0) -> Slot:
        """The same, on the monotonic clock."""
        before = time.monotonic()
        wait = self.reserve(lane, max_wait, leeway)
        return Slot(before + wait, time.monotonic() + wait)

    def queue(self, lane: str, max_wait: float) -> float:
        """How far ahead the lane may book, seconds.

        Where all lanes share one row only an order may queue; the others take a slot that is all but free, so
        that an order never stands behind more than the call under way and one more.
        """
        if SHARED in self.shares and lane != "order":
            return min(max_wait, spacing(SHARED, self.shares[SHARED]))
        return max_wait

    def slow_down(self, seconds: float = SLOW_SECONDS) -> None:
        """The broker said too many calls (EGW00201): half the pace, down to an eighth if it goes on saying so."""
        with connection.cursor() as cursor:
            cursor.execute(_SLOW, (SLOWEST, int(seconds * 1_000_000), self.key_id))
        raise_event("budget", "calls-refused", self.key_id, text="the broker refuses calls: slowed down for a while")

    def slowed(self) -> bool:
        """Whether the pace is lowered now."""
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT COUNT(*) FROM stockdesk_lane WHERE key_id = %s AND slow_until_us > {_NOW_US}", (self.key_id,)
            )
            return bool(cursor.fetchone()[0])

    def note_recovery(self) -> None:
        """End the event of `slow_down` once the pace is back."""
        if not self.slowed():
            clear_event("budget", "calls-refused", self.key_id)


def spacing(lane: str, share: int) -> float:
    """Seconds between two calls of a lane with that many calls a second."""
    return (WIDER_MARKET if lane == MARKET else WIDER) / share


class AsyncBudget:
    """What `KisClient` is given: waits for the slot and wakes on time, or takes another."""

    def __init__(
        self,
        budget: Budget,
        database: DatabaseThread,
        *,
        max_wait: float = MAX_WAIT,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.budget = budget
        self.max_wait = max_wait
        #: Slots given up because this process woke too late for them.
        self.missed = 0
        self._database = database
        self._clock = clock
        self._leeway = 0.0  # twice as late as the last wake-up was, where that was too late
        # A process that slowed us down may have ended before it could tell that this is over: look once.
        self._slowed_until = clock() + SLOW_SECONDS

    async def reserve(self, lane: str) -> None:
        """Return at the moment when a call of this lane may leave: send at once.

        Raises BudgetExhausted when that is not within `max_wait` seconds, or the database cannot be asked.
        """
        await self._note_recovery()
        end = self._clock() + self.max_wait
        while True:
            leeway = self._leeway
            slot = await self._slot(lane, end, leeway)
            await self._sleep_until(slot.latest)
            late = self._clock() - slot.earliest
            self._leeway = min(2 * late, MOST_LEEWAY) if late > LATE else 0.0
            if late <= leeway + LATE:
                break
            self.missed += 1
            if self._clock() >= end:
                raise BudgetExhausted(f"lane {lane}: this machine is too busy to keep its slots")

    async def slow_down(self) -> None:
        """Call this when a call was refused with EGW00201 or EGW00215."""
        self._slowed_until = self._clock() + SLOW_SECONDS
        try:
            await self._database.run(self.budget.slow_down)
        except DatabaseError as exc:
            log.warning("could not lower the pace: %s", exc)

    async def _slot(self, lane: str, end: float, leeway: float) -> Slot:
        while True:
            left = end - self._clock()
            if left <= 0:
                raise BudgetExhausted(f"no free call on lane {lane} within {self.max_wait:.1f} s")
            ahead = self.budget.queue(lane, left)
            try:
                return await self._database.run(self.budget.slot, lane, ahead, leeway)
            except DatabaseError as exc:
                raise BudgetExhausted(f"lane {lane}: the database cannot be asked ({type(exc).__name__})") from exc
            except BudgetExhausted:
                if ahead >= left:
                    raise
                await asyncio.sleep(min(left, ahead * random.uniform(0.25, 0.75)))

    async def _sleep_until(self, moment: float) -> None:
        # Timers are cut to a millisecond and may fire a little early.
        while (left := moment - self._clock()) > 0:  # noqa: ASYNC110
            await asyncio.sleep(left)

    async def _note_recovery(self) -> None:
        if self._slowed_until and self._clock() > self._slowed_until:
            self._slowed_until = 0.0
            with suppress(OperationalError):
                await self._database.run(self.budget.note_recovery)

"""The governor: how often we may connect, whatever becomes of the process that connects."""

import random
import threading
from datetime import datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase as DatabaseCase

from stockdesk.governor import Governor, connects_today, database_now
from stockdesk.models import Connection, Event, Pace
from tests.moments import Clock

KEY = "aaaaaaaaaaaa"
START = datetime(2026, 11, 20, 9, 0, tzinfo=ZoneInfo("Asia/Seoul"))


@pytest.fixture
def clock(db):
    """The database's clock in a test's hands."""
    return Clock(START)


def governor(clock: Clock, key: str = KEY) -> Governor:
    """A new object each time, as after a restart: nothing may depend on its memory."""
    return Governor(key, now=clock, jitter=lambda: 0.0)


def permitted(clock: Clock, session: int = 1) -> int:
    """Ask and be allowed; the attempt's number."""
    asked = governor(clock).ask(session)
    assert asked.attempt_id is not None
    return asked.attempt_id


def insist(clock: Clock, seconds: float, *, key: str = KEY, every: float = 1.0) -> list[float]:
    """Ask again and again with a new governor each time; the moments of permission in seconds."""
    given_at = []
    end = clock.moment + timedelta(seconds=seconds)
    while clock.moment < end:
        if governor(clock, key).ask(1).allowed:
            given_at.append((clock.moment - START).total_seconds())
        clock.forward(seconds=every)
    return given_at


def most_in(moments: list[float], seconds: float) -> int:
    """The largest number of moments in any window of that length, its end included."""
    return max(sum(1 for other in moments if first <= other <= first + seconds) for first in moments)


def test_the_first_attempt_is_allowed_at_once_and_the_next_is_not(clock):
    first = governor(clock).ask(1)
    assert (first.allowed, first.wait) == (True, 0.0)
    second = governor(clock).ask(1)
    assert (second.allowed, second.reason, second.attempt_id) == (False, "pace", None)
    assert 5.0 <= second.wait <= 6.0


def test_permitted_connects_are_counted_for_good(clock):
    assert len(insist(clock, 120)) == Pace.objects.get(pk=governor(clock).key_id).connects > 1


def test_a_refusal_tells_how_long_to_wait(clock):
    governor(clock).ask(1)
    clock.forward(seconds=governor(clock).ask(1).wait)
    assert governor(clock).ask(1).allowed


def test_killed_ten_times_in_ten_minutes_it_still_keeps_the_ceilings(clock):
    moments = insist(clock, 1800)
    assert len(moments) > 10
    assert most_in(moments, 60) <= 3
    assert most_in(moments, 600) <= 10
    assert min(b - a for a, b in pairwise(moments)) >= 5


def test_even_with_proof_each_time_the_ceilings_hold(clock):
    moments: list[float] = []
    while len(moments) < 25:
        asked = governor(clock).ask(1)
        if asked.attempt_id:
            moments.append((clock.moment - START).total_seconds())
            governor(clock).proved(asked.attempt_id)
        clock.forward(seconds=max(asked.wait, 0.1))
    assert most_in(moments, 60) == 3
    assert most_in(moments, 600) == 10


def test_the_pace_grows_with_every_attempt_without_proof(clock):
    gaps = []
    for _ in range(8):
        governor(clock).ask(1)
        gaps.append(round((Pace.objects.get(pk=KEY).next_at - clock.moment).total_seconds()))
        clock.forward(seconds=3600)
    assert gaps == [6, 10, 20, 40, 80, 120, 120, 120]


def test_chance_only_ever_makes_the_pace_longer(clock):
    eager, patient = Governor(KEY, jitter=lambda: 0.0), Governor(KEY, jitter=lambda: 1.0)
    assert [eager._pace(n) for n in (1, 2, 3)] == [5, 10, 20]
    assert [patient._pace(n) for n in (1, 2, 3)] == [6.25, 12.5, 25]


def test_proof_starts_the_pace_over(clock):
    for _ in range(6):
        attempt = permitted(clock)
        clock.forward(seconds=3600)
    governor(clock).proved(attempt)
    assert governor(clock).ask(1).allowed
    assert round(governor(clock).ask(1).wait) in (5, 6)


def test_late_proof_of_an_older_attempt_changes_no_pace(clock):
    old = permitted(clock)
    clock.forward(seconds=3600)
    permitted(clock)
    governor(clock).proved(old)
    assert Pace.objects.get(pk=KEY).streak == 2


def test_two_keys_connect_a_second_apart(clock):
    assert governor(clock).ask(1).allowed
    other = governor(clock, "bbbbbbbbbbbb").ask(2)
    assert (other.allowed, other.reason) == (False, "gap")
    clock.forward(seconds=1.0 + other.wait - 1.0)
    assert other.wait >= 1.0
    assert governor(clock, "bbbbbbbbbbbb").ask(2).allowed


def test_a_quarantine_lasts_a_minute_and_longer_each_time(clock):
    assert governor(clock).quarantine(20, "OPSP8996") == 60
    assert governor(clock).ask(1).reason == "quarantine"
    clock.forward(seconds=60)
    assert governor(clock).ask(1).allowed
    assert [governor(clock).quarantine(20, "OPSP8996") for _ in range(5)] == [120, 240, 480, 900, 900]


def test_a_quarantine_is_an_event_until_a_connection_has_proved_itself(clock):
    governor(clock).quarantine(60, "OPSP8996")
    assert Event.objects.get(code="key-quarantined", ended_at=None).subject == KEY
    clock.forward(seconds=61)
    governor(clock).proved(permitted(clock))
    assert not Event.objects.filter(ended_at=None).exists()
    assert governor(clock).quarantine(60, "OPSP8996") == 60


def test_the_end_of_an_attempt_is_noted_once(clock):
    attempt = permitted(clock, session=3)
    governor(clock).ended(attempt, "silent")
    governor(clock).ended(attempt, "closed by us")
    row = Connection.objects.get()
    assert (row.session, row.outcome, row.ended_at) == (3, "silent", clock.moment)


def test_connects_are_counted_by_korean_day(clock):
    clock.moment = datetime(2026, 11, 19, 23, 59, tzinfo=ZoneInfo("Asia/Seoul"))
    governor(clock).ask(1)
    clock.forward(seconds=120)
    governor(clock).ask(2)
    assert connects_today(now=clock.moment) == 1
    assert governor(clock).connects_today() == 1
    assert governor(clock).connects_today(session=1) == 0


def test_attempts_older_than_thirty_days_are_forgotten(clock):
    governor(clock).ask(1)
    clock.forward(seconds=31 * 86400)
    governor(clock).ask(1)
    assert Connection.objects.count() == 1


def test_a_clock_that_was_set_back_does_not_lock_us_out_for_good(clock):
    governor(clock).ask(1)
    clock.forward(seconds=-86400)
    assert governor(clock).ask(1).wait <= 151


@pytest.mark.django_db(transaction=True)
def test_of_eight_that_ask_at_once_one_may():
    ready, answers = threading.Barrier(8), []

    def ask(session: int) -> None:
        ready.wait()
        try:
            answers.append(Governor(KEY if session % 2 else "bbbbbbbbbbbb").ask(session).allowed)
        finally:
            connection.close()

    threads = [threading.Thread(target=ask, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [False] * 7 + [True]


@pytest.mark.django_db
def test_the_clock_is_the_databases_in_korean_time():
    assert database_now().utcoffset() == timedelta(hours=9)
    assert abs((database_now() - datetime.now(ZoneInfo("UTC"))).total_seconds()) < 60


class AnySchedule(DatabaseCase):
    @settings(max_examples=12, deadline=None)
    @given(st.integers(0, 2**32))
    def test_no_schedule_of_proofs_crashes_and_quarantines_breaks_a_ceiling(self, seed: int) -> None:
        chance = random.Random(seed)
        clock = Clock(START)
        moments: dict[str, list[float]] = {KEY: [], "bbbbbbbbbbbb": []}
        for _ in range(120):
            key = chance.choice(list(moments))
            one = Governor(key, now=clock, jitter=chance.random)
            asked = one.ask(1)
            if asked.attempt_id:
                moments[key].append((clock.moment - START).total_seconds())
                if chance.random() < 0.5:
                    one.proved(asked.attempt_id)
                elif chance.random() < 0.05:
                    one.quarantine(0, "OPSP8996")
            clock.forward(seconds=chance.choice([0.1, 0.6, 1.3, asked.wait, 30]))
        both = sorted(moments[KEY] + moments["bbbbbbbbbbbb"])
        assert all(b - a >= 1 for a, b in pairwise(both))
        for own in moments.values():
            assert not own or (most_in(own, 60) <= 3 and most_in(own, 600) <= 10)
            assert all(b - a >= 5 for a, b in pairwise(own))

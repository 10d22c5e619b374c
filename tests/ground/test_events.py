"""Events: one open row per degraded state, with beginning and end."""

from datetime import timedelta

import pytest
from django.db.models import F

from stockdesk.events import clear_event, raise_event
from stockdesk.logs import MASK, redact
from stockdesk.models import Event

pytestmark = pytest.mark.django_db


def test_a_state_that_lasts_is_one_row():
    for n in range(3):
        raise_event("feed", "silent", "session 1", text=f"look {n}")
    event = Event.objects.get()
    assert (event.count, event.text, event.ended_at, event.level) == (3, "look 2", None, "warning")
    assert event.last_at > event.started_at


def test_the_admin_finds_the_days_of_events_without_reading_all_of_them():
    """Ninety days of a bad connection are many rows, and each look at the list read them twice."""
    for n in range(50):
        raise_event("feed", "silent", f"session {n}")
    since = Event.objects.filter(started_at__lt=Event.objects.earliest("started_at").started_at)
    assert "stockdesk_event_started" in since.explain()


def test_states_of_two_subjects_are_two_rows():
    raise_event("feed", "silent", "session 1")
    raise_event("feed", "silent", "session 2")
    assert clear_event("feed", "silent", "session 1")
    assert [event.subject for event in Event.objects.filter(ended_at=None)] == ["session 2"]


def test_clearing_what_is_not_open_changes_nothing():
    assert not clear_event("feed", "silent")


def test_a_flapping_state_stays_one_row():
    for _ in range(5):
        raise_event("feed", "silent")
        clear_event("feed", "silent")
    assert Event.objects.get().count == 5


def test_a_state_that_returns_later_is_a_new_row():
    raise_event("feed", "silent")
    clear_event("feed", "silent")
    Event.objects.update(ended_at=F("ended_at") - timedelta(minutes=2))
    raise_event("feed", "silent")
    assert Event.objects.count() == 2
    assert Event.objects.filter(ended_at=None).count() == 1


def test_secrets_in_the_text_are_taken_out():
    redact("approval-key-value")
    raise_event("feed", "silent", text="key approval-key-value refused")
    assert Event.objects.get().text == f"key {MASK} refused"

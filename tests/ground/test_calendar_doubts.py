"""What is doubtful about the calendar is told: as events and by ``/readyz``."""

from dataclasses import replace
from datetime import date

import pytest

from stockdesk.calendar_doubts import doubts, tell_doubts
from stockdesk.calendar_models import MarketDay
from stockdesk.models import Event
from tests.ground.calendar import BROKER, at, at_real_broker, changed, ruled, told

pytestmark = pytest.mark.django_db

FRIDAY, CHRISTMAS = date(2026, 11, 20), date(2026, 12, 25)
NOW = at("2026-11-20T09:30")


@pytest.fixture(autouse=True)
def real(settings):
    settings.DESK = at_real_broker(settings.DESK)


@pytest.fixture
def sure():
    """Today is confirmed, and nothing contradicts anything."""
    told(FRIDAY, "Y")


def found(now=NOW):
    return [(doubt.code, doubt.subject) for doubt in doubts(now)]


def test_a_calendar_that_agrees_with_itself_gives_no_trouble(sure):
    told(CHRISTMAS, "N")
    assert found() == []


@pytest.mark.parametrize(
    "contradict",
    [
        lambda: told(CHRISTMAS, "Y"),
        lambda: changed(CHRISTMAS, computed_open=True),
        lambda: (changed(CHRISTMAS, listed_open=None), told(CHRISTMAS, "Y")),
        lambda: (told(CHRISTMAS, "N"), ruled(CHRISTMAS, True)),
    ],
)
def test_sources_that_disagree_are_told_of(sure, contradict):
    contradict()
    assert found() == [("day-disputed", "2026-12-25")]
    assert MarketDay.objects.get(pk=CHRISTMAS).verdict(BROKER).disputed


def test_a_person_settles_what_the_lists_disagree_about(sure):
    changed(CHRISTMAS, computed_open=True)
    ruled(CHRISTMAS, False)
    assert found() == []


def test_what_is_past_is_no_trouble(sure):
    told(date(2026, 11, 19), "N")
    assert found() == []


def test_what_another_broker_said_is_no_trouble(sure):
    told(CHRISTMAS, "Y", by="127.0.0.1:9443")
    assert found() == []


def test_days_that_are_known_for_a_short_while_only_are_told_of(sure):
    MarketDay.objects.filter(day__gt=date(2026, 12, 19)).update(listed_open=None)
    assert found() == [("days-run-out", "2026-12-19")]
    ruled(date(2026, 12, 20), False)
    assert found() == []


def test_an_empty_calendar_is_told_of():
    MarketDay.objects.all().delete()
    assert found() == [("days-run-out", "-"), ("day-unconfirmed", "2026-11-20")]


@pytest.mark.parametrize(("clock", "told_of"), [("07:59:59", False), ("08:00", True), ("19:00", True)])
def test_from_eight_on_a_trading_day_should_be_confirmed(clock, told_of):
    assert bool(found(at(f"2026-11-20T{clock}"))) is told_of


def test_nobody_need_confirm_a_saturday():
    assert found(at("2026-11-21T10:00")) == []


def test_the_demo_looks_at_no_calendar(settings):
    MarketDay.objects.all().delete()
    local = {"kis_rest_url": "http://127.0.0.1:9443", "kis_ws_url": "ws://127.0.0.1:21000"}
    settings.DESK = replace(settings.DESK, demo=True, **local)
    assert found() == []


def test_an_event_opens_with_the_doubt_and_ends_with_it(sure):
    Event.objects.create(source="calendar", code="day-disputed", subject="2026-12-24", text="left by a former process")
    Event.objects.create(source="assets", code="assets-stale")
    told(CHRISTMAS, "Y")
    tell_doubts(NOW)
    tell_doubts(NOW)
    event = Event.objects.get(source="calendar", is_open=True)
    assert (event.code, event.subject, event.count) == ("day-disputed", "2026-12-25", 2)
    assert event.text == "the sources disagree about 2026-12-25, which is taken for open"
    ruled(CHRISTMAS, True)
    tell_doubts(NOW)
    assert list(Event.objects.filter(is_open=True).values_list("source", flat=True)) == ["assets"]

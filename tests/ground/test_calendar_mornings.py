"""The question of the morning: what an answer, a failure and a broker that is away do to the tables."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date, timedelta

import pytest
from asgiref.sync import sync_to_async

from stockdesk.calendar_models import MarketDay
from stockdesk.calendar_mornings import Mornings
from stockdesk.hours import day_of
from stockdesk.kis.days import CalendarDay
from stockdesk.kis.errors import NotSent, OutcomeUnknown, RateLimited
from stockdesk.kis.messages import KST
from stockdesk.kis.rest import KisClient
from stockdesk.models import Event
from stockdesk.simulator.testing import new_key, running_simulator
from stockdesk.threads import DatabaseThread
from tests.ground.calendar import at, at_real_broker
from tests.kis.broker import Budget, Tokens

pytestmark = pytest.mark.django_db(transaction=True)

FRIDAY = date(2026, 11, 20)
SIX = at("2026-11-20T06:00")


class Calendar:
    """Answers that every day is open, or fails as the test has it."""

    def __init__(self) -> None:
        self.asked: list[date] = []
        self.failure: Exception | None = None

    async def __call__(self, since: date) -> list[CalendarDay]:
        self.asked.append(since)
        if self.failure is not None:
            raise self.failure
        return [CalendarDay(since + timedelta(days=n), "Y", "Y", "Y", "Y") for n in range(24)]


@pytest.fixture
def calendar() -> Calendar:
    return Calendar()


@pytest.fixture
async def database() -> AsyncIterator[DatabaseThread]:
    thread = DatabaseThread("calendar")
    yield thread
    await asyncio.to_thread(thread.close)


@pytest.fixture
def mornings(settings, calendar, database) -> Mornings:
    settings.DESK = at_real_broker(settings.DESK)
    return Mornings(calendar, database)


@sync_to_async
def rows() -> list[dict[str, object]]:
    return [
        *MarketDay.objects.values(*(f.attname for f in MarketDay._meta.fields if f.name not in ("asks", "asked_at")))
    ]


@sync_to_async
def open_events() -> set[tuple[str, str]]:
    return set(Event.objects.filter(is_open=True).values_list("code", "subject"))


@pytest.mark.parametrize("failure", [NotSent("away"), OutcomeUnknown("HTML"), RateLimited("slow down", "EGW00201")])
async def test_a_failed_question_changes_nothing_and_is_told_of(mornings, calendar, failure):
    before = await rows()
    calendar.failure = failure
    await mornings.look(SIX)
    assert await rows() == before
    assert not (await sync_to_async(day_of)(FRIDAY)).confirmed
    assert ("calendar-unanswered", "") in await open_events()
    await mornings.look(SIX + timedelta(seconds=59))
    assert len(calendar.asked) == 1
    calendar.failure = None
    await mornings.look(SIX + timedelta(seconds=60))
    assert (await sync_to_async(day_of)(FRIDAY)).confirmed
    assert ("calendar-unanswered", "") not in await open_events()


async def test_what_the_answer_contradicts_is_told_of_at_once(mornings):
    await mornings.look(SIX)
    assert ("day-disputed", "2026-11-21") in await open_events()
    assert ("day-disputed", "2026-11-23") not in await open_events()


async def test_one_answer_a_morning_is_enough(mornings, calendar):
    for hour in range(24):
        await mornings.look(at("2026-11-20T00:00") + timedelta(hours=hour))
    assert calendar.asked == [FRIDAY]


async def test_the_mock_host_is_not_asked(mornings, calendar, settings):
    settings.DESK = replace(settings.DESK, mode="mock")
    await mornings.look(at("2026-11-20T09:00"))
    assert calendar.asked == []
    assert ("day-unconfirmed", "2026-11-20") in await open_events()


async def test_the_calendar_grows_with_the_years(mornings):
    await mornings.look(at("2028-03-02T10:00"))
    assert await MarketDay.objects.filter(day=date(2029, 12, 31)).aexists()


async def test_the_stand_in_with_real_hours_confirms_the_list_day_by_day(settings, database):
    with running_simulator(symbols=60, ticks_per_second=0.0, real_hours=True) as simulator:
        local = {"kis_rest_url": simulator.rest_url, "kis_ws_url": simulator.ws_url}
        settings.DESK = replace(settings.DESK, demo=False, mode="dry-run", **local)
        tokens = Tokens()
        tokens.value = None
        client = KisClient(simulator.rest_url, *new_key(), tokens=tokens, budget=Budget())
        now = at("2026-12-21T06:30")
        await Mornings(client.trading_days, database).look(now)
        await client.aclose()
        days = [now.astimezone(KST).date() + timedelta(days=n) for n in range(24)]
        read = [await sync_to_async(day_of)(on) for on in days]
    assert all(day.confirmed and day.source == "broker" for day in read)
    closed = [str(day.on) for day in read if not day.is_open and day.on.weekday() < 5]
    assert closed == ["2026-12-25", "2026-12-31", "2027-01-01"]
    assert await open_events() == set()

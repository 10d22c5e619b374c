"""What nobody watched is told apart from what did not trade."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.conf import settings as desk_settings

from market.gaps import Coverage, Gap, last_covered, of_minutes, save_gaps
from market.models import BarGap, FeedSession
from stockdesk.kis.messages import KST
from stockdesk.models import Fence

DAEMON, FENCE = "ws_market", 7
SYMBOL = "0001A0"


def at(clock: str, on: date = date(2026, 11, 20)) -> datetime:
    return datetime.combine(on, datetime.strptime(clock, "%H:%M:%S").time(), KST)


@pytest.fixture
def _calendar(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """KRX's hours, also where the environment is the demo's."""
    monkeypatch.setattr(type(desk_settings.DESK), "around_the_clock", False)
    Fence.objects.create(name=DAEMON, number=FENCE)


def kept() -> list[tuple[datetime, datetime]]:
    return list(BarGap.objects.order_by("starts_at").values_list("starts_at", "ends_at"))


def save(since: datetime, until: datetime, fence: int = FENCE) -> None:
    save_gaps([Gap(SYMBOL, since, until, "session")], fence, DAEMON)


@pytest.mark.usefixtures("_calendar")
def test_only_what_lies_in_trading_hours_is_a_gap() -> None:
    save(at("15:10:00", date(2026, 11, 18)), at("09:20:00"))
    assert kept() == [
        (at("15:10:00", date(2026, 11, 18)), at("15:31:00", date(2026, 11, 18))),
        (at("10:00:00", date(2026, 11, 19)), at("16:31:00", date(2026, 11, 19))),  # CSAT day
        (at("09:00:00"), at("09:20:00")),
    ]


@pytest.mark.usefixtures("_calendar")
def test_an_evening_and_a_weekend_are_no_gap() -> None:
    save(at("17:00:00"), at("08:50:00", date(2026, 11, 23)))
    assert kept() == []


@pytest.mark.usefixtures("_calendar")
def test_a_gap_that_grows_stays_one_row_and_a_lost_lease_writes_none() -> None:
    save(at("10:00:00"), at("10:01:00"))
    save(at("10:00:00"), at("10:02:30"))
    save(at("11:00:00"), at("11:01:00"), fence=FENCE - 1)
    assert kept() == [(at("10:00:00"), at("10:02:30"))]


def look(coverage: Coverage, clock: str, *symbols: str, heard: str = "") -> list[Gap]:
    return list(coverage.look(dict.fromkeys(symbols, at(heard or clock)), at(clock)))


def test_a_session_that_falls_silent_leaves_a_gap_from_its_last_frame() -> None:
    coverage = Coverage({})
    coverage.joined(SYMBOL, None)
    assert look(coverage, "10:00:00", SYMBOL) == []
    assert look(coverage, "10:00:30", SYMBOL, heard="10:00:01") == []
    assert look(coverage, "10:00:31") == [Gap(SYMBOL, at("10:00:01"), at("10:00:31"), "session")]
    assert look(coverage, "10:00:40") == []
    assert look(coverage, "10:01:31") == [Gap(SYMBOL, at("10:00:01"), at("10:01:31"), "session")]
    assert look(coverage, "10:01:35", SYMBOL) == [Gap(SYMBOL, at("10:00:01"), at("10:01:35"), "session")]
    assert look(coverage, "10:03:00", SYMBOL) == []


def test_a_restart_leaves_a_gap_from_the_last_lamp_to_the_confirmation() -> None:
    coverage = Coverage({SYMBOL: at("10:00:20")})
    coverage.joined(SYMBOL, at("09:31:00"))
    look(coverage, "10:00:26")
    assert look(coverage, "10:00:27", SYMBOL) == [Gap(SYMBOL, at("10:00:20"), at("10:00:27"), "stopped")]


def test_a_symbol_that_comes_back_to_the_watch_list_was_not_watched_meanwhile() -> None:
    coverage = Coverage({})
    coverage.joined(SYMBOL, at("10:05:00"))
    assert look(coverage, "11:00:00", SYMBOL) == [Gap(SYMBOL, at("10:05:00"), at("11:00:00"), "unwatched")]


def test_a_symbol_that_leaves_and_one_that_is_new_leave_no_gap() -> None:
    coverage = Coverage({})
    coverage.joined(SYMBOL, None)
    look(coverage, "10:00:00", SYMBOL)
    coverage.left(SYMBOL)
    assert look(coverage, "10:02:00") == []


@pytest.mark.django_db
def test_the_lamps_tell_until_when_each_symbol_was_carried() -> None:
    fields: dict[str, Any] = {"state": "live", "updated_at": at("10:00:20")}
    FeedSession.objects.create(number=1, symbols="005930 0001A0", **fields)
    FeedSession.objects.create(number=2, symbols="", **fields)
    assert last_covered() == {"005930": at("10:00:20"), "0001A0": at("10:00:20")}


def test_dropped_minutes_are_gaps_of_a_minute() -> None:
    starts_at = at("10:00:00").replace(tzinfo=None)
    assert of_minutes({(SYMBOL, starts_at)}) == [
        Gap(SYMBOL, at("10:00:00"), at("10:00:00") + timedelta(minutes=1), "dropped")
    ]

"""What a chart is given: stored bars, and the minutes that wait for the EVENT where it would put them."""

from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.conf import settings as desk_settings

from market import bars, chart
from market.bar_models import BarState, ClosedBar
from market.models import Quote
from stockdesk.kis.messages import KST
from tests.market.stream import CSAT, FRIDAY, moment, roll

pytestmark = pytest.mark.django_db(transaction=True)
SYMBOL = "0001A0"


@pytest.fixture(autouse=True)
def _calendar(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(desk_settings.DESK), "around_the_clock", False)
    bars.seed()
    BarState.objects.update(around_the_clock=False)


def at(clock: str, on: Any = FRIDAY) -> datetime:
    return moment(on, clock).replace(tzinfo=KST)


def close(clock: str, price: int, on: Any = FRIDAY) -> None:
    values = dict.fromkeys(("open", "high", "low", "close"), price)
    ClosedBar.objects.create(symbol=SYMBOL, starts_at=at(clock, on), **values, volume=price % 100)


@pytest.mark.parametrize(("on", "closing"), [(FRIDAY, "15:30"), (CSAT, "16:30")])
@pytest.mark.parametrize("interval", [1, 5, 15, 60])
def test_a_minute_that_waits_is_where_the_event_will_put_it(on: Any, closing: str, interval: int) -> None:
    last = at(closing, on) - timedelta(minutes=11)
    clocks = ["10:07", "10:08", "11:00", f"{last:%H:%M}", closing]
    for number, clock in enumerate(clocks):
        close(clock, 70_001 + number, on)
    now = at("18:00", on)
    before = chart.newest_bars(SYMBOL, interval, at("09:00", on), now)
    roll(now.replace(tzinfo=None))
    assert not ClosedBar.objects.exists()
    assert before == chart.newest_bars(SYMBOL, interval, at("09:00", on), now)
    assert before == chart.bars_before(SYMBOL, interval, now, 99)
    assert sum(bar.volume for bar in before) == 1 + 2 + 3 + 4 + 5


def test_a_late_minute_is_joined_with_those_that_are_stored() -> None:
    close("10:06", 70_001)
    roll(moment(FRIDAY, "10:08"))
    close("10:07", 70_005)
    (bar,) = chart.newest_bars(SYMBOL, 5, at("10:05"), at("10:08"))
    assert bar == chart.Bar(at("10:05"), 70_001, 70_005, 70_001, 70_005, 6)


def quote(**fields: Any) -> Quote:
    parts = ("open", "high", "low", "close", "volume")
    making = {f"bar_{part}": 7 for part in parts} | {f"closed_bar_{part}": 5 for part in parts}
    return Quote(symbol=SYMBOL, **{**making, **fields})


def test_the_quote_tells_the_minute_in_the_making_apart_from_one_that_is_closed() -> None:
    found = chart.live_bars(quote(bar_at=at("10:01"), closed_bar_at=at("10:00")))
    assert found["making"] == [chart.wall(at("10:01")), 7, 7, 7, 7, 7]
    assert found["closed"] == [chart.wall(at("10:00")), 5, 5, 5, 5, 5]
    assert chart.live_bars(quote(bar_at=at("10:00"), closed_bar_at=at("10:00")))["making"] is None
    assert chart.live_bars(None) == {"making": None, "closed": None, "day": None}


def test_today_is_the_exchanges_own_and_none_in_the_evening() -> None:
    prices = {"open_price": 10, "high_price": 14, "low_price": 9, "last_price": 12, "day_volume": 500}
    day = quote(business_date=FRIDAY, market_phase="2", **prices)
    assert chart.live_bars(day)["day"] == [chart.wall(at("00:00")), 10, 14, 9, 12, 500]
    assert chart.live_bars(quote(business_date=FRIDAY, market_phase="3", **prices))["day"] is None
    assert chart.live_bars(quote(business_date=FRIDAY, **{**prices, "low_price": None}))["day"] is None


def test_a_moment_travels_as_korean_wall_time() -> None:
    assert chart.wall(at("09:00")) % 86_400 == 9 * 3600
    assert chart.from_wall(chart.wall(at("09:00"))) == at("09:00")


def test_a_day_without_known_hours_has_no_close() -> None:
    assert chart.closing(SimpleNamespace(closes_at=None, windows=())) is None  # type: ignore[arg-type]

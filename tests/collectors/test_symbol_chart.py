"""What the chart's script gets of an issue, and who gets nothing."""

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from collectors.models import DailyBar
from collectors.symbol_chart import COUNT
from market import overlays
from market.chart import wall
from market.models import BarGap, MarketBar
from stockdesk.access import VIEWER
from stockdesk.kis.messages import KST
from tests.people import person

from .issue import SYMBOL, hold

pytestmark = pytest.mark.django_db

BARS, OVERLAYS = f"/symbol/{SYMBOL}/bars.json", f"/symbol/{SYMBOL}/overlays.json"
NOON = datetime(2026, 11, 20, 12, 0, tzinfo=KST)


@pytest.fixture
def desk(db: None) -> Client:
    client = Client(headers={"Accept-Language": "ko"})
    client.force_login(person("trader", VIEWER))
    return client


def store(starts_at: datetime, price: int, interval: int = 1) -> None:
    values = dict.fromkeys(("open", "high", "low", "close"), price)
    MarketBar.objects.create(symbol=SYMBOL, interval=interval, starts_at=starts_at, volume=3, **values)


def bars(desk: Client, **values: Any) -> dict[str, Any]:
    answer = desk.get(BARS, values)
    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]
    return answer.json()


def test_without_a_login_there_are_no_bars() -> None:
    assert Client().get(BARS).status_code == 403
    assert Client().get(OVERLAYS).status_code == 403


@pytest.mark.parametrize("values", [{"interval": "7"}, {"interval": "x"}, {"before": "soon"}, {"before": "9" * 30}])
def test_a_question_that_makes_no_sense_gets_a_sentence(desk: Client, values: dict[str, str]) -> None:
    answer = desk.get(BARS, values)
    assert answer.status_code == 400
    assert "interval" in answer.json()["error"]


def test_bars_come_oldest_first_in_korean_wall_time_with_their_gaps(desk: Client) -> None:
    for minute in (3, 1, 2):
        store(NOON + timedelta(minutes=minute), 70_000 + minute)
    BarGap.objects.create(
        symbol=SYMBOL, starts_at=NOON + timedelta(minutes=2), ends_at=NOON + timedelta(minutes=9), reason="session"
    )
    answer = bars(desk)
    noon = wall(NOON)
    assert noon % 86_400 == 12 * 3600
    assert answer["bars"] == [[noon + 60 * n, *[70_000 + n] * 4, 3] for n in (1, 2, 3)]
    assert answer["gaps"] == [[noon + 120, noon + 540, "세션 끊김"]]
    assert (answer["interval"], answer["more"]) == (1, False)


def test_one_pages_back_through_the_past(desk: Client) -> None:
    rows = [NOON - timedelta(minutes=n) for n in range(COUNT + 30)]
    MarketBar.objects.bulk_create(
        MarketBar(symbol=SYMBOL, interval=5, starts_at=at, open=1, high=1, low=1, close=1, volume=1) for at in rows
    )
    newest = bars(desk, interval=5)
    assert (len(newest["bars"]), newest["more"]) == (COUNT, True)
    older = bars(desk, interval=5, before=newest["bars"][0][0])
    assert (len(older["bars"]), older["more"]) == (30, False)
    assert older["bars"][-1][0] < newest["bars"][0][0]
    assert [one[0] for one in bars(desk, interval=5, after=newest["bars"][-2][0])["bars"]] == [
        one[0] for one in newest["bars"][-2:]
    ]


def test_days_are_kis_s_and_the_desks_own_where_kis_has_told_nothing(desk: Client) -> None:
    def midnight(day: int) -> datetime:
        return datetime(2026, 11, day, tzinfo=KST)

    told: dict[str, Any] = {"open_price": 10, "high_price": 14, "low_price": 9, "volume": 5}
    DailyBar.objects.create(symbol=SYMBOL, on=date(2026, 11, 18), close_price=13, regular_close=12, **told)
    DailyBar.objects.create(symbol=SYMBOL, on=date(2026, 11, 17), close_price=None, **told)
    for day in (17, 18, 19):
        store(midnight(day), 50, interval=1440)
    assert bars(desk, interval=1440)["bars"] == [
        [wall(midnight(17)), 50, 50, 50, 50, 3],
        [wall(midnight(18)), 10, 14, 9, 12, 5],
        [wall(midnight(19)), 50, 50, 50, 50, 3],
    ]


def test_over_the_chart_lies_what_was_paid_and_what_other_rooms_draw(desk: Client, monkeypatch: Any) -> None:
    asked = []

    def provider(symbol: str, user: User) -> Any:
        asked.append((symbol, user.username))
        yield overlays.Line(70_000, "매수 타격가", "buy")
        yield overlays.Mark(NOON, "sell", 3, 71_000)

    monkeypatch.setattr(overlays, "_providers", [provider])
    hold()
    answer = desk.get(OVERLAYS).json()
    assert asked == [(SYMBOL, "trader")]
    assert answer["lines"] == [[70_000, "buy", "매수 타격가"], [70_000, "", "평균단가"]]
    assert answer["marks"] == [[wall(NOON), "sell", 3, 71_000]]


def test_the_page_says_where_charts_are_not_installed(desk: Client, settings: Any) -> None:
    store(timezone.now(), 1)
    hold()
    settings.CHARTS_INSTALLED = False
    page = desk.get(f"/symbol/{SYMBOL}/").content.decode()
    assert "npm" in page
    assert "chart.js" not in page

"""Who keeps bars for how long."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from market.models import BarRule, MarketBar
from stockdesk.access import OPERATOR, OWNER
from tests.people import client_of, person, with_device

pytestmark = pytest.mark.django_db

LIST = "admin:market_barrule_changelist"
FIVE = 5


def page(interval=FIVE):
    return reverse("admin:market_barrule_change", args=[interval])


def test_the_list_tells_each_interval_its_days_and_its_oldest_bar():
    BarRule.objects.filter(interval=FIVE).update(keep_days=1234)
    at = timezone.now().replace(second=0, microsecond=0) - timedelta(days=3)
    prices = dict.fromkeys(("open", "high", "low", "close"), 70_000)
    MarketBar.objects.create(symbol="005930", interval=FIVE, starts_at=at, volume=1, **prices)
    text = client_of(person("kim", OPERATOR)).get(reverse(LIST), headers={"Accept-Language": "ko"}).content.decode()
    assert "1,234일" in text
    assert f"{timezone.localtime(at):%Y-%m-%d %H:%M}" in text
    assert text.count("아직 차트 데이터 없음") == BarRule.objects.count() - 1


@pytest.mark.parametrize(("days", "kept"), [("200", 200), ("1", 120), ("0", 120), ("9999", 120), ("", 120)])
def test_days_that_would_lose_the_bars_of_today_are_refused(days, kept):
    BarRule.objects.filter(interval=FIVE).update(keep_days=120)
    client_of(with_device(person("kim", OWNER)), fresh=True).post(page(), {"keep_days": days})
    assert BarRule.objects.get(interval=FIVE).keep_days == kept


def test_an_operator_reads_it_and_cannot_delete_bars_by_it():
    before = BarRule.objects.get(interval=FIVE).keep_days
    operator = client_of(with_device(person("kim", OPERATOR)), fresh=True)
    assert operator.get(page()).status_code == 200
    assert operator.post(page(), {"keep_days": "2"}).status_code == 403
    assert BarRule.objects.get(interval=FIVE).keep_days == before

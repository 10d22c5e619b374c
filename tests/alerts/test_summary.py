"""A quiet day sends its summary and nothing else; a holiday not even that."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal

import pytest

from assets.accounts import own_account
from assets.models import Account, Balance, Holding
from market.models import Instrument, Quote
from stockdesk.kis.messages import KST
from stockdesk.models import Alert, DaemonState
from tests.alerts.conftest import NOW
from tests.ground.calendar import told
from trading.models import Order, Refusal

FRIDAY = NOW.date()


@pytest.fixture
def day(scene, settings):
    """A desk with a summary at ten past eight in the evening, on a calendar that KIS has confirmed."""
    settings.DESK = replace(
        settings.DESK,
        demo=False,
        mode="dry-run",
        account="12345678-01",
        kis_rest_url="https://openapi.koreainvestment.com:9443",
    )
    told(FRIDAY, "Y")
    scene.set(summary_at=time(20, 10))
    return scene


def at(scene, clock, on=FRIDAY):
    scene.now = datetime.combine(on, time.fromisoformat(clock), KST)
    scene.alerts.step()
    scene.alerts.step()


def test_a_quiet_day_sends_nothing_but_its_summary(day):
    for hour in range(24):
        for minute in (0, 9, 11, 40):
            at(day, f"{hour:02}:{minute:02}")
    assert day.outbox.titles == ["[일일 요약] 2026-11-13 (금)"]
    body = day.outbox.sent[0].body
    assert "주문 0건" in body
    assert "미해소 이상 없음" in body
    assert "다음 거래일 2026-11-16" in body


@pytest.mark.parametrize(("realised_on", "told"), [(FRIDAY, True), (FRIDAY - timedelta(days=1), False)])
def test_the_summary_has_what_was_realised_on_its_own_day(day, realised_on, told):
    when = datetime.combine(realised_on, time(15, 31), KST)
    account = Account.objects.create(id=own_account(), updated_at=NOW)
    Balance.objects.create(account=account, realised_profit=-12_345, realised_at=when)
    at(day, "20:10")
    assert ("실현손익 -12,345원" in day.outbox.sent[0].body) == told


def test_a_restart_in_the_evening_does_not_repeat_it(day):
    at(day, "20:10")
    day.alerts = day.begun()
    at(day, "20:30")
    assert len(day.outbox.sent) == 1


def test_what_was_missed_at_the_time_is_sent_later_that_day(day):
    at(day, "23:50")
    assert len(day.outbox.sent) == 1


def test_a_day_without_trading_has_no_summary(day):
    for clock in ("20:09", "20:10", "23:00"):
        at(day, clock, on=FRIDAY + timedelta(days=1))
    assert day.outbox.sent == []
    assert not Alert.objects.exists()


def test_the_summary_tells_orders_assets_prices_and_troubles(day):
    Instrument.objects.create(symbol="005930", name="삼성전자", market="KOSPI")
    Quote.objects.create(symbol="005930", received_at=NOW)
    DaemonState.objects.create(name="ws_market", counters={"records": 1_234_567, "bad": 3})
    at_ten = {"ordered_on": FRIDAY, "created_at": NOW, "changed_at": NOW}
    one = {"mode": "live", "symbol": "005930", "side": "buy", "quantity": 10, "price": 71_900, **at_ten}
    Order.objects.create(
        intent_key="a", state="filled", filled_quantity=10, filled_amount=719_000, condition_id=1, **one
    )
    Order.objects.create(intent_key="b", state="rejected", condition_id=2, **one)
    Refusal.objects.create(
        condition_id=1,
        refused_on=FRIDAY,
        code="killed",
        symbol="005930",
        side="buy",
        first_at=NOW,
        last_at=NOW,
        count=7,
    )
    account = Account.objects.create(id=own_account(), updated_at=NOW, stale=False)
    Balance.objects.create(account=account, total_value=10_100_000, previous_total=10_000_000, profit_loss=-12_345)
    Holding.objects.create(
        id="x", account=account, symbol="005930", name="삼성전자", quantity=10, profit_rate=Decimal("-1.50")
    )
    at(day, "20:00")
    day.open("key-quarantined", "key 1")
    at(day, "20:10")
    body = day.outbox.sent[-1].body if "요약" in day.outbox.sent[-1].title else day.outbox.sent[-2].body
    for said in (
        "주문 2건 (", "매수 체결 1건, 719,000원", "발동 조건 2개", "미주문 7회",
        "총평가금액 10,100,000원 (10:00 기준)",
        "당일 손익(실현+평가) +100,000원 (+1.00%)", "평가손익 -12,345원", "보유종목 1개", "- 삼성전자 10주 -1.50%",
        "시세 수신 종목 1 / 상장 1", "세션 수신 1,234,567건, 이 중 판독 불가 3건", "미해소 이상 1건",
        "- 앱키 접속 보류 key 1",
    ):  # fmt: skip
        assert said in body, body


def test_a_channel_for_what_is_critical_gets_no_summary(day):
    day.set(minimum=("critical",))
    at(day, "20:10")
    assert day.outbox.sent == []


def test_fills_can_be_switched_off(day):
    at_ten = {"ordered_on": FRIDAY, "created_at": NOW, "changed_at": NOW}
    values = {"mode": "live", "symbol": "005930", "side": "sell", "quantity": 10, "filled_quantity": 4, **at_ten}
    row = Order.objects.create(intent_key="a", state="partial", filled_amount=40_000, filled_at=NOW, **values)
    assert day.passes(20) == ["[참고] 주문 체결"]
    assert "(10주 중 4주)" in day.outbox.sent[0].body
    day.set(fills=False)
    Order.objects.filter(pk=row.pk).update(filled_quantity=10, filled_amount=100_000, filled_at=day.now)
    assert day.passes(20) == []


@pytest.mark.parametrize(
    ("end", "expected"),
    [
        (date(2026, 11, 28), {}),
        (date(2026, 11, 27), {"key-expires": "good until 2026-11-27, 14 days from now"}),
        (date(2026, 11, 13), {"key-expires": "good until 2026-11-13, 0 days from now"}),
        (date(2026, 11, 12), {"key-expired": "it was good until 2026-11-12"}),
    ],
)
def test_a_key_is_warned_of_for_fourteen_days(end, expected):
    from stockdesk.alerts.watches import key_troubles

    found = key_troubles({"KIS_APP_KEY_2_EXPIRES": end}, NOW)
    assert {code: text for (code, subject), text in found if subject == "KIS_APP_KEY_2"} == expected

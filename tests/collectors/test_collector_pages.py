"""The collectors in the admin: how far the jobs are, trying again, and the tables they fill."""

from datetime import date, timedelta

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.utils import timezone
from django_q.models import OrmQ

from collectors.job_models import JobDay, JobItem
from collectors.models import (
    CreditBalance,
    DailyBar,
    Dividend,
    InvestorFlow,
    MarketFlow,
    OverseasBar,
    OverseasQuote,
    Ranking,
    ShortSale,
)
from collectors.reference.screen import RANKING, ranking_rows
from market.models import Instrument, Quote
from stockdesk.confirmation import yes_to
from tests.people import client_of, owner

pytestmark = pytest.mark.django_db

DAY = date(2026, 11, 20)
State = JobItem.State
TABLES = ("dailybar", "investorflow", "marketflow", "shortsale", "creditbalance", "dividend", "ranking",
          "overseasquote", "overseasbar", "jobday", "jobitem")  # fmt: skip


@pytest.fixture
def admin() -> Client:
    return client_of(owner(), "ko")


@pytest.fixture
def _rows() -> None:
    Quote.objects.create(symbol="005930", name="삼성전자")
    Instrument.objects.create(symbol="005930", name="삼성전자", market="KOSPI")
    DailyBar.objects.create(symbol="005930", on=DAY, close_price=71_000, regular_close=70_900, volume=0)
    InvestorFlow.objects.create(
        symbol="005930", on=DAY, foreign_amount=-2_094_700_000, person_amount=2_094_700_000, foreign_quantity=-300
    )
    MarketFlow.objects.create(market="KOSPI", on=DAY, foreign_amount=5_000_000_000)
    ShortSale.objects.create(symbol="005930", on=DAY, quantity=153_086, volume_rate="2.00")
    CreditBalance.objects.create(symbol="005930", on=DAY, loan_balance=254_000, loan_rate="0.21")
    Dividend.objects.create(symbol="005930", record_on=DAY, kind="결산", stock_kind="보통", amount="361")
    for place in range(1, 13):
        for on in (DAY, DAY - timedelta(days=1)):
            Ranking.objects.create(by="up", on=on, place=place, symbol=f"{place:06}", change=100, change_rate="1.5")
    OverseasQuote.objects.create(symbol="SPX", name="S&P 500", price="6524.45", change="-12.34", is_open=True)
    OverseasBar.objects.create(symbol="SPX", on=DAY, close_price="6524.45", final=True)
    JobDay.objects.create(job="short-sales", day=DAY, worked_at=timezone.now())
    item("000001", State.DONE, rows=20)
    item("000002", State.FAILED, error="FHPST04830000: HTTP 500 without a JSON object", attempts=5)
    item("000003", State.WAITING)


def item(name: str, state: str, **more: object) -> JobItem:
    return JobItem.objects.create(job="short-sales", day=DAY, item=name, state=state, **more)


def page(admin: Client, table: str, query: str = "") -> str:
    answer = admin.get(f"/admin/collectors/{table}/{query}")
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.mark.usefixtures("_rows")
def test_every_table_can_be_read_and_none_changed(admin: Client) -> None:
    for table in TABLES:
        assert "desk" in page(admin, table)
        assert admin.get(f"/admin/collectors/{table}/add/").status_code == 403
    bar = DailyBar.objects.get()
    assert admin.get(f"/admin/collectors/dailybar/{bar.pk}/change/").status_code == 200
    assert admin.post(f"/admin/collectors/dailybar/{bar.pk}/change/", {}).status_code == 403


@pytest.mark.usefixtures("_rows")
def test_a_row_is_found_by_name_and_shown_as_koreans_read_it(admin: Client) -> None:
    text = page(admin, "investorflow", "?q=삼성")
    assert "005930" in text
    assert "삼성전자" in text
    assert '<span class="desk-change desk-down">-20.9</span>' in text
    assert '<span class="desk-change desk-up">+20.9</span>' in text
    assert "005930" not in page(admin, "investorflow", "?q=없는이름")


@pytest.mark.usefixtures("_rows")
def test_a_page_says_when_it_was_fetched_and_what_comes_next(admin: Client) -> None:
    text = page(admin, "shortsale")
    assert "3건 중 1건 수집" in text
    assert "실패 1건" in text
    assert "다음 " in text
    assert "아직 수집 없음" in page(admin, "creditbalance")


@pytest.mark.usefixtures("_rows")
def test_the_jobs_show_progress_reason_and_what_comes_next(admin: Client) -> None:
    text = page(admin, "jobday")
    assert "1 / 3" in text
    assert "FHPST04830000: HTTP 500" in text
    assert "공매도" in text
    JobDay.objects.update(paused_until=timezone.now() + timedelta(hours=3), note="20,000 calls a day")
    text = page(admin, "jobday")
    assert "까지 대기" in text
    assert "20,000 calls a day" in text


@pytest.mark.usefixtures("_rows")
def test_what_failed_is_tried_again_by_a_person(admin: Client) -> None:
    keys = [str(JobDay.objects.get().pk)]
    chosen = {"action": "try_again", "_selected_action": keys, "confirmed": yes_to(keys)}
    answer = admin.post("/admin/collectors/jobday/", chosen, follow=True)
    assert "1개 항목을 다시 수집합니다" in answer.content.decode()
    again = JobItem.objects.get(item="000002")
    assert (again.state, again.attempts) == (State.WAITING, 0)
    assert OrmQ.objects.count() == 1
    assert JobItem.objects.get(item="000001").state == State.DONE


@pytest.mark.usefixtures("_rows")
def test_who_may_only_look_cannot_try_again() -> None:
    person = User.objects.create_user("onlooker", password="a long password", is_staff=True)
    person.user_permissions.set(Permission.objects.filter(codename__in=["view_jobday", "view_jobitem"]))
    client = Client()
    client.force_login(person)
    keys = [str(JobDay.objects.get().pk)]
    chosen = {"action": "try_again", "_selected_action": keys, "confirmed": yes_to(keys)}
    client.post("/admin/collectors/jobday/", chosen)
    assert JobItem.objects.get(item="000002").state == State.FAILED
    assert not OrmQ.objects.exists()


def test_the_queues_own_pages_are_not_there(admin: Client) -> None:
    for name in ("success", "failure", "schedule", "ormq"):
        assert admin.get(f"/admin/django_q/{name}/").status_code == 404


@pytest.mark.usefixtures("_rows")
def test_the_dashboard_gets_the_first_places_of_the_newest_day() -> None:
    rows = [dict(zip(RANKING, row, strict=True)) for row in ranking_rows().values()]
    assert {row["place"] for row in rows} == set(range(1, 11))
    assert {row["on"] for row in rows} == {DAY.isoformat()}

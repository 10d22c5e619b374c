import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from market.models import ExecutionNotice, FeedSession, Instrument, Quote
from stockdesk.models import Connection, DaemonState, Event, Lane, Token
from stockdesk.unfold import UNFOLD
from tests.people import client_of, owner

READ_ONLY = [
    "market/quote",
    "market/instrument",
    "market/feedsession",
    "market/executionnotice",
    "stockdesk/daemonstate",
    "stockdesk/event",
    "stockdesk/lane",
    "stockdesk/connection",
]


@pytest.fixture
def admin(db, settings) -> Client:
    settings.UNFOLD = UNFOLD
    return client_of(owner(), "en")


@pytest.fixture
def rows(db) -> dict[str, object]:
    now = timezone.now()
    return {
        "market/quote": Quote.objects.create(
            symbol="0001A0", name="새 종목", last_price=1_000, change=0, traded_at=now
        ),
        "market/instrument": Instrument.objects.create(symbol="0001A0", name="새 종목", market="KOSDAQ"),
        "market/feedsession": FeedSession.objects.create(number=1, state="live", wanted=40, confirmed=39),
        "market/executionnotice": ExecutionNotice.objects.create(
            digest="f" * 64, received_at=now, account="5012345601", order_no="0000123", side="02", quantity=10
        ),
        "stockdesk/daemonstate": DaemonState.objects.create(name="ws_market", state="running", heartbeat_at=now),
        "stockdesk/event": Event.objects.create(source="ws_market", code="silent", subject="3", text="no frames"),
        "stockdesk/lane": Lane.objects.create(
            name="abcdef012345:market", key_id="abcdef012345", lane="market", spacing_us=100_000
        ),
        "stockdesk/connection": Connection.objects.create(key_id="abcdef012345", session=1, at=now),
    }


@pytest.mark.parametrize("page", READ_ONLY)
def test_what_programs_write_can_be_read_and_not_changed(admin, rows, page):
    assert admin.get(f"/admin/{page}/").status_code == 200
    change = f"/admin/{page}/{rows[page].pk}/change/"
    assert admin.get(change).status_code == 200
    assert admin.post(change, {}).status_code == 403
    assert admin.get(f"/admin/{page}/add/").status_code == 403
    assert admin.post(f"/admin/{page}/{rows[page].pk}/delete/", {"post": "yes"}).status_code == 403


def test_no_page_shows_an_account_or_a_token(admin, rows):
    Token.objects.create(key_id="abcdef012345", sealed="gAAAAABsealed")
    for page in READ_ONLY:
        for url in (f"/admin/{page}/", f"/admin/{page}/{rows[page].pk}/change/"):
            text = admin.get(url).content.decode()
            assert "5012345601" not in text
            assert "gAAAAABsealed" not in text
    assert admin.get("/admin/stockdesk/token/").status_code == 404
    assert admin.get("/admin/").content.decode().lower().count("access token") == 0


def test_the_watch_list_comes_first_in_the_sidebar(admin):
    page = admin.get("/admin/")
    assert page.status_code == 200
    first = page.context["sidebar_navigation"][0]["items"][0]
    assert str(first["link"]) == "/admin/market/watchrow/"


def test_the_sidebar_offers_only_what_one_may_see(db, admin):
    client = Client()
    client.force_login(User.objects.create_user("plain", password="a long password", is_staff=True))
    groups = client.get("/admin/").context["sidebar_navigation"]
    assert [str(item["link"]) for group in groups for item in group["items"]] == ["/trading/", "/"]


def test_nothing_is_loaded_from_elsewhere(admin):
    for url in ("/admin/", "/admin/login/", "/admin/market/quote/"):
        text = admin.get(url, follow=True).content.decode()
        assert 'src="http' not in text
        assert 'href="http' not in text


def test_the_whole_market_is_listed_with_prices_and_marks_in_a_few_queries(admin, django_assert_max_num_queries):
    Instrument.objects.bulk_create(
        [Instrument(symbol=f"{n:06d}", name=f"종목 {n}", market="KOSPI", isin=f"KR7{n:06d}00") for n in range(1, 41)]
    )
    Instrument.objects.filter(symbol="000001").update(halted=True, alert_level=3, alerted=True)
    Instrument.objects.filter(symbol="000002").update(delisted_at=timezone.now(), halted=True)
    Quote.objects.create(symbol="000003", last_price=71_900, change=-500, sign="5", received_at=timezone.now())
    with django_assert_max_num_queries(12):
        text = admin.get("/admin/market/instrument/", headers={"accept-language": "ko"}).content.decode()
    assert "71,900" in text
    assert "▼ 500" in text
    assert "거래정지" in text
    assert "투자위험" in text
    gone = admin.get("/admin/market/instrument/?listing=delisted").content.decode()
    assert "000002" in gone
    assert "000003" not in gone
    assert "000003" in admin.get("/admin/market/instrument/?q=KR700000300").content.decode()


def test_nobody_writes_the_master_by_hand(admin, rows):
    page = f"/admin/market/instrument/{rows['market/instrument'].pk}/change/"
    assert admin.post(page, {"name": "other"}).status_code == 403
    assert admin.get("/admin/market/instrument/add/").status_code == 403

"""What one poll reads."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone

from market import screen
from market.models import FeedSession, Quote
from market.screen import SHEETS, ScreenReader
from stockdesk.events import clear_event, raise_event
from stockdesk.models import DaemonState

KST = ZoneInfo("Asia/Seoul")


@pytest.fixture
def reader(monkeypatch, watch):
    monkeypatch.setattr(screen, "WATCH_LIST_SECONDS", 0.0)
    return ScreenReader()


def cells(rows, symbol):
    return dict(zip(SHEETS["quotes"], rows[symbol], strict=True))


def test_the_first_poll_has_every_watched_symbol_in_the_order_of_the_board(reader, watch):
    watch("035720", "카카오", last_price=41_000)
    watch("005930", "삼성전자", last_price=71_900)
    Quote.objects.create(symbol="000660", last_price=201_000)  # nobody watches it
    rows, whole = reader.quotes()
    assert whole
    assert sorted(rows, key=lambda symbol: cells(rows, symbol)["place"]) == ["035720", "005930"]
    assert cells(rows, "005930")["last_price"] == 71_900


def test_a_symbol_without_a_quote_is_named_and_blank(reader, watch):
    watch("005930", "삼성전자", quoted=False)
    rows, _ = reader.quotes()
    row = cells(rows, "005930")
    assert row.pop("name") == "삼성전자"
    assert row.pop("place")
    assert set(row.values()) == {None}


def test_times_are_milliseconds_and_the_base_price_follows_from_the_change(reader, watch):
    moment = datetime(2026, 11, 20, 9, 0, 1, 250_000, tzinfo=KST)
    watch("005930", last_price=71_900, change=-600, traded_at=moment, change_rate="-0.83")
    row = cells(reader.quotes()[0], "005930")
    assert row["traded_at"] == round(moment.timestamp() * 1000)
    assert row["base_price"] == 72_500
    assert row["change_rate"] == -0.83


def test_a_later_poll_has_only_what_changed(reader, watch):
    now = timezone.now()
    watch("005930", last_price=71_900, updated_at=now)
    watch("000660", last_price=201_000, updated_at=now)
    reader.quotes()
    assert reader.quotes() == ({}, False)
    Quote.objects.filter(symbol="005930").update(last_price=72_000, updated_at=now + timedelta(milliseconds=10))
    rows, whole = reader.quotes()
    assert list(rows) == ["005930"]
    assert not whole


def test_a_row_whose_stamp_is_older_than_its_commit_is_not_missed(reader, watch):
    now = timezone.now()
    watch("005930", last_price=71_900, updated_at=now)
    watch("000660", last_price=201_000, updated_at=now - timedelta(seconds=30))
    reader.quotes()
    Quote.objects.filter(symbol="000660").update(last_price=202_000, updated_at=now - timedelta(seconds=1.5))
    assert list(reader.quotes()[0]) == ["000660"]


def test_a_stamp_from_the_future_does_not_hide_what_follows(reader, watch):
    watch("005930", last_price=71_900, updated_at=timezone.now() + timedelta(hours=1))
    watch("000660", last_price=201_000, updated_at=timezone.now())
    reader.quotes()
    Quote.objects.filter(symbol="000660").update(last_price=202_000, updated_at=timezone.now())
    assert "000660" in reader.quotes()[0]


def test_a_writer_that_leaves_the_stamp_alone_is_seen_by_the_whole_read(reader, watch):
    watch("005930", last_price=71_900, updated_at=timezone.now() - timedelta(minutes=1))
    watch("000660", last_price=201_000, updated_at=timezone.now())
    reader.quotes()
    Quote.objects.filter(symbol="005930").update(last_price=72_000)
    assert reader.quotes() == ({}, False)
    assert cells(reader.quotes(whole=True)[0], "005930")["last_price"] == 72_000


def test_a_symbol_switched_off_leaves_and_one_switched_on_comes(reader, watch):
    first = watch("005930", last_price=71_900)
    reader.quotes()
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM `{settings.DESK.gnuboard.table}` WHERE wr_id = %s", [first])
    watch("000660", last_price=201_000)
    rows, whole = reader.quotes()
    assert whole
    assert list(rows) == ["000660"]


def test_an_unreadable_watch_list_keeps_the_quotes_going(reader, watch):
    watch("005930", last_price=71_900, updated_at=timezone.now())
    reader.quotes()
    table = settings.DESK.gnuboard.table
    with connection.cursor() as cursor:
        cursor.execute(f"RENAME TABLE `{table}` TO `{table}_away`")
    try:
        Quote.objects.filter(symbol="005930").update(last_price=72_000, updated_at=timezone.now())
        assert cells(reader.quotes()[0], "005930")["last_price"] == 72_000
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f"RENAME TABLE `{table}_away` TO `{table}`")


def test_the_status_has_sessions_daemons_and_only_events_still_open(reader, watch):
    FeedSession.objects.create(number=2, state="parked", wanted=40, note="nothing to watch")
    DaemonState.objects.create(name="ws_market", state="running")
    raise_event("ws_market", "silent", "3", text="no tick for 30 s")
    raise_event("ws_market", "closed", "4")
    clear_event("ws_market", "closed", "4")
    status = reader.status()
    assert status["sessions"]["2"][0] == "parked"
    assert list(status["daemons"]) == ["ws_market"]
    (event,) = status["events"].values()
    assert dict(zip(SHEETS["events"], event, strict=True))["text"] == "no tick for 30 s"

"""What Prometheus is told, and who else may read it."""

import logging
from dataclasses import replace
from datetime import timedelta

import pytest
import time_machine
from django.contrib.auth.models import User
from django.db import DatabaseError, connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from assets.accounts import own_account
from assets.models import Account
from collectors.job_models import JobItem
from collectors.jobs import JOBS
from collectors.metrics import jobs
from market.live import PUSHES, hub
from market.models import FeedSession, Quote
from stockdesk import metrics
from stockdesk.events import raise_event
from stockdesk.models import DaemonState, Lane, Pace, Token
from tests.ground.calendar import BROKER, at
from trading.models import Condition, Fill, Order, Refusal

TOKEN = "prometheus-shows-this"
STRANGER = "203.0.113.9"


@pytest.fixture(autouse=True)
def _desk(settings):
    settings.DESK = replace(
        settings.DESK, account="50123456-01", demo=False, kis_rest_url=f"https://{BROKER}", metrics_token=TOKEN
    )


@pytest.fixture(autouse=True)
def clock():
    with time_machine.travel(at("2026-11-20T10:00"), tick=False) as traveller:
        yield traveller


def page(address: str = "127.0.0.1", **headers: str):
    return Client(headers=headers).get("/metrics", REMOTE_ADDR=address)


def samples() -> dict[str, float]:
    """``name{label,label}`` of every sample with its value, as Prometheus reads them."""
    answer = page()
    assert answer.status_code == 200
    return {
        f"{sample.name}{{{','.join(sample.labels.values())}}}": sample.value
        for family in text_string_to_metric_families(answer.content.decode())
        for sample in family.samples
    }


def order(**values):
    now = timezone.now()
    given = {
        "mode": "mock", "ordered_on": timezone.localdate(), "symbol": "005930", "side": "buy", "quantity": 10,
        "price": 71_900, "state": "filled", "created_at": now, "changed_at": now,
    }  # fmt: skip
    return Order.objects.create(**given | values)


@pytest.mark.django_db
def test_calls_and_connects_are_told_by_the_digest_of_their_key():
    Lane.objects.create(
        name="abc:market", key_id="abc", lane="market", spacing_us=1, calls=70, refused=4, too_many=3, unanswered=2,
        unsent=1,
    )  # fmt: skip
    Pace.objects.create(key_id="*", connects=0)
    Pace.objects.create(key_id="abc", connects=9, streak=2, quarantined_until=timezone.now() + timedelta(minutes=1))
    Token.objects.create(key_id="abc", expires_at=timezone.now() + timedelta(hours=2))
    told = samples()
    assert told["stockdesk_calls_total{abc,market}"] == 70
    failures = {r: told[f"stockdesk_call_failures_total{{abc,market,{r}}}"] for r in ("refused", "too_many")}
    assert failures == {"refused": 4, "too_many": 3}
    assert told["stockdesk_pace_divisor{abc}"] == 1
    assert (told["stockdesk_connects_total{abc}"], told["stockdesk_connects_unproved{abc}"]) == (9, 2)
    assert told["stockdesk_key_quarantined{abc}"] == 1
    assert told["stockdesk_token_remaining_seconds{abc}"] == 7200
    assert not [name for name in told if "*" in name]


@pytest.mark.django_db
def test_a_lowered_pace_is_told_while_it_lasts(clock):
    until = int((timezone.now() + timedelta(seconds=5)).timestamp() * 1e6)
    Lane.objects.create(
        name="abc:market", key_id="abc", lane="market", spacing_us=1, slow_factor=4, slow_until_us=until
    )
    assert samples()["stockdesk_pace_divisor{abc}"] == 4
    clock.shift(timedelta(seconds=6))
    assert samples()["stockdesk_pace_divisor{abc}"] == 1


@pytest.mark.django_db
def test_daemons_tell_age_steps_and_memory():
    now = timezone.now()
    DaemonState.objects.create(
        name="assets", holder="host:1:x", expires_at=now + timedelta(seconds=5),
        heartbeat_at=now - timedelta(seconds=3),
        last_step_at=now - timedelta(seconds=4), counters={"steps": 12, "memory_mib": 80.5},
    )  # fmt: skip
    DaemonState.objects.create(name="trading", heartbeat_at=now - timedelta(hours=1), counters={})
    told = samples()
    assert (told["stockdesk_daemon_up{assets}"], told["stockdesk_daemon_up{trading}"]) == (1, 0)
    assert told["stockdesk_daemon_heartbeat_age_seconds{assets}"] == 3
    assert told["stockdesk_daemon_step_age_seconds{assets}"] == 4
    assert told["stockdesk_daemon_steps_total{assets}"] == 12
    assert told["stockdesk_daemon_resident_bytes{assets}"] == 80.5 * 2**20
    assert "stockdesk_daemon_heartbeat_age_seconds{trading}" not in told  # it has stopped on purpose
    assert "stockdesk_daemon_resident_bytes{trading}" not in told


@pytest.mark.django_db
def test_ticks_and_writes_are_told_as_the_feed_counts_them():
    assert "stockdesk_ticks_total{received}" not in samples()
    counters = {"records": 900, "bad": 3, "old": 2, "unknown": 1, "flush_ms": 12.5, "flush_max_ms": 80.0,
                "flush_sum_ms": 4000, "flushes": 200, "flush_rows": 8000}  # fmt: skip
    DaemonState.objects.create(name="ws_market", counters=counters)
    told = samples()
    assert [told[f"stockdesk_ticks_total{{{r}}}"] for r in ("received", "bad", "old", "unknown")] == [900, 3, 2, 1]
    assert told["stockdesk_flush_last_seconds{}"] == pytest.approx(0.0125)
    assert told["stockdesk_flush_max_seconds{}"] == pytest.approx(0.08)
    assert (told["stockdesk_flush_seconds_sum{}"], told["stockdesk_flush_seconds_count{}"]) == (4.0, 200)
    assert told["stockdesk_flush_rows_total{}"] == 8000


@pytest.mark.django_db
def test_ages_of_quotes_are_told_in_trading_hours_alone(clock):
    now = timezone.now()
    FeedSession.objects.create(number=1, state="live", wanted=3, confirmed=2, symbols="005930 000660 035420")
    Quote.objects.create(symbol="005930", received_at=now - timedelta(seconds=2))
    Quote.objects.create(symbol="000660", received_at=now - timedelta(seconds=40))
    Quote.objects.create(symbol="035420")
    Quote.objects.create(symbol="999999", received_at=now - timedelta(days=9))  # no session carries it
    told = samples()
    assert told["stockdesk_quote_oldest_age_seconds{}"] == 40
    assert told["stockdesk_quote_newest_age_seconds{}"] == 2
    assert told["stockdesk_quotes_unpriced{}"] == 1
    assert told["stockdesk_market_open{}"] == 1
    assert (told["stockdesk_sessions{live}"], told["stockdesk_sessions{parked}"]) == (1, 0)
    assert told["stockdesk_session_symbols{1,confirmed}"] == 2
    clock.move_to(at("2026-11-20T23:00"))
    told = samples()
    assert told["stockdesk_market_open{}"] == 0
    assert "stockdesk_quote_oldest_age_seconds{}" not in told


@pytest.mark.django_db
def test_the_account_tells_its_age(settings):
    assert "stockdesk_assets_age_seconds{}" not in samples()
    Account.objects.create(id=own_account(), updated_at=timezone.now() - timedelta(seconds=7), stale=True)
    told = samples()
    assert (told["stockdesk_assets_age_seconds{}"], told["stockdesk_assets_stale{}"]) == (7, 1)


@pytest.mark.django_db
def test_orders_fills_and_refusals_of_today_are_counted():
    now, today = timezone.now(), timezone.localdate()
    old = {"filled_quantity": 10, "filled_at": now - timedelta(seconds=61)}
    order(intent_key="told of", noticed_quantity=10, **old)
    order(intent_key="not told of", noticed_quantity=0, **old)
    order(intent_key="not yet told of", filled_quantity=10, filled_at=now - timedelta(seconds=59))
    order(intent_key="yesterday", ordered_on=today - timedelta(days=1), state="unknown", **old)
    Fill.objects.create(traded_on=today, order_no="1", source="inquiry", quantity=10, amount=719_000, seen_at=now)
    Fill.objects.create(traded_on=today, order_no="1", source="notice", quantity=10, amount=719_000, seen_at=now)
    for number, code in enumerate(("not_reached", "not_reached", "<script>"), start=1):
        Refusal.objects.create(
            condition_id=number, refused_on=today, code=code, symbol="005930", side="buy", first_at=now, last_at=now,
            count=5,
        )  # fmt: skip
    told = samples()
    assert (told["stockdesk_orders_today{filled}"], told["stockdesk_orders_today{unknown}"]) == (3, 0)
    assert told["stockdesk_orders_open{unknown}"] == 1
    assert told["stockdesk_fills_without_notice_today{}"] == 1
    assert (told["stockdesk_fills_today{}"], told["stockdesk_filled_krw_today{}"]) == (1, 719_000)
    assert (told["stockdesk_refusals_today{not_reached}"], told["stockdesk_refusals_today{other}"]) == (10, 5)


@pytest.mark.django_db
def test_open_events_and_jobs_are_counted():
    raise_event("trading", "killed", level="error", text="the kill switch is on")
    today = timezone.localdate()
    for item, state, day in (("1", "done", today), ("2", "failed", today), ("3", "failed", today - timedelta(days=9))):
        JobItem.objects.create(job="daily-bars", day=day, item=item, state=state)
    told = samples()
    assert (told["stockdesk_open_events{error}"], told["stockdesk_open_events{warning}"]) == (1, 0)
    assert (told["stockdesk_job_items{done}"], told["stockdesk_job_items{failed}"]) == (1, 1)
    assert told["stockdesk_queued_tasks{}"] == 0


@pytest.mark.django_db
def test_browsers_are_counted_from_their_coming_to_their_going(monkeypatch):
    before = PUSHES.browsers
    monkeypatch.setattr(hub(), "_tasks", [None])  # no poll is started
    watcher = hub().join()
    assert samples()["stockdesk_browsers{}"] == before + 1
    monkeypatch.setattr(hub(), "_tasks", [])
    hub().leave(watcher)
    hub().leave(watcher)
    assert samples()["stockdesk_browsers{}"] == before


@pytest.mark.django_db
def test_a_desk_of_many_symbols_and_orders_has_no_more_labels():
    few = set(samples())
    now, today = timezone.now(), timezone.localdate()
    symbols = [f"{number:06}" for number in range(300)]
    Quote.objects.bulk_create(Quote(symbol=symbol, received_at=now) for symbol in symbols)
    condition = Condition.objects.create(symbol="005930")
    for symbol in symbols[:30]:
        order(intent_key=symbol, symbol=symbol, order_no=symbol, reason=symbol)
        raise_event("ws_market", "session-down", symbol)
        Refusal.objects.create(
            condition_id=condition.pk, refused_on=today, code=f"code {symbol}"[:24], symbol=symbol, side="buy",
            first_at=now, last_at=now,
        )  # fmt: skip
    assert set(samples()) - few == {"stockdesk_refusals_today{other}"}


@pytest.mark.django_db
def test_a_scrape_is_a_handful_of_queries():
    with CaptureQueriesContext(
        connection,
    ) as queries:
        samples()
    assert len(queries) <= 24


@pytest.mark.django_db
def test_the_jobs_of_two_days_are_found_by_their_index():
    days = [timezone.localdate() - timedelta(days=ago) for ago in range(200)]
    items = (JobItem(job=job, day=day, item="1") for job in list(JOBS)[:10] for day in days)
    JobItem.objects.bulk_create(items)
    with CaptureQueriesContext(connection) as queries:
        list(jobs())
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {queries[0]['sql']}")
        assert cursor.fetchone()[5] == "collectors_jobitem_once"


def test_a_database_that_is_away_is_a_figure_and_hides_nothing_else(monkeypatch):
    # No database mark: any query would raise here.
    def away():
        raise DatabaseError("password=hunter2 at 10.0.0.7")

    monkeypatch.setattr(connection, "ensure_connection", away)
    answer = page()
    assert answer.status_code == 200
    text = answer.content.decode()
    assert "stockdesk_database_up 0.0" in text
    assert "stockdesk_browsers 0.0" in text
    assert "stockdesk_orders_today" not in text
    assert "hunter2" not in text


@pytest.mark.django_db
def test_a_part_that_fails_takes_no_other_along(monkeypatch, caplog):
    def broken():
        raise ValueError("no such thing")

    monkeypatch.setattr(metrics, "_of_tables", [broken, *metrics._of_tables])
    with caplog.at_level(logging.WARNING):
        told = samples()
    assert told["stockdesk_part_up{tests.broken}"] == 0
    assert told["stockdesk_part_up{trading.orders}"] == 1
    assert "no such thing" in caplog.text


@pytest.mark.django_db
@pytest.mark.parametrize("address", ["127.0.0.1", "::1"])
def test_this_machine_may_read_it(address):
    assert page(address).status_code == 200


@pytest.mark.django_db
@pytest.mark.parametrize("header", ["X-Forwarded-For", "X-Forwarded-Host", "X-Real-IP", "Forwarded", "Via"])
def test_a_loopback_address_that_a_proxy_has_sent_proves_nothing(header):
    assert page(**{header: "127.0.0.1"}).status_code == 403


@pytest.mark.django_db
def test_behind_tls_a_loopback_address_is_the_proxys(settings):
    settings.DESK = replace(settings.DESK, https=True)
    assert page().status_code == 403
    assert page(Authorization=f"Bearer {TOKEN}").status_code == 200


@pytest.mark.django_db
@pytest.mark.parametrize("shown", ["", "Bearer", "Bearer ", "Bearer wrong", f"Basic {TOKEN}", TOKEN, "Bearer 토큰"])
def test_a_stranger_without_the_token_is_turned_away(shown):
    answer = Client(headers={"Authorization": shown.encode().decode("latin-1")}).get("/metrics", REMOTE_ADDR=STRANGER)
    assert answer.status_code == 403
    assert b"stockdesk_" not in answer.content


@pytest.mark.django_db
def test_a_stranger_with_the_token_may_read_it():
    assert page(STRANGER, Authorization=f"Bearer {TOKEN}").status_code == 200


@pytest.mark.django_db
def test_where_no_token_is_set_an_empty_one_opens_nothing(settings):
    settings.DESK = replace(settings.DESK, metrics_token="")
    assert page(STRANGER, Authorization="Bearer ").status_code == 403


@pytest.mark.django_db
@pytest.mark.parametrize(("staff", "status"), [(True, 200), (False, 403)])
def test_of_those_logged_in_staff_may_read_it(staff, status):
    client = Client()
    client.force_login(User.objects.create_user("someone", password="a long enough password", is_staff=staff))
    assert client.get("/metrics", REMOTE_ADDR=STRANGER).status_code == status


@pytest.mark.django_db
def test_nothing_on_the_page_is_a_secret_or_the_account(settings):
    Account.objects.create(id=own_account(), number="5012****-01", updated_at=timezone.now())
    text = page().content.decode()
    hidden = [settings.DESK.account, own_account(), "5012****", TOKEN, settings.SECRET_KEY, settings.DESK.hts_id]
    hidden += [value for pair in settings.DESK.app_keys for value in (pair.key, pair.secret)]
    assert not [value for value in hidden if value in text]

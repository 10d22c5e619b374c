"""What supervisors are told."""

import re
from dataclasses import replace
from datetime import date, timedelta

import pytest
import time_machine
from django.db import DatabaseError, connection
from django.test import Client
from django.utils import timezone

from assets.accounts import own_account
from assets.models import Account
from collectors.feed import TROUBLES
from market.models import FeedSession, Quote
from stockdesk.events import clear_event, raise_event
from stockdesk.models import DaemonState
from stockdesk.remedies import LOOK, remedy
from tests.ground.calendar import BROKER, at, told
from trading import alarms

FRIDAY = date(2026, 11, 20)


def reasons(response):
    return [reason["code"] for reason in response.json()["reasons"]]


@pytest.fixture(autouse=True)
def _desk(settings):
    settings.DESK = replace(settings.DESK, account="50123456-01", demo=False, kis_rest_url=f"https://{BROKER}")


@pytest.fixture(autouse=True)
def clock():
    """A Friday morning, which the test may move."""
    with time_machine.travel(at("2026-11-20T10:00")) as traveller:
        yield traveller


@pytest.fixture
def confirmed(db):
    """The broker says that today is a trading day."""
    told(FRIDAY, "Y")


@pytest.fixture
def ready(confirmed):
    """A desk with nothing wrong."""
    now = timezone.now()
    DaemonState.objects.create(name="ws_market", state="running", heartbeat_at=now)
    for number in range(1, 6):
        FeedSession.objects.create(number=number, state="live")
    Quote.objects.create(symbol="005930", last_price=71_900, received_at=now)
    Quote.objects.create(symbol="000660")
    Account.objects.create(id=own_account(), updated_at=now, stale=False)


def test_a_living_process_says_so_without_the_database():
    # No database mark: any query would raise here.
    response = Client().get("/healthz")
    assert (response.status_code, response.content) == (200, b"ok\n")


def test_a_desk_with_nothing_wrong_is_ready(ready):
    response = Client().get("/readyz")
    assert response.status_code == 200
    assert response.json() == {"ready": True, "reasons": []}


def test_a_desk_that_never_ran_says_what_is_missing(confirmed):
    response = Client().get("/readyz")
    assert response.status_code == 503
    assert sorted(reasons(response)) == ["assets_absent", "collector_absent", "quotes_absent"]


@pytest.mark.django_db
def test_a_day_that_nobody_confirmed_is_a_reason():
    response = Client().get("/readyz", headers={"accept-language": "en"})
    (reason,) = [reason for reason in response.json()["reasons"] if reason["code"] == "day_unconfirmed"]
    assert reason["text"] == "nobody has confirmed 2026-11-20 as a trading day: no orders"


def test_a_silent_collector_is_a_reason(ready):
    DaemonState.objects.update(heartbeat_at=timezone.now() - timedelta(seconds=11))
    response = Client().get("/readyz")
    assert response.status_code == 503
    assert reasons(response) == ["collector_silent"]


@pytest.mark.parametrize("state", ["parked", "closed", "waiting", "silent"])
def test_a_session_that_is_not_live_is_a_reason_and_is_named(ready, state):
    FeedSession.objects.filter(number=4).update(state=state, wanted=40)
    response = Client().get("/readyz", headers={"accept-language": "en"})
    (reason,) = response.json()["reasons"]
    assert reason["code"] == "session_down"
    assert reason["text"].startswith("Session 4 is not live")


def test_old_quotes_are_a_reason_but_one_quiet_symbol_is_not(ready):
    now = timezone.now()
    Quote.objects.filter(symbol="000660").update(received_at=now - timedelta(hours=1))
    assert Client().get("/readyz").status_code == 200
    Quote.objects.filter(symbol="005930").update(received_at=now - timedelta(seconds=31))
    assert reasons(Client().get("/readyz")) == ["quotes_stale"]


QUIET = ["2026-11-20T08:59", "2026-11-20T09:00:29", "2026-11-20T15:25", "2026-11-20T19:00", "2026-11-21T10:00",
         "2026-12-25T10:00"]  # fmt: skip


@pytest.mark.parametrize("moment", QUIET)
def test_outside_trading_hours_old_quotes_are_no_reason(ready, clock, moment):
    clock.move_to(at(moment))
    assert "quotes_stale" not in reasons(Client().get("/readyz"))
    clock.move_to(at("2026-11-20T15:19"))
    assert "quotes_stale" in reasons(Client().get("/readyz"))


def test_an_old_balance_is_a_reason_where_there_is_an_account(ready, settings):
    Account.objects.update(updated_at=timezone.now() - timedelta(seconds=31))
    assert reasons(Client().get("/readyz")) == ["assets_stale"]
    settings.DESK = replace(settings.DESK, account="")
    assert Client().get("/readyz").status_code == 200


def test_any_daemon_that_was_killed_is_a_reason_and_one_that_stopped_is_none(ready):
    DaemonState.objects.create(name="trading", holder="", heartbeat_at=timezone.now() - timedelta(hours=9))
    assert Client().get("/readyz").status_code == 200
    DaemonState.objects.filter(name="trading").update(holder="host:1:x")
    (reason,) = Client().get("/readyz", headers={"accept-language": "en"}).json()["reasons"]
    assert reason["code"] == "daemon_silent"
    assert re.fullmatch(r"The daemon Trading gave no sign of life for 324\d\d s\.", reason["text"])


def test_an_open_event_is_a_reason_until_it_ends(ready):
    raise_event("trading", "order-unknown", "005930 #7", level="error", text="buy 10: it may stand at the broker")
    raise_event("rest_market", "no-room", level="info", text="this is how the desk was set up")
    (reason,) = Client().get("/readyz", headers={"accept-language": "en"}).json()["reasons"]
    assert reason["code"] == "order_unknown"
    assert reason["text"] == "Trading 005930 #7: buy 10: it may stand at the broker"
    assert reason["do"].endswith("look into the HTS, settle it on the dashboard.")
    clear_event("trading", "order-unknown", "005930 #7")
    assert Client().get("/readyz").status_code == 200


def test_what_a_check_has_told_no_event_tells_again(ready):
    FeedSession.objects.filter(number=4).update(state="parked", wanted=40)
    raise_event("ws_market", "session-down", "4", text="quarantine")
    assert reasons(Client().get("/readyz")) == ["session_down"]


@pytest.mark.parametrize("code", [*TROUBLES, *alarms.CODES])
def test_what_stops_prices_or_orders_has_a_remedy_of_its_own(code):
    assert remedy(code.replace("-", "_")) != str(LOOK)


@pytest.mark.django_db
def test_every_reason_says_what_to_do():
    raise_event("somebody", "never-heard-of", text="strange")
    for reason in Client().get("/readyz", headers={"accept-language": "en"}).json()["reasons"]:
        assert reason["do"].endswith("."), reason


@pytest.mark.django_db
def test_a_database_that_does_not_answer_is_the_one_reason(monkeypatch):
    def away():
        raise DatabaseError("password=hunter2 at 10.0.0.7")

    monkeypatch.setattr(connection, "ensure_connection", away)
    response = Client().get("/readyz")
    assert response.status_code == 503
    assert reasons(response) == ["database"]
    assert "hunter2" not in response.content.decode()

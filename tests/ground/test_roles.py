"""The collectors' database user: it writes market and account, and cannot even see trading, users and codes."""

import asyncio
import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from io import StringIO

import pytest
from django.apps import apps
from django.conf import settings as desk_settings
from django.core.management import call_command
from django.db import OperationalError, connection
from django.utils import timezone

from market.gnuboard_post import post
from market.models import FeedSession, Quote
from stockdesk import roles
from stockdesk.calendar.mornings import Mornings
from stockdesk.calendar.seed import reaches
from stockdesk.calls.budget import Budget
from stockdesk.calls.governor import Governor
from stockdesk.doctor import users
from stockdesk.events import clear_event, raise_event
from stockdesk.kis.errors import NotSent
from stockdesk.kis.messages import KST
from stockdesk.lease import Lease
from stockdesk.models import Event
from stockdesk.threads import DatabaseThread
from tests.conftest import acting_as, prepared
from tests.ground.processes import Child

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "reading"])

DENIED = 1142
RIGHTS = roles.ROLES["collecting"].rights()
TABLES = sorted(model._meta.db_table for model in apps.get_models(include_auto_created=True))
FOREIGN = [table for table in TABLES if table not in RIGHTS]
READ_ONLY = sorted(table for table, rights in RIGHTS.items() if rights == roles.READ)
SAMPLE = "tests.ground.sample_daemon"


@pytest.fixture
def collecting(transactional_db, settings) -> Iterator[roles.Account]:
    yield from prepared("collecting", settings)


@pytest.fixture
def as_collecting(collecting) -> Iterator[None]:
    with acting_as("collecting"):
        yield


def refused(statement: str) -> int:
    with pytest.raises(OperationalError) as caught, connection.cursor() as cursor:
        cursor.execute(statement)
    return caught.value.args[0]


def test_what_is_foreign_to_collectors_is_trading_people_and_their_codes():
    assert {"trading_order", "trading_desk", "auth_user", "otp_totp_totpdevice", "django_session"} <= set(FOREIGN)
    assert {desk_settings.DESK.gnuboard.table, "market_sessionwindow"} <= set(READ_ONLY)


def test_collectors_neither_read_nor_write_what_is_foreign(as_collecting):
    for table in FOREIGN:
        assert refused(f"SELECT * FROM {table}") == DENIED, table
        assert refused(f"INSERT INTO {table} () VALUES ()") == DENIED, table
        assert refused(f"DELETE FROM {table}") == DENIED, table


def test_collectors_change_nothing_that_they_only_read(as_collecting):
    for table in READ_ONLY:
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT COUNT(*) FROM {table}")
        assert refused(f"INSERT INTO {table} () VALUES ()") == DENIED, table
        assert refused(f"DELETE FROM {table}") == DENIED, table
    assert refused("DROP TABLE market_quote") == DENIED
    assert refused("CREATE TABLE mine (a INT)") == DENIED


def test_a_collectors_ground_is_its_own_to_write(as_collecting):
    lease = Lease("ws_market")
    lease.look()
    assert lease.take()
    budget = Budget("roles-test", 20)
    budget.ensure()
    budget.reserve("market")
    governor = Governor("roles-test")
    permission = governor.ask(1)
    assert permission.attempt_id is not None
    governor.proved(permission.attempt_id)
    raise_event("ws_market", "roles-test")
    assert clear_event("ws_market", "roles-test")
    FeedSession.objects.update_or_create(number=9, defaults={"state": "live", "updated_at": timezone.now()})
    assert FeedSession.objects.filter(number=9).delete()[0] == 1
    lease.release(state="stopped")


async def _silence(since):
    raise NotSent("away")


def test_on_the_first_of_january_collectors_write_the_dates_of_another_year(as_collecting, settings):
    settings.DESK = replace(settings.DESK, demo=False, mode="dry-run", kis_rest_url="https://broker.example:9443")
    new_year = datetime(datetime.now(KST).year + 1, 1, 1, 6, tzinfo=KST)
    assert not reaches(new_year.date())
    asyncio.run(looked_at(new_year))
    assert reaches(new_year.date())
    assert Event.objects.filter(code="calendar-unanswered").exists(), "and the broker was asked"


async def looked_at(now):
    database = DatabaseThread("calendar")
    try:
        await Mornings(_silence, database).look(now)
    finally:
        await asyncio.to_thread(database.close)


def test_without_a_password_collectors_work_as_the_desks_own_user(settings, process_environment):
    settings.DESK = replace(settings.DESK, collecting_password="")
    assert roles.given("collecting") == ""
    assert roles.given("trading") == "trading", "trading does not start without its user"
    with Child(SAMPLE, process_environment(ROLE="collecting", DATABASE_COLLECTING_PASSWORD=""), "--once") as daemon:
        assert daemon.ends() == 0
    owner = connection.settings_dict["USER"]
    assert f"works as {[owner, owner]}" in daemon.lines
    settings.DESK = replace(settings.DESK, trading_password="only for this test")
    (finding,) = [finding for finding in users.examine(settings.DESK) if finding.subject.startswith("collecting")]
    assert finding.grade == "doubtful"
    assert "DATABASE_COLLECTING_PASSWORD" in finding.remedy


def test_the_command_prepares_every_role_that_has_a_password(collecting, trading_role):
    said = StringIO()
    call_command("database_users", stdout=said)
    assert f"collecting: {collecting.user} was as it should be" in said.getvalue()
    assert f"trading: {trading_role.user} was as it should be" in said.getvalue()


@pytest.mark.parametrize("command", ["run_overseas", "run_rest_market"])
def test_a_collector_works_with_its_role(collecting, process_environment, simulator, command):
    addresses = {"KIS_REST_URL": simulator.rest_url, "KIS_WS_URL": simulator.ws_url, "DESK_DEMO": "1"}
    with Child("manage", process_environment(**addresses), command, "--once") as daemon:
        assert daemon.ends() in (0, 1)
    assert not re.search(rf"\b{DENIED}\b", daemon.text), daemon.text
    assert "denied" not in daemon.text, daemon.text


def test_live_prices_are_written_with_the_role(collecting, start_feed, simulator):
    symbol = simulator.world.instruments[0].symbol
    post(symbol=symbol, name=symbol, running=True)
    desk = start_feed()
    desk.until(lambda: Quote.objects.filter(symbol=symbol, last_price__gt=0).exists(), 60)
    assert "denied" not in desk.log.read_text()

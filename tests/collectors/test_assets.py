"""A round of ``run_assets``: the broker's pages become rows, or nothing changes but the mark and its reason."""

import asyncio
import logging
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.core.management import CommandError, call_command
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from assets.accounts import account_id, masked
from assets.balances import AccountRows, Implausible
from assets.models import Account, Balance, Holding
from collectors.management.commands import run_assets
from stockdesk.kis.errors import KisError
from stockdesk.kis.messages import KST
from stockdesk.models import Event, Fence
from stockdesk.threads import DatabaseThread

from .broker import FAILURES, NUMBER, Broker


def held() -> dict[str, int]:
    return dict(Holding.objects.values_list("symbol", "quantity"))


def account() -> Account:
    return Account.objects.get(pk=account_id(NUMBER))


@pytest.fixture
def broker() -> Broker:
    return Broker(**{"005930": 10, "000660": 5, "035720": 3, "0001A0": 1, "373220": 2})  # three pages


@pytest.fixture
async def command(
    transactional_db: None, broker: Broker, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[run_assets.Command]:
    """The daemon with its lease, set up; a test runs its rounds one by one."""
    settings.DESK = replace(settings.DESK, account=NUMBER)
    monkeypatch.setattr(run_assets, "account_client", lambda kind, database: broker.client())
    command = run_assets.Command()
    command.database = DatabaseThread("assets")
    await command.database.run(command._lease.look)
    assert await command.database.run(command._lease.take)
    await command.setup()
    yield command
    await command.teardown()
    await asyncio.to_thread(command.database.close)


async def test_every_page_becomes_rows(command, broker):
    await command.step()
    assert await sync_to_async(held)() == broker.shares
    row = await sync_to_async(account)()
    assert (row.number, row.stale) == ("5012****-01", False)
    assert broker.calls == 3
    assert command.counters["holdings"] == 5


async def test_trades_made_elsewhere_show_up_with_the_next_round(command, broker):
    await command.step()
    broker.shares = {"005930": 4, "000660": 0, "035720": 3, "0001A0": 1, "068270": 7}
    await command.step()
    assert await sync_to_async(held)() == {"005930": 4, "035720": 3, "0001A0": 1, "068270": 7}


@pytest.mark.parametrize("page", [1, 2, 3])
@pytest.mark.parametrize("failure", FAILURES)
async def test_a_page_that_fails_keeps_everything_and_marks_it_stale(command, broker, failure, page):
    await command.step()
    before, row = await sync_to_async(held)(), await sync_to_async(account)()
    broker.shares = {symbol: quantity + 1 for symbol, quantity in broker.shares.items()}
    broker.instead[page] = FAILURES[failure]
    await command.step()
    assert await sync_to_async(held)() == before
    marked = await sync_to_async(account)()
    assert (marked.stale, marked.updated_at) == (True, row.updated_at)
    assert marked.last_error
    assert "50123456" not in marked.last_error
    broker.instead.clear()
    await command.step()
    assert await sync_to_async(held)() == broker.shares
    assert not (await sync_to_async(account)()).stale


async def test_an_error_before_the_first_balance_makes_no_empty_account(command, broker):
    broker.instead[1] = FAILURES["HTML"]
    await command.step()
    assert not await Balance.objects.aexists()
    assert (await sync_to_async(account)()).updated_at is None


async def test_a_call_that_hangs_is_given_up_and_never_two_are_under_way(command, broker, monkeypatch):
    await command.step()
    monkeypatch.setattr(run_assets, "ROUND_LIMIT", 0.2)
    monkeypatch.setattr(Broker, "__call__", _hangs)
    await command.step()
    row = await sync_to_async(account)()
    assert row.stale
    assert row.last_error == "no complete balance within 0 s"
    assert await sync_to_async(held)() == broker.shares


async def _hangs(self, request):
    await asyncio.Event().wait()


async def test_assets_too_old_to_act_on_raise_the_alarm_once_and_a_balance_ends_it(command, broker, monkeypatch):
    monkeypatch.setattr(run_assets, "ALARM_AFTER", 0.5)
    await command.step()
    assert await sync_to_async(lambda: Event.objects.filter(source="assets", is_open=True).count())() == 0
    broker.instead[1] = FAILURES["timeout"]
    for _ in range(3):
        await command.step()
        await asyncio.sleep(1.2)  # the watch looks once a second
    event = await Event.objects.aget(source="assets", is_open=True)
    assert (event.code, event.level, event.count) == ("assets-stale", "error", 1)
    broker.instead.clear()
    await command.step()
    assert not await Event.objects.filter(source="assets", is_open=True).aexists()


async def test_an_alarm_that_a_former_process_left_ends_with_the_first_balance(command):
    await Event.objects.acreate(source="assets", code="assets-stale")
    await command.step()
    assert not await Event.objects.filter(source="assets", is_open=True).aexists()


async def test_a_copy_that_lost_its_lease_writes_nothing(command, broker):
    await command.step()
    await Fence.objects.aupdate(number=99)
    broker.shares = {"005930": 1}
    await command.step()
    broker.instead[1] = FAILURES["HTML"]
    await command.step()
    assert await sync_to_async(held)() != broker.shares
    assert not (await sync_to_async(account)()).stale


async def test_the_account_number_is_in_no_line_of_the_log(command, broker, caplog):
    caplog.set_level(logging.DEBUG)
    for name in FAILURES:
        broker.instead[2] = FAILURES[name]
        await command.step()
    broker.instead.clear()
    await command.step()
    assert caplog.records
    assert "50123456" not in caplog.text
    assert "50123456" not in repr(command.client)
    assert "50123456" not in repr(command.rows)


def test_without_an_account_the_command_says_so_and_ends(settings):
    settings.DESK = replace(settings.DESK, account="")
    with pytest.raises(CommandError, match="KIS_ACCOUNT is not set"):
        call_command("run_assets")


PAGES = st.dictionaries(st.integers(1, 3), st.sampled_from(sorted(FAILURES)))
SHARES = st.dictionaries(
    st.sampled_from(["005930", "000660", "035720", "0001A0", "373220", "068270"]), st.integers(0, 3), max_size=6
)


def met(failing: dict[int, str], *, pages: int) -> dict[int, str]:
    """The failures that a read of so many pages comes upon; an empty page ends it."""
    found = {}
    for page in range(1, pages + 1):
        if page in failing:
            found[page] = failing[page]
        if failing.get(page) == "empty list":
            break
    return found


@pytest.mark.django_db
@given(st.lists(st.tuples(SHARES, PAGES), min_size=1, max_size=6))
@hypothesis_settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_table_is_always_what_the_last_complete_answer_said(history):
    """Whatever fails on whichever page in whatever order, a read that is not complete deletes and changes nothing."""
    for model in (Holding, Balance, Account, Fence):
        model.objects.all().delete()
    Fence.objects.create(name="assets", number=1)
    rows = AccountRows(account_id(NUMBER), masked(NUMBER), daemon="assets", fence=1)
    rows.open()
    known: dict[str, int] = {}
    for at, (shares, failing) in enumerate(history):
        broker = Broker(**shares)
        broker.instead = {page: FAILURES[name] for page, name in failing.items()}
        asked_at = datetime(2026, 11, 20, 10, 0, at * 10, tzinfo=KST)
        try:
            rows.write(asyncio.run(read(broker)), asked_at)
        except (KisError, Implausible) as exc:
            rows.mark_stale(str(exc))
            assert failing
        else:
            owned = {symbol: quantity for symbol, quantity in shares.items() if quantity}
            asked_for = met(failing, pages=max(1, -(-len(shares) // 2)))
            # An empty page at the end may be the true end of the list, unless it would delete what is still owned.
            assert set(asked_for.values()) <= {"empty list"}
            assert known.keys() & owned.keys() <= held().keys() <= owned.keys()
            known = held() if asked_for else owned
        assert held() == known


async def read(broker):
    client = broker.client()
    try:
        return await client.balance()
    finally:
        await client.aclose()

"""What the dashboard is told of the account."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.test import Client

from assets.accounts import account_id, masked
from assets.balances import AccountRows
from assets.screen import account_rows, holding_rows
from market.screen import ScreenReader, all_sheets

from .conftest import ASKED_AT, DAEMON, FENCE, NUMBER, balance, held


@pytest.fixture(autouse=True)
def _own_account(settings):
    settings.DESK = replace(settings.DESK, account=NUMBER)


def told(sheet, rows, key):
    return dict(zip(all_sheets()[sheet], rows[key], strict=True))


def test_the_account_and_its_holdings_go_to_the_screen(rows):
    rows.write(balance(held("005930"), cash=-500), ASKED_AT)
    status = ScreenReader().status()
    account = told("account", status["account"], rows.account)
    assert (account["number"], account["deposit_d2"], account["stale"]) == ("5012****-01", -500, 0)
    assert account["updated_at"] == round(ASKED_AT.timestamp() * 1000)
    holding = told("holdings", status["holdings"], "005930")
    assert (holding["quantity"], holding["average_price"], holding["profit_loss"]) == (10, 69_500.0, 15_000)


def test_what_was_realised_today_stands_beside_the_totals_with_its_time(rows):
    rows.write(balance(held("005930")), ASKED_AT, -4_500)
    later = ASKED_AT + timedelta(seconds=10)
    rows.write(balance(held("005930")), later)  # the broker did not say this time
    account = told("account", account_rows(), rows.account)
    assert (account["realised_profit"], account["realised_at"]) == (-4_500, round(ASKED_AT.timestamp() * 1000))
    assert account["updated_at"] == round(later.timestamp() * 1000)


def test_before_the_first_balance_the_totals_are_blank_and_not_zero(rows):
    rows.mark_stale("TTTC8434R EGW00201: too many calls")
    account = told("account", account_rows(), rows.account)
    assert (account["updated_at"], account["total_value"], account["stale"]) == (None, None, 1)
    assert account["last_error"] == "TTTC8434R EGW00201: too many calls"


def test_another_account_of_the_table_is_not_shown(rows, settings):
    rows.write(balance(held("005930")), ASKED_AT)
    other = AccountRows(account_id("60123456-01"), masked("60123456-01"), daemon=DAEMON, fence=FENCE)
    other.open()
    other.write(balance(held("000660")), ASKED_AT)
    assert list(holding_rows()) == ["005930"]
    settings.DESK = replace(settings.DESK, account="")
    assert (account_rows(), holding_rows()) == ({}, {})


def test_a_desk_without_an_account_says_what_is_missing(admin_client: Client, settings):
    assert 'id="assets-age"' in admin_client.get("/").content.decode()
    settings.DESK = replace(settings.DESK, account="")
    page = admin_client.get("/").content.decode()
    assert "KIS_ACCOUNT" in page
    assert 'id="assets-age"' not in page

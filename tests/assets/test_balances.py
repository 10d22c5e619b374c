"""A complete balance replaces everything; nothing else changes anything."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import DatabaseError, connection
from django.utils import timezone

from assets.accounts import account_id, masked
from assets.balances import AccountRows, Implausible
from assets.models import Account, Balance, Holding
from stockdesk.fence import LeaseLost
from stockdesk.models import Fence

from .conftest import ASKED_AT, DAEMON, EMPTY, FENCE, NUMBER, balance, held

LATER = ASKED_AT + timedelta(seconds=10)


def test_a_balance_fills_the_three_tables(rows):
    rows.write(balance(held("005930"), held("0001A0", 3), cash=-500, loans=7), ASKED_AT)
    account = Account.objects.get()
    assert (account.number, account.stale, account.updated_at) == ("5012****-01", False, ASKED_AT)
    total = Balance.objects.get(account=account)
    assert (total.deposit_d2, total.total_value, total.loans) == (-500, 13 * 71_000 - 500, 7)
    assert total.previous_total is None  # not told is not zero
    held_rows = Holding.objects.of(account.pk)
    assert {symbol: row.quantity for symbol, row in held_rows.items()} == {"005930": 10, "0001A0": 3}
    assert held_rows["005930"].average_price == Decimal("69500")
    assert {row.updated_at for row in held_rows.values()} == {ASKED_AT}


def test_what_was_bought_and_sold_elsewhere_shows_up_with_the_next_balance(rows):
    rows.write(balance(held("005930"), held("000660")), ASKED_AT)
    rows.write(balance(held("005930", 4), held("035720", 1)), LATER)
    assert dict(Holding.objects.values_list("symbol", "quantity")) == {"005930": 4, "035720": 1}


def test_shares_that_were_all_sold_leave_though_their_row_stays_in_the_list_until_settlement(rows):
    rows.write(balance(held("005930"), held("000660")), ASKED_AT)
    rows.write(balance(held("005930"), held("000660", 0)), LATER)
    assert [holding.symbol for holding in Holding.objects.all()] == ["005930"]


def test_an_account_that_sold_everything_is_empty_and_has_its_cash(rows):
    rows.write(balance(held("005930")), ASKED_AT)
    rows.write(balance(cash=1_710_000), LATER)
    assert not Holding.objects.exists()
    assert Balance.objects.get().deposit_d2 == 1_710_000


def test_an_error_changes_nothing_but_the_mark_with_its_reason(rows, table):
    rows.write(balance(held("005930")), ASKED_AT)
    before = table()
    rows.mark_stale("TTTC8434R EGW00201: too many calls")
    first = Account.objects.get()
    rows.mark_stale("TTTC8434R: HTTP 502 without a JSON object")
    account = Account.objects.get()
    assert table() == before
    assert (account.stale, account.updated_at) == (True, ASKED_AT)
    assert account.last_error == "TTTC8434R: HTTP 502 without a JSON object"
    assert account.stale_since == first.stale_since  # since the first of a row of failures
    assert account.last_error_at is not None
    assert abs(timezone.now() - account.last_error_at) < timedelta(minutes=1)


def test_the_next_balance_takes_the_mark_away(rows):
    rows.mark_stale("no answer within 10 s")
    rows.write(balance(), ASKED_AT)
    account = Account.objects.get()
    assert (account.stale, account.stale_since) == (False, None)


def test_no_holdings_while_the_securities_have_a_value_are_not_believed(rows, table):
    rows.write(balance(held("005930")), ASKED_AT)
    before = table()
    with pytest.raises(Implausible):
        rows.write(balance(securities_value=710_000), LATER)
    with pytest.raises(Implausible):
        rows.write(balance(held("005930", 0), securities_value=710_000), LATER)
    assert table() == before


def test_a_symbol_that_is_in_the_list_twice_means_pages_that_shifted(rows, table):
    rows.write(balance(held("005930"), held("000660")), ASKED_AT)
    before = table()
    with pytest.raises(Implausible, match="005930 is in the list twice"):
        rows.write(balance(held("005930"), held("005930")), LATER)
    assert table() == before


def test_a_list_that_lost_a_page_is_known_by_its_totals(rows, table):
    rows.write(balance(held("005930"), held("000660"), held("035720")), ASKED_AT)
    before = table()
    whole = balance(held("005930"), held("000660"), held("035720"))
    with pytest.raises(Implausible, match="still count"):
        rows.write(replace(whole, holdings=whole.holdings[:1]), LATER)
    assert table() == before


def test_totals_that_never_add_up_do_not_keep_what_was_sold(rows):
    rows.write(balance(held("005930"), held("000660"), purchase_amount=9_000_000), ASKED_AT)
    rows.write(balance(held("005930"), purchase_amount=9_000_000 - 695_000), LATER)
    assert [holding.symbol for holding in Holding.objects.all()] == ["005930"]


def test_everything_gone_at_once_is_believed_only_when_it_has_been_said_for_a_while(rows, table):
    rows.write(balance(held("005930")), ASKED_AT)
    before = table()
    with pytest.raises(Implausible):
        rows.write(EMPTY, LATER)
    assert table() == before
    rows.write(EMPTY, ASKED_AT + timedelta(minutes=10, seconds=1))
    assert not Holding.objects.exists()


def test_cash_that_was_withdrawn_is_gone(rows):
    rows.write(balance(cash=1_000_000), ASKED_AT)
    rows.write(EMPTY, LATER)
    assert Balance.objects.get().total_value == 0


def test_an_empty_value_never_replaces_a_stored_one(rows):
    rows.write(balance(held("005930"), loans=7, previous_total=1_700_000), ASKED_AT)
    rows.write(balance(held("005930", price=None, name="", profit_rate=None), loans=None, previous_total=None), LATER)
    row, total = Holding.objects.get(), Balance.objects.get()
    assert (row.last_price, row.name, row.profit_rate) == (71_000, "name of 005930", Decimal("2.16"))
    assert (total.loans, total.previous_total) == (7, 1_700_000)


@pytest.mark.parametrize(
    "impossible",
    [held("005930", -1), held(""), held("0" * 13), held("005930", price=1 << 40), held("005930", 1 << 70)],
    ids=["negative", "without a symbol", "symbol too long", "price too large", "too many"],
)
def test_one_impossible_row_leaves_everything_as_it_was(rows, table, impossible):
    rows.write(balance(held("005930"), held("000660")), ASKED_AT)
    before = table()
    with pytest.raises(Implausible):
        rows.write(balance(held("035720"), impossible), LATER)
    assert table() == before
    assert Account.objects.get().updated_at == ASKED_AT


def test_a_long_name_is_cut_and_a_name_of_another_script_kept(rows):
    rows.write(balance(held("005930", name="가" * 80), held("000660", name="에스케이🙂")), ASKED_AT)
    names = dict(Holding.objects.values_list("symbol", "name"))
    assert names == {"005930": "가" * 60, "000660": "에스케이🙂"}


def test_symbols_that_differ_in_case_alone_are_two_holdings(rows):
    rows.write(balance(held("0001A0"), held("0001a0", 1)), ASKED_AT)
    assert Holding.objects.count() == 2


@pytest.mark.parametrize("act", ["write", "mark_stale", "open"])
def test_a_copy_whose_lease_is_gone_writes_nothing(rows, table, act):
    rows.write(balance(held("005930")), ASKED_AT)
    before, account = table(), Account.objects.values().get()
    Fence.objects.update(number=FENCE + 1)
    with pytest.raises(LeaseLost):
        {
            "write": lambda: rows.write(balance(), LATER),
            "mark_stale": lambda: rows.mark_stale("late"),
            "open": rows.open,
        }[act]()
    assert table() == before
    assert Account.objects.values().get() == account


def test_a_write_that_breaks_in_the_middle_leaves_everything_as_it_was(rows, table, monkeypatch):
    rows.write(balance(held("005930")), ASKED_AT)
    before, account = table(), Account.objects.values().get()
    monkeypatch.setattr(AccountRows, "_holding", _broken)
    with pytest.raises(DatabaseError):
        rows.write(balance(held("000660"), cash=5), LATER)
    assert table() == before
    assert Account.objects.values().get() == account


def _broken(*args):
    raise DatabaseError("the server has gone away")


def test_another_account_keeps_its_rows_and_says_that_nobody_renews_them(rows):
    rows.write(balance(held("005930")), ASKED_AT)
    other = AccountRows(account_id("60123456-01"), masked("60123456-01"), daemon=DAEMON, fence=FENCE)
    other.open()
    other.write(balance(held("005930", 1), held("000660", 2)), LATER)
    other.write(balance(held("000660", 2)), LATER)
    assert {h.symbol: h.quantity for h in Holding.objects.filter(account=rows.account)} == {"005930": 10}
    assert {h.symbol: h.quantity for h in Holding.objects.filter(account=other.account)} == {"000660": 2}
    assert dict(Account.objects.values_list("number", "stale")) == {"5012****-01": True, "6012****-01": False}


def test_opening_an_account_again_keeps_what_is_known(rows, table):
    rows.write(balance(held("005930")), ASKED_AT)
    before = table()
    rows.open()
    assert table() == before
    assert Account.objects.get().updated_at == ASKED_AT
    assert not Account.objects.get().stale


def test_the_number_is_neither_stored_nor_found_by_trying_the_digits(rows, settings):
    rows.write(balance(held("005930")), ASKED_AT)
    with connection.cursor() as cursor:
        for name in ("assets_account", "assets_balance", "assets_holding"):
            cursor.execute(f"SELECT * FROM {name}")
            text = repr(cursor.fetchall())
            assert "50123456" not in text
            assert "123456-01" not in text
    assert account_id("5012345601") == account_id(NUMBER) == rows.account
    settings.SECRET_KEY = "another" * 10
    assert account_id(NUMBER) != rows.account  # without the key the mask's four unknown digits are not enough


def test_a_php_insert_may_leave_out_whatever_it_does_not_know(rows):
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO assets_account (id) VALUES ('php')")
        cursor.execute("INSERT INTO assets_balance (account_id) VALUES ('php')")
        cursor.execute("INSERT INTO assets_holding (id, account_id, pdno) VALUES ('php:005930', 'php', '005930')")
    account = Account.objects.get(pk="php")
    assert (account.stale, account.updated_at) == (True, None)
    assert Holding.objects.get(account=account).quantity == 0
    assert account.balance.deposit_d2 is None

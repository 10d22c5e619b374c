"""What the dashboard is told of trading."""

from datetime import timedelta

import pytest
from django.utils import timezone, translation

from market.models import Instrument, Quote
from market.screen import ScreenReader, all_sheets
from market.words import page_sentences
from market.words import page_words as all_words
from stockdesk.alerts.catalogue import CATALOGUE
from trading import desk, models, screen
from trading.screen_words import page_words
from trading.states import State
from trading.values import Stop

pytestmark = pytest.mark.django_db


def told(sheet, rows, key):
    return dict(zip(all_sheets()[sheet], rows[str(key)], strict=True))


def condition(**changes):
    values = {"symbol": "005930", "side": "buy", "enabled": True, "trigger": "at_or_below", "strike_price": 70_000}
    row = models.Condition(**values | changes)
    row.save()
    return row


def test_orders_of_today_and_open_ones_of_any_day_are_shown_with_name_and_condition(order):
    Instrument.objects.create(symbol="005930", name="삼성전자", market="KOSPI")
    Quote.objects.create(symbol="000660", name="SK하이닉스")
    asked = condition()
    today = order(condition_id=asked.pk, filled_quantity=3, filled_amount=209_700)
    old = timezone.localdate() - timedelta(days=1)
    ended = order(ordered_on=old, state="filled")
    open_one = order(ordered_on=old, symbol="000660", state="needs_human", price=None)
    rows = screen.order_rows()
    assert list(rows) == [str(open_one.pk), str(today.pk)]
    assert str(ended.pk) not in rows
    shown = told("orders", rows, today.pk)
    assert (shown["name"], shown["trigger"], shown["strike_price"]) == ("삼성전자", "at_or_below", 70_000)
    assert (shown["filled_quantity"], shown["filled_amount"]) == (3, 209_700)
    assert shown["created_at"] == int(today.created_at.timestamp() * 1000)
    assert told("orders", rows, open_one.pk)["name"] == "SK하이닉스"
    assert told("orders", rows, open_one.pk)["price"] is None


def test_an_order_outlives_its_condition_on_the_screen_too(order):
    row = order(condition_id=77)
    shown = told("orders", screen.order_rows(), row.pk)
    assert (shown["condition_id"], shown["trigger"], shown["name"]) == (77, None, "")


def test_open_orders_are_shown_however_many_have_ended(order, monkeypatch):
    monkeypatch.setattr(screen, "MOST", 2)
    first = order(state="accepted")
    for _ in range(3):
        order(state="rejected")
    assert str(first.pk) in screen.order_rows()


def test_reasons_of_today_are_shown_newest_first(order):
    asked, now = condition(), timezone.now()

    def refused(code, seconds, on):
        models.Refusal.objects.create(
            condition=asked, refused_on=on, code=code, text="words", symbol="005930", side="buy", count=7,
            first_at=now - timedelta(hours=1), last_at=now - timedelta(seconds=seconds),
        )  # fmt: skip

    refused("killed", 9, timezone.localdate())
    refused("old_quote", 3, timezone.localdate())
    refused("no_cash", 1, timezone.localdate() - timedelta(days=1))
    rows = screen.refusal_rows()
    shown = [told("refusals", rows, key) for key in rows]
    assert [(row["code"], row["count"], row["strike_price"]) for row in shown] == [
        ("old_quote", 7, 70_000), ("killed", 7, 70_000),
    ]  # fmt: skip


def test_candidates_stand_beside_the_order_they_may_be(order, listed):
    lost = order(state="unknown", order_no="")
    listed(lost, "0000000777")
    rows = screen.candidate_rows()
    shown = told("candidates", rows, f"{lost.pk}:0000000777")
    assert (shown["order_id"], shown["fits"], shown["quantity"]) == (lost.pk, True, 10)
    assert shown["ordered_at"] == round((lost.sent_at.timestamp() + 1) * 1000)
    models.Order.objects.update(state="accepted")
    assert screen.candidate_rows() == {}


def test_the_switches_are_shown_and_nothing_before_there_is_a_desk():
    models.Desk.objects.all().delete()
    assert screen.switch_rows() == {}
    desk.set_stop(Stop.FULL, "kim", timezone.now())
    shown = told("switches", screen.switch_rows(), 1)
    assert (shown["mode"], shown["stop"], shown["stop_by"], shown["killed_at"]) == ("dry-run", "full", "kim", None)


def test_conditions_that_can_fire_are_counted_by_symbol():
    condition()
    condition()
    condition(enabled=False)
    condition(symbol="000660", problem="no price")
    assert screen.armed_rows() == {"005930": [2]}


def test_all_of_it_goes_out_with_the_one_feed(order):
    row = order()
    status = ScreenReader().status()
    assert {"orders", "refusals", "candidates", "switches", "armed"} <= set(status)
    assert told("orders", status["orders"], row.pk)["state"] == "accepted"


def test_every_state_and_stop_has_its_word():
    words = page_words()
    assert {f"order.{state}" for state in State} <= set(words)
    assert {f"stop.{stop}" for stop in Stop} | {f"stop.{stop}.text" for stop in Stop} <= set(words)


def test_every_event_has_a_word_in_place_of_its_code():
    words = all_words()
    assert {f"event.{code}" for code in CATALOGUE} <= {key for key, text in words.items() if text}


def test_a_condition_that_the_desk_took_out_and_a_list_that_fails_are_told_in_korean():
    with translation.override("ko"):
        told = page_sentences()
    assert {
        "since {1} the broker's list could not be read whole",
        "switched off: refused {1} times: {2}",
    } <= told.keys()

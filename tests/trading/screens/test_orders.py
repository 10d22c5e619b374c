"""Cancelling by hand, and settling an order that nobody can tell: the evidence, the question, the deed."""

from datetime import timedelta

from django.urls import reverse
from django.utils import timezone

from trading import evidence, models
from trading.states import State


def cancel(client, row):
    return client.post(reverse("trading:cancel", args=[row.pk]), HTTP_ACCEPT="application/json")


def settle(client, row, **values):
    return client.post(reverse("trading:settle", args=[row.pk]), values)


def test_a_cancel_is_asked_for_and_written_down(desk_client, order):
    row = order()
    assert cancel(desk_client, row).json()["done"]
    row.refresh_from_db()
    assert row.cancel_at is not None
    assert row.version == 2
    change = models.DeskChange.objects.get()
    assert (change.who, change.what, change.after) == ("kim", "cancel", "005930 0000000123")


def test_what_does_not_work_is_not_cancelled(desk_client, order):
    for state in ("filled", "cancelling", "unknown"):
        row = order(state=state)
        answer = cancel(desk_client, row)
        assert (answer.status_code, answer.json()["done"]) == (409, False)
        row.refresh_from_db()
        assert row.cancel_at is None
    assert not models.DeskChange.objects.exists()


def test_candidates_are_the_free_orders_of_that_day_symbol_and_side(order, listed):
    lost = order(state="needs_human", order_no="")
    listed(lost, "0000000777")
    listed(lost, "0000000778", quantity=11)
    listed(lost, "0000000779", symbol="000660")
    listed(lost, "0000000780", side="sell")
    listed(lost, "0000000781", kind="cancel")
    listed(lost, "0000000782", listed_on=lost.ordered_on - timedelta(days=1))
    order(order_no="783")
    listed(lost, "0000000783")
    order(order_no="0000000784", source="external")
    listed(lost, "0000000784")
    found = evidence.candidates_of(lost)
    assert [(row.order_no, evidence.fits(lost, row)) for row in found] == [("0000000777", True), ("0000000778", False)]


def test_settling_asks_again_and_says_what_will_be_true(desk_client, order, listed):
    row = order(state="needs_human", order_no="")
    listed(row, "0000000777")
    page = desk_client.get(reverse("trading:settle", args=[row.pk])).content.decode()
    assert 'value="0000000777"' in page
    asked = settle(desk_client, row, choice="0000000777")
    assert "이대로 확정하시겠습니까?" in asked.content.decode()
    assert "다음 조회에서 체결을 반영합니다" in asked.content.decode()
    row.refresh_from_db()
    assert row.state == State.NEEDS_HUMAN
    settle(desk_client, row, choice="0000000777", sure="yes")
    row.refresh_from_db()
    assert (row.state, row.order_no, row.branch_no) == (State.ACCEPTED, "0000000777", "06010")
    change = models.DeskChange.objects.get()
    assert (change.who, change.before, change.after) == ("kim", "needs_human", "accepted 005930 0000000777")


def test_a_person_may_say_that_it_was_not_placed(desk_client, order):
    row = order(state="needs_human", order_no="")
    assert "중복 주문" in settle(desk_client, row, choice="absent").content.decode()
    settle(desk_client, row, choice="absent", sure="yes")
    row.refresh_from_db()
    assert (row.state, row.reason) == (State.NOT_PLACED, "settled by kim")


def test_a_number_that_is_not_among_the_candidates_settles_nothing(desk_client, order, listed):
    row = order(state="needs_human", order_no="")
    listed(row, "0000000779", symbol="000660")
    for choice in ("", "0000000779", "1"):
        assert settle(desk_client, row, choice=choice, sure="yes").status_code == 400
    row.refresh_from_db()
    assert row.state == State.NEEDS_HUMAN


def test_an_order_that_the_program_still_looks_for_is_not_settled_by_hand(desk_client, order):
    row = order(state="unknown", order_no="")
    page = desk_client.get(reverse("trading:settle", args=[row.pk])).content.decode()
    assert 'name="choice"' not in page
    settle(desk_client, row, choice="absent", sure="yes")
    row.refresh_from_db()
    assert row.state == State.UNKNOWN
    assert not models.DeskChange.objects.exists()


def test_an_order_that_is_not_there_is_no_page(desk_client):
    assert desk_client.get(reverse("trading:settle", args=[9])).status_code == 404


def test_a_market_order_fits_a_market_order(order, listed):
    lost = order(state="unknown", order_no="", price=None)
    assert evidence.fits(lost, listed(lost, "777"))
    assert not evidence.fits(lost, listed(lost, "778", price=70_000))
    late = listed(lost, "779", ordered_at=timezone.now() + timedelta(minutes=3))
    assert not evidence.fits(lost, late)

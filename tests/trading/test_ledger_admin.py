"""Orders and the reasons why not in the admin: found by name, said in Korean, taken away as a file."""

import pytest
from django.utils import timezone

from market.models import Instrument
from stockdesk.access import VIEWER
from stockdesk.spreadsheets import Csv, Xlsx
from tests.people import client_of, owner, person
from trading.models import DeskChange, Order, Refusal

pytestmark = pytest.mark.django_db


@pytest.fixture
def viewer():
    return client_of(person("lee", VIEWER))


@pytest.fixture
def rows():
    Instrument.objects.create(symbol="005930", name="삼성전자", market="KOSPI")
    now, day = timezone.now(), timezone.localdate()
    common = {"mode": "mock", "ordered_on": day, "created_at": now, "changed_at": now}
    Order.objects.create(
        intent_key="a", symbol="005930", side="buy", quantity=10, price=70_000, state="filled", order_no="0000000123",
        filled_quantity=10, filled_amount=699_000, reason="at_or_below 70000", **common,
    )  # fmt: skip
    Order.objects.create(
        intent_key="b",
        symbol="000660",
        side="sell",
        quantity=1,
        state="rejected",
        reason="주문가능수량 부족",
        **common,
    )
    Refusal.objects.create(
        condition_id=1, refused_on=day, code="closed_today", text="The market is closed today.", symbol="005930",
        side="buy", first_at=now, last_at=now,
    )  # fmt: skip


def test_an_order_says_name_side_price_fill_and_what_went_wrong(viewer, rows):
    page = viewer.get("/admin/trading/order/").content.decode()
    assert "삼성전자" in page
    assert "70,000 × 10" in page
    assert "69,900 × 10" in page
    assert "주문가능수량 부족" in page
    assert "at_or_below" not in page


@pytest.mark.parametrize(("typed", "found"), [("삼성", 1), ("5930", 1), ("123", 1), ("000660", 1), ("없는", 0)])
def test_orders_are_found_by_name_code_and_number(viewer, rows, typed, found):
    page = viewer.get("/admin/trading/order/", {"q": typed})
    assert page.context["cl"].result_count == found


def test_orders_are_exported_with_korean_heads(viewer, rows):
    page = viewer.get("/admin/trading/order/export/")
    fields = {name: "on" for name in page.context["form"].fields if name.startswith("orderresource_")}
    answer = viewer.post("/admin/trading/order/export/", {"format": "0", "resource": "0", **fields})
    text = answer.content.decode("utf-8-sig")
    assert "주문번호" in text.splitlines()[0]
    assert "0000000123" in text


def test_a_reason_is_said_in_korean_and_nothing_can_be_changed(viewer, rows):
    page = viewer.get("/admin/trading/refusal/").content.decode()
    assert "휴장" in page
    root = client_of(owner("root"))
    order, refusal = Order.objects.earliest("id"), Refusal.objects.get()
    for address in (f"/admin/trading/order/{order.pk}/delete/", f"/admin/trading/refusal/{refusal.pk}/delete/"):
        root.post(address, {"post": "yes"})
    assert (Order.objects.count(), Refusal.objects.count()) == (2, 1)


def test_who_changed_what_is_said_in_words(viewer):
    DeskChange.objects.create(at=timezone.now(), who="kim", what="stop", before="normal", after="no_new")
    page = viewer.get("/admin/trading/deskchange/").content.decode()
    assert "정지 상태" in page
    assert "신규금지" in page


@pytest.mark.parametrize("form", ["0", "1"])
def test_what_a_broker_says_runs_in_no_spreadsheet(viewer, rows, form):
    Order.objects.filter(intent_key="b").update(reason="=HYPERLINK(A1)")
    shown = {"format": form, "resource": "0", "orderresource_symbol": "on", "orderresource_reason": "on"}
    answer = viewer.post("/admin/trading/order/export/", shown)
    table = (Csv(), Xlsx())[int(form)].create_dataset(answer.content)
    assert "'=HYPERLINK(A1)" in [cell for row in table for cell in row]

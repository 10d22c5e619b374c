"""Lowering a limit is free, raising one takes a code."""

import pytest
from django.urls import reverse
from django.utils import timezone

from trading import desk, models
from trading.limits import LIMITS, NeedsCode, raised, set_limits

from .conftest import code_of, wrong_code_of


@pytest.fixture
def form(operator):
    """The form as the page gives it, with changes."""
    row = desk.desk_row()

    def filled(**changes):
        values = {name: getattr(row, name) for name in LIMITS} | changes
        return {name: "" if value is None else str(value) for name, value in values.items()}

    return filled


def stored():
    return models.Desk.objects.values(*LIMITS).get()


ADDRESS = "/trading/limits/"


def test_lowering_needs_no_code_and_is_written_down(desk_client, form):
    answer = desk_client.post(ADDRESS, form(max_order_amount=500_000, max_day_loss=100_000))
    assert answer["Location"] == reverse("trading:desk")
    assert (stored()["max_order_amount"], stored()["max_day_loss"]) == (500_000, 100_000)
    lines = set(models.DeskChange.objects.values_list("who", "what", "before", "after"))
    assert lines == {("kim", "max_order_amount", "1000000", "500000"), ("kim", "max_day_loss", "", "100000")}


@pytest.mark.parametrize("change", [{"max_order_amount": 1_000_001}, {"max_day_loss": None}, {"max_orders_day": 101}])
def test_raising_without_a_code_changes_nothing(desk_client, form, device, change):
    models.Desk.objects.update(max_day_loss=50_000)
    before = stored()
    answer = desk_client.post(
        ADDRESS, form(max_day_loss=50_000, max_orders_minute=1) | form(**{"max_day_loss": 50_000} | change)
    )
    assert answer.status_code == 403
    assert "일회용 번호가 필요합니다" in answer.content.decode()
    assert stored() == before
    assert not models.DeskChange.objects.exists()


def test_raising_with_a_wrong_code_changes_nothing(desk_client, form, device):
    before = stored()
    assert desk_client.post(ADDRESS, form(max_orders_day=200) | {"code": wrong_code_of(device)}).status_code == 403
    assert stored() == before


def test_raising_with_a_fresh_code_works_once(desk_client, form, device):
    code = code_of(device)
    assert desk_client.post(ADDRESS, form(max_orders_day=200) | {"code": code}).status_code == 302
    assert stored()["max_orders_day"] == 200
    assert desk_client.post(ADDRESS, form(max_orders_day=300) | {"code": code}).status_code == 403
    assert stored()["max_orders_day"] == 200


@pytest.mark.parametrize("value", ["0", "-1", "1.5", "many", "", "99999999999999999999"])
def test_nonsense_is_told_beside_its_field_and_stored_nowhere(desk_client, form, value):
    before = stored()
    answer = desk_client.post(ADDRESS, form(max_orders_day=value))
    assert answer.status_code == 400
    assert 'class="wrong"' in answer.content.decode()
    assert stored() == before


def test_what_was_lowered_meanwhile_is_not_raised_again_without_a_code(form):
    wanted = {name: int(value) if value else None for name, value in form().items()}
    models.Desk.objects.update(max_order_amount=10_000)
    with pytest.raises(NeedsCode):
        set_limits(wanted, "kim", timezone.now(), may_raise=False)
    assert stored()["max_order_amount"] == 10_000


def test_no_limit_is_the_highest_limit():
    low = dict.fromkeys(LIMITS, 5)
    assert raised(low, low | {"max_day_loss": None}) == ["max_day_loss"]
    assert raised(low | {"max_day_loss": None}, low) == []

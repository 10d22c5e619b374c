"""Every change of a condition is found again, with who and why; what the engine keeps for itself is not in the way."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.utils import timezone

from tests.trading.conftest import stored
from trading.database import DatabaseStorage
from trading.models import Condition

pytestmark = pytest.mark.django_db


def kept(condition: Condition) -> list[tuple[str, int | None, bool]]:
    return [(row.history_type, row.strike_price, row.enabled) for row in Condition.history.filter(id=condition.pk)]


def test_making_changing_and_deleting_each_leave_a_row() -> None:
    condition = stored()
    condition.strike_price = 68_000
    condition.save()
    pk = condition.pk
    condition.delete()
    rows = Condition.history.filter(id=pk)
    assert [(row.history_type, row.strike_price) for row in rows] == [("-", 68_000), ("~", 68_000), ("+", 69_000)]


def test_a_save_that_changes_nothing_leaves_none() -> None:
    condition = stored()
    condition.save()
    Condition.objects.get(pk=condition.pk).save()
    assert len(kept(condition)) == 1


def test_the_note_and_the_place_in_the_order_are_changes_too_though_no_revision() -> None:
    condition = stored()
    condition.note, condition.position = "실적 발표 뒤", 3
    condition.save()
    assert len(kept(condition)) == 2
    assert Condition.objects.get().revision == 1


def test_the_engines_best_price_leaves_no_row() -> None:
    condition = stored(trigger="trailing", strike_price=None, rate=2)
    storage = DatabaseStorage()
    view = storage.conditions()[0]
    for best in (70_000, 70_500, 71_000):
        storage.note_best(replace(view, best_price=best))
    assert Condition.objects.get().best_price == 71_000
    assert len(kept(condition)) == 1


def test_the_engine_switching_one_off_leaves_a_row_with_its_reason() -> None:
    condition = stored()
    storage = DatabaseStorage()
    now = timezone.now() + timedelta(seconds=1)
    storage.switch_off(storage.conditions()[0], "refused 3 times: 잔고 부족", now)
    newest = Condition.history.filter(id=condition.pk).first()
    assert (newest.enabled, newest.history_change_reason) == (False, "refused 3 times: 잔고 부족")
    assert newest.history_date == now
    assert newest.history_user is None
    assert newest.symbol == condition.symbol


def test_a_condition_that_changed_meanwhile_is_not_switched_off_and_leaves_no_row() -> None:
    condition = stored()
    storage = DatabaseStorage()
    view = storage.conditions()[0]
    condition.quantity = 11
    condition.save()
    storage.switch_off(view, "refused 3 times: x", timezone.now())
    assert Condition.objects.get().enabled
    assert len(kept(condition)) == 2

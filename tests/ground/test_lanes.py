"""How busy each lane of the call budget is."""

import pytest
from django.conf import settings

from stockdesk.calls.budget import Budget
from stockdesk.calls.keys import key_id
from stockdesk.calls.lanes import LaneMeter
from stockdesk.models import Lane

pytestmark = pytest.mark.django_db


@pytest.fixture
def budget():
    budget = Budget(key_id(settings.DESK.app_keys[0].key), settings.DESK.calls_per_second)
    budget.ensure()
    return budget


def test_a_pace_is_told_from_the_second_reading_on(budget):
    clock = [0.0]
    meter = LaneMeter(lambda: clock[0])
    assert {load.rate for load in meter.loads().values()} == {None}
    for _ in range(4):
        budget.reserve("assets")
    clock[0] = 2.0
    loads = meter.loads()
    assert list(loads) == ["order", "fill", "assets", "spare", "market"]
    assert (loads["assets"].rate, loads["assets"].allowed, loads["assets"].today) == (2.0, 4, 4)
    assert loads["order"].rate == 0.0


def test_what_was_used_long_ago_is_forgotten(budget):
    clock = [0.0]
    meter = LaneMeter(lambda: clock[0])
    meter.loads()
    budget.reserve("fill")
    for second in range(1, 8):
        clock[0] = float(second)
        loads = meter.loads()
    assert loads["fill"].rate == 0.0


def test_a_counter_that_begins_again_tells_no_pace(budget):
    clock = [0.0]
    meter = LaneMeter(lambda: clock[0])
    budget.reserve("fill")
    meter.loads()
    Lane.objects.update(calls_today=0)
    clock[0] = 1.0
    assert meter.loads()["fill"].rate is None


def test_a_lane_of_another_key_is_not_counted_and_one_that_is_slowed_down_says_so(budget):
    Budget("0" * 12, 20).ensure()
    budget.slow_down()
    loads = LaneMeter().loads()
    assert len(loads) == 5
    assert all(load.slowed for load in loads.values())

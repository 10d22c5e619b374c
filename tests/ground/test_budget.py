"""The call budget: processes that share a key share its calls."""

import asyncio
import subprocess
import sys
import time
from collections import defaultdict
from dataclasses import dataclass
from itertools import pairwise
from math import ceil

import pytest
from django.db import OperationalError

from stockdesk.calls.budget import (
    LANES,
    LATE,
    MOST_LEEWAY,
    AsyncBudget,
    Budget,
    BudgetExhausted,
    Slot,
    shares,
    spacing,
)
from stockdesk.calls.tally import Tally
from stockdesk.kis.errors import NotSent, OutcomeUnknown, RateLimited, Refused
from stockdesk.models import Event, Lane
from stockdesk.threads import DatabaseThread

KEY = "aaaaaaaaaaaa"


@pytest.fixture
def budget(db):
    made = Budget(KEY, 20)
    made.ensure()
    return made


def in_any(seconds: float, moments: list[float]) -> int:
    moments = sorted(moments)
    return max(sum(1 for other in moments if first <= other < first + seconds) for first in moments)


@dataclass(frozen=True, slots=True)
class Flooded:
    """By lane, the seconds to each booked slot and the moments of leaving; and whether all woke up on time."""

    booked: dict[str, list[float]]
    left: dict[str, list[float]]
    on_time: bool

    def most_slots(self, lane: str, share: int) -> int:
        """What a call takes of a lane: one slot, or on a busy machine those of its leeway too."""
        return 1 if self.on_time else 1 + ceil(MOST_LEEWAY / spacing(lane, share))


def flooded(environment: dict[str, str], ceiling: int, seconds: float, *lanes_of_each: list[str]) -> Flooded:
    """Run one process per list of lanes."""
    start = time.monotonic() + 6.0
    commands = [
        [sys.executable, "-m", "tests.ground.flood", KEY, str(ceiling), str(start), str(seconds), *lanes]
        for lanes in lanes_of_each
    ]
    running = [subprocess.Popen(c, env=environment, stdout=subprocess.PIPE, text=True) for c in commands]
    seen: dict[str, dict[str, list[float]]] = {
        "booked": defaultdict(list), "left": defaultdict(list), "missed": defaultdict(list),
    }  # fmt: skip
    for process in running:
        printed, _ = process.communicate(timeout=120)
        assert process.returncode == 0
        for line in printed.splitlines():
            what, lane, number = line.split()
            seen[what][lane].append(float(number))
    return Flooded(seen["booked"], seen["left"], not any(seen["missed"]["-"]))


def test_five_processes_together_never_exceed_the_ceiling(process_environment):
    market = ["market"] * 2
    seen = flooded(
        process_environment(), 20, 8.0,
        ["order", *market], ["fill", *market], ["assets", *market], ["spare", *market], market,
    )  # fmt: skip
    calls = [moment for moments in seen.left.values() for moment in moments]
    assert in_any(1.0, calls) <= 20
    assert len(calls) > 20 * 8 * (0.6 if seen.on_time else 0.2)
    assert max(seen.booked["order"]) <= spacing("order", 1) * seen.most_slots("order", 1)
    # A slot given to two processes would let two calls of a lane leave together.
    for lane in ("fill", "assets", "spare"):
        least = min(b - a for a, b in pairwise(sorted(seen.left[lane])))
        assert least > 0.7 * spacing(lane, shares(20)[lane])


def test_a_small_ceiling_holds_too_and_orders_pass_the_queue(process_environment):
    seen = flooded(process_environment(), 3, 6.0, ["order:1.0"], ["market"] * 3, ["assets"])
    assert in_any(1.0, [moment for moments in seen.left.values() for moment in moments]) <= 3
    assert max(seen.booked["order"]) <= 2 * spacing("shared", 3) * seen.most_slots("shared", 3) + 0.001


@pytest.mark.parametrize("ceiling", [1, 2, 3, 9, 10, 18, 20])
def test_the_shares_add_up_to_the_ceiling(ceiling):
    assert sum(shares(ceiling).values()) == ceiling


def test_twenty_calls_are_shared_as_8_and_12():
    assert shares(20) == {"order": 1, "fill": 1, "assets": 4, "spare": 2, "market": 12}


@pytest.mark.parametrize("lane", LANES)
def test_a_lane_uses_nearly_all_of_its_share(lane):
    share = shares(20)[lane]
    assert share * 0.92 < 1 / spacing(lane, share) < share
    assert 1 / spacing("market", 12) >= 0.97 * 12


@pytest.mark.parametrize("lane", LANES)
def test_a_second_that_begins_with_a_late_call_has_no_room_for_one_more_than_the_share(lane):
    share = shares(20)[lane]
    assert share * spacing(lane, share) - LATE > 1


def test_slots_of_a_lane_are_evenly_spaced(budget):
    waits = [budget.reserve("assets") for _ in range(4)]
    assert waits[0] == 0.0
    assert all(b - a > 0.2 for a, b in pairwise(waits))


def test_leeway_is_paid_with_the_slots_that_lie_in_it(budget):
    budget.reserve("market", leeway=0.2)
    after = spacing("market", 12)
    assert 3 * after < budget.reserve("market") <= 4 * after


def test_an_order_borrows_from_market_and_gives_nothing_back(budget):
    assert budget.reserve("order") == 0.0
    assert budget.reserve("order") < 0.2
    assert Lane.objects.get(lane="market").calls_today == 1
    for _ in range(30):
        budget.reserve("market")
    assert budget.reserve("market") > 1.0
    assert 0.5 < budget.reserve("order") <= spacing("order", 1)


@pytest.mark.parametrize("lane", ["fill", "assets", "spare", "market"])
def test_other_lanes_do_not_borrow(budget, lane):
    for _ in range(3):
        budget.reserve(lane)
    assert list(Lane.objects.filter(calls_today__gt=0).values_list("lane", flat=True)) == [lane]


def test_a_queue_has_an_end(budget):
    for _ in range(4):
        budget.reserve("fill", max_wait=3.5)
    with pytest.raises(BudgetExhausted) as caught:
        budget.reserve("fill", max_wait=3.5)
    assert isinstance(caught.value, NotSent)
    assert Lane.objects.get(lane="fill").calls_today == 4


def test_rows_are_made_when_they_are_missing(db):
    assert Budget(KEY, 20).reserve("market") == 0.0
    assert Lane.objects.count() == 5


def test_another_ceiling_changes_the_rows(budget):
    Budget(KEY, 3).ensure()
    assert list(Lane.objects.values_list("lane", flat=True)) == ["shared"]


def test_two_keys_do_not_share(budget):
    budget.reserve("fill")
    assert Budget("bbbbbbbbbbbb", 20).reserve("fill") == 0.0


def test_a_slot_left_in_the_future_by_a_clock_set_back_counts_as_free(budget):
    Lane.objects.update(next_us=int((time.time() + 86_400) * 1_000_000))
    assert budget.reserve("fill") == 0.0


def test_an_unknown_lane_is_a_mistake(budget):
    with pytest.raises(ValueError, match="no lane"):
        budget.reserve("orders")


def test_refused_calls_halve_the_pace_and_are_an_event(budget):
    budget.slow_down()
    budget.slow_down()
    assert set(Lane.objects.values_list("slow_factor", flat=True)) == {2}
    budget.reserve("fill")
    assert budget.reserve("fill") > 2.0
    assert Event.objects.get(code="calls-refused", ended_at=None).subject == KEY


def test_refusals_that_go_on_slow_down_to_an_eighth(budget):
    for _ in range(6):
        budget.slow_down()
        Lane.objects.update(slowed_us=1)
    assert set(Lane.objects.values_list("slow_factor", flat=True)) == {8}


def test_the_pace_recovers_and_the_event_ends(budget):
    budget.slow_down()
    Lane.objects.update(slow_until_us=1)
    assert not budget.slowed()
    budget.note_recovery()
    assert not Event.objects.filter(ended_at=None).exists()
    budget.reserve("fill")
    assert budget.reserve("fill") < 1.1


class Lanes(Budget):
    """Slots from a list instead of the database."""

    def __init__(self, *slots: Slot | Exception) -> None:
        super().__init__(KEY, 20)
        self.slots = list(slots)
        self.leeways: list[float] = []

    def slot(self, lane: str, max_wait: float = 10.0, leeway: float = 0.0) -> Slot:
        self.leeways.append(leeway)
        slot = self.slots.pop(0)
        if isinstance(slot, Exception):
            raise slot
        return slot


@pytest.fixture
def thread():
    made = DatabaseThread("budget")
    yield made
    made.close()


async def test_a_call_never_leaves_before_its_slot(thread):
    now = time.monotonic()
    budget = AsyncBudget(Lanes(*[Slot(now + 0.195, now + 0.2)] * 9), thread)
    await budget.reserve("market")
    assert time.monotonic() >= now + 0.2


async def test_a_slot_that_was_slept_through_is_given_up(thread):
    now = time.monotonic()
    lanes = Lanes(Slot(now - 1.0, now - 0.9), Slot(now + 0.1, now + 0.1))
    budget = AsyncBudget(lanes, thread, clock=lambda: min(time.monotonic(), now + 0.1))
    await budget.reserve("market")
    assert (budget.missed, lanes.slots) == (1, [])


async def test_a_machine_that_always_wakes_late_takes_the_slots_it_oversleeps(thread):
    lanes = Lanes(*[Slot(0.0, 0.0)] * 3)
    budget = AsyncBudget(lanes, thread, clock=lambda: 0.125)
    await budget.reserve("market")
    await budget.reserve("market")
    assert (budget.missed, lanes.leeways) == (1, [0.0, 0.25, 0.25])


async def test_a_machine_that_wakes_on_time_again_takes_one_slot_a_call(thread):
    now = [0.125]
    lanes = Lanes(*[Slot(0.0, 0.0)] * 4)
    budget = AsyncBudget(lanes, thread, clock=lambda: now[0])
    await budget.reserve("market")
    now[0] = 0.0
    await budget.reserve("market")
    await budget.reserve("market")
    assert lanes.leeways == [0.0, 0.25, 0.25, 0.0]


async def test_a_machine_that_keeps_no_slot_sends_nothing(thread):
    ticks = iter(range(10_000))
    budget = AsyncBudget(Lanes(*[Slot(0.0, 0.0)] * 50), thread, clock=lambda: float(next(ticks)))
    with pytest.raises(BudgetExhausted):
        await budget.reserve("market")


async def test_a_database_that_is_away_means_not_sent(thread):
    with pytest.raises(NotSent):
        await AsyncBudget(Lanes(OperationalError(2006, "gone away")), thread).reserve("market")


@pytest.mark.django_db(transaction=True)
async def test_many_at_once_leave_one_by_one(thread):
    budget = AsyncBudget(Budget(KEY, 20), thread)
    left: list[float] = []

    async def call() -> None:
        await budget.reserve("market")
        left.append(time.monotonic())

    await asyncio.gather(*(call() for _ in range(6)))
    left.sort()
    assert min(b - a for a, b in pairwise(left)) > 0.05


@pytest.mark.django_db(transaction=True)
async def test_the_event_of_a_process_that_ended_while_slowed_down_is_ended_by_another(thread):
    budget = Budget(KEY, 20)
    await thread.run(budget.ensure)
    await thread.run(budget.slow_down)
    await thread.run(Lane.objects.update, slow_until_us=1)
    started = [time.monotonic() - 60.0]
    another = AsyncBudget(budget, thread, clock=lambda: started.pop() if started else time.monotonic())
    await another.reserve("spare")
    assert not await thread.run(Event.objects.filter(code="calls-refused", ended_at=None).exists)


def test_calls_and_how_they_ended_are_counted_over_all_processes(budget):
    one = Tally()
    budget._tally = one
    budget.reserve("assets")
    for error in (Refused("no"), RateLimited("too many"), OutcomeUnknown("?"), NotSent("!"), NotSent("!")):
        one.note("assets", error)
    budget.reserve("market")
    assert Lane.objects.get(lane="assets").unsent == 0  # another lane's call takes nothing along
    budget.reserve("assets")
    budget.reserve("assets")
    row = Lane.objects.get(lane="assets")
    assert (row.calls, row.refused, row.too_many, row.unanswered, row.unsent) == (3, 1, 1, 1, 2)


def test_what_could_not_be_counted_is_counted_with_the_next_call(budget):
    budget._tally = Tally()
    budget._tally.note("assets", OutcomeUnknown("?"))
    Lane.objects.filter(lane="assets").update(next_us=Lane.objects.get(lane="assets").next_us + 3_600_000_000)
    budget.reserve("assets")
    with pytest.raises(BudgetExhausted):
        budget.reserve("assets", max_wait=0.0)
    budget._tally.note("assets", OutcomeUnknown("?"))
    with pytest.raises(BudgetExhausted):
        budget.reserve("assets", max_wait=0.0)
    Lane.objects.filter(lane="assets").update(next_us=0)
    budget.reserve("assets")
    row = Lane.objects.get(lane="assets")
    assert (row.calls, row.unanswered) == (2, 2)

"""Small work that other rooms plug into the manager: each for itself, none in the way of another."""

import asyncio
import threading

import pytest

from stockdesk.manager import chores
from stockdesk.manager.chores import Chore, follow
from stockdesk.models import Event
from stockdesk.threads import DatabaseThread
from tests.ground.processes import eventually

pytestmark = pytest.mark.django_db(transaction=True)
PATIENCE = 20.0


@pytest.fixture(autouse=True)
def _nobody_elses(monkeypatch):
    monkeypatch.setattr(chores, "CHORES", {})


class Counter:
    """A chore that can be made to fail."""

    def __init__(self) -> None:
        self.calls = 0
        self.error: Exception | None = None
        self.called = threading.Event()

    def __call__(self) -> None:
        self.calls += 1
        self.called.set()
        if self.error:
            raise self.error


async def until(true):
    await asyncio.to_thread(eventually, true)


async def open_events() -> list[str]:
    rows = Event.objects.filter(source="manager", code="chore-failed", is_open=True)
    thread = DatabaseThread("a test")
    try:
        return await thread.run(lambda: list(rows.values_list("subject", flat=True)))
    finally:
        thread.close()


async def test_a_chore_that_fails_is_an_event_and_hinders_nobody_until_it_goes_well():
    good, bad, stopping = Counter(), Counter(), asyncio.Event()
    bad.error = RuntimeError("no server")
    tasks = [
        asyncio.create_task(follow(Chore(name, step, 0.05), stopping, may_act=lambda: True))
        for name, step in (("good", good), ("bad", bad))
    ]
    await until(lambda: good.calls > 2 and bad.calls > 2)
    assert await open_events() == ["bad"]
    bad.error = None
    calls = bad.calls
    await until(lambda: bad.calls > calls + 2)
    assert await open_events() == []
    stopping.set()
    await asyncio.gather(*tasks)


async def test_a_chore_that_hangs_holds_up_neither_the_others_nor_the_end():
    good, stopping, let_go = Counter(), asyncio.Event(), threading.Event()
    hangs = asyncio.create_task(follow(Chore("hangs", let_go.wait, 0.05), stopping, may_act=lambda: True))
    works = asyncio.create_task(follow(Chore("works", good, 0.05), stopping, may_act=lambda: True))
    await until(lambda: good.calls > 3)
    stopping.set()
    hangs.cancel()
    await asyncio.wait_for(asyncio.gather(hangs, works, return_exceptions=True), PATIENCE)
    let_go.set()


async def test_a_manager_without_the_lease_does_no_chores():
    step, stopping, asked = Counter(), asyncio.Event(), []

    def may_act() -> bool:
        asked.append(True)
        return False

    task = asyncio.create_task(follow(Chore("idle", step, 0.02), stopping, may_act=may_act))
    await until(lambda: len(asked) > 3)
    stopping.set()
    await task
    assert step.calls == 0


def test_a_name_is_given_once():
    step = Counter()
    chores.register("alerts", step, every=2.0)
    chores.register("alerts", step, every=2.0)
    with pytest.raises(ValueError, match="two chores are called alerts"):
        chores.register("alerts", Counter(), every=2.0)

    @chores.chore("digest", every=60.0)
    def digest() -> None:
        step()

    assert chores.CHORES["digest"] == Chore("digest", digest, 60.0)

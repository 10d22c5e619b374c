"""A running simulator for every test, and a client's hands on it."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack
from datetime import datetime

import httpx
import pytest

from stockdesk.simulator.options import KST
from stockdesk.simulator.testing import RunningSimulator, running_simulator
from tests.moments import Clock
from tests.simulator.clients import Caller

Start = Callable[..., RunningSimulator]


@pytest.fixture
def start() -> Iterator[Start]:
    """Start a simulator with options of the test's own; it is stopped at the end of the test."""
    with ExitStack() as stack:
        yield lambda **options: stack.enter_context(running_simulator(**{"symbols": 300, **options}))


@pytest.fixture
def simulator(start: Start) -> RunningSimulator:
    return start()


@pytest.fixture
async def caller(simulator: RunningSimulator) -> AsyncIterator[Caller]:
    """One app key that has its token."""
    async with Caller(simulator) as caller:
        await caller.ask_token()
        yield caller


@pytest.fixture
async def shell(simulator: RunningSimulator) -> AsyncIterator[httpx.AsyncClient]:
    """The control API as a person at a shell asks it."""
    async with httpx.AsyncClient(base_url=f"{simulator.rest_url}/_simulator", trust_env=False) as http:
        yield http


@pytest.fixture
def clock() -> Clock:
    return Clock(datetime(2026, 11, 20, 10, 0, tzinfo=KST))

"""A running simulator for every test, and a client's hands on it."""

from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from stockdesk.simulator.options import KST
from stockdesk.simulator.testing import RunningSimulator, running_simulator
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


class Clock:
    """A clock that the test moves by hand."""

    def __init__(self) -> None:
        self.moment = datetime(2026, 11, 20, 10, 0, tzinfo=KST)

    def __call__(self) -> datetime:
        return self.moment

    def forward(self, **by: Any) -> None:
        self.moment += timedelta(**by)


@pytest.fixture
def clock() -> Clock:
    return Clock()

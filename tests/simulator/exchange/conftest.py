"""A market that stands still, and somebody who trades in it."""

from collections.abc import AsyncIterator

import pytest

from stockdesk.simulator.testing import RunningSimulator
from tests.moments import Clock
from tests.simulator.conftest import Start
from tests.simulator.traders import Trader, trading


@pytest.fixture
def simulator(start: Start, clock: Clock) -> RunningSimulator:
    return start(now=clock, ticks_per_second=0.0, calls_per_second=10_000)


@pytest.fixture
async def trader(simulator: RunningSimulator) -> AsyncIterator[Trader]:
    """005930 is bid at 98,500 and asked at 98,600."""
    simulator.control.move("005930", 98_500)
    async with trading(simulator) as trader:
        yield trader

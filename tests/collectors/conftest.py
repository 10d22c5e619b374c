"""Programs of the batch jobs, started by a test."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from stockdesk.simulator.testing import RunningSimulator
from tests.collectors.reference_desk import StartJobs, starter
from tests.programs import programs_of


@pytest.fixture
def start_jobs(
    process_environment: Callable[..., dict[str, str]], simulator: RunningSimulator, tmp_path: Path
) -> Iterator[StartJobs]:
    with programs_of(tmp_path) as programs:
        yield starter(programs, process_environment, simulator)

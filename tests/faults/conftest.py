"""One desk for all faults of a run, and the table of what became of each."""

from collections.abc import Iterator

import pytest

from tests.faults.checker import Checker
from tests.faults.desk import Desk, running_desk


@pytest.fixture(scope="module")
def desk(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    bug = request.config.getoption("--faults-bug")
    with running_desk(tmp_path_factory.mktemp("faults"), bug=bug) as running:
        yield running


@pytest.fixture(scope="module")
def checker(desk: Desk) -> Checker:
    return Checker(desk)

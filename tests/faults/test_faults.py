"""The desk lives through the faults of the failure model, one after the other, and keeps its invariants."""

import pytest

from tests.faults.checker import Checker
from tests.faults.desk import Desk
from tests.faults.scenarios import FAULTS, Fault, live_through


def made(fault: Fault) -> object:
    marks = [] if fault.short else [pytest.mark.fault]
    return pytest.param(fault, id=fault.name, marks=marks)


@pytest.mark.parametrize("fault", [made(fault) for fault in FAULTS])
def test_the_desk_lives_through(fault: Fault, desk: Desk, checker: Checker) -> None:
    if missing := fault.missing(desk):
        pytest.skip(missing)
    began = checker.begin()
    live_through(fault, desk, began)
    assert checker.check(began) == []

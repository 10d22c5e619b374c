"""The desk lives through the faults of the failure model, one after the other, and keeps its invariants."""

from contextlib import suppress
from datetime import datetime

import MySQLdb
import pytest

from tests.faults.checker import Checker
from tests.faults.desk import Desk
from tests.faults.fault import Fault, live_through
from tests.faults.scenarios import FAULTS


def made(fault: Fault) -> object:
    marks = [] if fault.short else [pytest.mark.fault]
    return pytest.param(fault, id=fault.name, marks=marks)


@pytest.mark.parametrize("fault", [made(fault) for fault in FAULTS])
def test_the_desk_lives_through(fault: Fault, desk: Desk, checker: Checker) -> None:
    if missing := fault.missing(desk):
        pytest.skip(missing)
    began = checker.begin()
    try:
        live_through(fault, desk, began)
    except AssertionError as exc:
        note_what_is_broken(exc, checker, began)
        with suppress(AssertionError, MySQLdb.Error):
            fault.end(desk)  # the next one begins on a desk that nothing is done to
        desk.stand_up()
        raise
    complaints = checker.check(began)
    desk.stand_up()
    assert not complaints, "\n".join([*complaints, desk.story()])


def note_what_is_broken(exc: AssertionError, checker: Checker, began: datetime) -> None:
    """A desk that did not come back has often broken an invariant on its way: that is the cause to look for."""
    with suppress(MySQLdb.Error):
        for complaint in checker.check(began):
            exc.add_note(complaint)

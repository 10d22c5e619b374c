"""What a fault is, and how the desk lives through one.

Before each a share has been bought, and after each another one is: a desk that survives and trades no more has not
survived.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from tests.faults.desk import PATIENCE, Desk

Act = Callable[[Desk], None]
#: The TR ids of the two calls that the faults of orders are made with.
BUY, LOOK_UP = "VTTC0012U", "VTTC0081R"


def nothing(desk: Desk) -> None:
    """Some faults end by themselves."""


@dataclass(frozen=True, slots=True)
class Fault:
    """``numbers`` are those of the failure model; ``events`` (source, code) must be open before ``end`` is called."""

    numbers: tuple[int, ...]
    title: str
    begin: Act
    end: Act = nothing
    events: tuple[tuple[str, str], ...] = ()
    #: Seconds that it goes on once its events are there.
    lasts: float = 0.0
    #: In every run of the suite, not only in the long one.
    short: bool = False
    #: Why it cannot be made here; empty where it can.
    missing: Callable[[Desk], str] = lambda desk: ""

    @property
    def name(self) -> str:
        return f"F{'-'.join(map(str, self.numbers))} {self.title}"


def mishap(name: str, **options: object) -> Act:
    return lambda desk: desk.control.mishap_on(name, **options)  # type: ignore[arg-type]


def over(name: str) -> Act:
    return lambda desk: desk.control.mishap_off(name)


def connects(desk: Desk) -> int:
    """How many handshakes the broker's socket has seen."""
    return int(desk.control.seen(arrivals=0)["connects"]["total"])


def until_connected(desk: Desk, before: int, what: str = "a new connect", seconds: float = PATIENCE) -> None:
    desk.until(lambda: connects(desk) > before, what, seconds)


def order_on_its_way(desk: Desk, *, answered_after: float = 0.0) -> str:
    """Buy; the symbol, as soon as the order has left for the broker, which may take so many seconds to answer it."""
    if answered_after:
        desk.control.mishap_on("slow", tr_id=BUY, value=answered_after, count=1)
    before = len(desk.witness.passed)
    symbol = desk.buy()
    desk.until(lambda: len(desk.witness.passed) > before, "an order on its way")
    return symbol


def live_through(fault: Fault, desk: Desk, began: datetime) -> None:
    """Make it, wait until it is told of, end it, and wait until the desk is well and trades again."""
    fault.begin(desk)
    desk.prompt.begun(fault.events)
    for source, code in fault.events:
        desk.until(lambda s=source, c=code: desk.event(s, c, began), f"the event {source} {code}")  # type: ignore[misc]
    desk.pause(fault.lasts)
    fault.end(desk)
    desk.until(desk.prompt.ended, "the database's clock")
    desk.until_well(desk.RECOVERS_WITHIN + desk.prompt.forbidden)
    desk.rest_after()
    desk.until_state(desk.buy(), "filled")
    desk.rest_after()

"""``run_ws_market`` as a process of a test: two sessions of three symbols, on the stand-in broker."""

from collections.abc import Callable

from stockdesk.simulator.testing import new_key
from tests.programs import Running

SESSIONS, PLACES = 2, 3
KEYS = [new_key() for _ in range(SESSIONS)]

StartFeed = Callable[..., Running]

"""The faults that are made here: a few lines each, what is done and what must be told of it.

The desk lives through all of them, one after the other.
"""

from tests.faults.fault import Fault
from tests.faults.scenarios import broker, machine, orders

FAULTS: tuple[Fault, ...] = (*broker.FAULTS, *orders.FAULTS, *machine.FAULTS)

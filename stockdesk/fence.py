"""Writes that only the holder of a lease may make: the fence is looked at inside the transaction that writes."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction

# Shared and held to the end: another copy that wants the lease waits these few milliseconds for our commit.
_HOLD = "SELECT 1 FROM stockdesk_fence WHERE name = %s AND number = %s LOCK IN SHARE MODE"


class LeaseLost(Exception):
    """Another copy of the daemon holds the lease now; nothing was written."""


@contextmanager
def fenced(daemon: str, fence: int) -> Iterator[None]:
    """One transaction that is there only while ``daemon``'s lease carries this fencing number."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute(_HOLD, (daemon, fence))
            if cursor.fetchone() is None:
                raise LeaseLost(f"{daemon}: another copy has taken over, fence {fence} is past")
        yield

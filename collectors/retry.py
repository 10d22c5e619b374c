"""Statements of the ledger of jobs, which several workers write at a time."""

from typing import Any

from django.db import OperationalError, connection

DEADLOCK, LOCK_TIMEOUT = 1213, 1205


def executed(sql: str, parameters: tuple[Any, ...]) -> int:
    """Rows changed by one statement; after a deadlock, or a lock waited for too long, it is tried again twice.

    Not inside of a transaction, all of which a deadlock would undo. Raises ``django.db.Error``.
    """
    for last in (False, False, True):
        try:
            with connection.cursor() as cursor:
                return int(cursor.execute(sql, parameters))
        except OperationalError as exc:
            # Both undo the statement whole.
            if last or exc.args[0] not in (DEADLOCK, LOCK_TIMEOUT):
                raise
    return 0

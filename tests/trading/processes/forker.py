"""Starts copies of ``run_trading`` that kill themselves at a given point, fast: by a fork, for Python is warm by then.

Reads a point a line (``none`` for a copy that lives) and answers with the copy's process id; ``wait`` answers with
how it ended. Patience is shortened in these copies, and nothing else: a lease of two seconds, look-ups by the second.
"""

import os
import signal
import sys
from datetime import timedelta
from typing import Any

import django

django.setup()

from trading import ledger, matching  # noqa: E402
from trading.database import DatabaseStorage  # noqa: E402
from trading.management.commands.run_trading import Command  # noqa: E402
from trading.sending import Sender  # noqa: E402
from trading.states import State  # noqa: E402

POINTS = ("created", "sending", "answered", "stored")


def die(*_arguments: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def arm(point: str) -> None:
    """Let this process die right after the row is there, SENDING is, the answer came, or the answer is stored."""
    add, save, record, store = DatabaseStorage.add, DatabaseStorage.save, Sender._record, Sender._store_result

    def added(self: DatabaseStorage, order: Any) -> Any:
        stored = add(self, order)
        if point == "created" and order.state is State.CREATED:
            die()
        return stored

    def saved(self: DatabaseStorage, before: Any, after: Any) -> Any:
        stored = save(self, before, after)
        if point == "sending" and after.state is State.SENDING:
            die()
        return stored

    async def recorded(self: Sender, *arguments: Any, **options: Any) -> Any:
        if point == "answered":
            die()
        return await record(self, *arguments, **options)

    def result_stored(self: Sender, owed: Any) -> Any:
        order = store(self, owed)
        if point == "stored":
            die()
        return order

    DatabaseStorage.add, DatabaseStorage.save = added, saved  # type: ignore[method-assign]
    Sender._record, Sender._store_result = recorded, result_stored  # type: ignore[method-assign]


def hurry() -> None:
    Command.expiry = 2.0
    ledger.LOOK_UPS = (1, 2, 3, 4)  # type: ignore[assignment]
    ledger.LOOK_UPS_LATER = 1
    ledger.PROVED_AFTER = matching.PROVED_AFTER = timedelta(seconds=2)


def copy(point: str) -> int:
    pid = os.fork()
    if pid:
        return pid
    try:
        hurry()
        arm(point)
        os.dup2(os.open(os.environ["TRADING_LOG"], os.O_WRONLY | os.O_CREAT | os.O_APPEND), 2)
        Command().run_from_argv(["manage.py", "run_trading"])
    finally:
        os._exit(0)


def main() -> None:
    for line in sys.stdin:
        word = line.strip()
        answer = os.waitpid(-1, 0)[1] if word == "wait" else copy(word)
        print(answer, flush=True)


if __name__ == "__main__":
    main()

"""A worker thread with a database connection of its own, for code that lives in an event loop."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from typing import Any, ParamSpec, TypeVar

from django.db import InterfaceError, OperationalError, connections

#: Seconds without a byte from the database after which a call fails, and its connection with it: a host that
#: vanished sends no word of it. Longer than any lock may be waited for.
SILENCE = 15
LOCK_WAIT = 5
#: Seconds after which the server undoes a transaction in which nothing is asked: who is frozen in the middle of one
#: keeps its locks, and with them the copy that takes over (`stockdesk.lease`). Shorter than any lease lasts.
IDLE_TRANSACTION = 3

P = ParamSpec("P")
T = TypeVar("T")


class DatabaseThread:
    """Runs plain functions one after the other in one thread, which keeps its connection between them.

    The connection is dropped after an OperationalError or InterfaceError, so the next call starts on a
    fresh one. The thread is a daemon thread: a database that hangs does not hold up the end of the process.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._jobs: SimpleQueue[tuple[Future[Any], Callable[[], Any]] | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._work, name=f"database-{name}", daemon=True)
        self._closed = False
        self._thread.start()

    async def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """Call the function in the thread and return what it returns or raise what it raises."""
        return await asyncio.wrap_future(self.submit(function, *args, **kwargs))

    def submit(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """The same for callers without an event loop."""
        if self._closed:
            raise RuntimeError(f"the database thread {self.name} is closed")
        future: Future[T] = Future()
        self._jobs.put((future, lambda: function(*args, **kwargs)))
        return future

    def close(self, timeout: float = 5.0) -> None:
        """Finish what is queued, close the connection and end the thread; waits at most `timeout` seconds."""
        if not self._closed:
            self._closed = True
            self._jobs.put(None)
        self._thread.join(timeout)

    def _work(self) -> None:
        _bounded()
        while (job := self._jobs.get()) is not None:
            future, call = job
            if not future.set_running_or_notify_cancel():
                continue
            try:
                result = call()
            except BaseException as exc:
                if isinstance(exc, OperationalError | InterfaceError):
                    self._drop_connections()
                future.set_exception(exc)
                # The frame would keep the exception, and with it the caller's frames, until the next job.
                del exc
            else:
                future.set_result(result)
                del result
            del future, call, job
        self._drop_connections()

    def _drop_connections(self) -> None:
        for connection in connections.all(initialized_only=True):
            connection.close()


def _bounded() -> None:
    """Limit how long this thread's calls may take; migrations and pages keep the driver's patience."""
    for wrapper in connections.all():
        options = dict(wrapper.settings_dict["OPTIONS"])
        options |= {
            "read_timeout": SILENCE,
            "write_timeout": SILENCE,
            "init_command": f"{options['init_command']}, innodb_lock_wait_timeout = {LOCK_WAIT}, "
            f"lock_wait_timeout = {LOCK_WAIT}, idle_transaction_timeout = {IDLE_TRANSACTION}",
        }
        wrapper.settings_dict = {**wrapper.settings_dict, "OPTIONS": options}

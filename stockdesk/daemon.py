"""Base of the long-running commands: signals, one copy at a time, heartbeat, back-off."""

import asyncio
import gc
import logging
import os
import random
import resource
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, ClassVar

import uvloop
from django.core.management.base import BaseCommand, CommandParser
from django.db import InterfaceError, InternalError, OperationalError

from stockdesk import roles
from stockdesk.events import clear_event, raise_event
from stockdesk.kis.errors import KisError
from stockdesk.lease import EXPIRY, Lease, LeaseHeld
from stockdesk.logs import log_uncaught_errors, redacted
from stockdesk.threads import DatabaseThread

BEAT = 2.0
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
#: A step that has not ended this many seconds after its time is an event.
LATE = 6.0
#: Errors that are weather, not mistakes: the database is away, restarting, full, read-only or overloaded.
DATABASE_WEATHER = (OperationalError, InterfaceError, InternalError)
#: The pause after a foreseen error doubles from the first to the longest, seconds.
PAUSE_FIRST, PAUSE_LONGEST = 1.0, 30.0
#: The longest pause between two looks for a database that is away at the start.
PAUSE_START = 5.0
#: How long the last write may take at the end: a database that hangs must not hold up SIGTERM.
FAREWELL = 3.0
#: ``--once`` does not wait longer than this for the database, seconds.
ONCE_PATIENCE = 30.0


class Daemon(BaseCommand):
    """A command that calls `step` every `every` seconds until it is told to stop.

    A subclass gives `name`, `every` and `step`, and `setup` and `teardown` where it needs them. A step runs
    to its end before anything stops. Before every write that must not happen twice, ask `holds_lease()`.
    """

    name: ClassVar[str]
    #: Seconds from the start of one step to the start of the next.
    every: float = 1.0
    #: Errors after which a step is simply tried again; any other ends the process.
    foreseen: ClassVar[tuple[type[BaseException], ...]] = (*DATABASE_WEATHER, KisError)
    #: The longest pause between two tries of a failing step.
    pause_longest: ClassVar[float] = PAUSE_LONGEST
    #: Seconds a lease lives without a heartbeat.
    expiry: ClassVar[float] = EXPIRY
    #: Not those of pages, for which all pages would have to be loaded: ``manage.py check`` makes them.
    requires_system_checks = ["stockdesk"]

    #: A role of `stockdesk.roles`, as whose database user the daemon works from its first query on where the settings
    #: name one; empty: the desk's.
    role: ClassVar[str] = ""

    #: Set by SIGTERM and SIGINT, and when the lease is lost.
    stopping: asyncio.Event
    #: For the daemon's own reads and writes; the heartbeat has another.
    database: DatabaseThread
    #: Shown on the dashboard; written with every heartbeat.
    counters: dict[str, Any]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.log = logging.getLogger(f"stockdesk.daemon.{self.name}")
        self.stopping = asyncio.Event()
        self.counters = {}
        self._lease = Lease(self.name, expiry=self.expiry)
        self._changes: dict[str, Any] = {}
        self._role = ""
        self._stepped_at: float | None = None
        self._late = False
        # Until the first step is done: events may be open that a former process has left.
        self._troubled = True

    async def setup(self) -> None:
        """Called once the lease is held; again from the start when a foreseen error cut it short."""

    async def step(self) -> None:
        """One round of work."""
        raise NotImplementedError

    async def teardown(self) -> None:
        """Called before the lease is given back, also after a failure and after a `setup` cut short."""

    @property
    def fence(self) -> int:
        """Grows with every holder of the lease: whoever shows a smaller number is out of date."""
        return self._lease.fence

    def holds_lease(self) -> bool:
        """False once the lease is lost, or unrenewed for so long that another copy may hold it."""
        return self._lease.held()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="run a single step and exit")

    def check(self, *args: Any, **kwargs: Any) -> None:
        """Django's system checks. Their warnings go to stderr, and one on a full disk keeps nobody from the work."""
        with suppress(OSError):
            super().check(*args, **kwargs)

    def handle(self, *args: Any, **options: Any) -> None:
        log_uncaught_errors()
        # A core file would hold keys, tokens and the account.
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        self._role = roles.given(self.role)
        if self._role:
            roles.assume(self._role)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            code = runner.run(self._main(once=options["once"]))
        if code:
            sys.exit(code)

    async def _main(self, *, once: bool) -> int:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self.stopping.set)
        self.database = DatabaseThread(self.name)
        self._beats = DatabaseThread(f"{self.name}-heartbeat")
        try:
            if not await self._acquire(once=once):
                return 0
            return await self._hold(once=once)
        except self.foreseen as exc:
            # Only with --once; otherwise it would be tried again.
            self.log.error("%s failed: %s: %s", self.name, type(exc).__name__, exc)
            return 1
        except roles.NotPrepared as exc:
            self.log.critical("%s does not start: %s", self.name, exc)
            return 1
        except Exception:
            # The traceback goes through the log, which takes the secrets out.
            self.log.critical("%s ends on an error nobody foresaw", self.name, exc_info=True)
            return 1
        finally:
            self.database.close()
            self._beats.close()

    async def _acquire(self, *, once: bool) -> bool:
        """Wait for the database and take the lease. False when another copy holds it or we are to stop."""
        pause, started = PAUSE_FIRST / 2, time.monotonic()
        while not self.stopping.is_set():
            try:
                if self._role:
                    await self._beats.run(roles.check, self._role)
                await self._beats.run(self._lease.look)
                taken = await self._beats.run(self._lease.take)
            except LeaseHeld as held:
                self.log.warning("%s already runs as %s: this copy exits", self.name, held.holder)
                return False
            except DATABASE_WEATHER as exc:
                if once and time.monotonic() - started > ONCE_PATIENCE:
                    raise
                self.log.warning("waiting for the database: %s", exc)
                pause = min(pause * 2, PAUSE_START)
                await self._rest(pause * random.uniform(0.75, 1.25))
                continue
            if taken:
                self.log.info("%s holds the lease as %s, fence %d", self.name, self._lease.holder, self.fence)
                return True
            await self._rest(0.25)
        return False

    async def _hold(self, *, once: bool) -> int:
        """Work while the lease is ours; give it back whatever happens."""
        heartbeat = asyncio.create_task(self._heartbeat())
        heartbeat.add_done_callback(lambda _: self.stopping.set())
        final: dict[str, Any] = {"state": "stopped"}
        try:
            try:
                await self._work(once=once)
                if heartbeat.done():
                    heartbeat.result()  # raises what it ended on, if that was a mistake
            finally:
                await self._leave()
        except Exception as exc:
            final = {"state": "failed", **self._error(exc)}
            await self._tell(raise_event, self.name, "failed", level="error", text=final["error"])
            raise
        finally:
            heartbeat.cancel()
            await self._release(final)
        return 0

    async def _leave(self) -> None:
        try:
            await self.teardown()
        except self.foreseen as exc:
            self.log.warning("teardown of %s failed: %s: %s", self.name, type(exc).__name__, exc)

    async def _work(self, *, once: bool) -> None:
        self._changes["state"] = "starting"
        if not await self._until_done(self.setup, once=once):
            return
        _settle()
        self._changes["state"] = "running"
        due = self._stepped_at = time.monotonic()
        while not self.stopping.is_set():
            if not self.holds_lease():
                # The database is away for longer than the lease lasts; the heartbeat tells how it ends.
                await self._rest(0.25)
                continue
            if await self._until_done(self.step, once=once):
                self.counters["steps"] = self.counters.get("steps", 0) + 1
                self._changes["stepped"] = True
                self._stepped_at = time.monotonic()
            if once:
                return
            due = max(due + self.every, time.monotonic())
            await self._rest(due - time.monotonic())

    async def _until_done(self, work: Any, *, once: bool) -> bool:
        """Do it, and after a foreseen error again with growing pauses. False when told to stop meanwhile."""
        pause = PAUSE_FIRST
        while True:
            try:
                await work()
            except self.foreseen as exc:
                if once:
                    raise
                self.log.warning("%s of %s failed, next try in about %.0f s: %s: %s",
                                 work.__name__, self.name, pause, type(exc).__name__, exc)  # fmt: skip
                error = self._error(exc)
                self._changes |= error
                self._troubled = True
                await self._tell(raise_event, self.name, "step-failed", text=error["error"])
                await self._rest(pause * random.uniform(0.75, 1.25))
                pause = min(pause * 2, self.pause_longest)
                if self.stopping.is_set():
                    return False
                if not self.holds_lease() and work == self.step:
                    return False
                continue
            if self._troubled and work == self.step:
                ended = ("step-failed", "failed", "step-late")
                told = [await self._tell(clear_event, self.name, code) for code in ended]
                self._troubled = not all(told)
            return True

    async def _heartbeat(self) -> None:
        """Renew the lease and write state and counters, one UPDATE every two seconds."""
        while True:
            changes, self._changes = self._changes, {}
            self.counters["memory_mib"] = resident_mib()
            try:
                kept = await self._beats.run(self._lease.renew, counters=dict(self.counters), **changes)
            except DATABASE_WEATHER as exc:
                self._changes = changes | self._changes
                self.log.warning("no heartbeat: %s", exc)
            else:
                if not kept:
                    self.log.error("%s lost its lease to another copy: this one stops", self.name)
                    return
                await self._tell_if_late()
            await asyncio.sleep(BEAT if self.expiry > 2 * BEAT else self.expiry / 5)

    async def _tell_if_late(self) -> None:
        """A step that hangs beats on: say so, from the thread that does not hang with it."""
        late = 0.0 if self._stepped_at is None else time.monotonic() - self._stepped_at - self.every
        if late > LATE:
            self._late = await self._tell(raise_event, self.name, "step-late", text=f"no step for {late:.0f} s")
        elif self._late:
            self._late = not await self._tell(clear_event, self.name, "step-late")

    async def _release(self, final: dict[str, Any]) -> None:
        if final["state"] == "stopped":
            final["counters"] = dict(self.counters)
        release = self._beats.run(self._lease.release, **(self._changes | final))
        try:
            await asyncio.wait_for(release, FAREWELL)
        except (*DATABASE_WEATHER, TimeoutError) as exc:
            self.log.warning("the lease could not be given back and will expire: %s", exc)

    async def _tell(self, function: Any, *args: Any, **kwargs: Any) -> bool:
        try:
            await asyncio.wait_for(self._beats.run(function, *args, **kwargs), FAREWELL)
        except (*DATABASE_WEATHER, TimeoutError):
            return False
        return True

    async def _rest(self, seconds: float) -> None:
        """Sleep, but not past the word to stop."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self.stopping.wait(), max(seconds, 0.0))

    @staticmethod
    def _error(exc: BaseException) -> dict[str, Any]:
        return {"error": redacted(f"{type(exc).__name__}: {exc}")[:500]}


def _settle() -> None:
    """Keep the garbage collector from what is loaded by now, for it stays.

    A look through all of it takes 30 ms, longer than a call may be late, and is due when a quarter as much is new.
    """
    gc.collect()
    gc.freeze()
    gc.collect()  # the quarter is one of what it finds: nearly nothing, so garbage in circles goes soon


def resident_mib() -> float:
    """Memory of this process that is in RAM, MiB."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return round(pages * PAGE_BYTES / 2**20, 1)

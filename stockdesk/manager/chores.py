"""Small work that has no daemon of its own: plain functions that the manager calls every few seconds.

An app plugs in from its ``AppConfig.ready()``; the function is called in a thread of its own, with a database
connection of its own, and only by the manager that holds the lease:

    from stockdesk.manager import chores

    chores.register("alerts", alerts.step, every=2.0)
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from stockdesk.daemon import DATABASE_WEATHER
from stockdesk.events import clear_event, raise_event
from stockdesk.programs import MANAGER
from stockdesk.threads import DatabaseThread

logger = logging.getLogger(__name__)

FAILED = "chore-failed"


@dataclass(frozen=True, slots=True)
class Chore:
    """``step`` is called ``every`` so many seconds after it has returned."""

    name: str
    step: Callable[[], object]
    every: float


CHORES: dict[str, Chore] = {}


def register(name: str, step: Callable[[], object], *, every: float) -> None:
    """Have ``step`` called by the manager. Raises ValueError where another chore has the name."""
    if CHORES.setdefault(name, Chore(name, step, every)).step != step:
        raise ValueError(f"two chores are called {name}")


def chore(name: str, *, every: float) -> Callable[[Callable[[], object]], Callable[[], object]]:
    """`register` as a decorator."""

    def registered(step: Callable[[], object]) -> Callable[[], object]:
        register(name, step, every=every)
        return step

    return registered


async def follow(chore: Chore, stopping: asyncio.Event, *, may_act: Callable[[], bool]) -> None:
    """Call it again and again until ``stopping``. What it raises is an event until it goes well again."""
    thread = DatabaseThread(f"chore-{chore.name}")
    failed = True  # an earlier process may have left its event open
    try:
        while not stopping.is_set():
            if may_act():
                failed = await _once(chore, thread, failed=failed)
            await _rest(chore.every, stopping)
    finally:
        # Not waited for: one that hangs must not hold up the end of the manager.
        thread.close(timeout=0.1)


async def _once(chore: Chore, thread: DatabaseThread, *, failed: bool) -> bool:
    """Call it once; whether an event is, or may be, open."""
    try:
        await thread.run(chore.step)
    except Exception as exc:
        logger.exception("the chore %s failed", chore.name)
        text = f"{type(exc).__name__}: {exc}"
        await _tell(thread.run(raise_event, MANAGER, FAILED, chore.name, text=text))
        return True
    if failed:
        return not await _tell(thread.run(clear_event, MANAGER, FAILED, chore.name))
    return False


async def _tell(telling: Awaitable[object]) -> bool:
    try:
        await telling
    except DATABASE_WEATHER as exc:
        logger.warning("an event about a chore could not be written: %s", exc)
        return False
    return True


async def _rest(seconds: float, stopping: asyncio.Event) -> None:
    try:
        await asyncio.wait_for(stopping.wait(), seconds)
    except TimeoutError:
        return

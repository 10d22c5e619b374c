"""The WebSocket behind the dashboard: one browser, one pending message, the newest wins."""

import asyncio
import logging
import time
from collections.abc import Coroutine
from contextlib import suppress
from importlib import import_module
from types import SimpleNamespace
from typing import Any

from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from django.conf import settings
from django.contrib.auth import get_user
from django.db import DatabaseError

from market.live import PUSHES, hub
from stockdesk.access import may_see

log = logging.getLogger(__name__)

NOT_LOGGED_IN = 4401  # the page asks for itself instead of connecting again: the login form, or that a role is missing
TOO_SLOW = 4408
FAILED = 1011


class QuotesConsumer(AsyncWebsocketConsumer):
    """Sends what changed on the dashboard to one browser whose person may see it; listens to nothing it says."""

    send_seconds = 10.0  # a browser that has not taken a message for so long is dropped
    recheck_seconds = 30.0  # whoever is logged out, or has lost the role, hears nothing more after at most this

    async def connect(self) -> None:
        self._tasks: list[asyncio.Task[None]] = []
        # Accepted first: a refused handshake reaches the page as 1006, which looks like a network failure.
        await self.accept()
        user = self.scope.get("user")
        if user is None or not await database_sync_to_async(may_see)(user):
            await self.close(NOT_LOGGED_IN)
            return
        self._tasks = [asyncio.create_task(self._push()), asyncio.create_task(self._watch_login())]

    async def disconnect(self, code: int) -> None:
        for task in self._tasks:
            task.cancel()

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """Whatever a browser says is dropped unread."""

    async def _push(self) -> None:
        feed = hub()
        watcher = feed.join()
        try:
            while True:
                text = await feed.next_text(watcher)
                began = time.monotonic()
                async with asyncio.timeout(self.send_seconds):
                    await self.send(text)
                PUSHES.count += 1
                PUSHES.seconds += time.monotonic() - began
        except TimeoutError:
            PUSHES.dropped += 1
            log.info("a browser took nothing for %.0f s: dropped", self.send_seconds)
            self._end(self.close(TOO_SLOW))
        except OSError:
            log.debug("a browser left while we were sending")
        except Exception:
            log.exception("a browser's feed failed")
            self._end(self.close(FAILED))
        finally:
            feed.leave(watcher)

    async def _watch_login(self) -> None:
        while True:
            await asyncio.sleep(self.recheck_seconds)
            # With the database away nobody can tell, nor is there anything new to send.
            with suppress(DatabaseError):
                if not await database_sync_to_async(may_listen)(self.scope["session"].session_key):
                    self._end(self.close(NOT_LOGGED_IN))
                    return

    def _end(self, closing: Coroutine[Any, Any, None]) -> None:
        """Stop sending and say goodbye; whoever does not read holds up nobody but this one task."""
        self._tasks.append(asyncio.create_task(closing))
        for task in self._tasks[:2]:
            if task is not asyncio.current_task():
                task.cancel()


def may_listen(session_key: str | None) -> bool:
    """Whether this session still belongs to an active user who may see the desk, as the database has it now."""
    if not session_key:
        return False
    session = import_module(settings.SESSION_ENGINE).SessionStore(session_key)
    return may_see(get_user(SimpleNamespace(session=session)))  # type: ignore[arg-type]

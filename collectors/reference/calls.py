"""The way of a batch job to the broker: one client per process, each call through a lane that has room."""

import asyncio
import atexit
import os
from collections.abc import Awaitable, Callable
from datetime import datetime, time
from typing import TypeVar

from django.conf import settings

from collectors import raw
from collectors.reference.days import is_trading_day
from collectors.sources import KIS
from stockdesk.calls.clients import reading_client
from stockdesk.kis.answers import object_of, text_of
from stockdesk.kis.messages import KST
from stockdesk.kis.reference import KeepBody, ReferenceClient
from stockdesk.logs import redacted
from stockdesk.threads import DatabaseThread

T = TypeVar("T")
Client = TypeVar("Client", bound=ReferenceClient)

# Outside these hours nobody reads the whole market, and its lane is free.
MARKET_BEGINS, MARKET_ENDS = time(7, 50), time(20, 5)
#: Batch work has time: longer than this for a slot is an error all the same, seconds.
MAX_WAIT = 30.0


def lane(now: datetime) -> str:
    """Where a batch call queues: on the spare lane while the market trades, on the market's lane otherwise."""
    local = now.astimezone(KST)
    trading = is_trading_day(local.date()) and MARKET_BEGINS <= local.time() < MARKET_ENDS
    return "spare" if trading else "market"


def client(kind: type[Client], database: DatabaseThread, *, keep_body: KeepBody | None = None) -> Client:
    """Reads with the first key of the pool; ``keep_body`` is given every answer as it came."""
    return reading_client(kind, settings.DESK.app_keys[0], database, max_wait=MAX_WAIT, keep_body=keep_body)


class Broker:
    """A client with its loop and its database thread, for plain code that asks one thing after the other."""

    def __init__(self) -> None:
        self.process = os.getpid()
        self.desk = settings.DESK
        self._database = DatabaseThread("reference-calls")
        self._runner = asyncio.Runner()
        self._client = client(ReferenceClient, self._database, keep_body=self._keep)

    def ask(self, call: Callable[[ReferenceClient], Awaitable[T]]) -> T:
        async def asked() -> T:
            return await call(self._client)

        return self._runner.run(asked())

    async def _keep(self, tr_id: str, asked: str, body: bytes) -> None:
        await self._database.run(keep_answer, tr_id, asked, body)

    def close(self) -> None:
        self._runner.run(self._client.aclose())
        self._runner.close()
        self._database.close()


def keep_answer(tr_id: str, asked: str, body: bytes) -> None:
    """Keep a good answer that a parser can read again; a refusal may repeat what it refuses, the key for one."""
    fields = object_of(body)
    if (KIS, tr_id) not in raw.PARSERS or fields is None or text_of(fields, "rt_cd") != "0":
        return
    told = f"{asked} {body.decode('utf-8', 'replace')}"
    if redacted(told) == told:
        raw.keep(KIS, tr_id, asked, body)


_broker: Broker | None = None


def ask(call: Callable[[ReferenceClient], Awaitable[T]]) -> T:
    """Ask the broker, through the client of this process: a fork must not share its parent's connection."""
    global _broker
    if _broker is None or _broker.process != os.getpid() or _broker.desk is not settings.DESK:
        _broker = Broker()
        atexit.register(_broker.close)
    return _broker.ask(call)

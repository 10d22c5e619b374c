"""Watch a running demo for a while: is every row as new as its last tick, are connects kept, is memory flat?

``STOCKDESK_ENV=var/demo.env python -m bench.soak --minutes 30`` beside ``./desk up``. A second set of app keys
listens to the same symbols at the simulator; every five seconds each row of ``market_quote`` must hold a volume
at least as large as the tick that this observer saw 1.5 s before.
"""

import argparse
import asyncio
import os
import re
import secrets
import time
from collections import deque
from pathlib import Path
from typing import Any

import django
import httpx
import MySQLdb
import uvloop
from django.conf import settings
from django.db import connection

from stockdesk.kis.session import Registration, Session

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "stockdesk.settings")
django.setup()

# A row may lag its tick by this much, in seconds: one beat, and half a beat for the machine.
LAG = 1.5
EVERY = 5.0
KEYS = 5


class Observer:
    """An independent listener: for each symbol the volumes of the day seen lately, with their arrival."""

    def __init__(self) -> None:
        self.seen: dict[str, deque[tuple[float, int]]] = {}

    def on_ticks(self, frame: bytes) -> None:
        now = time.monotonic()
        count, body = frame.split(b"|", 3)[2:]
        fields = body.split(b"^")
        width = len(fields) // int(count)
        for start in range(0, len(fields), width):
            symbol = fields[start].decode()
            self.seen.setdefault(symbol, deque(maxlen=2000)).append((now, int(fields[start + 13])))

    def due(self, now: float) -> dict[str, int]:
        """The largest volume of each symbol that its row must have reached by ``now``."""
        latest = {}
        for symbol, ticks in self.seen.items():
            while len(ticks) > 1 and ticks[1][0] < now - LAG:
                ticks.popleft()
            if ticks[0][0] < now - LAG:
                latest[symbol] = ticks[0][1]
        return latest


async def watch(minutes: float) -> int:
    """Sample until the time is over, print a line a minute; the number of samples that broke a promise."""
    database = _database()
    rows = _query(database, "SELECT stck_shrn_iscd FROM market_quote WHERE session IS NOT NULL ORDER BY 1")
    symbols = [symbol for (symbol,) in rows]
    observer = Observer()
    sessions = await _listen(symbols, observer)
    broken, worst, ends_at, samples = 0, 0.0, time.monotonic() + minutes * 60, 0
    first_rss = last_rss = _resident(database)
    began = _query(database, "SELECT COUNT(*) FROM stockdesk_connection")[0][0]
    try:
        while time.monotonic() < ends_at:
            await asyncio.sleep(EVERY)
            due = observer.due(time.monotonic())
            stored = dict(_query(database, "SELECT stck_shrn_iscd, COALESCE(acml_vol, 0) FROM market_quote"))
            late = [symbol for symbol, volume in due.items() if stored.get(symbol, 0) < volume]
            broken += bool(late)
            worst = max(worst, len(late))
            samples += 1
            last_rss = _resident(database)
            if samples % 12 == 0:
                print(
                    f"{samples * EVERY / 60:5.1f} min  late rows {len(late)}  ws_market {last_rss:.1f} MB", flush=True
                )
    finally:
        await asyncio.gather(*(session.abort() for session in sessions))
    connects = _query(database, "SELECT COUNT(*) FROM stockdesk_connection")[0][0]
    print(
        f"{samples} samples of {len(symbols)} symbols: {broken} with a row older than its last tick + {LAG} s "
        f"(at worst {worst:.0f} rows); connects {began} at the start, {connects - began} more since; "
        f"ws_market {first_rss:.1f} MB -> {last_rss:.1f} MB"
    )
    return broken + (connects - began)


async def _listen(symbols: list[str], observer: Observer) -> list[Session]:
    share = -(-len(symbols) // KEYS)
    sessions = []
    async with httpx.AsyncClient(base_url=settings.DESK.kis_rest_url, trust_env=False) as client:
        for number in range(KEYS):
            body = {
                "grant_type": "client_credentials",
                "appkey": secrets.token_hex(18),
                "secretkey": secrets.token_hex(90),
            }
            answer = await client.post("/oauth2/Approval", json=body)
            session = Session(
                number + 1,
                settings.DESK.kis_ws_url,
                answer.json()["approval_key"],
                on_ticks=observer.on_ticks,
                on_notices=lambda _: None,
            )
            session.want(Registration("H0STCNT0", s) for s in symbols[number * share : (number + 1) * share])
            await session.open()
            sessions.append(session)
    return sessions


def _database() -> Any:
    return MySQLdb.connect(**connection.get_connection_params(), autocommit=True)


def _query(database: Any, sql: str) -> list[tuple[Any, ...]]:
    with database.cursor() as cursor:
        cursor.execute(sql)
        return list(cursor.fetchall())


def _resident(database: Any) -> float:
    """Resident memory of run_ws_market in MB, if it runs on this machine; else 0."""
    rows = _query(database, "SELECT holder FROM stockdesk_daemon WHERE name = 'ws_market'")
    pid = rows[0][0].split(":")[1] if rows and rows[0][0] else "none"
    try:
        found = re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text())
    except OSError:
        return 0.0
    return int(found[1]) / 1024 if found else 0.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=30.0)
    raise SystemExit(min(uvloop.run(watch(parser.parse_args().minutes)), 1))


if __name__ == "__main__":
    main()

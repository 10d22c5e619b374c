"""Watch a running demo for a while: is every row as new as its last tick, are connects kept, is memory flat?

``python -m bench.soak --minutes 30`` beside ``./desk up``, with ``STOCKDESK_ENV`` naming its environment. A
second set of app keys listens to the same symbols at the simulator; five seconds apart, each row of
``market_quote`` must hold a volume at least as large as the tick that this observer saw 1.5 s before.
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

import httpx
import MySQLdb
import uvloop

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


async def watch(minutes: float, env: dict[str, str]) -> int:
    """Sample until the time is over, print a line a minute; the number of samples that broke a promise."""
    database = _database(env)
    rows = _query(database, "SELECT stck_shrn_iscd FROM market_quote WHERE session IS NOT NULL ORDER BY 1")
    symbols = [symbol for (symbol,) in rows]
    observer = Observer()
    sessions = await _listen(env, symbols, observer)
    broken, worst, ends_at, samples = 0, 0.0, time.monotonic() + minutes * 60, 0
    first_rss = last_rss = _resident(env)
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
            last_rss = _resident(env)
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


async def _listen(env: dict[str, str], symbols: list[str], observer: Observer) -> list[Any]:
    from stockdesk.kis.session import Registration, Session

    share = -(-len(symbols) // KEYS)
    sessions = []
    async with httpx.AsyncClient(base_url=env["KIS_REST_URL"], trust_env=False) as client:
        for number in range(KEYS):
            body = {
                "grant_type": "client_credentials",
                "appkey": secrets.token_hex(18),
                "secretkey": secrets.token_hex(90),
            }
            answer = await client.post("/oauth2/Approval", json=body)
            session = Session(
                number + 1,
                env["KIS_WS_URL"],
                answer.json()["approval_key"],
                on_ticks=observer.on_ticks,
                on_notices=lambda _: None,
            )
            session.want(Registration("H0STCNT0", s) for s in symbols[number * share : (number + 1) * share])
            await session.open()
            sessions.append(session)
    return sessions


def _database(env: dict[str, str]) -> Any:
    url = re.fullmatch(r"mysql://([^:@]*)(?::(.*))?@([^/@]*)/([^?]*)\?unix_socket=(.*)", env["DATABASE_URL"])
    if url is None:
        raise SystemExit(
            "soak: DATABASE_URL is not that of a demo (mysql://user:password@localhost/name?unix_socket=...)"
        )
    user, password, _, name, socket = url.groups()
    password = env.get("DATABASE_PASSWORD", password or "")
    return MySQLdb.connect(user=user, password=password, database=name, unix_socket=socket, autocommit=True)


def _query(database: Any, sql: str) -> list[tuple[Any, ...]]:
    with database.cursor() as cursor:
        cursor.execute(sql)
        return list(cursor.fetchall())


def _resident(env: dict[str, str]) -> float:
    """Resident memory of run_ws_market on this machine, in MB; 0 when it does not run."""
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            if b"run_ws_market" not in (status.parent / "cmdline").read_bytes():
                continue
            if env["_marker"].encode() not in (status.parent / "environ").read_bytes():
                continue
            return int(re.search(r"VmRSS:\s+(\d+)", status.read_text())[1]) / 1024  # type: ignore[index]
        except OSError:
            continue
    return 0.0


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=30.0)
    minutes = parser.parse_args().minutes
    path = os.environ.get("STOCKDESK_ENV", "var/demo.env")
    lines = [line.split("=", 1) for line in Path(path).read_text().splitlines() if "=" in line and line[0] != "#"]
    env = {name: value.strip("'\"") for name, value in lines} | {"_marker": f"STOCKDESK_ENV={path}"}
    raise SystemExit(min(uvloop.run(watch(minutes, env)), 1))


if __name__ == "__main__":
    main()

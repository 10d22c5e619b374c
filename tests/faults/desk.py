"""The desk under test: real daemons, a database and a broker of its own, and every line between them in our hands."""

import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import MySQLdb
from django.conf import settings

from stockdesk.setup.mariadb import role_user
from stockdesk.simulator.testing import RunningSimulator, new_key, running_simulator
from tests.faults.prompt import Prompt, load
from tests.faults.proxy import Proxy
from tests.faults.server import PASSWORD, TRADING_PASSWORD, Server, Tables
from tests.faults.watcher import Watcher
from tests.faults.witness import Witness

SESSIONS, PLACES, WATCHED, SYMBOLS = 2, 12, 24, 120
TICKS = 120.0
FAST_ENOUGH = 90_000  # KRW; the dearest share that a scenario buys
DAEMONS = ("run_ws_market", "run_assets", "run_trading")
KEYS = [new_key() for _ in range(SESSIONS)]
ACCOUNT, HTS_ID = "50917364-01", "canaryhts7"
SECRET_KEY = secrets.token_hex(32)
#: Seconds until something is waited for in vain; a deliberate bug need not be waited for that long.
PATIENCE = float(os.environ.get("FAULTS_PATIENCE", "60"))

_BUY = """
    INSERT INTO trading_condition (symbol, side, enabled, `trigger`, strike_price, sizing, quantity, pricing, ticks,
                                   armed_at, cancel_after)
    VALUES (%s, %s, %s, 'at_or_above', 1, 'quantity', %s, 'ticks', 10, NOW(6), %s)
"""
_LIMITS = """
    INSERT INTO trading_desk (id, mode, max_orders_minute, max_orders_day, max_day_amount, max_symbol_amount,
                              max_order_amount)
    VALUES (1, 'mock', 60, 10000, 1000000000000, 1000000000000, 1000000000)
    ON DUPLICATE KEY UPDATE mode = VALUES(mode), max_orders_minute = 60, max_orders_day = 10000,
        max_day_amount = 1000000000000, max_symbol_amount = 1000000000000, max_order_amount = 1000000000
"""
_WELL = """
    SELECT (SELECT COUNT(*) FROM market_feedsession WHERE state = 'live' AND confirmed > 0 AND updated_at > %s),
           (SELECT COUNT(*) FROM market_quote WHERE received_at > %s AND received_at > NOW(6) - INTERVAL 10 SECOND),
           (SELECT COUNT(*) FROM assets_account WHERE stale = 0 AND updated_at > NOW(6) - INTERVAL 20 SECOND)
"""
_HOLDERS = """
    SELECT holder FROM stockdesk_daemon
    WHERE state = 'running' AND heartbeat_at > %s AND last_step_at > NOW(6) - INTERVAL 20 SECOND
"""
_STORY = {
    "event": "SELECT source, code, subject, text FROM stockdesk_event WHERE is_open = 1",
    "order": "SELECT id, symbol, state, code, reason, order_no FROM trading_order ORDER BY id DESC LIMIT 6",
    "refusal": "SELECT symbol, code, text, last_at FROM trading_refusal ORDER BY last_at DESC LIMIT 4",
}
_COVERED = """
    SELECT q.stck_shrn_iscd FROM market_quote q JOIN market_instrument i ON i.symbol = q.stck_shrn_iscd
    WHERE i.kind = 'stock' AND q.stck_prpr < %s AND q.session IS NOT NULL
      AND q.received_at > NOW(6) - INTERVAL 5 SECOND
      AND q.stck_shrn_iscd NOT IN (SELECT symbol FROM trading_order WHERE ended_at IS NULL OR state = 'not_placed')
    ORDER BY q.stck_shrn_iscd
"""


@dataclass(frozen=True, slots=True)
class Copy:
    """One process of a daemon."""

    command: str
    pid: int
    log: Path


class Desk:
    """Made by `running_desk`. Times are the database's clock where nothing else is said."""

    #: Seconds until the desk is well again after a fault, and after it may connect again (I5).
    RECOVERS_WITHIN = 60.0

    def __init__(
        self, server: Server, simulator: RunningSimulator, rest: Proxy, ws: Proxy, witness: Witness, bug: str
    ) -> None:
        self.server = server
        self.simulator = simulator
        self.control = simulator.control
        self.rest = rest
        self.ws = ws
        self.witness = witness
        self.bug = bug
        self.tables = Tables(server)
        self.copies: list[Copy] = []
        self.prompt = Prompt(Tables(server), sessions=SESSIONS, fresh=WATCHED // 2)
        self.watcher = Watcher(Tables(server), self.running, self.prompt)
        self._forker: subprocess.Popen[str] | None = None
        self._turn = 0
        self._wanted: dict[str, int] = {}

    # processes

    def open(self) -> None:
        """Make the tables and start every daemon; returns when quotes flow and orders may leave."""
        self._forker = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.forker"],
            env=self.environment(), cwd=settings.BASE_DIR, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True,
        )  # fmt: skip
        assert self._forker.stdout is not None
        if self._forker.stdout.readline().strip() != "ready":
            raise AssertionError("the desk's tables could not be made")
        self.tables.rows(_LIMITS)
        # Where there is one condition, the demo makes none of its own, whose orders would take what is meant for ours.
        self.tables.rows(_BUY, "005930", "buy", False, 1, None)

    def environment(self) -> dict[str, str]:
        values = {
            "DJANGO_SETTINGS_MODULE": "stockdesk.settings", "SECRET_KEY": SECRET_KEY,
            "DATABASE_URL": self.server.url, "DATABASE_PASSWORD": PASSWORD,
            "DATABASE_TRADING_USER": role_user("trading"), "DATABASE_TRADING_PASSWORD": TRADING_PASSWORD,
            "KIS_REST_URL": f"http://127.0.0.1:{self.rest.port}", "KIS_WS_URL": f"ws://127.0.0.1:{self.ws.port}",
            "KIS_ACCOUNT": ACCOUNT, "KIS_HTS_ID": HTS_ID, "KIS_CALLS_PER_SECOND": "20",
            "WS_SESSIONS": str(SESSIONS), "WS_SYMBOLS_PER_SESSION": str(PLACES),
            "DESK_DEMO": "1", "DESK_MODE": "mock",
            # Not into the checkout's, where the day of its own desk or of another one under test stands.
            "RECORD_DIRECTORY": str(self.server.places.var / "recordings"),
            "FAULTS_SYMBOLS": str(SYMBOLS), "FAULTS_WATCHED": str(WATCHED),
            # The environment of whoever runs the suite must not lead a daemon through his proxy (F81).
            "HTTP_PROXY": "http://127.0.0.1:9", "HTTPS_PROXY": "http://127.0.0.1:9", "ALL_PROXY": "http://127.0.0.1:9",
        }  # fmt: skip
        for number, (key, secret) in enumerate(KEYS, start=1):
            suffix = "" if number == 1 else f"_{number}"
            values |= {f"KIS_APP_KEY{suffix}": key, f"KIS_APP_SECRET{suffix}": secret}
        return {**os.environ, **values}

    def start(self, command: str, *, log: str = "") -> Copy:
        path = Path(log) if log else self.server.places.logs / f"{command}-{len(self.copies)}.log"
        copy = Copy(command, int(self._ask(f"start {command} {path} {self.bug}")), path)
        self.copies.append(copy)
        if command == "run_trading":
            self.witness.senders.append(copy.pid)
        return copy

    def ended(self, copy: Copy) -> int | None:
        """How the copy ended, as `os.waitpid` tells it; None while it runs. To be asked once after the end."""
        answer = self._ask(f"status {copy.pid}")
        if answer == "running":
            return None
        self.copies.remove(copy)
        return int(answer)

    def newest(self, command: str) -> Copy:
        return next(copy for copy in reversed(self.copies) if copy.command == command)

    def running(self) -> dict[str, int]:
        return {copy.command: copy.pid for copy in self.copies}

    def kill(self, command: str) -> None:
        """``kill -9``, and its end is seen."""
        copy = self.newest(command)
        os.kill(copy.pid, signal.SIGKILL)
        self.until(lambda: self.ended(copy) is not None, f"the end of {command}")

    def stop(self, command: str) -> None:
        """As an operator does; it gives its lease back."""
        copy = self.newest(command)
        os.kill(copy.pid, signal.SIGTERM)
        self.until(lambda: self.ended(copy) is not None, f"the end of {command}")

    def restart(self, command: str) -> None:
        """As supervisord would."""
        self.kill(command)
        self.start(command)

    def fallen(self) -> list[str]:
        """The copies that have ended though nobody ended them, with their last words."""
        return [
            f"{copy.command} ended with {how}: {copy.log.read_text()[-1500:] if copy.log.is_file() else ''}"
            for copy in list(self.copies)
            if (how := self.ended(copy)) is not None
        ]

    def stand_up(self) -> None:
        """Wake what a scenario left asleep, and start what has fallen, as supervisord would."""
        for copy in self.copies:
            with suppress(ProcessLookupError):
                os.kill(copy.pid, signal.SIGCONT)
        self.fallen()
        for command in DAEMONS:
            if command not in self.running():
                self.start(command)

    def _ask(self, line: str) -> str:
        assert self._forker is not None
        assert self._forker.stdin is not None
        assert self._forker.stdout is not None
        self._forker.stdin.write(f"{line}\n")
        self._forker.stdin.flush()
        return self._forker.stdout.readline().strip()

    def close(self) -> None:
        for copy in self.copies:
            with suppress(ProcessLookupError):
                os.kill(copy.pid, signal.SIGKILL)
        if self._forker is not None:
            with suppress(ProcessLookupError):
                os.killpg(self._forker.pid, signal.SIGKILL)
            self._forker.wait()

    # waiting

    def until(self, condition: Callable[[], Any], what: str, seconds: float = PATIENCE) -> Any:
        """Wait until the condition tells something true; a database that is away tells nothing."""
        began = time.monotonic()
        while True:
            answer = None
            with suppress(MySQLdb.Error):
                answer = condition()
            if answer:
                return answer
            if time.monotonic() > began + seconds * load():  # of now: it may have grown meanwhile
                raise AssertionError(f"waited in vain for {what}\n{self.story()}")
            time.sleep(0.1)

    @staticmethod
    def pause(seconds: float) -> None:
        """Let a fault go on: there is nothing to wait for but time."""
        time.sleep(seconds)

    def story(self) -> str:
        """What a person would look at first: open events, the last orders, the ends of the logs."""
        told: list[str] = []
        for what, sql in _STORY.items():
            with suppress(MySQLdb.Error):
                told += [f"{what} {row}" for row in self.tables.rows(sql)]
        for copy in self.copies:
            if copy.log.is_file():
                told.append(f"-- {copy.command}\n{copy.log.read_text(errors='replace')[-1500:]}")
        return "\n".join(told)

    def now(self) -> datetime:
        moment: datetime = self.tables.one("SELECT NOW(6)")
        return moment

    def event(self, source: str, code: str, since: datetime) -> bool:
        return bool(self.tables.one(
            "SELECT 1 FROM stockdesk_event WHERE source = %s AND code = %s AND last_at >= %s", source, code, since
        ))  # fmt: skip

    def is_well(self, since: datetime) -> bool:
        """Sessions live and quotes written after ``since``, the account young, every daemon's copy one of ours."""
        ((sessions, fresh, account),) = self.tables.rows(_WELL, since, since)
        pids = {str(copy.pid) for copy in self.copies}
        holders = [holder.split(":")[1:2] for (holder,) in self.tables.rows(_HOLDERS, since)]
        held = sum(pid[0] in pids for pid in holders if pid)
        return bool(sessions == SESSIONS and fresh >= WATCHED // 2 and account and held >= len(DAEMONS))

    def until_well(self, seconds: float) -> None:
        since = self.until(self.now, "the database's clock")
        if fallen := self.fallen():
            raise AssertionError("\n".join(fallen))
        self.until(lambda: self.is_well(since), "a desk that is well", seconds)

    # orders

    def buy(self, *, side: str = "buy", quantity: int = 2, symbol: str = "", cancel_after: int | None = None) -> str:
        """A condition that is met at any price; the symbol it is for."""
        symbol = symbol or self.symbol()
        self.tables.rows(_BUY, symbol, side, True, quantity, cancel_after)
        self._wanted[symbol] = self.tables.one("SELECT MAX(id) FROM trading_condition WHERE symbol = %s", symbol)
        return symbol

    def symbol(self) -> str:
        """A share with a fresh price and no order of its own at work, another one every time.

        Nor one whose order was lost: an equal order in the next two minutes may be the lost one turning up late, and
        where its answer is lost too, only a person can tell.
        """
        found = self.until(lambda: self.tables.rows(_COVERED, FAST_ENOUGH), "a symbol with a fresh price")
        self._turn += 1
        return str(found[self._turn % len(found)][0])

    def state_of(self, symbol: str) -> str:
        """Of the newest order of the condition that was last made for this symbol; empty before there is one."""
        newest = "SELECT state FROM trading_order WHERE condition_id = %s ORDER BY id DESC"
        return str(self.tables.one(newest, self._wanted[symbol]) or "")

    def until_state(self, symbol: str, *states: str) -> None:
        self.until(lambda: self.state_of(symbol) in states, f"{symbol} in {states}")

    def rest_after(self) -> None:
        """No condition of a scenario fires in the next one."""
        self.tables.rows("UPDATE trading_condition SET enabled = 0")


def _port(url: str) -> int:
    port = urlsplit(url).port
    assert port is not None
    return port


@contextmanager
def running_desk(home: Path, *, bug: str = "-") -> Iterator[Desk]:
    """A whole desk; ``bug`` is a deliberate one, in every copy that is started here."""
    with ExitStack() as stack:
        server = Server(home)
        stack.callback(server.end)
        server.start()
        simulator = stack.enter_context(
            running_simulator(symbols=SYMBOLS, ticks_per_second=TICKS, cash=5_000_000_000, pingpong_seconds=2.0)
        )
        witness = Witness(Tables(server))
        rest = stack.enter_context(Proxy("127.0.0.1", _port(simulator.rest_url), inspect=witness.inspect))
        ws = stack.enter_context(Proxy("127.0.0.1", _port(simulator.ws_url)))
        desk = Desk(server, simulator, rest, ws, witness, bug)
        stack.callback(desk.close)
        desk.open()
        for command in DAEMONS:
            desk.start(command)
        desk.until_well(120.0)
        stack.enter_context(desk.watcher)
        yield desk

"""Stands between trading and the broker, and looks at the tables at the moment when an order passes by.

What must be committed before a POST (I2), who may send (I10), after which switch nothing may leave (I11), and how old
quote and account were (I3) can be told only then; later on the row has gone on.
"""

import json
import os
import threading
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import MySQLdb

from tests.faults.server import Tables

ORDER = b"/trading/order-cash"
LONGEST = 65_536

_ROWS = """
    SELECT intent_key, reason, quote_price, quote_at, assets_at FROM trading_order
    WHERE state = 'sending' AND symbol = %s AND quantity = %s AND COALESCE(price, 0) = %s
"""
_LOOK = """
    SELECT NOW(6), (SELECT killed_at FROM trading_desk WHERE id = 1),
           (SELECT holder FROM stockdesk_daemon WHERE name = 'trading')
"""


@dataclass(frozen=True, slots=True)
class Row:
    """The ledger's row of an order, as it was committed while the order passed."""

    intent: str
    reason: str
    quote_price: int | None
    quote_at: datetime | None
    assets_at: datetime | None


@dataclass(frozen=True, slots=True)
class Passed:
    """One order on its way: what was asked for, what the tables said then, and which process asked.

    ``at`` is the database's clock, None where it could not be asked.
    """

    symbol: str
    at: datetime | None
    rows: tuple[Row, ...] = ()
    killed_at: datetime | None = None
    holder: str = ""
    sender: int | None = None


class Witness:
    """`inspect` is given to the proxy; ``senders`` names the processes that may be asked who they are."""

    def __init__(self, tables: Tables) -> None:
        self.passed: list[Passed] = []
        self.senders: list[int] = []
        self._tables = tables
        self._lock = threading.Lock()

    def inspect(self, slip: dict[str, Any], piece: bytes) -> bytes:
        """Let everything through, an order as a whole and after the look."""
        waiting: bytes = slip.pop("waiting", b"") + piece
        head, mark, body = waiting.partition(b"\r\n\r\n")
        if not waiting.startswith(b"POST") or ORDER not in waiting.split(b"\r\n", 1)[0]:
            return waiting
        if len(waiting) < LONGEST and (not mark or len(body) < _length(head)):
            slip["waiting"] = waiting
            return b""
        with self._lock:
            self.passed.append(self._look(body, slip["peer"][1]))
        return waiting

    def _look(self, body: bytes, port: int) -> Passed:
        asked = {name.upper(): str(value) for name, value in json.loads(body).items()}
        symbol, sender = asked["PDNO"], self._sender(port)
        try:
            ((at, killed_at, holder),) = self._tables.rows(_LOOK)
            rows = self._tables.rows(_ROWS, symbol, int(asked["ORD_QTY"]), int(asked["ORD_UNPR"]))
        except MySQLdb.Error:
            return Passed(symbol, None, sender=sender)
        return Passed(symbol, at, tuple(Row(*row) for row in rows), killed_at, holder, sender)

    def _sender(self, port: int) -> int | None:
        """Which of the processes holds the other end of the connection from this port."""
        inode = _inode(port)
        for pid in self.senders:
            with suppress(OSError):
                for end in os.scandir(f"/proc/{pid}/fd"):
                    with suppress(OSError):
                        if os.readlink(end.path) == f"socket:[{inode}]":
                            return pid
        return None


def _length(head: bytes) -> int:
    for line in head.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.strip().lower() == b"content-length":
            return int(value)
    return 0


def _inode(port: int) -> str:
    for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
        cells = line.split()
        if cells[1].endswith(f":{port:04X}"):
            return cells[9]
    return ""

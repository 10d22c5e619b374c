"""One copy of a daemon at a time, across machines: a row with a holder, an expiry and a fencing number."""

import json
import os
import secrets
import socket
import time
from typing import Any

from django.db import connection, transaction

from stockdesk.version import version

#: Seconds a lease lives without a heartbeat.
EXPIRY = 10.0

_MAKE = "INSERT IGNORE INTO stockdesk_daemon (name, counters) VALUES (%s, '{}')"
_LOOK = "SELECT holder, fence, heartbeat_at, expires_at < NOW(6) FROM stockdesk_daemon WHERE name = %s"
# The row must still be as we saw it: of two challengers one changes the fence, and the other finds it changed.
_TAKE = """
    UPDATE stockdesk_daemon
    SET holder = %s, fence = fence + 1, expires_at = NOW(6) + INTERVAL %s MICROSECOND, heartbeat_at = NOW(6),
        started_at = NOW(6), state = 'starting', counters = '{}', version = %s
    WHERE name = %s AND fence = %s AND heartbeat_at <=> %s
"""
_FENCE = """
    INSERT INTO stockdesk_fence (name, number) VALUES (%s, %s) ON DUPLICATE KEY UPDATE number = VALUES(number)
"""


class LeaseHeld(Exception):
    """Another copy holds the lease and was seen alive."""

    def __init__(self, holder: str) -> None:
        super().__init__(holder)
        self.holder = holder


class Lease:
    """The row of one daemon. All methods talk to the database except `held`."""

    def __init__(self, name: str, *, expiry: float = EXPIRY) -> None:
        self.name = name
        self.expiry = expiry
        self.holder = f"{socket.gethostname()[:50]}:{os.getpid()}:{secrets.token_hex(4)}"
        self.fence = 0
        self._valid_until = 0.0
        self._seen: tuple[Any, ...] | None = None
        self._seen_since = 0.0
        self._free = False

    def held(self) -> bool:
        """True while no other copy can have taken the lease, by this machine's monotonic clock."""
        return time.monotonic() < self._valid_until

    def look(self) -> None:
        """Look at the row; raises LeaseHeld when its holder gives a sign of life.

        A holder that was killed a second ago looks alive until its lease expires, so a copy does not go by the
        expiry alone: it watches until a heartbeat comes, or until none has come for as long as a lease lasts.
        That also gets past an expiry left far in the future by a clock that was set back.
        """
        with connection.cursor() as cursor:
            cursor.execute(_LOOK, (self.name,))
            row = cursor.fetchone()
            if row is None:
                cursor.execute(_MAKE, (self.name,))
                cursor.execute(_LOOK, (self.name,))
                row = cursor.fetchone()
        holder, fence, heartbeat_at, expired = row
        seen = (fence, heartbeat_at)
        if not holder or expired:
            self._seen, self._free = seen, True
            return
        if self._seen is not None and self._seen != seen:
            raise LeaseHeld(holder)
        if self._seen is None:
            self._seen, self._seen_since = seen, time.monotonic()
        self._free = time.monotonic() - self._seen_since > self.expiry

    def take(self) -> bool:
        """Take the lease if the last look found it free. The fencing number grows by one."""
        if not self._free or self._seen is None:
            return False
        before = time.monotonic()
        fence, heartbeat_at = self._seen
        values = (self.holder, self._expiry_us, version(), self.name, fence, heartbeat_at)
        with transaction.atomic(), connection.cursor() as cursor:
            if not cursor.execute(_TAKE, values):
                self._free = False
                return False
            # Waits for a fenced write of the last holder that is under way, and shuts out all that come after.
            cursor.execute(_FENCE, (self.name, fence + 1))
        self.fence = fence + 1
        self._valid_until = before + self.expiry
        return True

    def renew(self, **changes: Any) -> bool:
        """Prolong the lease and write what changed; False when it belongs to another copy for good."""
        before = time.monotonic()
        if not self._write("expires_at = NOW(6) + INTERVAL %s MICROSECOND", [self._expiry_us], changes):
            self._valid_until = 0.0
            return False
        self._valid_until = before + self.expiry
        return True

    def release(self, **changes: Any) -> None:
        """Give the lease back, so the next copy need not wait for its expiry."""
        self._valid_until = 0.0
        self._write("holder = '', expires_at = NULL", [], changes)

    @property
    def _expiry_us(self) -> int:
        return int(self.expiry * 1_000_000)

    def _write(self, lease: str, values: list[Any], changes: dict[str, Any]) -> bool:
        parts = [lease, "heartbeat_at = NOW(6)"]
        if "state" in changes:
            parts.append("state = %s")
            values.append(changes["state"])
        if "counters" in changes:
            parts.append("counters = %s")
            values.append(json.dumps(changes["counters"], default=str))
        if changes.get("stepped"):
            parts.append("last_step_at = NOW(6)")
        if "error" in changes:
            parts.append("last_error = %s, last_error_at = NOW(6)")
            values.append(changes["error"])
        statement = f"UPDATE stockdesk_daemon SET {', '.join(parts)} WHERE name = %s AND holder = %s AND fence = %s"
        with connection.cursor() as cursor:
            return bool(cursor.execute(statement, [*values, self.name, self.holder, self.fence]))

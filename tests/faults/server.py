"""A MariaDB of the suite's own: on a small tmpfs where that is allowed, so that its disk can be filled."""

import os
import pwd
import signal
import subprocess
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

import MySQLdb

from stockdesk.setup import mariadb
from stockdesk.setup.mariadb import DATABASE, USER, EmbeddedServer, role_user
from stockdesk.setup.places import Places

SIZE = "size=220m"
OUR_MISTAKES = frozenset({1054, 1064, 1146})  # no such column, no SQL, no such table: not the server's weather
PASSWORD, TRADING_PASSWORD = "canary-desk-password-19", "canary-trading-password-23"


class Server:
    """Started, killed, stopped and filled by the scenarios."""

    def __init__(self, home: Path) -> None:
        self.places = Places(home / "var")
        self.places.make()
        disk = self.places.var / "mariadb"
        disk.mkdir(mode=0o700)
        mounted = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", SIZE, "tmpfs", str(disk)], capture_output=True, text=True, check=False
        )
        #: Empty where the disk is a small one of its own; otherwise why it is not.
        self.no_small_disk = mounted.stderr.strip() if mounted.returncode else ""
        self.disk = disk
        # Not as a throw-away server: that one may forget its last second of commits when it is killed.
        self.embedded = EmbeddedServer(self.places, PASSWORD, role_passwords={"trading": TRADING_PASSWORD})
        self.embedded.prepare()
        self._process: subprocess.Popen[bytes] | None = None
        self._ballast = disk / "ballast"

    @property
    def url(self) -> str:
        return f"mysql://{USER}@localhost/{DATABASE}?unix_socket={self.places.database_socket}"

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        with (self.places.logs / "mariadb.log").open("ab") as log:
            self._process = process = subprocess.Popen(
                self.embedded.command(), stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
            )
        mariadb.wait_until_answering(self.embedded, ended=lambda: process.poll() is not None)

    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def send(self, number: signal.Signals) -> None:
        os.kill(self.pid, number)

    def kill(self) -> None:
        """As a power cut does, but for what the system still writes."""
        self.send(signal.SIGKILL)
        assert self._process is not None
        self._process.wait(30)

    def stop(self) -> None:
        self.send(signal.SIGTERM)
        assert self._process is not None
        self._process.wait(60)

    def fill_the_disk(self) -> None:
        """Until there is no room for one more byte."""
        with suppress(OSError), self._ballast.open("ab", buffering=0) as file:
            for size in (1 << 20, 1 << 12, 1):
                with suppress(OSError):
                    while True:
                        file.write(bytes(size))

    def free_the_disk(self) -> None:
        self._ballast.unlink(missing_ok=True)

    def end(self) -> None:
        if self.alive():
            with suppress(ProcessLookupError):
                self.send(signal.SIGCONT)
            self.kill()
        if not self.no_small_disk:
            subprocess.run(["umount", "-l", str(self.disk)], check=False, capture_output=True)


class Tables:
    """The suite's own look at the tables, as the server's owner or as another user; a connection a thread.

    The owner needs no password: the server knows him by his socket, and lets him kill and lock.
    """

    def __init__(self, server: Server, user: str = "", password: str = "") -> None:
        self._arguments = {
            "user": user or pwd.getpwuid(os.geteuid()).pw_name, "password": password,
            "unix_socket": str(server.places.database_socket),
            "database": DATABASE, "connect_timeout": 3, "read_timeout": 5, "write_timeout": 5,
            "charset": "utf8mb4", "autocommit": True,
        }  # fmt: skip
        self._own = threading.local()

    def rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        """What the statement returns; raises MySQLdb.Error, and the next call connects anew."""
        connection = getattr(self._own, "connection", None)
        if connection is None:
            connection = self._own.connection = MySQLdb.connect(**self._arguments)
        try:
            with connection.cursor() as cursor:
                cursor.execute(sql, values or None)
                return list(cursor.fetchall())
        except MySQLdb.Error as exc:
            self._own.connection = None
            with suppress(MySQLdb.Error):
                connection.close()
            if exc.args and exc.args[0] in OUR_MISTAKES:
                raise AssertionError(f"{exc}: {sql}") from exc
            raise

    def one(self, sql: str, *values: Any) -> Any:
        """The first column of the first row; None where there is no row."""
        rows = self.rows(sql, *values)
        return rows[0][0] if rows else None

    def connect(self) -> Any:
        """A connection of one's own, for what has to be held."""
        return MySQLdb.connect(**{**self._arguments, "autocommit": False})


def as_trading(server: Server) -> Tables:
    return Tables(server, role_user("trading"), TRADING_PASSWORD)

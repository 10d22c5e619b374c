"""mariadb-dump as a stream of lines, and the tally of what it says: rows and a checksum, table by table."""

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections

from stockdesk.logs import redacted

#: One consistent view of all InnoDB tables while daemons go on writing; columns by name; no right but the desk's.
OPTIONS = (
    "--single-transaction",
    "--quick",
    "--complete-insert",
    "--hex-blob",
    "--no-tablespaces",
    "--default-character-set=utf8mb4",
    "--max-allowed-packet=1G",
)
# The first row follows on the same line or on the next, as the columns are named or not.
_INSERT = re.compile(rb"INSERT INTO `((?:[^`]|``)+)` \((?:`(?:[^`]|``)+`(?:, )?)+\) VALUES\s(.*)", re.DOTALL)
_MODULUS = 1 << 256


class BackupError(Exception):
    """A backup could not be made, read or put back; the text says what is true now and what to do."""


@dataclass(frozen=True, slots=True)
class Tally:
    """How many rows a table has, and the sum of their hashes: the same in whatever order they come."""

    rows: int = 0
    checksum: int = 0

    def with_row(self, row: bytes) -> "Tally":
        digest = int.from_bytes(sha256(row).digest())
        return Tally(self.rows + 1, (self.checksum + digest) % _MODULUS)


class Rows:
    """Follows a dump line by line. mariadb-dump writes a row a line; line breaks inside values are escaped."""

    def __init__(self) -> None:
        self.tallies: dict[str, Tally] = {}
        self.table = ""
        """The table whose rows go on in the next line; empty between statements."""

    def take(self, line: bytes) -> str:
        """Count what is in this line; the table whose row it holds, empty for any other line."""
        about = self.table
        if self.table:
            self._take_row(line)
        elif line.startswith(b"INSERT INTO") and (match := _INSERT.fullmatch(line)):
            about = self.table = match[1].decode().replace("``", "`")
            self.tallies.setdefault(self.table, Tally())
            if match[2]:
                self._take_row(match[2])
        return about

    def _take_row(self, row: bytes) -> None:
        self.tallies[self.table] = self.tallies[self.table].with_row(row[:-2])
        if row.endswith(b";\n"):
            self.table = ""


def lines(arguments: Sequence[str], names: Iterable[str] = ()) -> Iterator[bytes]:
    """What mariadb-dump writes about these tables of the desk's database, all of them without names.

    Raises BackupError when the program is missing or ends with an error.
    """
    program = shutil.which("mariadb-dump")
    if program is None:
        raise BackupError("mariadb-dump is not installed: apt-get install mariadb-client.")
    at = connections.settings[DEFAULT_DB_ALIAS]
    with option_file(at) as file, tempfile.TemporaryFile() as complaints:
        command = [program, f"--defaults-file=/dev/fd/{file}", *OPTIONS, *arguments, at["NAME"], *names]
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=complaints, pass_fds=[file]
        )
        try:
            assert process.stdout is not None
            yield from process.stdout
            process.wait()
        finally:
            process.kill()
            process.communicate()
        if process.returncode:
            complaints.seek(0)
            said = complaints.read().decode(errors="replace").strip().splitlines()
            raise BackupError(f"mariadb-dump failed: {redacted(said[-1]) if said else process.returncode}")


@contextmanager
def option_file(at: Mapping[str, Any]) -> Iterator[int]:
    """Where and as whom to connect, in a file that has no name and ends with us: neither disk nor ``ps`` shows it."""
    options = at.get("OPTIONS", {})
    values = {
        "user": at["USER"],
        "password": at["PASSWORD"],
        "host": at["HOST"],
        "port": at["PORT"],
        "socket": options.get("unix_socket"),
        "ssl-ca": options.get("ssl", {}).get("ca"),
    }
    given = "".join(f"{name}={quoted(str(value))}\n" for name, value in values.items() if value)
    handle = os.memfd_create("options")
    try:
        os.fchmod(handle, 0o600)  # what everybody may write is not read
        os.write(handle, f"[client]\n{given}".encode())
        yield handle
    finally:
        os.close(handle)


def quoted(value: str) -> str:
    """As MariaDB's option files want it, which know ``#``, quotes and backslashes."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'

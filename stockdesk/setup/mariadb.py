"""A MariaDB of our own: data folder and socket under ``var/``, no TCP, nothing of the machine's configuration."""

import os
import shutil
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from stockdesk.grants import account, creation
from stockdesk.setup.places import Places, Trouble, write_private

DATABASE = USER = "stockdesk"
ROLES = ("trading", "collecting")

# About 90 MB resident with the desk's tables; a real desk's server is the operator's own and sized by him.
MODEST = (
    "--innodb-buffer-pool-size=48M",
    "--innodb-log-file-size=48M",
    "--innodb-log-buffer-size=4M",
    "--aria-pagecache-buffer-size=8M",
    "--key-buffer-size=1M",
    "--table-open-cache=400",
    "--max-connections=150",
    "--performance-schema=OFF",
)

# For data that is thrown away: the same engine and strictness, only nothing waits for the disk.
UNSAFE_AND_FAST = (
    "--innodb-flush-log-at-trx-commit=0",
    "--innodb-flush-method=nosync",
    "--innodb-doublewrite=OFF",
    "--max-connections=400",
)


@dataclass(frozen=True, slots=True)
class EmbeddedServer:
    """One server of our own; ``throw_away`` for tests, whose data need not survive a power cut.

    It has the users of the roles that have a password too; they get their rights when there are tables.
    """

    places: Places
    password: str
    throw_away: bool = False
    role_passwords: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def home(self) -> Path:
        return self.places.var / "mariadb"

    @property
    def data(self) -> Path:
        return self.home / "data"

    @property
    def socket(self) -> Path:
        return self.places.database_socket

    def command(self) -> list[str]:
        return [
            found("mariadbd"),
            "--no-defaults",
            f"--datadir={self.data}",
            f"--socket={self.socket}",
            f"--pid-file={self.places.run / 'mariadb.pid'}",
            f"--init-file={self.init_file}",
            "--skip-networking",
            "--skip-name-resolve",
            "--local-infile=OFF",
            "--event-scheduler=ON",
            # EVENTs and PHP see NOW() as Seoul wall time, whatever zone the machine lives in.
            "--default-time-zone=+09:00",
            "--character-set-server=utf8mb4",
            "--collation-server=utf8mb4_unicode_ci",
            "--sql-mode=STRICT_TRANS_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_AUTO_CREATE_USER,NO_ENGINE_SUBSTITUTION",
            *MODEST,
            *(UNSAFE_AND_FAST if self.throw_away else ()),
            *as_root(),
        ]

    @property
    def init_file(self) -> Path:
        return self.home / "init.sql"

    def prepare(self) -> bool:
        """Make the data folder where there is none, whole or not at all; True when it was made."""
        self.home.mkdir(mode=0o700, exist_ok=True)
        write_private(self.init_file, self.grants())
        if self.data.exists():
            return False
        half = self.home / "data.half-made"
        shutil.rmtree(half, ignore_errors=True)
        done = subprocess.run(
            [
                found("mariadb-install-db"),
                "--no-defaults",
                f"--datadir={half}",
                "--innodb-log-file-size=48M",
                "--auth-root-authentication-method=socket",
                "--skip-test-db",
                "--skip-name-resolve",
                *as_root(),
            ],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0 or not (half / "mysql").is_dir():
            raise Trouble(f"mariadb-install-db failed:\n{(done.stdout + done.stderr)[-2000:]}")
        half.rename(self.data)
        return True

    def grants(self) -> str:
        """What the server runs at every start: the one database and its users.

        No login as the database's root is needed for this, so it works for any user of the machine. The desk's user
        hands on rights in its own database and makes no users; that of a throw-away server may do everything, for
        tests make databases and users of their own.
        """
        own = f"`{DATABASE}`"
        lines = [
            f"CREATE DATABASE IF NOT EXISTS {own} CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci",
            *creation(USER, "localhost", self.password),
            f"GRANT ALL ON {'*' if self.throw_away else own}.* TO {account(USER, 'localhost')} WITH GRANT OPTION",
        ]
        if not self.throw_away:
            # The one that `manage.py replay` makes for itself and drops.
            lines.append(f"GRANT ALL ON `{DATABASE}\\_replay`.* TO {account(USER, 'localhost')}")
        for role, password in self.role_passwords.items():
            lines += creation(role_user(role), "localhost", password)
        return "".join(f"{line};\n" for line in lines)

    def become(self) -> None:
        """Turn this process into the server; supervisord then holds the server itself, not a shell around it."""
        command = self.command()
        os.execv(command[0], command)

    def connect(self) -> Any:
        return connect(
            {"user": USER, "password": self.password, "unix_socket": str(self.socket), "database": DATABASE}
        )


def role_user(role: str) -> str:
    """Named as `stockdesk.roles` names it."""
    return f"{DATABASE}_{role}"


def connect(arguments: dict[str, Any]) -> Any:
    """A connection for the set-up's own look into the database; limits in seconds."""
    import MySQLdb

    return MySQLdb.connect(**{"connect_timeout": 5, "read_timeout": 20, "charset": "utf8mb4", **arguments})


def wait_until_answering(server: EmbeddedServer, *, ended: Callable[[], bool], patience: float = 180.0) -> None:
    """Until the server answers; ``ended`` says that waiting is in vain. Recovery after a power cut takes a while."""
    import MySQLdb

    until = time.monotonic() + patience
    while True:
        try:
            server.connect().close()
        except MySQLdb.OperationalError as exc:
            if ended():
                raise Trouble("The database server ended while starting.") from exc
            if time.monotonic() > until:
                raise Trouble(f"The database server did not answer within {patience:.0f} s.") from exc
            time.sleep(0.1)
        else:
            return


def as_root() -> list[str]:
    """mariadbd refuses to run as root unless told to; told as anybody else it warns."""
    return ["--user=root"] if os.geteuid() == 0 else []


def found(program: str) -> str:
    path = shutil.which(program, path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin")
    if path is None:
        raise Trouble(f"{program} is not installed: run ./desk up, which installs it.")
    return path

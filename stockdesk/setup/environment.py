"""Which environment file a command works with, and the generated ones of the demo and of a test run."""

import os
import secrets
import string
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from stockdesk.public_sources import PUBLIC_SOURCES
from stockdesk.setup import ports
from stockdesk.setup.mariadb import DATABASE, ROLES, USER, EmbeddedServer
from stockdesk.setup.places import DESK, ROOT, Places, Trouble, write_private
from stockdesk.setup.processes import MARK

if TYPE_CHECKING:
    from stockdesk.env import Environment

LETTERS = string.ascii_letters + string.digits
REST_PORT, WS_PORT = 18080, 18081

# What the operator's shell may hold and the demo must not hear of: it would be led to the real account.
REAL_DESK = (
    "KIS_",
    "DATABASE_",
    "DESK_",
    "SECRET_KEY",
    "ALLOWED_HOSTS",
    *(source.prefix for source in PUBLIC_SOURCES),
)


@dataclass(frozen=True, slots=True)
class DeskFile:
    """The environment file of a desk; ``demo`` when it is the generated one."""

    path: Path
    demo: bool

    def child_environment(self) -> dict[str, str]:
        """What a program is started with: the operator's variables win over his file, never over the demo's."""
        inherited = {
            name: value
            for name, value in os.environ.items()
            if name != MARK and not (self.demo and name.startswith(REAL_DESK))
        }
        return {**inherited, "STOCKDESK_ENV": str(self.path), "PYTHONUNBUFFERED": "1"}

    def read(self) -> "Environment":
        """The settings as the programs will see them; what is wrong with them is Trouble, by name."""
        from django.core.exceptions import ImproperlyConfigured

        from stockdesk.env_reader import read_environment

        try:
            return read_environment(ROOT, self.child_environment())
        except ImproperlyConfigured as exc:
            raise Trouble(str(exc)) from None


def desk_file() -> DeskFile:
    """STOCKDESK_ENV, else ``.env`` at the top; without either the demo."""
    demo = DESK.var / "demo.env"
    if given := os.environ.get("STOCKDESK_ENV"):
        path = Path(given).absolute()
        if not path.exists():
            raise Trouble(f"STOCKDESK_ENV names {path}, which does not exist.")
        return DeskFile(path, demo=path == demo)
    if (ROOT / ".env").exists():
        return DeskFile(ROOT / ".env", demo=False)
    return DeskFile(demo, demo=True)


def values_of(path: Path) -> dict[str, str]:
    """The plain NAME=value lines of a file we wrote ourselves."""
    if not path.exists():
        return {}
    pairs = (line.partition("=") for line in path.read_text().splitlines() if not line.startswith("#"))
    return {name: value for name, mark, value in pairs if mark}


def database_url(places: Places) -> str:
    return f"mysql://{USER}@localhost/{DATABASE}?unix_socket={quote(str(places.database_socket), safe='')}"


def write_values(path: Path, head: str, values: Mapping[str, str]) -> None:
    text = head + "".join(f"{name}={value}\n" for name, value in values.items())
    if not path.exists() or path.read_text() != text:
        write_private(path, text)


def make_demo(places: Places) -> dict[str, str]:
    """Write the demo's environment; what was drawn by lot once stays, addresses follow the machine."""
    path = places.var / "demo.env"
    kept = values_of(path)
    rest = ports.choose(port_in(kept.get("KIS_REST_URL", ""), REST_PORT))
    ws = ports.choose(port_in(kept.get("KIS_WS_URL", ""), WS_PORT), taken=frozenset({rest}))
    drawn = {**drawn_by_lot(), **{password_name(role): letters(32) for role in ROLES}}
    values = {**drawn, **kept, **addresses(places, rest, ws), "DESK_DEMO": "1", "DESK_MODE": "mock"}
    write_values(
        path, "# Made by ./desk up for the demo. For your own desk write a .env (see .env.example).\n", values
    )
    return values


def embedded_server(places: Places) -> EmbeddedServer:
    """The demo's server, with the passwords that were drawn for it."""
    values = values_of(places.var / "demo.env")
    roles = {role: values[password_name(role)] for role in ROLES}
    return EmbeddedServer(places, values["DATABASE_PASSWORD"], role_passwords=roles)


def password_name(role: str) -> str:
    return f"DATABASE_{role.upper()}_PASSWORD"


def make_test(places: Places) -> Path:
    """A fresh environment for one test run; its broker's addresses lead nowhere."""
    path = places.var / "test.env"
    values = {**drawn_by_lot(), **addresses(places, 9, 9), "DESK_MODE": "dry-run", "RECORD": "0"}
    write_values(path, "# Made by ./desk test.\n", values)
    return path


def make_production_like(places: Places) -> Path:
    """What ``check --deploy`` is run with: a desk behind HTTPS under a name of its own."""
    path = places.var / "deploy.env"
    values = {
        **values_of(places.var / "test.env"),
        "DESK_HTTPS": "1",
        "ALLOWED_HOSTS": "desk.example.com",
        "KIS_CALLS_PER_SECOND": "18",
    }
    write_values(path, "# Made by ./desk test.\n", values)
    return path


def drawn_by_lot() -> dict[str, str]:
    """Secrets and a toy account in the shape of KIS's: keys of 36 characters, their secrets of 180."""
    values = {
        "SECRET_KEY": letters(64),
        "DATABASE_PASSWORD": letters(32),
        "DATABASE_TRADING_PASSWORD": letters(32),
        "KIS_ACCOUNT": f"5{secrets.randbelow(10**7):07d}-01",
        "KIS_HTS_ID": "demo",
    }
    for source in PUBLIC_SOURCES:
        length, tail = source.toy_key
        values[source.key] = f"{letters(length)}{tail}"
    for number in range(1, 6):
        suffix = "" if number == 1 else f"_{number}"
        values[f"KIS_APP_KEY{suffix}"] = "PS" + letters(34)
        values[f"KIS_APP_SECRET{suffix}"] = letters(180)
    return values


def addresses(places: Places, rest: int, ws: int) -> dict[str, str]:
    return {
        "DATABASE_URL": database_url(places),
        "ALLOWED_HOSTS": "127.0.0.1,localhost",
        "KIS_REST_URL": f"http://127.0.0.1:{rest}",
        "KIS_WS_URL": f"ws://127.0.0.1:{ws}",
        "KIS_MASTER_URL": f"http://127.0.0.1:{rest}/common/master",
        **{source.url: f"http://127.0.0.1:{rest}{source.simulated}" for source in PUBLIC_SOURCES},
        "KIS_CALLS_PER_SECOND": "20",
    }


def port_in(url: str, default: int) -> int:
    number = url.rpartition(":")[2].strip("/")
    return int(number) if number.isdigit() else default


def letters(count: int) -> str:
    return "".join(secrets.choice(LETTERS) for _ in range(count))

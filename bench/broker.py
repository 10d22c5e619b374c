"""A stand-in broker for the benchmarks that run real daemons, and the environment that leads those there."""

import os
import re
import secrets
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import NamedTuple
from urllib.parse import quote

from django.conf import settings
from django.db import connection

from market.models import Instrument, Quote, WatchRow
from stockdesk import grants, roles
from stockdesk.simulator.testing import new_key

SESSIONS = 5
ACCOUNT, HTS_ID = "12345678-01", "toyuser1"
CEILING = 20
Key = tuple[str, str]


class Stand(NamedTuple):
    """A running broker, and the environment of a desk that trades there."""

    rest_url: str
    ws_url: str
    environment: Mapping[str, str]


@contextmanager
def seeded_desk(symbols: int, ticks: float = 0.0) -> Iterator[Stand]:
    """A stand-in broker, and the benchmark's database filled with its world as the demo's is."""
    for model in (WatchRow, Instrument, Quote):  # another number of issues is another world, with other symbols
        model.objects.all().delete()
    with running_broker(symbols, ticks) as (rest_url, ws_url):
        environment = desk_environment(rest_url, ws_url, [new_key() for _ in range(SESSIONS)])
        try:
            for command in (["seed_demo", "--symbols", str(symbols)], ["database_users"]):
                subprocess.run(
                    [sys.executable, "manage.py", *command],
                    env=environment, cwd=settings.BASE_DIR, check=True, stdout=subprocess.DEVNULL,
                )  # fmt: skip
            yield Stand(rest_url, ws_url, environment)
        finally:
            with connection.cursor() as cursor:
                user = environment["DATABASE_TRADING_USER"]
                cursor.execute(f"DROP USER IF EXISTS {grants.account(user, roles.own_host())}")


@contextmanager
def running_broker(symbols: int, ticks: float = 0.0) -> Iterator[tuple[str, str]]:
    """A stand-in broker in a process of its own; gives where its REST and its WebSocket are."""
    command = [sys.executable, "-m", "stockdesk.simulator", "--rest-port", "0", "--ws-port", "0"]
    command += ["--symbols", str(symbols), "--ticks-per-second", str(ticks), "--calls-per-second", str(CEILING)]
    with subprocess.Popen(command, cwd=settings.BASE_DIR, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            found = re.search(r"REST (http://[^,]+), WebSocket (ws://\S+)", process.stdout.readline())
            if found is None:
                raise AssertionError("the simulator did not start")
            yield found[1], found[2].rstrip(".,")
        finally:
            process.terminate()


def desk_environment(rest_url: str, ws_url: str, keys: list[Key]) -> dict[str, str]:
    """The environment of a demo desk on this broker and on the benchmark's database."""
    variables = {
        **database_environment(),
        "DATABASE_TRADING_USER": f"{connection.settings_dict['NAME']}_trading",
        "DATABASE_TRADING_PASSWORD": secrets.token_hex(16),
        "KIS_REST_URL": rest_url,
        "KIS_WS_URL": ws_url,
        "KIS_ACCOUNT": ACCOUNT,
        "KIS_HTS_ID": HTS_ID,
        "KIS_CALLS_PER_SECOND": str(CEILING),
        "KIS_MASTER_URL": f"{rest_url}/common/master",
        "DART_URL": f"{rest_url}/dart/api",
        "DATA_GO_KR_URL": f"{rest_url}/datagokr/1160100/service",
        "DESK_MODE": "mock",
        "DESK_DEMO": "1",
    }
    for number, (key, secret) in enumerate(keys, 1):
        suffix = "" if number == 1 else f"_{number}"
        variables[f"KIS_APP_KEY{suffix}"], variables[f"KIS_APP_SECRET{suffix}"] = key, secret
    return {**os.environ, **variables}


def database_environment() -> dict[str, str]:
    """What leads a process to the database that this one is connected to."""
    at = connection.settings_dict
    socket = at["OPTIONS"].get("unix_socket", "")
    place = f"{at['HOST'] or 'localhost'}{':' if at['PORT'] else ''}{at['PORT']}"
    url = f"mysql://{quote(at['USER'])}@{place}/{at['NAME']}"
    return {
        "DATABASE_URL": f"{url}?unix_socket={quote(socket, safe='')}" if socket else url,
        "DATABASE_PASSWORD": str(at["PASSWORD"]),
    }

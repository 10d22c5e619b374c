"""A stand-in broker for the benchmarks that run real daemons, and the environment that leads those there."""

import os
import re
import secrets
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import quote

from django.conf import settings
from django.db import connection

from stockdesk.simulator.testing import new_key

SESSIONS = 5
ACCOUNT, HTS_ID = "12345678-01", "toyuser1"


@contextmanager
def running_broker(symbols: int, ticks: float = 0.0) -> Iterator[tuple[str, str]]:
    """A stand-in broker in a process of its own; gives where its REST and its WebSocket are."""
    command = [sys.executable, "-m", "stockdesk.simulator", "--rest-port", "0", "--ws-port", "0"]
    command += ["--symbols", str(symbols), "--ticks-per-second", str(ticks)]
    with subprocess.Popen(command, cwd=settings.BASE_DIR, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            found = re.search(r"REST (http://[^,]+), WebSocket (ws://\S+)", process.stdout.readline())
            if found is None:
                raise AssertionError("the simulator did not start")
            yield found[1], found[2].rstrip(".,")
        finally:
            process.terminate()


def demo_environment(rest_url: str, ws_url: str) -> dict[str, str]:
    """The environment of a demo desk on this broker and on the benchmark's database."""
    at = connection.settings_dict
    socket = at["OPTIONS"].get("unix_socket", "")
    place = f"{at['HOST'] or 'localhost'}{':' if at['PORT'] else ''}{at['PORT']}"
    url = f"mysql://{quote(at['USER'])}@{place}/{at['NAME']}"
    variables = {
        "DATABASE_URL": f"{url}?unix_socket={quote(socket, safe='')}" if socket else url,
        "DATABASE_PASSWORD": at["PASSWORD"],
        "DATABASE_TRADING_USER": f"{at['NAME']}_trading",
        "DATABASE_TRADING_PASSWORD": secrets.token_hex(16),
        "KIS_REST_URL": rest_url,
        "KIS_WS_URL": ws_url,
        "KIS_ACCOUNT": ACCOUNT,
        "KIS_HTS_ID": HTS_ID,
        "KIS_CALLS_PER_SECOND": "20",
        "KIS_MASTER_URL": f"{rest_url}/common/master",
        "DART_URL": f"{rest_url}/dart/api",
        "DATA_GO_KR_URL": f"{rest_url}/datagokr/1160100/service",
        "DESK_MODE": "mock",
        "DESK_DEMO": "1",
    }
    for number in range(1, SESSIONS + 1):
        suffix = "" if number == 1 else f"_{number}"
        variables[f"KIS_APP_KEY{suffix}"], variables[f"KIS_APP_SECRET{suffix}"] = new_key()
    return {**os.environ, **variables}

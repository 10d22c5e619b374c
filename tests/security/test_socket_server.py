"""The web program as it is started: what a browser may send to it by the socket."""

import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import websockets
from asgiref.sync import sync_to_async
from django.conf import settings
from websockets.exceptions import ConnectionClosed

from stockdesk.access import VIEWER
from stockdesk.programs import BY_NAME
from tests.people import client_of, person

PATIENCE = 60.0


@pytest.fixture
def port(process_environment: Callable[..., dict[str, str]]) -> Iterator[int]:
    """The web program on a free port: it is given the listening socket, as no other way is without a race."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        number: int = listener.getsockname()[1]
        command = [sys.executable if "python" in part else part for part in BY_NAME["web"].command]
        at = command.index("--host")
        command[at : at + 4] = ["--fd", str(listener.fileno())]
        environment = {**process_environment(), "PYTHONPATH": str(settings.BASE_DIR)}
        process = subprocess.Popen(
            command, env=environment, cwd=settings.BASE_DIR, pass_fds=[listener.fileno()], stderr=subprocess.DEVNULL
        )
    yield number
    process.terminate()
    process.wait(PATIENCE)


async def heard_out(line: Any, ends_at: float) -> None:
    while time.monotonic() < ends_at:
        await line.recv()


async def test_whoever_sends_more_than_a_word_is_hung_up_on(port: int) -> None:
    client = await sync_to_async(client_of)(await sync_to_async(person)("viewer", VIEWER))
    headers = {
        "Cookie": f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}",
        "Origin": f"http://127.0.0.1:{port}",
    }
    url, ends_at = f"ws://127.0.0.1:{port}/ws/quotes/", time.monotonic() + PATIENCE
    async with websockets.connect(
        url, additional_headers=headers, proxy=None, max_size=None, open_timeout=PATIENCE
    ) as line:
        await line.recv()
        await line.send("x" * 100)
        await line.recv()  # still there
        await line.send("x" * 100_000)
        with pytest.raises(ConnectionClosed) as closed:
            await heard_out(line, ends_at)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1009

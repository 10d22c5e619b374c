"""The web process of a benchmark, and a browser that listens to it."""

import os
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

import httpx
import websockets
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client

from bench.broker import database_environment

STARTING = 60.0  # seconds


def logged_in() -> str:
    client = Client()
    client.force_login(User.objects.filter(username="bench").first() or User.objects.create_superuser("bench"))
    return f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"


class Web(NamedTuple):
    """A running web process: its port, and the process group that it leads."""

    port: int
    group: int


@contextmanager
def web_server(environment: Mapping[str, str] | None = None) -> Iterator[Web]:
    """uvicorn as the desk starts it; without a desk's environment it has nothing but the benchmark's database."""
    environment = environment or {**os.environ, **database_environment()}
    with socket.create_server(("127.0.0.1", 0), backlog=1024) as listener:
        command = [sys.executable, "-m", "uvicorn", "stockdesk.asgi:application", "--fd", str(listener.fileno())]
        server = subprocess.Popen(
            [*command, "--lifespan", "off", "--log-level", "warning", "--ws-per-message-deflate", "false"],
            env=environment, pass_fds=[listener.fileno()], start_new_session=True,
        )  # fmt: skip
        web = Web(int(listener.getsockname()[1]), server.pid)
    try:
        httpx.get(f"http://127.0.0.1:{web.port}/healthz", timeout=STARTING, trust_env=False).raise_for_status()
        yield web
    finally:
        server.terminate()
        server.wait(STARTING)


async def messages(port: int, cookie: str) -> AsyncIterator[str]:
    """What one browser hears on the live dashboard."""
    url, headers = f"ws://127.0.0.1:{port}/ws/quotes/", {"Cookie": cookie, "Origin": f"http://127.0.0.1:{port}"}
    async with websockets.connect(
        url, additional_headers=headers, compression=None, max_size=None, proxy=None
    ) as line:
        async for text in line:
            yield str(text)


def values(cells: list[Any]) -> dict[int, Any]:
    """A row of a message, [place, value, place, value ...], as value by place."""
    return dict(zip(cells[::2], cells[1::2], strict=True))

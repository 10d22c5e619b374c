"""A real web server on the test's database, and Debian's Chromium to look at it."""

import asyncio
import fcntl
import itertools
import os
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import httpx
import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.utils import timezone
from playwright.async_api import Browser, Page, ViewportSize, async_playwright, expect

from tests.people import with_device

BASE = Path(settings.BASE_DIR)
CHROMIUM = "/usr/bin/chromium"
STARTING = 60.0  # seconds, on a loaded machine
#: How long a page is given to show what is expected of it: two cores are shared with other browsers and databases.
PATIENCE = 30.0
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
PHONE = ViewportSize(width=390, height=844)
USER, PASSWORD = "trader", "a long enough password"


@dataclass
class LiveDesk:
    """A running web server; ``open`` gives a page of it, ``sql`` changes the tables as any writer would."""

    url: str
    browser: Browser
    complaints: list[str] = field(default_factory=list)  # what pages wrote into their consoles, and foreign requests

    async def shot(self, page: Page, name: str) -> None:
        """Pictures in daylight and in the dark, wide and on a phone, where STORY_SHOTS names a directory."""
        if "STORY_SHOTS" not in os.environ:
            return
        wide = page.viewport_size
        for scheme, size in itertools.product(SCHEMES, (wide, PHONE)):
            await page.emulate_media(color_scheme=scheme)
            await page.set_viewport_size(size or PHONE)
            kind = "phone" if size == PHONE else "wide"
            await page.screenshot(path=f"{os.environ['STORY_SHOTS']}/{name}-{scheme}-{kind}.png", full_page=True)
        await page.set_viewport_size(wide or PHONE)

    async def sql(self, statement: str, *parameters: Any) -> list[tuple[Any, ...]]:
        """Run one statement on a connection of its own, committed at once."""
        return await asyncio.to_thread(_run_sql, statement, parameters)

    async def open(self, path: str = "/", *, login: bool = True, **context: Any) -> Page:
        """A page in a browser of its own, logged in unless told otherwise; closed with the fixture."""
        options = {"locale": "ko-KR", "viewport": {"width": 1440, "height": 900}, **context}
        page = await (await self.browser.new_context(**options)).new_page()
        page.on("console", lambda said: self._note(said.type in ("error", "warning"), said.text))
        page.on("pageerror", lambda error: self._note(True, str(error)))
        page.on("request", lambda request: self._note(not request.url.startswith(self.url), request.url))
        if login:
            session = await asyncio.to_thread(_session_of, USER)
            await page.context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": session, "url": self.url}])
        await page.goto(self.url + path)
        return page

    def _note(self, wrong: bool, text: str) -> None:
        if wrong:
            self.complaints.append(text)


def _session_of(name: str) -> str:
    """Logged in as by password and code, of which the phone shows a new one twice a minute only."""
    try:
        client = Client()
        client.force_login(User.objects.get(username=name))
        return client.cookies[settings.SESSION_COOKIE_NAME].value
    finally:
        connection.close()


def _run_sql(statement: str, parameters: tuple[Any, ...]) -> list[tuple[Any, ...]]:
    try:
        with connection.cursor() as cursor:
            cursor.execute(statement, parameters or None)
            return list(cursor.fetchall()) if cursor.description else []
    finally:
        connection.close()


@pytest.fixture(scope="session")
def collected_static() -> None:
    """Static files as the server hands them out; made once, however many test processes there are."""
    (BASE / "var").mkdir(exist_ok=True)
    with (BASE / "var" / ".collectstatic.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        manifest = Path(settings.STATIC_ROOT, "staticfiles.json")
        sources = [path for top in (BASE / "static", settings.VENDOR) for path in top.rglob("*")]
        newest = max(path.stat().st_mtime for path in sources)
        if not manifest.exists() or manifest.stat().st_mtime < newest:
            subprocess.run(
                [sys.executable, "manage.py", "collectstatic", "--noinput", "-v", "0"], cwd=BASE, check=True
            )


@pytest.fixture
def trader(transactional_db: None) -> User:
    # Somebody who has been here before: a first login leads to the guide.
    return with_device(User.objects.create_superuser(USER, password=PASSWORD, last_login=timezone.now()))


@pytest.fixture
def web_server(
    collected_static: None, trader: User, process_environment: Callable[..., dict[str, str]], tmp_path: Path
) -> Iterator[str]:
    with served(process_environment(), tmp_path / "web.log") as url:
        yield url


@contextmanager
def served(environment: dict[str, str], log: Path, app: str = "stockdesk.asgi:application") -> Iterator[str]:
    """uvicorn as the desk starts it, on a free port; gives its address. Its log is shown when it does not start."""
    with socket.create_server(("127.0.0.1", 0)) as listener, log.open("wb") as output:
        command = [sys.executable, "-m", "uvicorn", app, "--fd", str(listener.fileno())]
        server = subprocess.Popen(
            [*command, "--lifespan", "off", "--ws-per-message-deflate", "false"],
            cwd=BASE, env=environment, pass_fds=[listener.fileno()], stdout=output, stderr=output,
        )  # fmt: skip
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    try:
        # The socket listens already, so this waits for the server and not for a port.
        assert httpx.get(f"{url}/healthz", timeout=STARTING, trust_env=False).text == "ok\n"
        yield url
    except httpx.HTTPError:
        pytest.fail(log.read_text())
    finally:
        server.terminate()
        server.wait(STARTING)


@pytest.fixture
async def live_desk(web_server: str) -> AsyncIterator[LiveDesk]:
    async with in_browser(web_server) as desk:
        yield desk


@asynccontextmanager
async def in_browser(url: str) -> AsyncIterator[LiveDesk]:
    """The desk in a browser. No page of it may complain or reach outside: that fails the test."""
    if not os.access(CHROMIUM, os.X_OK):
        pytest.skip(f"{CHROMIUM} is not installed")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking"],
        )
        expect.set_options(timeout=PATIENCE * 1000)
        desk = LiveDesk(url, browser)
        yield desk
        await browser.close()
    assert desk.complaints == []

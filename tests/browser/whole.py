"""A whole desk for one module of tests: stand-in broker, the daemons as processes, web server, and one Chromium."""

import os
import re
import shutil
import subprocess
import sys
import time
from base64 import b32decode
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection
from django_otp.oath import TOTP
from playwright.sync_api import Browser, Page, ViewportSize, expect, sync_playwright

from stockdesk import grants, roles
from stockdesk.setup.processes import MARK
from stockdesk.simulator.testing import RunningSimulator, running_simulator
from tests.alerts.receivers import Webhook, webhook
from tests.browser.conftest import PASSWORD, USER, served
from tests.conftest import environment_of_a_child
from tests.trading.processes.world import SETTINGS

DAEMONS = ("run_ws_market", "run_assets", "run_trading", "run_manager")
PATIENCE = 30.0  # seconds, on a loaded machine
WATCHED = 24
STEP = 30  # seconds for which a code of the phone stands

WIDE, PHONE = ViewportSize(width=1440, height=900), ViewportSize(width=390, height=844)


@dataclass
class WholeDesk:
    """The running desk. ``complaints`` is what pages wrote into their consoles, and requests that left the host."""

    url: str
    simulator: RunningSimulator
    alerts: Webhook
    browser: Browser
    shots: Path | None
    daemons: list["subprocess.Popen[bytes]"]
    logs: Path
    complaints: list[str] = field(default_factory=list)
    recovery_codes: list[str] = field(default_factory=list)
    """Those of the trader who enrolled; no phone has a new code for every page that is opened."""

    def page(self, **context: Any) -> Page:
        """A page in a browser of its own, in Korean and wide unless told otherwise."""
        options = {"locale": "ko-KR", "timezone_id": "Asia/Seoul", "viewport": WIDE, "base_url": self.url, **context}
        page = self.browser.new_context(**options).new_page()
        page.set_default_timeout(PATIENCE * 1000)
        page.on("console", lambda said: self._note(said.type in ("error", "warning"), f"{page.url}: {said.text}"))
        page.on("pageerror", lambda error: self._note(True, f"{page.url}: {error}"))
        page.on("request", lambda request: self._note(not self._is_own(request.url), f"{page.url}: {request.url}"))
        return page

    def logged_in(self, **context: Any) -> Page:
        page = self.page(**context)
        type_password(page)
        type_code(page, self.recovery_codes.pop())
        return page

    def shot(self, page: Page, name: str) -> None:
        """A picture of the page, where STORY_SHOTS names a directory."""
        if self.shots:
            page.screenshot(path=self.shots / f"story-{name}.png", full_page=True)

    def until(self, condition: Callable[[], Any]) -> Any:
        ends_at = time.monotonic() + PATIENCE
        while not (answer := condition()):
            if time.monotonic() > ends_at:
                tails = {log.name: log.read_text()[-1500:] for log in self.logs.glob("*.log")}
                raise AssertionError(f"waited {PATIENCE} s in vain; {tails}")
            time.sleep(0.1)
        return answer

    def close_shop(self) -> None:
        """End the daemons: the tables stay as they are from here on."""
        for process in self.daemons:
            process.kill()
            process.wait()
        self.daemons.clear()

    def _is_own(self, url: str) -> bool:
        return url.startswith((self.url, "data:", "blob:"))

    def _note(self, wrong: bool, text: str) -> None:
        if wrong:
            self.complaints.append(text)


class Phone:
    """What an authenticator app does with the key that the page shows."""

    def __init__(self, secret: str) -> None:
        self._totp = TOTP(b32decode(secret.replace(" ", "")), step=STEP)
        self._last = 0

    def code(self) -> str:
        """A code that has not been used: the desk takes each once, and the one to come as well."""
        now = int(time.time())
        if STEP - now % STEP < 2:
            time.sleep(2)
        while (step := max(int(time.time()) // STEP, self._last + 1)) > int(time.time()) // STEP + 1:
            time.sleep(0.5)
        self._last = step
        self._totp.time = step * STEP
        return f"{self._totp.token():06d}"


def type_password(page: Page) -> None:
    """What comes next is the code, or for whoever has no device yet the guide."""
    page.goto("/login/")
    page.fill("[name=username]", USER)
    page.fill("[name=password]", PASSWORD)
    page.click(".gate-go")
    page.wait_for_url(re.compile("/(code|guide)/$"))


def type_code(page: Page, code: str) -> None:
    page.fill("[name=code]", code)
    page.click(".gate-go")
    page.wait_for_url(lambda url: "/login/" not in url)


@contextmanager
def whole_desk(folder: Path) -> Iterator[WholeDesk]:
    """Everything started, a trader who has never logged in, and a watch list; the test's database is emptied after."""
    with ExitStack() as stack:
        patch = stack.enter_context(pytest.MonkeyPatch.context())
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")  # playwright keeps a loop in this thread
        stack.callback(_empty_database)
        simulator = stack.enter_context(running_simulator(symbols=200, ticks_per_second=60.0, token_seconds=0.0))
        alerts = stack.enter_context(webhook())
        _prepare_trading_user(stack, patch)
        User.objects.create_superuser(USER, password=PASSWORD)
        call_command("seed_demo", "--force", "--symbols", "200", "--rows", str(WATCHED), verbosity=0)
        (folder / "run").mkdir()
        (folder / "run" / "prepared").touch()
        environment = environment_of_a_child(
            KIS_REST_URL=simulator.rest_url, KIS_WS_URL=simulator.ws_url, WS_SESSIONS="1", ALERT_URLS=alerts.url(),
            **{**SETTINGS, MARK: str(folder)},
        )  # fmt: skip
        daemons = [_started(name, environment, folder / f"{name}.log") for name in DAEMONS]
        shots = Path(os.environ["STORY_SHOTS"]) if "STORY_SHOTS" in os.environ else None
        if shots:
            shots.mkdir(exist_ok=True)
        url = stack.enter_context(served(environment, folder / "web.log"))
        playwright = stack.enter_context(sync_playwright())
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"),
            args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking"],
        )
        expect.set_options(timeout=PATIENCE * 1000)
        desk = WholeDesk(url, simulator, alerts, browser, shots, daemons, folder)
        stack.callback(browser.close)
        stack.callback(desk.close_shop)
        yield desk


def _started(name: str, environment: dict[str, str], log: Path) -> "subprocess.Popen[bytes]":
    with log.open("wb") as out:
        command = [sys.executable, "manage.py", name]
        return subprocess.Popen(command, env=environment, cwd=settings.BASE_DIR, stdout=out, stderr=out)


def _prepare_trading_user(stack: ExitStack, patch: pytest.MonkeyPatch) -> None:
    user = f"{connection.settings_dict['NAME']}_story"
    patch.setattr(settings, "DESK", replace(settings.DESK, trading_user=user, trading_password="only for this test"))
    roles.prepare("trading")
    stack.callback(_run, f"DROP USER {grants.account(user, roles.own_host())}")


def _empty_database() -> None:
    """As Django leaves the database after each of its transactional tests; the board's table is nobody's of ours."""
    _run(f"DELETE FROM `{settings.DESK.gnuboard.table}`")
    call_command("flush", verbosity=0, interactive=False, reset_sequences=False, inhibit_post_migrate=False)


def _run(statement: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement)

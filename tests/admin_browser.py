"""A real browser on the pages of the admin."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.test import Client
from playwright.sync_api import Dialog, Page, Request, sync_playwright

PATIENCE = 20_000  # ms, on a loaded machine


@contextmanager
def admin_page(client: Client, url: str, *, passing: str = "", **context: Any) -> Iterator[Page]:
    """A browser that is logged in as this client; whatever it complains about or fetches elsewhere fails the test.

    What its console notes and ``passing`` is in is no complaint; ``context`` is playwright's.
    """
    complaints: list[str] = []

    def refuse(dialog: Dialog) -> None:
        complaints.append(dialog.message)
        dialog.dismiss()

    def leaves_the_host(request: Request) -> None:
        if not request.url.startswith((url, "data:")):
            complaints.append(request.url)

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        opened = browser.new_context(base_url=url, **context)
        cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
        opened.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": url}])
        page = opened.new_page()
        page.set_default_timeout(PATIENCE)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        page.on("dialog", refuse)
        page.on("request", leaves_the_host)
        yield page
        browser.close()
    assert [text for text in complaints if not passing or passing not in text] == []

import shutil
from collections.abc import Iterator

import pytest
from django.utils import timezone
from playwright.sync_api import Dialog, Page, Request, expect, sync_playwright

from market.models import Quote
from stockdesk.unfold import UNFOLD
from tests.people import client_of, owner

from .conftest import Board, sql

pytestmark = pytest.mark.browser
PATIENCE = 20_000  # ms, on a loaded machine


@pytest.fixture
def page(board: Board, live_server, settings, monkeypatch) -> Iterator[Page]:
    """A logged-in browser; anything it complains about or fetches elsewhere fails the test."""
    settings.UNFOLD = UNFOLD
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")  # playwright keeps a loop in this thread
    client = client_of(owner())
    complaints: list[str] = []

    def refuse(dialog: Dialog) -> None:
        complaints.append(dialog.message)
        dialog.dismiss()

    def leaves_the_host(request: Request) -> None:
        if not request.url.startswith((live_server.url, "data:")):
            complaints.append(request.url)

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        context = browser.new_context(locale="en-US", base_url=live_server.url)
        cookie = client.cookies[settings.SESSION_COOKIE_NAME].value
        context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": live_server.url}])
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        page.on("dialog", refuse)
        page.on("request", leaves_the_host)
        yield page
        browser.close()
    assert complaints == []


def test_prices_move_and_a_click_switches_without_leaving_the_page(board: Board, page: Page):
    wr_id = board.stock("005930", "<img src=x onerror=alert(1)>")
    Quote.objects.create(symbol="005930", last_price=71_900, change=100, sign="2", received_at=timezone.now())
    page.goto("/admin/market/watchrow/")
    line = page.locator("tr.data-row")
    expect(line).to_contain_text("<img src=x onerror=alert(1)>")
    expect(line.locator(".desk-price")).to_have_text("71,900")
    page.evaluate("window.untouched = true")

    Quote.objects.update(last_price=71_500, change=-300, sign="5", received_at=timezone.now())
    expect(line.locator(".desk-price.desk-down")).to_have_text("71,500", timeout=PATIENCE)
    expect(line.locator(".desk-change")).to_contain_text("▼ 300")

    switch = line.get_by_role("switch")
    switch.click()
    expect(switch).to_have_attribute("aria-checked", "false", timeout=PATIENCE)
    expect(line.locator(".desk-is-off")).to_be_visible(timeout=PATIENCE)
    assert board.row(wr_id)["x2_run"] == ""

    sql(f"UPDATE {board.table} SET x2_run = 'Y'")  # as PHP would
    expect(switch).to_have_attribute("aria-checked", "true", timeout=PATIENCE)
    assert page.evaluate("window.untouched") is True


def test_a_list_that_stopped_refreshing_looks_old_and_recovers(board: Board, page: Page):
    board.stock("005930", "삼성전자")
    page.goto("/admin/market/watchrow/")
    page.route("**/live/*", lambda route: route.fulfill(status=200, body="not json"))
    expect(page.locator("#result_list.desk-old")).to_be_visible(timeout=PATIENCE)
    page.unroute("**/live/*")
    expect(page.locator("#result_list:not(.desk-old)")).to_be_visible(timeout=PATIENCE)

from collections.abc import Iterator

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from market.models import Quote
from stockdesk.unfold import UNFOLD
from tests.admin_browser import PATIENCE, admin_page
from tests.people import client_of, owner

from .conftest import Board, sql

pytestmark = pytest.mark.browser


@pytest.fixture
def page(board: Board, live_server, settings, monkeypatch) -> Iterator[Page]:
    settings.UNFOLD = UNFOLD
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")  # playwright keeps a loop in this thread
    with admin_page(client_of(owner()), live_server.url, locale="en-US") as page:
        yield page


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

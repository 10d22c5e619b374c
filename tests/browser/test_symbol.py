"""The symbol page as a trader sees it: reached from the dashboard by keyboard, live by itself, honest when cut off."""

import pytest
from django.conf import settings
from django.db import connection
from playwright.async_api import expect

from tests.collectors.issue import EVIL, SYMBOL, make_everything

pytestmark = pytest.mark.browser


@pytest.fixture(autouse=True)
def _issue(transactional_db):
    make_everything(name=EVIL)
    yield
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM `{settings.DESK.gnuboard.table}`")


async def test_a_name_leads_to_the_page_whose_price_moves_by_itself(live_desk):
    page = await live_desk.open()
    name = page.locator(f'tr[data-symbol="{SYMBOL}"] a.title')
    await expect(name).to_have_text(EVIL)
    await name.focus()
    await page.keyboard.press("Enter")
    await page.wait_for_url(f"**/symbol/{SYMBOL}/")
    await expect(page.locator("h1#issue-name")).to_have_text(EVIL)
    await expect(page.locator("img")).to_have_count(0)
    price = page.locator('[data-text="price"]')
    await expect(price).to_have_text("71,900")
    blue = await price.evaluate("node => getComputedStyle(node).color")
    await live_desk.sql(
        "UPDATE market_quote SET stck_prpr = 73000, prdy_vrss = 500, prdy_vrss_sign = '2', prdy_ctrt = 0.69,"
        " received_at = NOW(6), updated_at = NOW(6) WHERE stck_shrn_iscd = %s",
        SYMBOL,
    )
    await expect(price).to_have_text("73,000")
    await expect(page.locator('[data-text="gain"]')).to_have_text("+30,000")
    assert await price.evaluate("node => getComputedStyle(node).color") != blue


async def test_a_page_that_hears_nothing_says_so_and_mends_itself(live_desk):
    page = await live_desk.open(f"/symbol/{SYMBOL}/")
    complaints = len(live_desk.complaints)
    await page.context.set_offline(True)
    await expect(page.locator("#lost-link")).to_be_visible(timeout=15_000)
    await expect(page.locator("#lost-at")).not_to_be_empty()
    await page.context.set_offline(False)
    await expect(page.locator("#lost-link")).to_be_hidden()
    del live_desk.complaints[complaints:]  # the browser itself notes each request that was cut off


async def test_a_narrow_page_does_not_scroll_sideways(live_desk):
    page = await live_desk.open(f"/symbol/{SYMBOL}/", viewport={"width": 390, "height": 844})
    await expect(page.locator("#bars tbody tr")).to_have_count(20)
    assert await page.evaluate("document.documentElement.scrollWidth") <= 390

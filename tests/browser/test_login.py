"""The way in: a phone enrolled at the first login of whoever trades, its code at every other; and how it looks."""

import asyncio

import pytest
from django.contrib.auth.models import User
from playwright.async_api import Page, expect

from stockdesk.access import TRADER
from tests.browser import pages
from tests.browser.conftest import PASSWORD
from tests.browser.whole import PHONE, Phone
from tests.people import person

pytestmark = pytest.mark.browser


@pytest.fixture
def newcomer(transactional_db: None) -> User:
    return person("kim", TRADER)


async def type_password(page: Page, name: str) -> None:
    await page.fill("[name=username]", name)
    await page.fill("[name=password]", PASSWORD)
    await page.click(".gate-go")


async def looked_at(page: Page, found: list[str]) -> None:
    """Barriers in daylight and in the dark, and whether a phone has to scroll sideways."""
    if not pages.AXE.exists():
        return
    wide = page.viewport_size
    await page.evaluate(pages.AXE.read_text())
    for scheme in ("light", "dark"):
        await page.emulate_media(color_scheme=scheme)
        found += await page.evaluate(pages.RUN_AXE)
    await page.set_viewport_size(PHONE)
    assert await page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert wide is not None
    await page.set_viewport_size(wide)


@pytest.mark.parametrize("language", ["ko", "en"])
async def test_a_trader_enrols_a_phone_and_then_logs_in_by_its_codes(live_desk, newcomer, language):
    """Without a device nothing opens, with it the desk: each page without barriers, in Korean without English."""
    found: list[str] = []
    page = await live_desk.open("/trading/", login=False)
    await page.context.add_cookies([{"name": "django_language", "value": language, "url": live_desk.url}])
    await page.reload()
    await type_password(page, "kim")
    await page.wait_for_url("**/trading/enrol/")
    await looked_at(page, found)
    await page.click(".gate-go")
    await looked_at(page, found)
    phone = Phone(await page.locator("code.secret").inner_text())
    said = await page.evaluate(pages.READ)
    await page.fill("[name=code]", await asyncio.to_thread(phone.code))
    await page.click(".gate-go")
    await expect(page.locator(".recovery li")).to_have_count(10)
    await looked_at(page, found)
    said += await page.evaluate(pages.READ)
    await page.click("a.gate-go")
    await page.wait_for_url("**/trading/")
    await page.context.clear_cookies(name="desk_session")
    await page.goto(live_desk.url + "/trading/")
    await type_password(page, "kim")
    await page.wait_for_url("**/login/code/")
    await looked_at(page, found)
    said += await page.evaluate(pages.READ)
    await page.fill("[name=code]", await asyncio.to_thread(phone.code))
    await page.click(".gate-go")
    await page.wait_for_url("**/trading/")
    assert found == []
    assert language == "en" or pages.english(said, ["kim", "forget_device"]) == []

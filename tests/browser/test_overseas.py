"""The strip of overseas indices and the rankings on the dashboard."""

import re
from datetime import timedelta

import pytest
from asgiref.sync import sync_to_async
from django.utils import timezone
from playwright.async_api import expect

from collectors.models import OverseasQuote, Ranking

pytestmark = pytest.mark.browser

RED, BLUE = re.compile(r"rgb\((208|255), "), re.compile(r"rgb\((18|98), ")


@pytest.fixture(autouse=True)
def _figures(transactional_db):
    now = timezone.now()
    rows = (
        ("SPX", "S&P 500", "6524.45", "12.34", "0.19", True, now),
        ("VIX", "VIX", "18.20", "-0.40", "-2.15", False, now - timedelta(hours=9)),
        ("FX@KRW", "원/달러", "1402.50", "0", "0", True, now - timedelta(hours=1)),
    )
    for place, (symbol, name, price, change, rate, is_open, read_at) in enumerate(rows):
        OverseasQuote.objects.create(
            symbol=symbol, place=place, name=name, price=price, change=change, change_rate=rate, is_open=is_open,
            read_at=read_at, on="2026-11-20",
        )  # fmt: skip
    for by, sign, step in (("volume", "3", 0), ("up", "2", 500), ("down", "5", -500)):
        for place in range(1, 13):
            Ranking.objects.create(
                by=by, on="2026-11-20", place=place, symbol=f"{place:06}", name=f"{by} {place}", price=10_000 * place,
                change=step, sign=sign, change_rate=step / 100, volume=538_700,
            )  # fmt: skip


def index(page, symbol):
    return page.locator(f'#overseas li[data-index="{symbol}"]')


async def test_indices_stand_in_a_row_red_when_up_and_blue_when_down(live_desk):
    page = await live_desk.open()
    await expect(page.locator("#overseas li .name")).to_have_text(["S&P 500", "VIX", "원/달러"])
    up, down = index(page, "SPX"), index(page, "VIX")
    await expect(up.locator(".price")).to_have_text("6,524.45")
    await expect(up.locator(".change")).to_have_text("▲ +0.19%")
    await expect(up.locator(".price")).to_have_css("color", RED)
    await expect(down.locator(".change")).to_have_text("▼ -2.15%")
    await expect(down.locator(".price")).to_have_css("color", BLUE)
    await expect(up).to_have_attribute("data-state", "open")
    await expect(down).to_have_attribute("data-state", "closed")
    await expect(index(page, "FX@KRW")).to_have_attribute("data-state", "old")
    await live_desk.sql("UPDATE collectors_overseasquote SET ovrs_nmix_prpr = 6530 WHERE stck_shrn_iscd = 'SPX'")
    await expect(up.locator(".price")).to_have_text("6,530.00")


async def test_rankings_show_ten_places_of_the_list_that_is_chosen(live_desk):
    page = await live_desk.open()
    lines = page.locator("#rankings li")
    await expect(lines).to_have_count(10)
    await expect(page.locator("#rankings-day")).to_have_text("2026-11-20")
    await expect(lines.first.locator(".name")).to_have_text("volume 1")
    await expect(lines.first.locator(".volume")).to_have_text("53.9만")
    await page.click('#rankings button[data-by="up"]')
    await expect(lines.first.locator(".name")).to_have_text("up 1")
    await expect(lines.first.locator(".rate")).to_have_css("color", RED)
    await page.click('#rankings button[data-by="down"]')
    await expect(lines.first.locator(".rate")).to_have_css("color", BLUE)


async def test_without_figures_neither_takes_up_room(live_desk):
    await sync_to_async(OverseasQuote.objects.all().delete)()
    await sync_to_async(Ranking.objects.all().delete)()
    page = await live_desk.open()
    await expect(page.locator("#clock")).not_to_be_empty()
    await expect(page.locator("#overseas")).to_be_hidden()
    await expect(page.locator("#rankings")).to_be_hidden()


async def test_on_a_telephone_the_strip_is_pushed_and_the_page_is_not(live_desk):
    page = await live_desk.open(viewport={"width": 390, "height": 844})
    await expect(index(page, "SPX")).to_be_visible()
    assert await page.evaluate("document.documentElement.scrollWidth") <= 390
    await page.click('#views [data-go="state"]')
    await expect(page.locator("#rankings li:visible")).to_have_count(10)
    assert await page.evaluate("document.documentElement.scrollWidth") <= 390

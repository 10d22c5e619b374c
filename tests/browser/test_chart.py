"""The chart as a trader sees it: it is painted, it moves by itself, it shows where nobody listened."""

from datetime import datetime, timedelta

import pytest
from django.conf import settings
from django.db import connection
from playwright.async_api import Locator, Page, expect

from market.models import BarGap, MarketBar, Quote
from stockdesk.kis.messages import KST
from tests.collectors.issue import SYMBOL, make_everything

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not settings.CHARTS_INSTALLED, reason="./desk has installed no charts here"),
]
BARS = 60


@pytest.fixture(autouse=True)
def _issue(transactional_db):
    """An hour of minutes up to now, ten of which nobody saw, and a minute in the making."""
    make_everything()
    now = datetime.now(KST).replace(second=0, microsecond=0)
    minutes = [now - timedelta(minutes=n) for n in range(BARS + 10, 0, -1) if not 20 <= n < 30]
    MarketBar.objects.bulk_create(
        MarketBar(
            symbol=SYMBOL, interval=1, starts_at=at, open=71_000, high=72_000, low=70_500, close=71_500, volume=9
        )
        for at in minutes
    )
    BarGap.objects.create(symbol=SYMBOL, starts_at=now - timedelta(minutes=29), ends_at=now - timedelta(minutes=19))
    parts = {"bar_open": 71_500, "bar_high": 71_900, "bar_low": 71_500, "bar_close": 71_900, "bar_volume": 10}
    Quote.objects.filter(pk=SYMBOL).update(bar_at=now, **parts)
    yield
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM `{settings.DESK.gnuboard.table}`")


COUNT_PAINTED = """(box, name) => {
  const wanted = getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
  const [r, g, b] = [1, 3, 5].map((at) => parseInt(wanted.slice(at, at + 2), 16));
  let count = 0;
  for (const canvas of box.querySelectorAll("canvas")) {
    // A copy: read itself, the chart's own canvas would complain.
    const sheet = new OffscreenCanvas(canvas.width || 1, canvas.height || 1);
    const copy = sheet.getContext("2d", { willReadFrequently: true });
    if (canvas.width && canvas.height) copy.drawImage(canvas, 0, 0);
    const { data } = copy.getImageData(0, 0, sheet.width, sheet.height);
    for (let at = 0; at < data.length; at += 4) {
      if (data[at] === r && data[at + 1] === g && data[at + 2] === b) count += 1;
    }
  }
  return count;
}"""


async def until_painted(chart: Locator, name: str, more_than: int) -> None:
    """Wait for so many points of the chart in this colour of the page: it paints in the frame after it has read."""
    await chart.page.wait_for_function(
        f"([name, count]) => ({COUNT_PAINTED})(document.getElementById('chart'), name) > count", arg=[name, more_than]
    )


async def in_the_theme(page: Page, name: str) -> None:
    await page.wait_for_function("name => document.documentElement.dataset.theme === name", arg=name)
    await until_painted(page.locator("#chart"), "panel", more_than=1_000)


async def test_the_chart_is_painted_and_its_last_bar_moves(live_desk):
    page = await live_desk.open(f"/symbol/{SYMBOL}/")
    chart = page.locator("#chart")
    await expect(chart).to_have_attribute("data-bars", str(BARS + 1))
    await expect(chart).to_have_attribute("data-last", "71900")
    await expect(chart).to_have_attribute("data-gaps", "10")
    await expect(chart).to_have_attribute("data-lines", "1")  # what was paid on average
    await until_painted(chart, "up", more_than=200)
    await live_desk.sql(
        "UPDATE market_quote SET bar_close = 70100, bar_low = 70100, bar_volume = 77 WHERE stck_shrn_iscd = %s", SYMBOL
    )
    await expect(chart).to_have_attribute("data-last", "70100")
    await expect(page.locator('[data-legend="low"]')).to_have_text("70,100")
    await expect(page.locator('[data-legend="change"]')).to_contain_text("▼1,400")
    await until_painted(chart, "down", more_than=0)


async def test_a_minute_that_closes_and_a_new_one_stay_beside_each_other(live_desk):
    page = await live_desk.open(f"/symbol/{SYMBOL}/")
    chart = page.locator("#chart")
    await expect(chart).to_have_attribute("data-bars", str(BARS + 1))
    await live_desk.sql(
        "UPDATE market_quote SET closed_bar_at = bar_at, closed_bar_open = 71500, closed_bar_high = 72500,"
        " closed_bar_low = 71500, closed_bar_close = 72400, closed_bar_volume = 99,"
        " bar_at = bar_at + INTERVAL 1 MINUTE, bar_open = 72400, bar_high = 72600, bar_low = 72400, bar_close = 72600"
        " WHERE stck_shrn_iscd = %s",
        SYMBOL,
    )
    await expect(chart).to_have_attribute("data-bars", str(BARS + 2))
    await expect(page.locator('[data-legend="change"]')).to_contain_text("▲200")


async def test_intervals_are_chosen_by_keyboard_and_remembered(live_desk):
    page = await live_desk.open(f"/symbol/{SYMBOL}/")
    chart, days = page.locator("#chart"), page.locator('button[data-interval="1440"]')
    await days.focus()
    await page.keyboard.press("Enter")
    await expect(days).to_have_attribute("aria-pressed", "true")
    await expect(chart).to_have_attribute("data-bars", "30")
    await page.reload()
    await expect(chart).to_have_attribute("data-interval", "1440")


async def test_it_changes_with_the_theme_and_fits_a_phone(live_desk):
    page = await live_desk.open(f"/symbol/{SYMBOL}/", viewport={"width": 390, "height": 844}, color_scheme="dark")
    chart = page.locator("#chart")
    await expect(chart).to_have_attribute("data-bars", str(BARS + 1))
    await until_painted(chart, "panel", more_than=1_000)
    await page.emulate_media(color_scheme="light")
    await in_the_theme(page, "light")
    await page.click("[data-theme-toggle]")
    await in_the_theme(page, "dark")
    assert await page.evaluate("document.documentElement.scrollWidth") <= 390

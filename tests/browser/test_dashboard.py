"""The dashboard as a trader sees it: prices that move, lamps that go dark, a page that mends itself."""

import re

import pytest
from django.conf import settings
from django.db import connection
from playwright.async_api import expect

from market.gnuboard_post import post
from market.models import FeedSession, Quote

pytestmark = pytest.mark.browser

STOCKS = (
    ("005930", "삼성전자", 71_900, -600, "5"),
    ("000660", "SK하이닉스", 201_000, 1_500, "2"),
    ("035720", "카카오", 54_100, 12_480, "1"),
    ("0001A0", "<img src=x onerror=alert(1)>", 10_000, 0, "3"),
)
TOUCH = "UPDATE market_feedsession SET state = %s, updated_at = NOW(6), last_frame_at = NOW(6) WHERE number = %s"


@pytest.fixture(autouse=True)
def _market(transactional_db):
    """Four instruments on the watch list, one of them without a price, and five sessions."""
    for symbol, name, price, change, sign in STOCKS:
        post(symbol=symbol, name=name, running=True)
        rate = f"{change * 100 / (price - change):.2f}"
        Quote.objects.create(symbol=symbol, name=name, last_price=price, change=change, sign=sign, change_rate=rate,
                             day_volume=12_345_678, day_amount=1_234_567_890_000)  # fmt: skip
    post(symbol="373220", name="LG에너지솔루션", running=True)
    for number in range(1, 6):
        FeedSession.objects.create(number=number, state="live", wanted=40, confirmed=40, connects_today=1)
    yield
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM `{settings.DESK.gnuboard.table}`")


def cell(page, symbol, name):
    return page.locator(f'tr[data-symbol="{symbol}"] [data-cell="{name}"]')


async def test_a_price_written_to_the_table_moves_on_the_screen(live_desk):
    page = await live_desk.open()
    await expect(cell(page, "005930", "last_price")).to_have_text("71,900")
    await live_desk.sql(
        "UPDATE market_quote SET stck_prpr = 73000, prdy_vrss = 500, prdy_vrss_sign = '2', prdy_ctrt = 0.69,"
        " traded_at = '2026-11-20 09:00:01', received_at = NOW(6), updated_at = NOW(6) WHERE stck_shrn_iscd = '005930'"
    )
    await expect(cell(page, "005930", "last_price")).to_have_text("73,000")
    await expect(cell(page, "005930", "change")).to_contain_text("▲")
    await expect(cell(page, "005930", "change_rate")).to_have_text("+0.69%")
    await expect(cell(page, "005930", "traded_at")).to_have_text("09:00:01")
    await expect(page.locator("#link-text")).to_have_text(re.compile(r"수신 \d\.\d초 전"))


async def test_numbers_follow_korean_conventions(live_desk):
    page = await live_desk.open()
    rows = page.locator("tr[data-symbol]")
    await expect(rows).to_have_count(5)
    assert [await row.get_attribute("data-symbol") for row in await rows.all()] == [
        "005930", "000660", "035720", "0001A0", "373220"]  # fmt: skip
    await expect(cell(page, "005930", "change")).to_contain_text("▼")
    await expect(cell(page, "005930", "change_rate")).to_have_text("-0.83%")
    await expect(cell(page, "005930", "day_volume")).to_have_text("12,345,678")
    await expect(cell(page, "005930", "day_amount")).to_have_text("1,234,568")  # millions of won
    await expect(cell(page, "035720", "name")).to_contain_text("상한")
    for name in ("last_price", "change", "change_rate", "day_volume", "traded_at"):
        await expect(cell(page, "373220", name)).to_have_text("")  # unknown is blank, never 0

    async def colour(symbol):
        return await cell(page, symbol, "last_price").evaluate("node => getComputedStyle(node).color")

    red, blue = await colour("000660"), await colour("005930")
    channels = [list(map(int, re.findall(r"\d+", text)))[:3] for text in (red, blue)]
    assert channels[0][0] > channels[0][2]  # up is red
    assert channels[1][2] > channels[1][0]  # down is blue


async def test_a_name_that_is_markup_stays_text(live_desk):
    page = await live_desk.open()
    await expect(cell(page, "0001A0", "name")).to_contain_text("<img src=x onerror=alert(1)>")
    assert await page.locator("tbody img").count() == 0


async def test_a_session_lamp_goes_dark_and_comes_back(live_desk):
    page = await live_desk.open()
    lamp = page.locator('#sessions [data-key="3"]')
    await expect(lamp).to_have_attribute("data-state", "live")
    await live_desk.sql("UPDATE market_feedsession SET note = 'no tick for 30 s' WHERE number = 3")
    await live_desk.sql(TOUCH, "silent", 3)
    await expect(lamp).to_have_attribute("data-state", "silent")
    await expect(lamp).to_contain_text("무응답")
    await expect(lamp).to_contain_text("30초 동안 체결 없음")
    await live_desk.sql("UPDATE market_feedsession SET note = '' WHERE number = 3")
    await live_desk.sql(TOUCH, "live", 3)
    await expect(lamp).to_have_attribute("data-state", "live")
    await expect(lamp).to_contain_text("정상")


async def test_lamps_that_nobody_writes_any_more_do_not_stay_lit(live_desk):
    page = await live_desk.open()
    lamp = page.locator('#sessions [data-key="1"]')
    await live_desk.sql(TOUCH, "live", 1)
    await expect(lamp).to_have_attribute("data-state", "live")
    await live_desk.sql("UPDATE market_feedsession SET updated_at = NOW(6) - INTERVAL 7 SECOND WHERE number = 1")
    await expect(lamp).to_have_attribute("data-state", "unknown")


async def test_alerts_come_and_go(live_desk):
    page = await live_desk.open()
    await expect(page.locator("#no-events")).to_be_visible()
    await live_desk.sql(
        "INSERT INTO stockdesk_event (level, source, code, subject, text) VALUES"
        " ('error', 'governor', 'key-quarantined', 'abc', 'OPSP8996 app key in use: no connect for 60 s')"
    )
    alert = page.locator("#events li")
    await expect(alert).to_contain_text("60초 동안 접속하지 않음")
    await live_desk.sql("UPDATE stockdesk_event SET ended_at = NOW(6), is_open = NULL")
    await expect(alert).to_have_count(0)


async def test_rows_are_sorted_by_clicking_and_found_by_typing(live_desk):
    page = await live_desk.open()
    rows = page.locator("tr[data-symbol]:not([hidden])")
    await expect(rows).to_have_count(5)
    await page.click('th[data-column="change_rate"] button')
    await expect(page.locator('th[data-column="change_rate"]')).to_have_attribute("aria-sort", "descending")
    assert [await row.get_attribute("data-symbol") for row in await rows.all()] == [
        "035720", "000660", "0001A0", "005930", "373220"]  # fmt: skip
    await page.keyboard.press("/")
    await page.keyboard.type("ㅅㅅㅈㅈ")
    await expect(rows).to_have_count(1)
    await expect(rows).to_contain_text("삼성전자")
    await page.keyboard.press("Escape")
    await expect(rows).to_have_count(5)
    await page.fill("#filter", "0001a0")
    await expect(rows).to_have_count(1)


async def cuttable(page):
    """The sockets that the page opens from now on, in order; any of them can be cut from outside."""
    lines = []

    def through(line):
        line.connect_to_server()
        lines.append(line)

    await page.route_web_socket("**/ws/quotes/", through)
    await page.reload()
    await expect(cell(page, "005930", "last_price")).to_have_text("71,900")
    return lines


async def test_a_lost_connection_is_told_and_mends_itself(live_desk):
    page = await live_desk.open()
    lines = await cuttable(page)
    await lines[0].close(code=1012)
    await expect(page.locator("#announce")).to_have_text("다시 연결됨")
    assert len(lines) == 2
    await live_desk.sql("UPDATE market_quote SET stck_prpr = 73000, updated_at = NOW(6)")
    await expect(cell(page, "005930", "last_price")).to_have_text("73,000")


async def test_a_page_that_hears_nothing_says_so_and_dims_its_prices(live_desk):
    page = await live_desk.open()
    await page.route_web_socket("**/ws/quotes/", lambda line: None)  # accepted, and then silence
    await expect(cell(page, "005930", "last_price")).to_have_text("71,900")
    await page.reload()
    await expect(page.locator("body")).to_have_attribute("data-link", "connecting")
    await expect(page.locator("#rows")).to_have_css("opacity", "0.4")
    await expect(page.locator("body")).to_have_attribute("data-link", "lost")
    await expect(page.locator("#link-text")).to_contain_text("끊김")


async def test_whoever_is_logged_out_elsewhere_is_led_to_the_login_form(live_desk):
    page = await live_desk.open()
    lines = await cuttable(page)
    await live_desk.sql("DELETE FROM django_session")
    await lines[0].close(code=4401)  # what the server does within a minute
    await expect(page).to_have_url(re.compile("/login/"))


async def test_the_theme_is_remembered(live_desk):
    page = await live_desk.open(color_scheme="light")
    ground = "getComputedStyle(document.documentElement).backgroundColor"
    light = await page.evaluate(ground)
    await page.click("[data-theme-toggle]")
    dark = await page.evaluate(ground)
    assert dark != light
    await page.reload()
    assert await page.evaluate(ground) == dark


async def test_the_theme_is_the_systems_until_one_is_chosen(live_desk):
    page = await live_desk.open("/login/", login=False, color_scheme="dark")
    shown = page.locator("html")
    await expect(shown).to_have_css("color-scheme", "dark")
    await page.emulate_media(color_scheme="light")
    await expect(shown).to_have_css("color-scheme", "light")
    await page.click("[data-theme-toggle]")
    await expect(shown).to_have_css("color-scheme", "dark")
    for scheme in ("dark", "light"):
        await page.emulate_media(color_scheme=scheme)
        await page.evaluate("new Promise(requestAnimationFrame)")
        await expect(shown).to_have_css("color-scheme", "dark")


async def test_a_phone_shows_price_and_rate_without_scrolling_sideways(live_desk):
    page = await live_desk.open(viewport={"width": 390, "height": 844})
    await expect(cell(page, "005930", "change_rate")).to_be_in_viewport(ratio=1)
    await expect(cell(page, "005930", "change")).to_be_in_viewport(ratio=1)
    await expect(page.locator("#sessions li")).to_have_count(5)
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")


async def test_the_page_speaks_english_to_those_who_ask(live_desk):
    page = await live_desk.open()
    await page.click(".language button")
    await expect(page.locator('#quotes th[data-column="last_price"]')).to_have_text("Price")
    await expect(page.locator("#link-text")).to_contain_text("Connected")

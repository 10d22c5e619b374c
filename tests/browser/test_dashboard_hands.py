"""The dashboard in a trader's hands: keyboard, stars, thumb, conditions, and a page that says what is wrong."""

import re
from itertools import pairwise

import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone
from playwright.async_api import expect

from market.gnuboard_post import post
from market.models import Favourite, Quote
from trading.models import Condition, Refusal

pytestmark = pytest.mark.browser

EVIL = "<img src=x onerror=alert(1)>"
STOCKS = (
    ("005930", "삼성전자", 71_900, -600, "5"),
    ("000660", "SK하이닉스", 201_000, 1_500, "2"),
    ("0001A0", EVIL, 10_000, 0, "3"),
)
PHONE = {"width": 390, "height": 844}


@pytest.fixture(autouse=True)
def _market(transactional_db):
    """Three watched instruments, a condition on each end of the list, one of them held back."""
    for symbol, name, price, change, sign in STOCKS:
        post(symbol=symbol, name=name, running=True)
        Quote.objects.create(
            symbol=symbol, name=name, last_price=price, change=change, sign=sign,
            change_rate=f"{change * 100 / (price - change):.2f}", received_at=timezone.now(),
        )  # fmt: skip
    buy = Condition.objects.create(
        symbol="005930", side="buy", enabled=True, trigger="at_or_below", strike_price=70_000, quantity=10
    )
    Condition.objects.create(
        symbol="0001A0", side="sell", enabled=True, trigger="at_or_above", strike_price=9_000, sizing="all"
    )
    Refusal.objects.create(
        condition=buy, refused_on=timezone.localdate(), code="closed_today", symbol="005930", side="buy",
        first_at=timezone.now(), last_at=timezone.now(),
    )  # fmt: skip
    yield
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM `{settings.DESK.gnuboard.table}`")


def focused(page):
    return page.evaluate("document.activeElement.closest('tr[data-symbol]')?.dataset.symbol ?? null")


async def test_the_keyboard_moves_stars_and_opens(live_desk, trader):
    page = await live_desk.open()
    await expect(page.locator("tr[data-symbol]")).to_have_count(3)
    for key, symbol in (("j", "005930"), ("ArrowDown", "000660"), ("j", "0001A0"), ("j", "0001A0"), ("k", "000660")):
        await page.keyboard.press(key)
        assert await focused(page) == symbol
    outline = "getComputedStyle(document.activeElement.closest('tr')).outlineStyle"
    assert await page.evaluate(outline) != "none"
    # Sorting moves the row; who stands on it stays on it.
    await page.evaluate("document.querySelector('th[data-column=\"last_price\"] button').click()")
    assert await focused(page) == "000660"
    await page.keyboard.press("f")
    await expect(page.locator('tr[data-symbol="000660"] .star')).to_have_attribute("aria-pressed", "true")
    await expect(page.locator('tr[data-symbol="000660"] .star')).to_have_text("★")
    await page.keyboard.press("?")
    await expect(page.locator("#help")).to_be_visible()
    await page.keyboard.press("j")
    await page.keyboard.press("Escape")
    await expect(page.locator("#help")).to_be_hidden()
    assert await focused(page) == "000660"
    await page.keyboard.press("Escape")
    assert await focused(page) is None
    assert [each.symbol async for each in Favourite.objects.filter(user=trader)] == ["000660"]
    await page.keyboard.press("k")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/symbol/000660/")


async def test_stars_are_kept_filter_the_list_and_go_back_when_they_cannot_be_stored(live_desk, trader):
    await Favourite.objects.acreate(user=trader, symbol="0001A0")
    page = await live_desk.open()
    rows = page.locator("tr[data-symbol]:not([hidden])")
    await page.click("#only-favourites")
    await expect(rows).to_have_count(1)
    await expect(rows).to_contain_text(EVIL)
    await rows.locator(".star").click()
    await expect(page.locator("#no-favourites")).to_be_visible()
    await page.click("#only-favourites")
    await expect(rows).to_have_count(3)
    await page.route("**/favourites/", lambda route: route.abort())
    star = page.locator('tr[data-symbol="005930"] .star')
    await star.click()
    await expect(page.locator("#announce")).to_have_text("별표를 저장하지 못했습니다: 데스크 응답 없음")
    await expect(star).to_have_attribute("aria-pressed", "false")
    live_desk.complaints.clear()  # the browser notes the request that failed


async def test_a_star_shows_in_another_tab_without_a_reload(live_desk, trader):
    page = await live_desk.open()
    other = await page.context.new_page()
    await other.goto(f"{live_desk.url}/")
    here, there = (tab.locator('tr[data-symbol="005930"] .star') for tab in (page, other))
    await expect(there).to_have_attribute("aria-pressed", "false")
    for pressed in ("true", "false"):
        await here.click()
        await expect(there).to_have_attribute("aria-pressed", pressed)
    await page.route("**/favourites/", lambda route: route.abort())
    await here.click()
    await expect(page.locator("#announce")).to_contain_text("별표를 저장하지 못했습니다")
    await expect(there).to_have_attribute("aria-pressed", "false")
    live_desk.complaints.clear()  # the browser notes the request that failed


async def test_conditions_tell_the_way_to_their_strike_and_why_not(live_desk):
    page = await live_desk.open()
    await page.click("#tab-conditions")
    await expect(page.locator("tr[data-condition]")).to_have_count(2)
    near, reached = await page.locator("tr[data-condition]").all()
    await expect(near.locator('[data-cell="says"]')).to_have_text("70,000 이하")
    await expect(near.locator('[data-cell="won"]')).to_have_text("-1,900")
    await expect(near.locator('[data-cell="percent"]')).to_have_text("-2.64%")
    await expect(near.locator('[data-cell="why"]')).to_have_text("오늘은 휴장일입니다.")
    await expect(near.locator('[data-cell="size"]')).to_have_text("10주")
    await expect(reached.locator('[data-cell="name"]')).to_contain_text(EVIL)
    await expect(reached.locator('[data-cell="won"]')).to_have_text("도달")
    await live_desk.sql(
        "UPDATE market_quote SET stck_prpr = 70700, received_at = NOW(6), updated_at = NOW(6)"
        " WHERE stck_shrn_iscd = '005930'"
    )
    await expect(near.locator('[data-cell="won"]')).to_have_text("-700")
    assert await page.locator("main img").count() == 0


async def test_a_phone_shows_one_subject_at_a_time_and_never_scrolls_sideways(live_desk):
    page = await live_desk.open(viewport=PHONE)
    for view, panel in (("quotes", "#quotes"), ("account", "#assets"), ("orders", "#orders"), ("state", ".rail")):
        await page.click(f'#views [data-go="{view}"]')
        for each in ("#quotes", "#assets", "#orders", ".rail"):
            await expect(page.locator(each)).to_be_visible(visible=each == panel)
        await expect(page.locator("#kill")).to_be_in_viewport(ratio=1)
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), view
    await page.click('#views [data-go="orders"]')
    await page.click("#tab-conditions")
    await expect(page.locator('tr[data-condition] [data-cell="percent"]').first).to_be_in_viewport(ratio=1)
    await page.reload()
    await expect(page.locator("#orders")).to_be_visible()
    await page.click('#views [data-go="quotes"]')
    await page.select_option("#sort", "last_price")
    await expect(page.locator("tr[data-symbol]").first).to_have_attribute("data-symbol", "000660")
    sizes = "nodes => nodes.map(node => node.getBoundingClientRect().height)"
    assert min(await page.locator("#views button").evaluate_all(sizes)) >= 44


async def test_what_is_wrong_is_said_with_its_beginning_and_the_remedy_and_covers_nothing(live_desk):
    page = await live_desk.open(viewport=PHONE)
    trouble = page.locator("#trouble")
    await expect(page.locator("tr[data-symbol]")).to_have_count(3)
    await expect(trouble).to_be_hidden()
    await live_desk.sql("RENAME TABLE market_feedsession TO market_feedsession_away")
    try:
        await expect(trouble).to_contain_text("데이터베이스를 읽지 못합니다", timeout=20_000)
        await expect(trouble).to_contain_text(re.compile(r"\d\d:\d\d:\d\d부터"))
        await expect(trouble).to_contain_text("MariaDB 실행 여부")
        boxes = [await page.locator(name).bounding_box() for name in ("header.bar", "#trouble", "#switches")]
        for above, below in pairwise(boxes):
            assert above["y"] + above["height"] <= below["y"] + 1
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        await expect(page.locator("#rows")).to_have_css("opacity", "0.4")
    finally:
        await live_desk.sql("RENAME TABLE market_feedsession_away TO market_feedsession")
    await expect(trouble).to_be_hidden(timeout=20_000)


async def test_a_lost_connection_counts_down_and_can_be_hurried(live_desk):
    page = await live_desk.open()
    lines = []

    def through(line):
        line.connect_to_server()
        lines.append(line)

    await page.route_web_socket("**/ws/quotes/", through)
    await page.add_init_script("Math.random = () => 30")  # a pause of many seconds: nobody waits for it here
    await page.reload()
    await expect(page.locator("tr[data-symbol]")).to_have_count(3)
    await lines[0].close(code=1012)
    await expect(page.locator("#link-text")).to_have_text(re.compile(r"^연결 끊김, \d+초 뒤 다시"))
    await expect(page.locator("#trouble-what")).to_contain_text("연결이 끊겼습니다")
    await page.click("#trouble-retry")
    await expect(page.locator("#trouble")).to_be_hidden()
    assert len(lines) == 2


async def test_an_alert_says_what_to_do(live_desk):
    await live_desk.sql(
        "INSERT INTO stockdesk_event (level, source, code, subject, text) VALUES"
        " ('error', 'trading', 'order-unknown', '7', 'buy 005930: it may stand at the broker')"
    )
    page = await live_desk.open()
    alert = page.locator("#events li")
    await expect(alert.locator(".what")).to_have_text("오류: 확인되지 않은 주문")
    await expect(alert.locator(".todo")).to_contain_text("HTS")
    await expect(alert.locator(".when")).to_contain_text("부터")

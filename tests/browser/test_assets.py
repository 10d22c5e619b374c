"""The account on the dashboard: totals, holdings at live prices, and the mark when nobody renews them."""

import re
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import connection
from django.utils import timezone
from playwright.async_api import expect

from assets.accounts import masked, own_account
from assets.balances import AccountRows
from market.gnuboard_post import post
from market.models import Quote
from stockdesk.kis.messages import KST
from stockdesk.models import DaemonState, Fence
from tests.assets.conftest import balance, held

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not settings.DESK.account, reason="the environment names no account"),
]

BOUGHT = 69_500


@pytest.fixture(autouse=True)
def rows(transactional_db):
    """Two holdings; the first is on the watch list too."""
    DaemonState.objects.create(name="assets", fence=1, state="running", heartbeat_at=timezone.now())
    Fence.objects.create(name="assets", number=1)
    rows = AccountRows(own_account(), masked(settings.DESK.account), daemon="assets", fence=1)
    rows.open()
    rows.write(balance(held("005930", 10, 71_000), held("000660", 5, 68_000)), timezone.now())
    post(symbol="005930", name="삼성전자", running=True)
    Quote.objects.create(symbol="005930", name="삼성전자")
    yield rows
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM `{settings.DESK.gnuboard.table}`")


def cell(page, symbol, name):
    return page.locator(f'tr[data-holding="{symbol}"] [data-cell="{name}"]')


def total(page, name):
    return page.locator(f'#assets [data-total="{name}"]')


async def trade(desk, price, sign="2"):
    await desk.sql(
        "UPDATE market_quote SET stck_prpr = %s, prdy_vrss = 100, prdy_vrss_sign = %s,"
        " received_at = NOW(6) + INTERVAL 1 SECOND, updated_at = NOW(6) WHERE stck_shrn_iscd = '005930'",
        price,
        sign,
    )


async def colour(locator):
    text = await locator.evaluate("node => getComputedStyle(node).color")
    red, _, blue = map(int, re.findall(r"\d+", text)[:3])
    return "red" if red > blue else "blue"


async def test_totals_and_holdings_are_there_with_gains_red_and_losses_blue(live_desk):
    page = await live_desk.open()
    await expect(total(page, "deposit_d2")).to_have_text("1,000,000")
    await expect(total(page, "total_value")).to_have_text("2,050,000")
    await expect(total(page, "purchase_amount")).to_have_text("1,042,500")
    await expect(total(page, "profit_loss")).to_have_text("+7,500")
    await expect(total(page, "profit_rate")).to_have_text("+0.72%")
    await expect(cell(page, "005930", "quantity")).to_have_text("10")
    await expect(cell(page, "005930", "average_price")).to_have_text("69,500")
    await expect(cell(page, "000660", "profit_loss")).to_have_text("-7,500")
    assert await colour(cell(page, "005930", "profit_loss")) == "red"
    assert await colour(cell(page, "000660", "profit_loss")) == "blue"
    await expect(page.locator("#assets-note")).to_be_hidden()


async def test_a_price_that_ticks_moves_the_holding_and_the_totals(live_desk):
    page = await live_desk.open()
    await expect(cell(page, "005930", "last_price")).to_have_text("71,000")
    await trade(live_desk, 73_000)
    await expect(cell(page, "005930", "last_price")).to_have_text("73,000")
    await expect(cell(page, "005930", "evaluation_amount")).to_have_text("730,000")
    await expect(cell(page, "005930", "profit_loss")).to_have_text("+35,000")
    await expect(cell(page, "005930", "profit_loss")).to_have_attribute("data-computed", "계산")
    await expect(cell(page, "000660", "profit_loss")).not_to_have_attribute("data-computed", "계산")
    await expect(cell(page, "005930", "profit_rate")).to_have_text("+5.04%")
    await expect(total(page, "profit_loss")).to_have_text("+27,500")
    await expect(total(page, "total_value")).to_have_text("2,070,000")
    await expect(cell(page, "000660", "last_price")).to_have_text("68,000")  # nobody watches it: the broker's price


async def test_a_holding_tells_its_open_orders_and_conditions(live_desk):
    today = timezone.localdate()
    await live_desk.sql(
        "INSERT INTO trading_condition (symbol, side, enabled, `trigger`) VALUES ('005930', 'sell', 1, 'take_profit')"
    )
    for key, state in (("a", "accepted"), ("b", "filled")):
        await live_desk.sql(
            "INSERT INTO trading_order"
            " (intent_key, mode, ordered_on, symbol, side, quantity, state, created_at, changed_at)"
            " VALUES (%s, 'mock', %s, '005930', 'sell', 3, %s, NOW(6), NOW(6))",
            *(key, today, state),
        )
    page = await live_desk.open()
    await expect(cell(page, "005930", "working")).to_have_text("미체결 1 · 조건 1")
    await expect(cell(page, "000660", "working")).to_have_text("")


async def test_a_manual_trade_comes_and_goes_with_the_next_balance(live_desk, rows):
    page = await live_desk.open()
    await expect(page.locator("tr[data-holding]")).to_have_count(2)
    await sync_to_async(rows.write)(balance(held("005930", 4), held("035720", 3, 54_100)), timezone.now())
    await expect(cell(page, "035720", "quantity")).to_have_text("3")
    await expect(cell(page, "005930", "quantity")).to_have_text("4")
    await expect(page.locator('tr[data-holding="000660"]')).to_have_count(0)
    await sync_to_async(rows.write)(balance(), timezone.now())
    await expect(page.locator("#no-holdings")).to_be_visible()


async def test_assets_that_are_not_renewed_say_so_with_the_reason(live_desk, rows):
    page = await live_desk.open()
    panel = page.locator("#assets")
    await sync_to_async(rows.mark_stale)("TTTC8434R: no answer within 10 s")
    await expect(panel).to_have_attribute("data-state", "failing")
    await expect(page.locator("#assets-note")).to_contain_text("10초 안에 응답 없음")
    await live_desk.sql("UPDATE assets_account SET updated_at = NOW(6) - INTERVAL 31 SECOND")
    await expect(panel).to_have_attribute("data-state", "old")
    await expect(page.locator("#assets-note")).to_contain_text("갱신되지 않음")
    await expect(page.locator("#holdings")).to_have_css("opacity", "0.45")
    await sync_to_async(rows.write)(balance(held("005930")), timezone.now())
    await expect(panel).to_have_attribute("data-state", "fresh")
    await expect(page.locator("#assets-note")).to_be_hidden()


async def test_old_assets_are_seen_though_nobody_marked_them(live_desk):
    await live_desk.sql("UPDATE assets_account SET updated_at = NOW(6) - INTERVAL 31 SECOND")
    page = await live_desk.open()
    await expect(page.locator("#assets")).to_have_attribute("data-state", "old")


async def test_a_name_that_is_markup_stays_text(live_desk, rows):
    odd = replace(held("0001A0", 99), name="<img src=x onerror=alert(1)>")
    await sync_to_async(rows.write)(balance(odd), timezone.now())
    page = await live_desk.open()
    await expect(cell(page, "0001A0", "name")).to_contain_text("<img src=x")
    assert await page.locator("#holdings img").count() == 0


async def test_a_phone_shows_profit_and_rate_without_scrolling_sideways(live_desk):
    page = await live_desk.open(viewport={"width": 390, "height": 844})
    await page.click('#views [data-go="account"]')
    for name in ("quantity", "average_price", "evaluation_amount", "profit_loss", "profit_rate"):
        await expect(cell(page, "005930", name)).to_be_in_viewport(ratio=1)
    await expect(total(page, "profit_rate")).to_be_in_viewport(ratio=1)
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")


async def test_the_account_number_never_reaches_the_browser(live_desk):
    page = await live_desk.open()
    heard = []
    page.on("websocket", lambda line: line.on("framereceived", lambda text: heard.append(str(text))))
    await page.reload()
    await expect(page.locator("#account-number")).to_have_text(masked(settings.DESK.account))
    digits = settings.DESK.account.replace("-", "")[:8]
    assert heard
    assert digits not in "".join(heard) + await page.content()


async def test_what_was_realised_says_as_of_when_once_it_lacks_a_sale(live_desk, rows):
    now = datetime.combine(timezone.localdate(), datetime.min.time(), KST)
    await sync_to_async(rows.write)(balance(held("005930", 10, 71_000)), now, -12_345)
    page = await live_desk.open()
    await expect(total(page, "realised_profit")).to_have_text("-12,345")
    assert await colour(total(page, "realised_profit")) == "blue"
    await sync_to_async(rows.write)(balance(held("005930", 9, 71_000)), now + timedelta(seconds=2))
    await expect(total(page, "realised_profit")).to_have_attribute("data-computed", re.compile(r"\d\d:\d\d:\d\d 기준"))
    await sync_to_async(rows.write)(balance(held("005930", 9, 71_000)), now + timedelta(days=1))
    await expect(total(page, "realised_profit")).to_have_text("")

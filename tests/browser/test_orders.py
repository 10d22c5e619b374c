"""A person at the desk: cancels an order, presses the kill switch, lifts it with a code of the phone."""

from datetime import timedelta

import pytest
from asgiref.sync import sync_to_async
from django.utils import timezone
from django_otp.plugins.otp_totp.models import TOTPDevice
from playwright.async_api import expect

from market.models import Quote
from tests.trading.screens.conftest import _a_step_is_not_about_to_end, code_of, listed, order  # noqa: F401
from trading import models

pytestmark = pytest.mark.browser


@pytest.fixture
def device(trader):
    return TOTPDevice.objects.get(user=trader)


@pytest.fixture
def rows(transactional_db, order):  # noqa: F811
    """One order at work, one filled, one refused by the broker."""
    Quote.objects.create(symbol="005930", name="삼성전자")
    return {
        "working": order(state="partial", filled_quantity=3, filled_amount=210_000, order_no="0000000101"),
        "filled": order(side="sell", state="filled", filled_quantity=10, filled_amount=700_000, order_no="0000000102"),
        "refused": order(state="rejected", order_no="", code="APBK0952", reason="주문가능금액을 초과 했습니다"),
    }


def cell(page, row, name):
    return page.locator(f'tr[data-order="{row.pk}"] [data-cell="{name}"]')


async def test_orders_and_fills_read_as_a_trader_reads_them(live_desk, rows):
    page = await live_desk.open()
    working = rows["working"]
    await expect(cell(page, working, "name")).to_have_text("삼성전자005930")
    await expect(cell(page, working, "side")).to_have_text("매수")
    await expect(cell(page, working, "state")).to_have_text("일부체결")
    await expect(cell(page, working, "filled")).to_have_text("3")
    await expect(cell(page, working, "average")).to_have_text("70,000")
    await expect(cell(page, rows["filled"], "side")).to_have_text("매도")
    await expect(cell(page, rows["refused"], "reason")).to_have_text("주문가능금액을 초과 했습니다 (APBK0952)")
    await expect(page.locator("button.cancel:visible")).to_have_count(1)
    await page.focus("#tab-all")
    await page.keyboard.press("ArrowRight")
    await expect(page.locator("#tab-open")).to_be_focused()
    await expect(page.locator("tr[data-order]:visible")).to_have_count(1)


async def test_a_cancel_is_asked_for_only_after_the_question(live_desk, rows):
    page, working = await live_desk.open(), rows["working"]
    await cell(page, working, "act").locator("button").click()
    dialog = page.locator("#ask-cancel")
    await expect(dialog).to_contain_text("삼성전자 매수 주문 취소")
    await expect(dialog).to_contain_text("미체결 7주")
    await page.keyboard.press("Escape")
    assert await live_desk.sql("SELECT id FROM trading_order WHERE cancel_at IS NOT NULL") == []
    await cell(page, working, "act").locator("button").click()
    await dialog.locator("[type=submit]").click()
    await expect(dialog).to_be_hidden()
    await expect(cell(page, working, "state")).to_have_text("취소 요청")
    ((asked, version),) = await live_desk.sql("SELECT cancel_at, version FROM trading_order WHERE id = %s", working.pk)
    assert asked is not None
    assert version == 2


async def test_kill_and_lift_with_a_code_of_the_phone(live_desk, device):
    page = await live_desk.open()
    await page.click("#kill")
    await page.locator("#ask-kill [type=submit]").click()
    await expect(page.locator("#killed")).to_contain_text("비상정지 중")
    await expect(page.locator("#kill")).to_be_hidden()
    await page.click("#lift")
    dialog = page.locator("#ask-lift")
    await dialog.locator("[name=code]").fill("12345")
    await dialog.locator("[type=submit]").click()
    await expect(dialog.locator(".ask-error")).to_have_text("일회용 번호는 숫자 여섯 자리입니다.")
    live_desk.complaints.clear()  # the browser notes the 403
    await dialog.locator("[name=code]").fill(code_of(device))
    await page.keyboard.press("Enter")
    await expect(dialog).to_be_hidden()
    await expect(page.locator("#killed")).to_be_hidden()
    who = await live_desk.sql("SELECT what, who FROM trading_deskchange ORDER BY id")
    assert [tuple(line) for line in who] == [("kill", "trader"), ("lift", "trader")]


async def test_a_device_is_enrolled_by_its_picture_and_first_code(live_desk, trader):
    await TOTPDevice.objects.all().adelete()
    page = await live_desk.open("/trading/device/")
    await page.fill("[name=password]", "a long enough password")
    await page.click(".sheet button.go")
    await expect(page.locator("img.qr")).to_be_visible()
    assert await page.locator("img.qr").evaluate("image => image.naturalWidth") > 100
    waiting = await TOTPDevice.objects.aget(user=trader)
    await page.fill(".sheet [name=code]", code_of(waiting))
    await page.click("text=기기 확인")
    await expect(page.locator(".told")).to_contain_text("기기를 등록했습니다")
    await expect(page.locator("img.qr")).to_have_count(0)
    await expect(page.locator(".recovery li")).to_have_count(10)
    await waiting.arefresh_from_db()
    assert waiting.confirmed


async def test_an_order_nobody_can_tell_is_settled_beside_its_evidence(live_desk, rows, order, listed):  # noqa: F811
    lost = await sync_to_async(order)(
        state="needs_human", order_no="", alarm="2 orders at the broker may be this one."
    )
    await sync_to_async(listed)(lost, "0000000777")
    page = await live_desk.open()
    panel = page.locator("#lost")
    await expect(panel).to_contain_text("이 주문일 수 있는 증권사 주문이 2건")
    await expect(panel).to_contain_text("주문번호 0000000777")
    await panel.locator("a.settle").click()
    await page.check('[value="0000000777"]')
    await page.click(".sheet button.go")
    await expect(page.locator(".sheet")).to_contain_text("이대로 확정하시겠습니까?")
    await page.click(".sheet button.danger")
    await expect(page.locator(".told")).to_contain_text("주문을 확정했습니다")
    row = await models.Order.objects.aget(pk=lost.pk)
    assert (row.state, row.order_no) == ("accepted", "0000000777")


async def test_the_frame_is_practice_when_either_says_so_and_a_mode_is_changed_after_a_question(live_desk):
    page = await live_desk.open("/trading/")
    await page.check('[value="mock"]')
    await page.click("text=모드 변경")
    await page.locator("#sure [value=no]").click()
    assert await models.DeskChange.objects.acount() == 0
    await page.click("text=모드 변경")
    await page.locator("#sure [value=yes]").click()
    await expect(page.locator(".told")).to_have_text("모드: 모의")
    await expect(page.locator("body")).to_have_attribute("data-mode", "dry-run")
    await expect(page.locator("#differ")).to_have_text("데스크 모의 · 설정 파일 연습")


async def test_a_trading_program_that_fell_silent_is_seen(live_desk):
    await live_desk.sql(
        "INSERT INTO stockdesk_daemon (name, state, heartbeat_at, counters) VALUES ('trading', 'running', %s, '{}')",
        timezone.localtime(timezone.now() - timedelta(seconds=40)).replace(tzinfo=None),
    )
    page = await live_desk.open()
    await expect(page.locator("#trader-text")).to_contain_text("응답 없음")
    await live_desk.sql("UPDATE stockdesk_daemon SET heartbeat_at = NOW(6) + INTERVAL 20 SECOND")
    await expect(page.locator("#trader-text")).to_have_text("매매 프로그램: 실행 중")


async def test_a_phone_shows_the_switches_and_an_order_without_scrolling_sideways(live_desk, rows):
    page = await live_desk.open(viewport={"width": 390, "height": 844})
    for name in ("#kill", '[data-stop="normal"]', '[data-stop="full"]'):
        await expect(page.locator(f"#switches {name}")).to_be_in_viewport(ratio=1)
    await page.click('#views [data-go="orders"]')
    await cell(page, rows["working"], "act").scroll_into_view_if_needed()
    await expect(cell(page, rows["working"], "state")).to_be_in_viewport(ratio=1)
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")

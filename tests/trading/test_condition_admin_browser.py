"""The condition list and its form in a real browser."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from market.models import Quote
from stockdesk.unfold import UNFOLD
from tests.admin_browser import PATIENCE, admin_page
from tests.people import client_of, owner, with_device
from tests.trading.conftest import SAMSUNG, stored
from trading.models import Condition

pytestmark = pytest.mark.browser
LIST, ADD = "/admin/trading/condition/", "/admin/trading/condition/add/"


@pytest.fixture
def page(transactional_db: None, listed: None, live_server: Any, settings: Any, monkeypatch: Any) -> Iterator[Page]:
    settings.UNFOLD = UNFOLD
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")  # playwright keeps a loop in this thread
    client = client_of(with_device(owner()))
    # A refused switch is an answer of 409, which Chromium notes in its console.
    with admin_page(client, live_server.url, passing="409", locale="ko-KR", timezone_id="Asia/Seoul") as page:
        yield page


def test_price_and_distance_move_by_themselves_and_a_click_switches(page: Page) -> None:
    condition = stored()
    page.goto(LIST)
    line = page.locator("tr.data-row")
    expect(line).to_contain_text("69,000원 이하이면 10주 지정가 매수")
    expect(line.locator(".desk-distance")).to_have_text("-1.43%")
    page.evaluate("window.untouched = true")
    Quote.objects.filter(pk=SAMSUNG).update(last_price=69_500, sign="5", change=-500)
    expect(line.locator(".desk-price")).to_have_text("69,500", timeout=PATIENCE)
    expect(line.locator(".desk-distance")).to_have_text("-0.72%")
    switch = line.locator(".desk-switch")
    switch.click()
    expect(switch).to_have_attribute("aria-checked", "false")
    expect(line.locator(".desk-state")).to_have_text("꺼짐", timeout=PATIENCE)
    assert not Condition.objects.get(pk=condition.pk).enabled
    assert page.evaluate("window.untouched")


def test_a_switch_that_is_refused_says_why_and_stays(page: Page) -> None:
    stored()
    stored(enabled=False)
    page.goto(LIST)
    switch = page.locator('.desk-switch[aria-checked="false"]')
    switch.click()
    expect(page.locator("#desk-notice")).to_have_text("같은 조건이 이미 켜져 있습니다. 그대로 두면 두 번 주문합니다.")
    expect(switch).to_have_attribute("aria-checked", "false")


def test_the_form_shows_what_the_choices_ask_for(page: Page) -> None:
    page.goto(ADD)
    for name, seen in {"strike_price": 1, "rate": 0, "quantity": 1, "amount": 0, "ticks": 0}.items():
        expect(page.locator(f"#id_{name}")).to_be_visible(visible=bool(seen))
    page.fill("#id_strike_price", "69,000")
    page.select_option("#id_trigger", "take_profit")
    page.select_option("#id_sizing", "all")
    page.select_option("#id_pricing", "ticks")
    for name, seen in {"strike_price": 0, "rate": 1, "quantity": 0, "amount": 0, "ticks": 1}.items():
        expect(page.locator(f"#id_{name}")).to_be_visible(visible=bool(seen))
    page.select_option("#id_trigger", "at_or_above")
    expect(page.locator("#id_strike_price")).to_have_value("69,000")  # taken back, what was typed is there


def test_a_condition_is_made_by_name_in_the_browser(page: Page) -> None:
    page.goto(ADD)
    page.fill("#id_symbol", "삼성전자")
    expect(page.locator(".desk-symbol-name")).to_have_text("삼성전자 (005930)")
    page.select_option("#id_side", "sell")
    page.fill("#id_strike_price", "1")  # then hidden, and so not sent
    page.select_option("#id_trigger", "trailing")
    page.fill("#id_rate", "2.5%")
    page.select_option("#id_sizing", "all")
    page.select_option("#id_pricing", "market")
    page.click("[name=_save]")
    expect(page.locator("tr.data-row")).to_contain_text("고점 대비 2.5% 하락 시 전량 시장가 매도")
    assert Condition.objects.get().strike_price is None


def test_a_phone_shows_a_line_without_scrolling_sideways(page: Page) -> None:
    stored(note="x", problem="타격가: 숫자와 쉼표만 쓸 수 있습니다.")
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(LIST)
    for name in ("title", "sentence", "price", "distance", "state", "switch"):
        expect(page.locator(f"tr.data-row .field-{name}")).to_be_in_viewport(ratio=1)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")

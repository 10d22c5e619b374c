"""A trader's first day, on a whole desk and its real pages; then those pages as others need them to be."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.conf import settings
from playwright.sync_api import Page, expect

from assets.models import Holding
from market.gnuboard import is_on
from market.models import Instrument, Quote, WatchRow
from tests.browser import pages
from tests.browser.conftest import PASSWORD
from tests.browser.whole import PHONE, WIDE, Phone, WholeDesk, type_code, type_password, whole_desk
from tests.collectors.issue import EVIL
from trading.models import Condition, Order

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

BOUGHT = 10


@pytest.fixture
def _django_db_helper() -> None:
    """Stands before pytest-django's: no test of this module empties the database, which the desk works on."""


@pytest.fixture(scope="module")
def desk(
    collected_static: None, django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[WholeDesk]:
    with django_db_blocker.unblock(), whole_desk(tmp_path_factory.mktemp("desk")) as desk:
        yield desk


@pytest.fixture(scope="module")
def issue(desk: WholeDesk) -> Instrument:
    """A share that is on the watch list and switched off."""
    return Instrument.objects.get(pk=shares(desk, running=False)[0])


def shares(desk: WholeDesk, *, running: bool) -> list[str]:
    """Symbols of shares that are not too dear, on the watch list: switched on, or off."""
    on = dict(WatchRow.objects.values_list("code_value", "run_value"))
    stocks = [one for one in desk.simulator.world.instruments if one.kind == "stock" and one.symbol in on]
    return [one.symbol for one in stocks if is_on(on[one.symbol]) is running and 5_000 < one.base_price < 60_000]


def test_a_traders_first_day(desk: WholeDesk, issue: Instrument) -> None:
    page = desk.page()
    first_login(desk, page)
    phone = enrols_a_phone(desk, page)
    later_login(desk, phone)
    begins_mock_trading(desk, page)
    switches_on(desk, page, issue)
    sets_a_condition(desk, page, issue)
    sees_it_fire(desk, page, issue)
    sees_it_on_the_chart(desk, page, issue)
    stops_everything(desk, page)
    lifts(desk, page, phone)
    assert desk.complaints == []


def first_login(desk: WholeDesk, page: Page) -> None:
    """The demo asks for no device: name, password, and the guide."""
    page.goto("/")
    desk.shot(page, "1-login")
    type_password(page)
    assert page.url == f"{desk.url}/guide/"
    desk.shot(page, "2-guide")


def enrols_a_phone(desk: WholeDesk, page: Page) -> Phone:
    page.click('a[href="/trading/device/"]')
    page.fill("[name=password]", PASSWORD)
    page.click(".sheet button.go")
    phone = Phone(page.locator("code.secret").inner_text())
    desk.shot(page, "3-device")
    page.fill(".sheet [name=code]", phone.code())
    page.click(".sheet button.go")
    expect(page.locator(".recovery li")).to_have_count(10)
    desk.recovery_codes.extend(page.locator(".recovery code").all_inner_texts())
    return phone


def later_login(desk: WholeDesk, phone: Phone) -> None:
    """Whoever has a device is asked for its code, in the demo as well."""
    page = desk.page()
    type_password(page)
    page.goto("/")
    assert "/login/" in page.url, "the password alone opens nothing"
    page.goto("/login/code/")
    type_code(page, phone.code())
    expect(page.locator("body")).to_have_attribute("data-link", "open")
    page.context.close()


def begins_mock_trading(desk: WholeDesk, page: Page) -> None:
    page.goto("/trading/")
    page.check('[name=mode][value="mock"]')
    page.click("form[action$='/mode/'] button.go")
    page.click("#sure [value=yes]")
    expect(page.locator("body")).to_have_attribute("data-mode", "mock")
    desk.shot(page, "4-desk")


def switches_on(desk: WholeDesk, page: Page, issue: Instrument) -> None:
    page.goto(f"/admin/market/watchrow/?q={issue.symbol}")
    switch = page.locator(".desk-switch")
    expect(switch).to_have_attribute("aria-checked", "false")
    switch.click()
    expect(switch).to_have_attribute("aria-checked", "true")
    expect(page.locator(".desk-price")).to_contain_text(",")  # it trades
    desk.shot(page, "5-watch-list")


def sets_a_condition(desk: WholeDesk, page: Page, issue: Instrument) -> None:
    page.goto("/admin/trading/condition/add/")
    page.fill("#id_symbol", issue.symbol)
    expect(page.locator(".desk-symbol-name")).to_contain_text(issue.name)
    page.fill("#id_strike_price", f"{strike_of(desk, issue):,}")
    page.fill("#id_quantity", str(BOUGHT))
    page.select_option("#id_pricing", "ticks")
    page.fill("#id_ticks", "5")
    page.check("#id_enabled")
    desk.shot(page, "6-condition")
    page.click("[name=_save]")
    row = page.locator("tr.data-row", has_text=issue.symbol)
    expect(row.locator(".desk-switch")).to_have_attribute("aria-checked", "true")
    desk.shot(page, "7-conditions")


def strike_of(desk: WholeDesk, issue: Instrument) -> int:
    """Well below where it trades, on a tick of every kind of issue."""
    base = desk.simulator.world.by_symbol[issue.symbol].base_price
    return base * 93 // 100 // 100 * 100


def sees_it_fire(desk: WholeDesk, page: Page, issue: Instrument) -> None:
    page.goto("/")
    expect(page.locator(f'tr[data-symbol="{issue.symbol}"] [data-cell="last_price"]')).not_to_have_text("")
    assert not Order.objects.filter(symbol=issue.symbol).exists()
    desk.simulator.control.move(issue.symbol, strike_of(desk, issue) * 99 // 100)
    order = page.locator("tr[data-order]", has_text=issue.symbol)
    expect(order.locator('[data-cell="state"]')).to_have_text("체결")
    expect(order.locator('[data-cell="filled"]')).to_have_text(str(BOUGHT))
    holding = page.locator(f'tr[data-holding="{issue.symbol}"]')
    expect(holding.locator('[data-cell="quantity"]')).to_have_text(str(BOUGHT))
    desk.shot(page, "8-dashboard")


def sees_it_on_the_chart(desk: WholeDesk, page: Page, issue: Instrument) -> None:
    page.click(f'tr[data-symbol="{issue.symbol}"] a.title')
    page.wait_for_url(f"**/symbol/{issue.symbol}/")
    if settings.CHARTS_INSTALLED:
        # What was paid, and the strike price.
        expect(page.locator("#chart")).to_have_attribute("data-lines", "2")
        expect(page.locator("#chart")).to_have_attribute("data-marks", "1")
    desk.shot(page, "9-symbol")


def stops_everything(desk: WholeDesk, page: Page) -> None:
    page.goto("/")
    page.click("#kill")
    page.click("#ask-kill [type=submit]")
    expect(page.locator("#killed")).to_contain_text("비상정지 중")
    expect(page.locator("#events")).to_contain_text("비상정지")
    sent = len(desk.simulator.control.posts_seen()["posts"])
    another = shares(desk, running=True)[0]
    wants_another_at_any_price(desk, page, another)
    page.goto("/")
    expect(page.locator("body")).to_have_attribute("data-link", "open")
    page.click("#tab-why")
    expect(page.locator("#why-list li", has_text=another)).to_contain_text("비상정지")
    desk.shot(page, "10-stopped")
    desk.until(lambda: any("비상정지" in title for title in desk.alerts.titles))
    assert len(desk.simulator.control.posts_seen()["posts"]) == sent


def wants_another_at_any_price(desk: WholeDesk, page: Page, symbol: str) -> None:
    """A condition that is met as soon as it stands."""
    page.goto("/admin/trading/condition/add/")
    page.fill("#id_symbol", symbol)
    page.fill("#id_strike_price", str(desk.simulator.world.by_symbol[symbol].base_price * 105 // 100 // 100 * 100))
    page.fill("#id_quantity", "1")
    page.check("#id_enabled")
    page.click("[name=_save]")
    page.wait_for_url("**/condition/")


def lifts(desk: WholeDesk, page: Page, phone: Phone) -> None:
    page.click("#lift")
    page.fill("#ask-lift [name=code]", phone.code())
    page.click("#ask-lift [type=submit]")
    expect(page.locator("#killed")).to_be_hidden()
    expect(page.locator("#events")).not_to_contain_text("비상정지")
    desk.shot(page, "11-lifted")


# What others need of the pages


@pytest.mark.skipif(not pages.AXE.exists(), reason="npm has installed no axe-core here")
@pytest.mark.parametrize("language", ["ko", "en"])
def test_no_page_has_a_serious_barrier(desk: WholeDesk, issue: Instrument, language: str) -> None:
    page = desk.page()
    page.context.add_cookies([{"name": "django_language", "value": language, "url": desk.url}])
    found = barriers_of(desk, page, "/login/", f"{language}-login")
    type_password(page)
    found += barriers_of(desk, page, "/login/code/", f"{language}-login-code")
    type_code(page, desk.recovery_codes.pop())
    condition = Condition.objects.latest("pk").pk
    for name, path in {
        "dashboard": "/", "symbol": f"/symbol/{issue.symbol}/", "conditions": "/admin/trading/condition/",
        "condition": f"/admin/trading/condition/{condition}/change/", "watch-list": "/admin/market/watchrow/",
        "guide": "/guide/", "desk": "/trading/", "device": "/trading/device/", "admin": "/admin/",
    }.items():  # fmt: skip
        found += barriers_of(desk, page, path, f"{language}-{name}")
    page.context.close()
    assert found == []


def barriers_of(desk: WholeDesk, page: Page, path: str, name: str) -> list[str]:
    """Looked at in daylight and in the dark."""
    found = []
    page.goto(path)
    if path == "/":
        expect(page.locator("body")).to_have_attribute("data-link", "open")
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        desk.shot(page, f"{name}-{scheme}")
        found += [f"{path} {scheme}: {one}" for one in pages.barriers(page)]
    if desk.shots:
        page.set_viewport_size(PHONE)
        desk.shot(page, f"{name}-phone")
        page.set_viewport_size(WIDE)
    return found


@dataclass
class Visit:
    status: int
    said: list[str]
    images: int


@pytest.fixture(scope="module")
def tour(desk: WholeDesk, issue: Instrument) -> dict[str, Visit]:
    """Every page of the site as its owner reads it in Korean, with a stock whose name is markup."""
    desk.close_shop()
    desk.complaints.clear()
    Instrument.objects.filter(pk=issue.pk).update(name=EVIL)
    Quote.objects.filter(pk=issue.pk).update(name=EVIL)
    Holding.objects.filter(symbol=issue.pk).update(name=EVIL)
    WatchRow.objects.filter(code_value=issue.pk).update(name_value=EVIL)
    page = desk.logged_in()
    visits = {}
    for path in [*pages.addresses(), f"/symbol/{issue.symbol}/"]:
        answer = page.goto(path)
        if path == "/":
            expect(page.locator("tr[data-order]").first).to_be_attached()  # of the first day above
        images = page.locator('img[src="x"]').count()
        visits[path] = Visit(answer.status if answer else 0, pages.read(page), images)
    page.context.close()
    return visits


def test_every_page_is_there(tour: dict[str, Visit]) -> None:
    assert {path: visit.status for path, visit in tour.items() if visit.status != 200} == {}


def test_no_page_complains_or_reaches_outside(tour: dict[str, Visit], desk: WholeDesk) -> None:
    assert desk.complaints == []


def test_a_name_that_is_markup_is_text_on_every_page(tour: dict[str, Visit], issue: Instrument) -> None:
    assert [path for path, visit in tour.items() if visit.images] == []
    shown = {path for path, visit in tour.items() if any(EVIL in text for text in visit.said)}
    lists = ("market/watchrow", "market/quote", "market/instrument", "trading/condition", "trading/order",
             "trading/refusal", "assets/holding")  # fmt: skip
    wanted = {"/", f"/symbol/{issue.symbol}/", *(f"/admin/{name}/" for name in lists)}
    assert wanted - shown == set()


def test_a_korean_reader_meets_no_english(tour: dict[str, Visit]) -> None:
    names = set(Instrument.objects.values_list("name", flat=True)) | {EVIL}
    english = {path: found for path, visit in tour.items() if (found := pages.english(visit.said, names))}
    assert english == {}

"""From the demo to a desk of one's own, by hand: tried out against the stand-in broker, refused, and written."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import httpx
import pytest
from django.contrib.auth.models import User
from playwright.async_api import Locator, Page, expect

from stockdesk import codes
from stockdesk.env.reader import read_environment
from stockdesk.simulator.testing import RunningSimulator, new_key
from tests.browser import pages
from tests.browser.conftest import PHONE, LiveDesk, in_browser, served
from tests.ground.guide_form import right_values
from tests.trading.processes.world import SETTINGS
from tests.trading.screens.conftest import code_of, wrong_code_of

pytestmark = pytest.mark.browser
PATIENCE = 40_000  # ms; the guide leaves a second between its calls, and waits for a permission to connect


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "own" / ".env"


@pytest.fixture
def phone(trader: User) -> codes.TOTPDevice:
    device = codes.device_of(trader)
    assert device is not None
    return device


@pytest.fixture
def demo(
    collected_static: None, trader: User, simulator: RunningSimulator, place: Path, tmp_path: Path,
    process_environment: Callable[..., dict[str, str]],
) -> dict[str, str]:  # fmt: skip
    place.parent.mkdir()
    return process_environment(
        **SETTINGS, KIS_REST_URL=simulator.rest_url, KIS_WS_URL=simulator.ws_url, GUIDE_REST=simulator.rest_url,
        GUIDE_WS=simulator.ws_url, GUIDE_PLACE=str(place),
    )  # fmt: skip


@pytest.fixture
async def desk(demo: dict[str, str], tmp_path: Path) -> AsyncIterator[LiveDesk]:
    with served(demo, tmp_path / "web.log", "tests.browser.guided:application") as url:
        async with in_browser(url) as desk:
            yield desk


@pytest.fixture
def typed(simulator: RunningSimulator) -> dict[str, str]:
    """What is right, with a key that the broker has seen: from its first use on it knows the secret."""
    values = right_values()
    body = {"grant_type": "client_credentials", "appkey": values["app_key"], "appsecret": values["app_secret"]}
    assert httpx.post(f"{simulator.rest_url}/oauth2/tokenP", json=body, trust_env=False).status_code == 200
    return values


async def fill(page: Page, typed: dict[str, str]) -> None:
    await page.check(f'[name=host][value="{typed["host"]}"]')
    for name, value in typed.items():
        if name != "host":
            await page.fill(f"[name={name}]", value)


def found(page: Page, name: str) -> Locator:
    return page.locator("#found li", has_text=name)


async def check(page: Page) -> None:
    await page.click('[value="check"]')
    await expect(page.locator("#told")).to_be_hidden(timeout=PATIENCE)


async def test_own_keys_are_tried_out_refused_with_a_sentence_and_written_once_all_is_right(desk, typed, place, phone):
    page = await desk.open("/guide/")
    await expect(page.locator("#demo-title")).to_be_visible()
    await fill(page, {**typed, "app_secret": new_key()[1]})
    await check(page)
    key = found(page, "앱키")
    await expect(key).to_have_attribute("data-state", "bad")
    await expect(key).to_contain_text("EGW00105")
    await desk.shot(page, "guide-refused")
    await expect(page.locator("#write")).to_be_hidden()
    assert not place.exists()

    await page.fill("[name=app_secret]", typed["app_secret"])
    await check(page)
    for name in ("앱키", "계좌번호", "HTS 아이디", "시각"):
        await expect(found(page, name)).to_have_attribute("data-state", "ok")
    await expect(page.locator("#found [data-state=bad]")).to_have_count(0)
    await desk.shot(page, "guide-right")
    await expect(page.locator("#write")).to_be_visible()
    assert not place.exists(), "nothing is stored by a check"
    shown = await page.content()
    assert not [name for name in ("app_key", "app_secret", "account", "hts_id") if typed[name] in shown]

    await page.fill("[name=code]", await asyncio.to_thread(wrong_code_of, phone))
    await page.click('[value="write"]')
    await expect(page.locator("#told")).to_contain_text("번호가 틀렸거나")
    assert not place.exists()
    desk.complaints.clear()  # the browser notes a refusal
    await desk.sql("UPDATE otp_totp_totpdevice SET throttling_failure_count = 0, throttling_failure_timestamp = NULL")
    await page.fill("[name=code]", await asyncio.to_thread(code_of, phone))
    await page.click('[value="write"]')
    await expect(page.locator("#told")).to_contain_text("./desk up")
    await expect(page.locator("[name=app_key]")).to_have_value("")
    own = read_environment(place.parent, {"STOCKDESK_ENV": str(place)})
    assert (own.mode, own.demo, own.hts_id) == ("dry-run", False, typed["hts_id"])


async def test_what_was_found_right_is_so_for_what_was_typed_then(desk, typed, place):
    page = await desk.open("/guide/")
    await fill(page, typed)
    await check(page)
    await expect(page.locator("#write")).to_be_visible()
    await page.fill("[name=hts_id]", typed["hts_id"].upper())
    await expect(page.locator("#write")).to_be_hidden()
    await check(page)
    await expect(found(page, "HTS 아이디")).to_contain_text("OPSP0017")
    await expect(page.locator("#write")).to_be_hidden()
    assert not place.exists()


@pytest.mark.skipif(not pages.AXE.exists(), reason="npm has installed no axe-core here")
@pytest.mark.parametrize("language", ["ko", "en"])
async def test_what_the_guide_found_can_be_read_by_everybody(desk, typed, language):
    page = await desk.open("/guide/")
    await page.context.add_cookies([{"name": "django_language", "value": language, "url": desk.url}])
    await page.reload()
    await fill(page, {**typed, "account": "1234", "hts_id": "two words"})
    await check(page)
    await expect(page.locator("#found [data-state=bad]")).to_have_count(2)
    await desk.shot(page, f"guide-{language}")
    await page.evaluate(pages.AXE.read_text())
    for scheme in ("light", "dark"):
        await page.emulate_media(color_scheme=scheme)
        assert await page.evaluate(pages.RUN_AXE) == []
    await page.set_viewport_size(PHONE)
    assert await page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    assert language == "en" or pages.english(await page.evaluate(pages.READ), ["gnuboard"]) == []

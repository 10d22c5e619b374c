"""The order book beside the chart: it opens, moves with the broker's, says when it is old, and rests after hours."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.db import connection
from django.utils import timezone
from playwright.async_api import Page, expect

from market.models import Instrument
from stockdesk.calendar.models import MarketDay
from stockdesk.kis.orderbook import TR_ID
from stockdesk.simulator.testing import RunningSimulator
from tests.browser import pages
from tests.browser.conftest import PHONE, SCHEMES, LiveDesk, in_browser, served
from tests.collectors.issue import make_everything
from tests.trading.processes.world import SETTINGS

pytestmark = pytest.mark.browser
DEPTH = 10


@pytest.fixture(autouse=True)
def _empty_board(transactional_db: None) -> Iterator[None]:
    yield
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM `{settings.DESK.gnuboard.table}`")


@pytest.fixture
def symbol(transactional_db: None, simulator: RunningSimulator) -> str:
    """An issue that broker and desk both list, in the middle of its day's range."""
    share = next(one for one in simulator.world.instruments if one.kind == "stock" and one.base_price > 20_000)
    Instrument.objects.create(symbol=share.symbol, name=share.name, market="KOSPI")
    return share.symbol


@pytest.fixture
def environment(
    collected_static: None,
    trader: User,
    simulator: RunningSimulator,
    process_environment: Callable[..., dict[str, str]],
) -> dict[str, str]:
    return process_environment(**SETTINGS, KIS_REST_URL=simulator.rest_url, KIS_WS_URL=simulator.ws_url)


@pytest.fixture
async def desk(environment: dict[str, str], tmp_path: Path) -> AsyncIterator[LiveDesk]:
    with served(environment, tmp_path / "web.log") as url:
        async with in_browser(url) as desk:
            yield desk


async def prices(page: Page, side: str) -> list[int]:
    texts = await page.locator(f"[data-book={side}] .price").all_inner_texts()
    return [int(text.replace(",", "")) for text in texts]


async def test_the_book_opens_moves_with_the_brokers_and_says_when_it_is_old(desk, symbol, simulator):
    page = await desk.open(f"/symbol/{symbol}/")
    for side in ("asks", "bids"):
        await expect(page.locator(f"[data-book={side}] tr")).to_have_count(DEPTH)
    await expect(page.locator("#book [data-book=note]")).to_be_hidden()
    asks, bids = await prices(page, "asks"), await prices(page, "bids")
    assert [*asks, *bids] == sorted({*asks, *bids}, reverse=True), "asks above bids, each level once"
    await desk.shot(page, "book")

    simulator.control.move(symbol, simulator.world.by_symbol[symbol].base_price * 110 // 100)
    best = page.locator("[data-book=bids] .price").first
    await expect(best).not_to_have_text(f"{bids[0]:,}")
    assert int((await best.inner_text()).replace(",", "")) > bids[0]

    simulator.control.mishap_on("server-error", tr_id=TR_ID)
    await expect(page.locator("#book")).to_have_attribute("data-old", "yes")
    await expect(page.locator("[data-book=asks] tr")).to_have_count(DEPTH)
    simulator.control.mishap_off("server-error")
    await expect(page.locator("#book")).not_to_have_attribute("data-old", "yes")


async def test_whoever_leaves_the_page_has_nobody_asked_any_more(desk, symbol, simulator):
    page = await desk.open(f"/symbol/{symbol}/")
    await expect(page.locator("[data-book=asks] tr")).to_have_count(DEPTH)
    await page.goto(f"{desk.url}/trading/")
    asked = book_calls(simulator)
    await page.wait_for_function(
        "since => performance.now() > since + 3000", arg=await page.evaluate("performance.now()")
    )
    assert book_calls(simulator) - asked <= 1, "one may have been under way"


def book_calls(simulator: RunningSimulator) -> int:
    """How often the book was asked for, with whichever key."""
    return sum(key["by_tr_id"].get(TR_ID, 0) for key in simulator.control.seen()["calls"].values())


@pytest.mark.skipif(not pages.AXE.exists(), reason="npm has installed no axe-core here")
@pytest.mark.parametrize("language", ["ko", "en"])
async def test_the_book_fits_a_phone_and_can_be_read_by_everybody(desk, symbol, language):
    page = await desk.open("/trading/", viewport=PHONE)
    await page.context.add_cookies([{"name": "django_language", "value": language, "url": desk.url}])
    await page.goto(f"{desk.url}/symbol/{symbol}/")
    await expect(page.locator("[data-book=bids] tr")).to_have_count(DEPTH)
    assert await page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    book = await page.locator("#book").bounding_box()
    assert book is not None
    assert book["width"] <= PHONE["width"]
    await desk.shot(page, f"book-phone-{language}")
    await page.evaluate(pages.AXE.read_text())
    for scheme in SCHEMES:
        await page.emulate_media(color_scheme=scheme)
        assert await page.evaluate(pages.RUN_AXE) == []


async def test_after_hours_the_book_is_closed_and_says_so(live_desk):
    await asyncio.to_thread(close_the_market)
    page = await live_desk.open("/symbol/005930/")
    await expect(page.locator("#book [data-book=note]")).to_contain_text("거래시간")
    await expect(page.locator("#book table")).to_be_hidden()
    await live_desk.shot(page, "book-closed")


def close_the_market() -> None:
    """Yesterday to tomorrow: the test may run over midnight in Korea."""
    make_everything()
    today = timezone.localdate()
    for days in (-1, 0, 1):
        MarketDay.objects.update_or_create(
            pk=today + timedelta(days=days),
            defaults={"override_open": False, "override_reason": "holiday", "overridden_by": "kim",
                      "overridden_at": timezone.now()},
        )  # fmt: skip
    connection.close()

"""From the broker's socket to the trader's eyes: stand-in broker, run_ws_market, web server, browser."""

import asyncio
import re

import pytest
from playwright.async_api import Locator, Page, expect

from market.gnuboard_post import post
from market.models import FeedSession, Quote
from stockdesk.keys import key_id
from stockdesk.simulator.testing import RunningSimulator
from tests.browser.conftest import LiveDesk
from tests.feed import KEYS, SESSIONS, StartFeed
from tests.programs import PATIENCE, Running

pytestmark = pytest.mark.browser

SHOWN_WITHIN = 20_000  # milliseconds, on a loaded machine


@pytest.fixture
def feed(simulator: RunningSimulator, start_feed: StartFeed) -> Running:
    for instrument in simulator.world.instruments[:4]:
        post(symbol=instrument.symbol, name=instrument.name, running=True)
    feed = start_feed()
    feed.until(lambda: FeedSession.objects.filter(state="live").count() == SESSIONS)
    feed.until(lambda: Quote.objects.filter(source="ws").count() == 4)
    return feed


def lamp(page: Page, number: int) -> Locator:
    return page.locator(f'#sessions [data-key="{number}"]')


async def test_a_trade_at_the_broker_is_seen_on_the_page(
    feed: Running, live_desk: LiveDesk, simulator: RunningSimulator
) -> None:
    symbol = simulator.world.instruments[0].symbol
    page = await live_desk.open()
    price = page.locator(f'tr[data-symbol="{symbol}"] [data-cell="last_price"]')
    await expect(price).not_to_have_text("")
    base = simulator.world.instruments[0].base_price
    moved_to = await asyncio.to_thread(simulator.control.move, symbol, int(base * 1.2))
    # The market goes on around the new price, a few steps of its own a second: far above anything before it.
    near = re.compile("|".join(f"{price:,}" for price in range(moved_to - base // 20, moved_to + base // 20)))
    await expect(price).to_have_text(near, timeout=SHOWN_WITHIN)


async def test_a_cut_session_goes_dark_on_the_page_and_comes_back(
    feed: Running, live_desk: LiveDesk, simulator: RunningSimulator
) -> None:
    page = await live_desk.open()
    for number in range(1, SESSIONS + 1):
        await expect(lamp(page, number)).to_have_attribute("data-state", "live")
    first = key_id(KEYS[0][0])
    # The connect that follows ends at once too, so that the lamp stays dark long enough to be looked at.
    simulator.control.mishap_on("close-at-message", key=first, count=1)
    simulator.control.close_session(key=first, how="cut")
    await expect(lamp(page, 1)).not_to_have_attribute("data-state", "live", timeout=SHOWN_WITHIN)
    await expect(lamp(page, 2)).to_have_attribute("data-state", "live")
    await expect(lamp(page, 1)).to_have_attribute("data-state", "live", timeout=PATIENCE * 1000)

"""The WebSocket: who may listen, what they hear, and how it ends."""

import asyncio
from datetime import timedelta

import pytest
from asgiref.sync import sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from django.contrib.sessions.models import Session
from django.utils import timezone

from market.consumers import QuotesConsumer
from market.live import hub
from market.models import Quote
from market.screen import SHEETS
from stockdesk.access import OWNER, VIEWER, give_role

from .sockets import ORIGIN, Browser, connected


async def test_a_browser_gets_a_snapshot_and_then_only_the_cells_that_changed(watch, headers):
    await sync_to_async(watch)("005930", "삼성전자", last_price=71_900, updated_at=timezone.now())
    socket = await connected(headers)
    snapshot = await socket.hear(lambda message: "quotes" in message)
    place = SHEETS["quotes"].index("last_price")
    assert snapshot["columns"]["quotes"][place] == "last_price"
    cells = snapshot["quotes"]["005930"]
    assert dict(zip(cells[::2], cells[1::2], strict=True))[place] == 71_900

    await Quote.objects.filter(symbol="005930").aupdate(last_price=72_000, updated_at=timezone.now())
    change = await socket.hear(lambda message: "quotes" in message)
    assert change["quotes"] == {"005930": [place, 72_000]}
    assert "columns" not in change
    await socket.leave()


async def test_a_page_hears_from_us_every_second_though_nothing_changes(watch, headers):
    socket = await connected(headers)
    for _ in range(3):
        await socket.hear(lambda message: "desk" in message)
    await socket.leave()


async def test_the_last_browser_to_leave_ends_the_poll(watch, headers):
    socket = await connected(headers)
    await socket.hear(lambda message: "columns" in message)
    assert len(hub()) == 1
    await socket.leave()
    assert len(hub()) == 0


@pytest.mark.usefixtures("transactional_db")
async def test_whoever_is_not_logged_in_is_sent_to_the_login_form():
    socket = await connected([ORIGIN])
    assert await socket.closing_code() == 4401
    assert len(hub()) == 0


async def test_whoever_has_no_role_gets_neither_page_nor_socket(logged_in, trader, headers):
    await sync_to_async(give_role)(trader, "")
    assert (await sync_to_async(logged_in.get)("/")).status_code == 403
    socket = await connected(headers)
    assert await socket.closing_code() == 4401
    assert len(hub()) == 0


async def test_a_smaller_role_keeps_the_socket(watch, headers, trader, monkeypatch):
    await sync_to_async(give_role)(trader, OWNER)
    monkeypatch.setattr(QuotesConsumer, "recheck_seconds", 0.05)
    socket = await connected(headers)
    await socket.hear(lambda message: "columns" in message)
    await sync_to_async(give_role)(trader, VIEWER)
    for _ in range(2):
        await socket.hear(lambda message: "desk" in message)
    await socket.leave()


@pytest.mark.parametrize(
    "origin",
    [
        [(b"origin", b"https://evil.example")],
        [],
        [(b"origin", b"http://127.0.0.1")],  # the PHP site of this machine, to which browsers send our cookies too
        [(b"origin", b"http://127.0.0.1:8001")],
        [(b"origin", b"http://localhost:8000")],
        [(b"origin", b"null")],
    ],
)
async def test_a_page_of_another_origin_is_refused(headers, origin):
    assert not await Browser([*origin, headers[1]]).connect()


async def test_an_unknown_address_is_refused_without_a_traceback(headers, caplog):
    assert not await Browser(headers, "/ws/elsewhere/").connect()
    assert not caplog.records


def test_whoever_is_logged_out_or_lost_the_role_is_closed_within_a_minute():
    assert QuotesConsumer.recheck_seconds + QuotesConsumer.send_seconds < 60


async def log_out(client, trader):
    await sync_to_async(client.logout)()


async def deactivate(client, trader):
    trader.is_active = False
    await trader.asave()


async def change_password(client, trader):
    trader.set_password("another long password")
    await trader.asave()


async def take_role_away(client, trader):
    await sync_to_async(give_role)(trader, "")


async def log_out_everywhere(client, trader):
    await sync_to_async(client.post)("/trading/log-out-everywhere/")


async def let_it_expire(client, trader):
    await Session.objects.aupdate(expire_date=timezone.now() - timedelta(seconds=1))


ENDINGS = [log_out, log_out_everywhere, deactivate, change_password, take_role_away, let_it_expire]


@pytest.mark.parametrize("ending", ENDINGS)
async def test_a_socket_ends_with_its_login_or_its_role(watch, headers, logged_in, trader, monkeypatch, ending):
    monkeypatch.setattr(QuotesConsumer, "recheck_seconds", 0.05)
    socket = await connected(headers)
    await socket.hear(lambda message: "columns" in message)
    await ending(logged_in, trader)
    assert await socket.closing_code() == 4401
    assert len(hub()) == 0


async def test_a_browser_that_takes_nothing_is_dropped_and_holds_up_nobody(watch, headers, monkeypatch):
    send = AsyncWebsocketConsumer.send

    async def stuck(self, *args, **kwargs):
        if self.scope["query_string"] == b"sleeps":
            await asyncio.Event().wait()
        await send(self, *args, **kwargs)

    monkeypatch.setattr(AsyncWebsocketConsumer, "send", stuck)
    monkeypatch.setattr(QuotesConsumer, "send_seconds", 0.2)
    await sync_to_async(watch)("005930", last_price=71_900, updated_at=timezone.now())
    sleeper = await connected(headers, "/ws/quotes/?sleeps")
    awake = await connected(headers)
    await awake.hear(lambda message: "quotes" in message)
    assert await sleeper.closing_code() == 4408
    await Quote.objects.filter(symbol="005930").aupdate(last_price=72_000, updated_at=timezone.now())
    await awake.hear(lambda message: "quotes" in message)
    assert len(hub()) == 1
    await awake.leave()


async def test_what_a_browser_says_is_not_listened_to(watch, headers):
    socket = await connected(headers)
    await socket.say(text='{"subscribe": "everything"}')
    await socket.say(bytes=b"\x00")
    await socket.hear(lambda message: "desk" in message)
    await socket.leave()

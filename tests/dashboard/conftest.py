"""A watch list, quotes and a logged-in trader for the screens."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client

from market.gnuboard_post import post
from market.live import hub
from market.models import Quote
from stockdesk.access import VIEWER
from tests.people import person

from .sockets import ORIGIN


@pytest.fixture(autouse=True)
def _fresh_hub() -> Iterator[None]:
    """No feed outlives the event loop of its test."""
    hub.cache_clear()
    yield
    hub.cache_clear()


@pytest.fixture
def watch(transactional_db: None) -> Iterator[Callable[..., int]]:
    """Put a symbol on the watch list, with a quote row unless told otherwise; gives its ``wr_id``."""
    table = settings.DESK.gnuboard.table

    def clear() -> None:
        with connection.cursor() as cursor:
            cursor.execute(f"DELETE FROM `{table}`")  # the board is Gnuboard's: no flush of ours empties it

    def add(symbol: str, name: str = "", *, quoted: bool = True, **values: Any) -> int:
        wr_id = post(symbol=symbol, name=name, running=True)
        if quoted:
            Quote.objects.create(symbol=symbol, name=name or None, **values)
        return wr_id

    clear()
    yield add
    clear()


@pytest.fixture
def trader(transactional_db: None) -> User:
    return person("trader", VIEWER)


@pytest.fixture
def logged_in(trader: User) -> Client:
    client = Client()
    client.force_login(trader)
    return client


@pytest.fixture
def headers(logged_in: Client) -> list[tuple[bytes, bytes]]:
    """What the logged-in trader's browser sends with a WebSocket handshake."""
    cookie = f"{settings.SESSION_COOKIE_NAME}={logged_in.cookies[settings.SESSION_COOKIE_NAME].value}"
    return [ORIGIN, (b"cookie", cookie.encode())]

"""Toy keys, a closed door to the outside, and one way to try a call that must fail without a trace of its key."""

import logging
import socket
import traceback
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
import responses
from django.conf import settings as django_settings
from django.utils import timezone

from collectors import models
from collectors.dart import client as dart_client
from collectors.datagokr import client as datagokr_client
from collectors.errors import SourceError
from tests.collectors.sources.answers import DART, DATA_GO_KR
from tests.sources import asking

DART_KEY = "d4" * 20
# As the portal gives it out: base64, with the signs that a URL changes.
OPEN_KEY = "Ab+/" * 21 + "cd=="
ENCODED_KEY = quote(OPEN_KEY, safe="")
TABLES = [getattr(models, name) for name in models.__all__ if name != "RawBody"]
Attempt = Callable[..., SourceError]


@pytest.fixture(autouse=True)
def _nothing_leaves_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    connect = socket.socket.connect

    def refused_outside(self: socket.socket, address: Any) -> None:
        if self.family != socket.AF_UNIX and address[0] not in ("127.0.0.1", "::1"):
            raise AssertionError(f"a test wanted to connect to {address}")
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", refused_outside)


@pytest.fixture(autouse=True)
def _keys_and_no_waiting(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    settings.DESK = asking(
        django_settings.DESK,
        dart={"key": DART_KEY, "url": DART},
        datagokr={"key": OPEN_KEY, "url": DATA_GO_KR},
    )
    monkeypatch.setattr(dart_client, "CALLS_PER_SECOND", 1_000)
    monkeypatch.setattr(datagokr_client, "CALLS_PER_SECOND", 1_000)
    yield
    dart_client._client.cache_clear()
    datagokr_client._client.cache_clear()


@pytest.fixture
def web() -> Iterator[responses.RequestsMock]:
    """The web as the test says it answers; every answer must be asked for."""
    with responses.RequestsMock() as mock:
        yield mock


@pytest.fixture
def attempt(db: None, caplog: pytest.LogCaptureFixture) -> Attempt:
    """Run a call that must raise this error (not a kind of it), leave every table alone and show no key anywhere."""
    caplog.set_level(logging.DEBUG)
    for name in ("urllib3", "urllib3.connectionpool", "urllib3.util.retry", "requests"):
        caplog.set_level(logging.DEBUG, logger=name)

    def run(kind: type[SourceError], call: Callable[..., Any], *args: Any) -> SourceError:
        before = contents()
        with pytest.raises(SourceError) as caught:
            call(*args)
        assert type(caught.value) is kind, caught.value
        assert contents() == before
        shown = "".join(traceback.format_exception(caught.value, chain=True)) + caplog.text + chained(caught.value)
        assert_no_key(shown)
        return caught.value

    return run


def contents() -> dict[str, list[Any]]:
    """Every parsed table as it stands."""
    return {model.__name__: list(model._default_manager.order_by("pk").values_list()) for model in TABLES}


def chained(exc: BaseException | None) -> str:
    """All that hangs on an exception, also what a traceback would leave out."""
    seen = []
    while exc is not None:
        seen.append(f"{exc!r} {vars(exc)} {getattr(getattr(exc, 'request', None), 'url', '')}")
        exc = exc.__cause__ or exc.__context__
    return "\n".join(seen)


def assert_no_key(text: str) -> None:
    for key in (DART_KEY, OPEN_KEY, ENCODED_KEY, quote_plus(OPEN_KEY), quote(OPEN_KEY)):
        assert key not in text


@pytest.fixture
def something_stored(db: None) -> None:
    """A row in every table, which no error may touch."""
    now, filing = timezone.now(), "20261119000001"
    models.Corp(corp_code="00126380", symbol="005930", name="삼성전자", fetched_at=now).save()
    models.Filing(
        rcept_no=filing, received_on="2026-11-19", symbol="005930", report="분기보고서", fetched_at=now
    ).save()
    models.FilingText(filing_id=filing, body=b"x\x9c\x03\x00\x00\x00\x00\x01", characters=0, fetched_at=now).save()
    figure = {"symbol": "005930", "rcept_no": filing, "year": 2026, "report": "11014", "amount": 7, "fetched_at": now}
    models.KeyAccount(id="a", name="매출액", **figure).save()
    models.StatementLine(id="b", name="매출액", **figure).save()
    models.DailyPrice(
        id="005930:20261118", symbol="005930", on="2026-11-18", close_price=98_000, fetched_at=now
    ).save()
    models.ListedIssue(symbol="005930", on="2026-11-18", name="삼성전자", fetched_at=now).save()

"""The broker's answers as they came: kept without secrets, and made into the same rows again without a call."""

import atexit
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from collectors import raw
from collectors.models import DailyBar, InvestorFlow, RawBody, ShortSale
from collectors.reference import calls, jobs
from collectors.reference.calls import keep_answer
from stockdesk.env import AppKey
from stockdesk.logs import redact
from stockdesk.simulator.testing import RunningSimulator, new_key, running_simulator

pytestmark = pytest.mark.django_db(transaction=True)

THURSDAY = date(2026, 11, 19)
KEY, SECRET = new_key()
GOOD = b'{"rt_cd": "0", "output2": []}'


@pytest.fixture
def simulator() -> Iterator[RunningSimulator]:
    with running_simulator(symbols=20, ticks_per_second=0.0, token_seconds=0.0) as running:
        yield running


@pytest.fixture
def symbol(simulator: RunningSimulator, settings: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A share, asked about with a client of the test's own."""
    settings.DESK = replace(
        settings.DESK, kis_rest_url=simulator.rest_url, kis_ws_url=simulator.ws_url, app_keys=(AppKey(1, KEY, SECRET),)
    )
    redact(KEY)
    redact(SECRET)
    monkeypatch.setattr(calls, "_broker", None)
    yield next(one.symbol for one in simulator.world.instruments if one.kind == "stock")
    if calls._broker is not None:
        atexit.unregister(calls._broker.close)
        calls._broker.close()


def contents(model: Any) -> list[dict[str, Any]]:
    names = [field.name for field in model._meta.concrete_fields if field.name not in ("id", "fetched_at")]
    return list(model.objects.order_by("symbol", "on").values(*names))


@pytest.mark.parametrize(
    ("model", "fetch", "kind"),
    [
        (DailyBar, jobs.daily_bars, "FHKST03010100"),
        (InvestorFlow, jobs.investor_flows, "FHPTJ04160001"),
        (ShortSale, jobs.short_sales, "FHPST04830000"),
    ],
)
def test_the_same_rows_come_of_what_was_kept(
    symbol: str, simulator: RunningSimulator, model: Any, fetch: Callable[[date, str], int], kind: str
) -> None:
    fetch(THURSDAY, symbol)
    before = contents(model)
    assert len(before) > 10
    model.objects.all().delete()
    asked = simulator.control.seen()["calls"]
    call_command("reparse", "--source", "kis", "--kind", kind, verbosity=0)
    assert contents(model) == before
    assert simulator.control.seen()["calls"] == asked, "without a call"


def test_no_secret_is_kept(symbol: str) -> None:
    jobs.short_sales(THURSDAY, symbol)
    kept = RawBody.objects.get()
    assert kept.key == f"20261119 J {symbol} 20261019"
    (body,) = raw.kept_bodies("kis")
    told = f"{kept.key} {body.data.decode()}"
    assert not [secret for secret in (KEY, SECRET, "Bearer") if secret in told]


def test_an_answer_that_repeats_a_secret_is_not_kept() -> None:
    redact(KEY)
    keep_answer("FHPST04830000", "20261119 J 005930 20261019", GOOD[:-1] + f', "msg1": "{KEY}"}}'.encode())
    assert not RawBody.objects.exists()
    keep_answer("FHPST04830000", "20261119 J 005930 20261019", GOOD)
    assert RawBody.objects.count() == 1


@pytest.mark.parametrize("body", [b"<html>", b'{"rt_cd": "1", "msg_cd": "EGW00201"}', b'{"output2": []}'])
def test_a_refusal_is_not_kept(body: bytes) -> None:
    keep_answer("FHPST04830000", "20261119 J 005930 20261019", body)
    assert not RawBody.objects.exists()


def test_what_nothing_could_read_again_is_not_kept() -> None:
    keep_answer("FHPST01710000", "J 20171", GOOD)
    assert not RawBody.objects.exists()


def test_the_answer_of_one_day_is_its_regular_close_and_not_its_bar() -> None:
    row = '{"stck_bsop_date": "20261119", "stck_clpr": "%s", "stck_oprc": "70000", "stck_hgpr": "72000", '
    row += '"stck_lwpr": "69000", "acml_vol": "100", "acml_tr_pbmn": "7000000"}'
    answer = '{"rt_cd": "0", "output1": {}, "output2": [%s]}'
    keep_answer("FHKST03010100", "J 005930 20261119 20261119 D 0", (answer % (row % 71_000)).encode())
    keep_answer("FHKST03010100", "J 005930 20260702 20261119 D 0", (answer % (row % 71_500)).encode())
    call_command("reparse", "--source", "kis", verbosity=0)
    bar = DailyBar.objects.get()
    assert (bar.regular_close, bar.close_price) == (71_000, 71_500)


def test_a_kept_answer_that_cannot_be_read_changes_nothing_and_says_so() -> None:
    DailyBar.objects.create(symbol="005930", on=THURSDAY, close_price=71_000)
    keep_answer("FHKST03010100", "J 005930 20260702 20261119 D 0", b'{"rt_cd": "0"}')
    with pytest.raises(CommandError, match="1 bodies could not be read"):
        call_command("reparse", "--source", "kis", verbosity=0)
    assert DailyBar.objects.get().close_price == 71_000

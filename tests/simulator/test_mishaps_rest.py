"""What can be made to go wrong at the REST side."""

import time
from email.utils import parsedate_to_datetime

import httpx
import pytest

from tests.simulator.clients import Caller


@pytest.mark.parametrize(
    ("mishap", "status", "code"),
    [
        ("over-limit", 500, "EGW00201"),
        ("over-limit-200", 200, "EGW00201"),
        ("ledger-limit", 500, "EGW00215"),
        ("token-dead", 500, "EGW00123"),
        ("server-error", 500, "EGW00002"),
    ],
)
async def test_the_next_calls_are_refused_and_then_answered(simulator, caller, mishap, status, code):
    simulator.control.mishap_on(mishap, count=2)
    answers = [await caller.price("005930") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [status, status, 200]
    assert [answer.json()["msg_cd"] for answer in answers] == [code, code, "MCA00000"]


async def test_a_share_of_the_calls_is_refused(start):
    simulator = start(calls_per_second=1000)
    simulator.control.mishap_on("over-limit", share=0.3)
    async with Caller(simulator) as caller:
        await caller.ask_token()
        refused = sum([(await caller.price("005930")).status_code == 500 for _ in range(200)])
    assert 25 <= refused <= 100


async def test_a_token_can_die_in_the_middle_of_the_day(simulator, caller):
    assert simulator.control.kill_tokens() == 1
    assert (await caller.price("005930")).json()["msg_cd"] == "EGW00123"


async def test_a_token_can_be_refused(simulator):
    simulator.control.mishap_on("token-refused", count=1)
    async with Caller(simulator) as caller:
        assert (await caller.ask_token()).json()["error_code"] == "EGW00133"
        assert (await caller.ask_token()).status_code == 200


async def test_maintenance_answers_with_a_page(simulator, caller):
    simulator.control.mishap_on("html-body", value=503)
    answer = await caller.price("005930")
    assert (answer.status_code, answer.headers["content-type"]) == (503, "text/html; charset=utf-8")
    assert answer.text.startswith("<!DOCTYPE html>")


async def test_a_body_can_be_empty(simulator, caller):
    simulator.control.mishap_on("empty-body")
    answer = await caller.price("005930")
    assert (answer.status_code, answer.content) == (200, b"")


@pytest.mark.parametrize("mishap", ["no-answer", "cut-body"])
async def test_a_call_is_seen_though_its_answer_is_lost(simulator, caller, mishap):
    simulator.control.mishap_on(mishap, count=1)
    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
        await caller.price("005930")
    assert (await caller.price("005930")).status_code == 200
    calls = next(iter(simulator.control.seen()["calls"].values()))
    assert calls["by_tr_id"]["FHKST01010100"] == 2


async def test_an_answer_can_come_late(simulator, caller):
    simulator.control.mishap_on("slow", value=0.5, count=1)
    started = time.monotonic()
    assert (await caller.price("005930")).status_code == 200
    assert time.monotonic() - started >= 0.5


async def test_the_date_of_answers_can_be_wrong(simulator, caller):
    right = parsedate_to_datetime((await caller.price("005930")).headers["date"])
    simulator.control.mishap_on("wrong-date", value=3600)
    wrong = parsedate_to_datetime((await caller.price("005930")).headers["date"])
    assert 3590 <= (wrong - right).total_seconds() <= 3660


async def test_a_mishap_can_be_kept_to_one_operation(simulator, caller):
    simulator.control.mishap_on("over-limit", tr_id="FHKST11300006")
    assert (await caller.price("005930")).status_code == 200
    assert (await caller.multi_price(["005930"])).status_code == 500


async def test_a_mishap_ends_by_itself_after_its_seconds(simulator, caller):
    simulator.control.mishap_on("over-limit", seconds=0.2)
    assert (await caller.price("005930")).status_code == 500
    ends_at = time.monotonic() + 10
    while (await caller.price("005930")).status_code == 500:
        assert time.monotonic() < ends_at

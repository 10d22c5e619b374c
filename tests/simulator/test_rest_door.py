"""Tokens, approval keys and app keys, as the gateway hands them out."""

from datetime import datetime

import httpx
import pytest

from stockdesk.simulator.options import KST
from stockdesk.simulator.testing import new_key
from tests.simulator.clients import Caller


async def test_a_token_says_when_it_ends_in_korean_time(start, clock):
    async with Caller(start(now=clock)) as caller:
        answer = (await caller.ask_token()).json()
    assert answer["access_token_token_expired"] == "2026-11-21 10:00:00"
    assert (answer["token_type"], answer["expires_in"]) == ("Bearer", 86400)


async def test_a_second_token_within_a_minute_is_refused_in_the_other_shape(start, clock):
    async with Caller(start(now=clock)) as caller:
        await caller.ask_token()
        clock.forward(seconds=59)
        answer = await caller.ask_token()
    assert answer.status_code == 403
    assert answer.json()["error_code"] == "EGW00133"
    assert "rt_cd" not in answer.json()


async def test_the_same_token_comes_back_for_six_hours_and_then_a_new_one(start, clock):
    async with Caller(start(now=clock)) as caller:
        first = (await caller.ask_token()).json()
        clock.forward(hours=5, minutes=59)
        again = (await caller.ask_token()).json()
        clock.forward(minutes=1)
        later = (await caller.ask_token()).json()
    assert again["access_token"] == first["access_token"]
    assert again["access_token_token_expired"] == first["access_token_token_expired"]
    assert later["access_token"] != first["access_token"]


async def test_one_key_does_not_make_another_wait(simulator):
    async with Caller(simulator) as one, Caller(simulator) as other:
        assert [(await one.ask_token()).status_code, (await other.ask_token()).status_code] == [200, 200]
    issues = simulator.control.seen()["token_issues"]
    assert [len(times) for times in issues.values()] == [1, 1]


@pytest.mark.parametrize(
    ("token", "after", "code"), [("none of ours", {}, "EGW00121"), ("", {"hours": 24}, "EGW00123")]
)
async def test_a_call_needs_a_token_that_is_known_and_alive(start, clock, token, after, code):
    async with Caller(start(now=clock)) as caller:
        await caller.ask_token()
        caller.token = token or caller.token
        clock.forward(**after)
        answer = await caller.price("005930")
    assert answer.status_code == 500
    assert (answer.json()["rt_cd"], answer.json()["msg_cd"]) == ("1", code)


async def test_a_token_of_another_key_is_unknown(simulator):
    async with Caller(simulator) as one, Caller(simulator) as other:
        await one.ask_token()
        other.token = one.token
        assert (await other.price("005930")).json()["msg_cd"] == "EGW00121"


async def test_a_revoked_token_is_unknown_and_the_next_one_is_new(start, clock):
    async with Caller(start(now=clock)) as caller:
        await caller.ask_token()
        revoked = caller.token
        body = {"appkey": caller.key, "appsecret": caller.secret, "token": revoked}
        answer = await caller.http.post("/oauth2/revokeP", json=body)
        assert answer.json()["code"] == 200
        assert (await caller.price("005930")).json()["msg_cd"] == "EGW00121"
        clock.forward(minutes=2)
        await caller.ask_token()
        assert caller.token != revoked
        assert (await caller.price("005930")).json()["rt_cd"] == "0"


async def test_an_expiry_text_is_korean_wall_time_without_a_zone(simulator):
    async with Caller(simulator) as caller:
        answer = (await caller.ask_token()).json()
    ends_at = datetime.strptime(answer["access_token_token_expired"], "%Y-%m-%d %H:%M:%S").replace(tzinfo=KST)
    assert abs((ends_at - datetime.now(KST)).total_seconds() - 86400) < 120


@pytest.mark.parametrize(
    ("key_length", "secret_length", "code"), [(35, 180, "EGW00103"), (36, 179, "EGW00105"), (0, 180, "EGW00102")]
)
async def test_keys_of_another_length_are_refused(simulator, key_length, secret_length, code):
    async with Caller(simulator, ("k" * key_length, "s" * secret_length)) as caller:
        answer = await caller.ask_token()
    assert (answer.status_code, answer.json()["error_code"]) == (403, code)


async def test_the_first_secret_of_a_key_is_its_secret(simulator):
    key, secret = new_key()
    async with Caller(simulator, (key, secret)) as owner, Caller(simulator, (key, secret[::-1])) as stranger:
        await owner.ask_token()
        assert (await stranger.ask_token()).json()["error_code"] == "EGW00105"


async def test_an_approval_key_has_the_form_of_a_uuid_and_its_secret_is_called_secretkey(simulator):
    async with Caller(simulator) as caller:
        assert len(await caller.approval_key()) == 36
        wrong = await caller.http.post("/oauth2/Approval", json={"appkey": caller.key, "appsecret": caller.secret})
    assert wrong.json()["error_code"] == "EGW00104"


async def test_the_limit_on_approval_keys_can_be_switched_on(start):
    async with Caller(start(approvals_per_second=1)) as caller:
        await caller.approval_key()
        answer = await caller.http.post("/oauth2/Approval", json={"appkey": caller.key, "secretkey": caller.secret})
    assert answer.json()["msg_cd"] == "EGW00201"


async def test_a_hashkey_comes_back_with_the_body(simulator):
    async with Caller(simulator) as caller:
        order = {"CANO": "50001234", "PDNO": "005930"}
        answer = await caller.http.post("/uapi/hashkey", json=order, headers=caller.headers(""))
    assert answer.json()["JsonBody"] == order
    assert answer.json()["HASH"]


async def test_secrets_do_not_show_in_what_was_seen(simulator):
    async with Caller(simulator) as caller:
        await caller.ask_token()
        await caller.price("005930")
        approval_key = await caller.approval_key()
        shown = await caller.http.get("/_simulator/seen")
    for secret in (caller.key, caller.secret, caller.token, approval_key):
        assert secret not in shown.text


async def test_it_listens_on_loopback_only(simulator):
    assert httpx.URL(simulator.rest_url).host == "127.0.0.1"
    assert simulator.ws_url.startswith("ws://127.0.0.1:")

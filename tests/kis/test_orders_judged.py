"""What is true after each answer to an order, and that the order was sent once."""

from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from stockdesk.kis.errors import NotSent, OutcomeUnknown, RateLimited, Refused, TokenRejected
from stockdesk.kis.messages import KST, OrderAck, OrderRequest
from stockdesk.kis.refusals import KNOWN_REFUSALS
from stockdesk.kis.rest import MAX_ANSWER_BYTES
from tests.kis.broker import TOKEN, Broker, Sample, bad, good

BUY = OrderRequest("010101", "buy", 5, 69_800)
ACCEPTED = Sample("order_cash_buy_real")


@pytest.fixture
def broker() -> Broker:
    return Broker()


def accepted(output: Any, **changes: Any) -> httpx.Response:
    return ACCEPTED.with_body(ACCEPTED.body | {"output": output} | changes)


@pytest.mark.parametrize(
    "error",
    [
        httpx.ConnectError("[Errno 111] Connection refused"),
        httpx.ConnectError("[Errno -2] Name or service not known"),
        httpx.ConnectError("[SSL: CERTIFICATE_VERIFY_FAILED]"),
        httpx.ConnectTimeout(""),
        httpx.PoolTimeout(""),
    ],
)
async def test_an_order_that_found_no_way_was_not_sent(broker, error):
    with pytest.raises(NotSent) as caught:
        await broker.orders(error).place(BUY)
    assert caught.value.tr_id == "TTTC0012U"
    assert len(broker.requests) == 1


@pytest.mark.parametrize("code", sorted(KNOWN_REFUSALS))
async def test_a_known_refusal_is_one_and_keeps_the_broker_s_words(broker, code):
    with pytest.raises(Refused) as caught:
        await broker.orders(bad(code, "장운영시간이 아닙니다" + " " * 60, status=200)).place(BUY)
    assert type(caught.value) is Refused
    assert (caught.value.code, caught.value.text) == (code, "장운영시간이 아닙니다")
    assert len(broker.requests) == 1


@pytest.mark.parametrize(
    ("name", "code", "words"),
    [
        ("order_cash_rejected_cash", "APBK0986", "주문가능금액을 초과 했습니다"),
        ("order_cash_rejected_closed", "APBK0918", "장운영시간이 아닙니다"),
        ("order_cancel_nothing_left", "40330000", "모의투자 정정/취소할 수량이 없습니다."),
    ],
)
async def test_refusals_as_kis_shows_them(broker, name, code, words):
    with pytest.raises(Refused) as caught:
        await broker.orders(Sample(name).answer).place(BUY)
    assert (caught.value.code, caught.value.text) == (code, words)


async def test_a_refusal_without_words_gets_those_of_the_table(broker):
    with pytest.raises(Refused, match=KNOWN_REFUSALS["APBK1234"]):
        await broker.orders(bad("APBK1234", " ", status=200)).place(BUY)


@pytest.mark.parametrize(
    "answer",
    [
        bad("EGW00201", status=500),
        bad("EGW00201", status=200),
        bad("EGW00215", status=500),
        Sample("error_ledger_limit").answer,
        Sample("error_rate_limit").answer,
        Sample("error_rate_limit_http200").answer,
    ],
)
async def test_an_order_over_the_limit_was_refused_and_is_not_repeated(broker, answer):
    with pytest.raises(RateLimited):
        await broker.orders(answer, deadline=0.5).place(BUY)
    assert len(broker.requests) == 1
    assert broker.budget.slowed == 1


@pytest.mark.parametrize(
    "answer", [bad("EGW00121"), bad("EGW00123", status=200), Sample("error_token_expired").answer]
)
async def test_a_dead_token_is_given_up_and_the_order_left_to_the_caller(broker, answer):
    with pytest.raises(TokenRejected):
        await broker.orders(answer).place(BUY)
    assert broker.tokens.rejected == [TOKEN]
    assert len(broker.requests) == 1


UNKNOWN = {
    "read timeout": httpx.ReadTimeout(""),
    "write timeout": httpx.WriteTimeout(""),
    "reset while reading": httpx.ReadError("[Errno 104] Connection reset by peer"),
    "reset while writing": httpx.WriteError("[Errno 32] Broken pipe"),
    "hung up without a word": httpx.RemoteProtocolError("Server disconnected"),
    "unreadable encoding": httpx.DecodingError(""),
    "nobody foresaw": ZeroDivisionError("bug"),
    "an OSError of its own": OSError("odd"),
    "empty body": httpx.Response(200, content=b""),
    "cut body": httpx.Response(200, content=ACCEPTED.answer.content[:80]),
    "binary": httpx.Response(200, content=b"\xff\xfe\x00"),
    "html": httpx.Response(200, html="<html>점검 중</html>"),
    "an array": httpx.Response(200, json=[]),
    "a text": httpx.Response(200, json="ok"),
    "deep": httpx.Response(200, content=b"[" * 100_000),
    "huge": httpx.Response(200, content=b" " * (MAX_ANSWER_BYTES + 1)),
    "500": httpx.Response(500, json={"error": "x"}),
    "502": httpx.Response(502, html="<h1>Bad gateway</h1>"),
    "503 with a good body": httpx.Response(503, json=ACCEPTED.body),
    "500 with a known refusal": bad("APBK0918", status=500),
    "403 with a known refusal": bad("APBK0918", status=403),
    "201 with a good body": httpx.Response(201, json=ACCEPTED.body),
    "302": httpx.Response(302, headers={"location": "https://elsewhere.test/"}),
    "307": httpx.Response(307, headers={"location": "/uapi/again"}),
    "307 with a token code": httpx.Response(
        307, json={"rt_cd": "1", "msg_cd": "EGW00123"}, headers={"location": "/uapi/again"}
    ),
    **{
        f"{code} with {status}": bad(code, status=status)
        for code in ("EGW00001", "EGW00002", "EGW00202", "EGW00203", "EGW00300", "EGW00301", "EGW00302")
        for status in (200, 500)
    },
    "the sample": Sample("order_timeout").answer,
    "a code that is not on the list": bad("APBK9999", status=200),
    "a success code with a no": bad("APBK0013", status=200),
    "no code": bad("", status=200),
    "a known refusal that says yes": bad("APBK0918", status=200, rt_cd="0"),
    "a known refusal that says neither": bad("APBK0918", status=200, rt_cd=""),
    "over the limit, and yes": bad("EGW00201", status=200, rt_cd="0"),
    "yes and no output": good(),
    "yes and an empty output": accepted({}),
    "yes and no number": accepted({"ODNO": ""}),
    "yes and blanks": accepted({"ODNO": "          "}),
    "yes and zeros": accepted({"ODNO": "0000000000"}),
    "yes and words": accepted({"ODNO": "no number"}),
    "yes and wide digits": accepted({"ODNO": "１２"}),
    "yes and a list": accepted({"ODNO": ["11112"]}),
    "yes and two numbers": accepted([{"ODNO": "1"}, {"ODNO": "2"}]),
    "yes and null": accepted(None),
    "yes with another status": httpx.Response(500, json=ACCEPTED.body),
}


@pytest.mark.parametrize("answer", UNKNOWN.values(), ids=UNKNOWN.keys())
@pytest.mark.parametrize("call", ["place", "cancel"])
async def test_after_anything_else_the_outcome_is_unknown_and_the_order_was_sent_once(broker, call, answer):
    client = broker.orders(answer, ACCEPTED.answer)
    with pytest.raises(OutcomeUnknown) as caught:
        await (client.place(BUY) if call == "place" else client.cancel("11112", "91252"))
    assert caught.value.tr_id == ("TTTC0012U" if call == "place" else "TTTC0013U")
    assert len(broker.requests) == 1
    assert broker.pauses == []
    assert broker.tokens.rejected == []


async def test_the_order_number_is_found_in_any_case_and_in_an_array(broker):
    ack = await broker.orders(accepted([{"odno": " 0000011112 ", "krx_fwdg_ord_orgno": "91252"}])).place(BUY)
    assert ack == OrderAck("0000011112", "91252", None)


@pytest.mark.parametrize(
    ("clock", "now", "moment"),
    [
        ("235959", datetime(2026, 11, 18, 15, 0, 1, tzinfo=UTC), datetime(2026, 11, 18, 23, 59, 59, tzinfo=KST)),
        ("000001", datetime(2026, 11, 18, 14, 59, 59, tzinfo=UTC), datetime(2026, 11, 19, 0, 0, 1, tzinfo=KST)),
        ("246000", datetime(2026, 11, 18, 5, 30, tzinfo=UTC), None),
        ("", datetime(2026, 11, 18, 5, 30, tzinfo=UTC), None),
        ("14100", datetime(2026, 11, 18, 5, 30, tzinfo=UTC), None),
    ],
)
async def test_kis_s_time_of_day_is_the_nearest_moment(broker, clock, now, moment):
    broker.now = now
    ack = await broker.orders(accepted({"ODNO": "7", "ORD_TMD": clock})).place(BUY)
    assert ack.accepted_at == moment

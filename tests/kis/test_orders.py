"""Orders, answer by answer: what is true after each, and that each was sent once."""

import asyncio
import logging
import traceback
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from stockdesk.kis.errors import KisError, NotOnMock, NotSent, OutcomeUnknown, RateLimited, Refused, TokenRejected
from stockdesk.kis.messages import KST, OrderAck, OrderRequest, order_key
from stockdesk.kis.orders import OrderClient
from stockdesk.kis.refusals import KNOWN_REFUSALS
from stockdesk.kis.rest import MAX_ANSWER_BYTES
from tests.kis.broker import ACCOUNT, APP_KEY, APP_SECRET, SECRETS, TOKEN, Broker, Sample, bad, body_of, good

BUY = OrderRequest("010101", "buy", 5, 69_800)
ACCEPTED = Sample("order_cash_buy_real")


@pytest.fixture
def broker() -> Broker:
    return Broker()


def accepted(output: Any, **changes: Any) -> httpx.Response:
    return ACCEPTED.with_body(ACCEPTED.body | {"output": output} | changes)


# What is sent


async def test_an_order_is_sent_as_kis_shows_it(broker):
    ack = await broker.orders(ACCEPTED.answer).place(BUY)
    assert ack == OrderAck("0000011112", "91252", datetime(2026, 11, 18, 14, 10, 2, tzinfo=KST))
    (request,) = broker.requests
    assert (request.method, request.url.path) == ("POST", ACCEPTED.request["path"])
    assert body_of(request) == ACCEPTED.request["body"]
    assert request.headers["tr_id"] == "TTTC0012U"
    assert request.headers["content-type"] == "application/json; charset=utf-8"
    assert "hashkey" not in request.headers
    assert broker.budget.lanes == ["order"]


async def test_the_mock_host_gets_its_own_tr_id_and_answers_with_a_short_number(broker):
    sample = Sample("order_cash_buy_mock")
    ack = await broker.orders(sample.answer, mock=True).place(BUY)
    assert (ack.order_no, ack.branch_no) == ("11112", "00950")
    assert broker.requests[0].headers["tr_id"] == "VTTC0012U"
    assert body_of(broker.requests[0]) == sample.request["body"]


@pytest.mark.parametrize(("mock", "tr_id"), [(False, "TTTC0011U"), (True, "VTTC0011U")])
async def test_a_sale_has_a_tr_id_of_its_own(broker, mock, tr_id):
    await broker.orders(ACCEPTED.answer, mock=mock).place(OrderRequest("0001A0", "sell", 3, 12_300))
    assert broker.requests[0].headers["tr_id"] == tr_id
    assert body_of(broker.requests[0])["PDNO"] == "0001A0"


async def test_an_order_without_a_price_is_a_market_order_at_zero(broker):
    await broker.orders(ACCEPTED.answer).place(OrderRequest("010101", "buy", 1, None))
    sent = body_of(broker.requests[0])
    assert (sent["ORD_DVSN"], sent["ORD_UNPR"]) == ("01", "0")


async def test_every_value_of_the_body_is_a_string_under_an_upper_case_name(broker):
    client = broker.orders(ACCEPTED.answer)
    await client.place(BUY)
    await client.cancel("0000011112", "91252", quantity=2)
    for request in broker.requests:
        for name, value in body_of(request).items():
            assert name == name.upper()
            assert isinstance(value, str)


async def test_a_cancel_is_sent_as_kis_shows_it(broker):
    sample = Sample("order_cancel_ok")
    ack = await broker.orders(sample.answer).cancel("0000011112", "91252")
    assert order_key(ack.order_no) == "11113"
    assert body_of(broker.requests[0]) == sample.request["body"]
    assert broker.requests[0].headers["tr_id"] == "TTTC0013U"
    assert broker.requests[0].url.path == sample.request["path"]
    assert broker.budget.lanes == ["order"]


async def test_a_part_can_be_cancelled(broker):
    await broker.orders(Sample("order_cancel_ok").answer, mock=True).cancel("11112", "00950", quantity=2)
    sent = body_of(broker.requests[0])
    assert (sent["ORD_QTY"], sent["QTY_ALL_ORD_YN"]) == ("2", "N")
    assert broker.requests[0].headers["tr_id"] == "VTTC0013U"


@pytest.mark.parametrize(
    "wrong",
    [
        {"side": "hold"},
        {"quantity": 0},
        {"quantity": -1},
        {"quantity": 1.0},
        {"quantity": True},
        {"price": 0},
        {"price": -100},
        {"price": 100.5},
        {"exchange": "NYSE"},
        {"division": "01"},  # a market order has no price
        {"division": "07"},  # abolished
        {"division": "22"},  # a stop order needs a second price
        {"division": "42"},  # of unknown form
        {"division": "11", "price": None},
    ],
)
def test_an_order_that_contradicts_itself_cannot_be_made(wrong):
    with pytest.raises(ValueError, match=r"is n|do not"):
        OrderRequest(**({"symbol": "010101", "side": "buy", "quantity": 5, "price": 69_800} | wrong))


@pytest.mark.parametrize("symbol", ["5930", "", "01010a", "010101 ", "０１０１０１"])
async def test_what_is_no_symbol_is_not_ordered(broker, symbol):
    with pytest.raises(ValueError, match="not a symbol"):
        await broker.orders(ACCEPTED.answer).place(OrderRequest(symbol, "buy", 1, 100))
    assert broker.requests == []


@pytest.mark.parametrize("order_no", ["", "0000000000", "11112 ", "1e3", "１"])
async def test_what_is_no_order_number_is_not_cancelled(broker, order_no):
    with pytest.raises(ValueError, match="not an order number"):
        await broker.orders(ACCEPTED.answer).cancel(order_no, "91252")
    assert broker.requests == []


async def test_the_mock_host_trades_on_krx_only(broker):
    client = broker.orders(ACCEPTED.answer, mock=True)
    with pytest.raises(NotOnMock):
        await client.place(OrderRequest("010101", "buy", 1, 100, exchange="NXT"))
    with pytest.raises(NotOnMock):
        await client.cancel("11112", "00950", exchange="SOR")
    assert broker.requests == []
    assert broker.budget.lanes == []


@pytest.mark.parametrize("account", ["", "50001234", "5000123401x", "12345678-0１", "123456789012"])
def test_an_account_that_is_none_is_refused_without_being_shown(broker, account):
    with pytest.raises(ValueError, match="8 and 2 digits") as caught:
        OrderClient(
            "https://broker.test", APP_KEY, APP_SECRET, account=account, tokens=broker.tokens, budget=broker.budget
        )
    assert not account or account not in str(caught.value)


# How the answer is judged


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


# Before and after


async def test_a_token_call_of_unknown_outcome_is_an_order_that_was_not_sent(broker):
    broker.tokens.value = None
    with pytest.raises(NotSent) as caught:
        await broker.orders(httpx.ReadTimeout("")).place(BUY)
    assert "tokenP" in caught.value.text
    assert [request.url.path for request in broker.requests] == ["/oauth2/tokenP"]


@pytest.mark.parametrize("error", [RuntimeError("database gone"), bad("EGW00133", status=403)])
async def test_without_a_token_nothing_is_sent(broker, error):
    async def get(issue: Any) -> str:
        if isinstance(error, Exception):
            raise error
        return (await issue()).value

    broker.tokens.get = get
    with pytest.raises(NotSent):
        await broker.orders(error).place(BUY)
    assert not [request for request in broker.requests if "order" in request.url.path]


async def test_without_a_slot_nothing_is_sent(broker):
    async def reserve(_lane: str) -> None:
        raise LookupError("a text with 50001234 in it")

    broker.budget.reserve = reserve
    with pytest.raises(NotSent) as caught:
        await broker.orders(ACCEPTED.answer).place(BUY)
    assert caught.value.text == "no token or no slot: LookupError"
    assert broker.requests == []


async def test_the_last_word_is_asked_for_after_the_slot_and_can_stop_the_order(broker):
    class Stopped(Exception):
        pass

    async def confirm() -> None:
        assert broker.budget.lanes == ["order"]
        raise Stopped

    with pytest.raises(Stopped):
        await broker.orders(ACCEPTED.answer).place(BUY, confirm=confirm)
    assert broker.requests == []


async def test_a_yes_to_the_last_question_sends_the_order(broker):
    asked = []

    async def confirm() -> None:
        asked.append(len(broker.requests))

    client = broker.orders(ACCEPTED.answer)
    await client.place(BUY, confirm=confirm)
    await client.cancel("11112", "91252", confirm=confirm)
    assert asked == [0, 1]


async def test_what_cannot_be_noted_after_the_answer_does_not_replace_it(broker, caplog):
    async def fail(*_: Any) -> None:
        raise ConnectionError("database gone")

    broker.tokens.reject = broker.budget.slow_down = fail
    client = broker.orders(bad("EGW00123"), bad("EGW00201"))
    with caplog.at_level(logging.WARNING):
        with pytest.raises(TokenRejected):
            await client.place(BUY)
        with pytest.raises(RateLimited):
            await client.place(BUY)
    assert caplog.text.count("after the answer to an order: ConnectionError") == 2


async def test_orders_go_one_after_another_and_a_second_apart(broker):
    under_way = most = 0

    async def answer(_request: httpx.Request) -> httpx.Response:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0.01)
        under_way -= 1
        return ACCEPTED.answer

    client = broker.orders(answer)
    await asyncio.gather(*(client.place(BUY) for _ in range(3)), client.cancel("11112", "91252"))
    assert most == 1
    assert len(broker.requests) == 4
    assert broker.pauses == pytest.approx([1.0] * 3, abs=0.2)


async def test_a_cancelled_task_cancels_the_call_and_frees_the_way(broker):
    begun = asyncio.Event()

    async def never(_request: httpx.Request) -> httpx.Response:
        begun.set()
        await asyncio.Event().wait()
        raise AssertionError

    client = broker.orders(never, ACCEPTED.answer)
    task = asyncio.create_task(client.place(BUY))
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (await client.place(BUY)).order_no == "0000011112"


# Secrets


QUOTED = f"거부 {APP_KEY} {APP_SECRET} {TOKEN} {ACCOUNT} 5000123401 CANO=50001234"


@pytest.mark.parametrize(
    "answer",
    [
        bad("APBK0918", QUOTED, status=200),
        bad("APBK9999", QUOTED, status=200),
        bad("50001234", QUOTED, status=200),
        bad("EGW00201", QUOTED),
        bad("EGW00123", QUOTED),
        httpx.Response(200, json={"error_code": "X", "error_description": QUOTED}),
        httpx.LocalProtocolError(f"Illegal header value b'Bearer {TOKEN}'"),
        ValueError(QUOTED),
        httpx.ReadError(QUOTED),
    ],
)
@pytest.mark.parametrize("call", ["place", "cancel"])
async def test_no_secret_and_no_account_is_in_an_error_or_the_log(broker, call, answer, caplog):
    client = broker.orders(answer)
    with caplog.at_level(logging.INFO, logger="stockdesk"), pytest.raises(KisError) as caught:
        await (client.place(BUY) if call == "place" else client.cancel("11112", "91252"))
    shown = [repr(caught.value), "".join(traceback.format_exception(caught.value)), caplog.text, repr(client)]
    for secret in (*SECRETS, ACCOUNT):
        assert not [text for text in shown if secret in text]

"""Orders as they leave, what is asked before, and what is kept out of errors."""

import asyncio
import logging
import traceback
from datetime import datetime
from typing import Any

import httpx
import pytest

from stockdesk.kis.errors import KisError, NotOnMock, NotSent, RateLimited, TokenRejected
from stockdesk.kis.messages import KST, OrderAck, OrderRequest, order_key
from stockdesk.kis.orders import OrderClient
from tests.kis.broker import ACCOUNT, APP_KEY, APP_SECRET, SECRETS, TOKEN, Broker, Sample, bad, body_of

BUY = OrderRequest("010101", "buy", 5, 69_800)
ACCEPTED = Sample("order_cash_buy_real")


@pytest.fixture
def broker() -> Broker:
    return Broker()


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

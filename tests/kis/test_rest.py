"""The broker over REST, answer by answer. No network: each test hands over what KIS would send."""

import asyncio
import logging
import traceback
from collections.abc import AsyncIterator
from datetime import datetime, timedelta
from decimal import Decimal

import httpx
import pytest

from stockdesk.kis.errors import (
    KisError,
    NotSent,
    OutcomeUnknown,
    RateLimited,
    Refused,
    TokenRejected,
    TokenTooSoon,
)
from stockdesk.kis.messages import KST, IssuedToken
from stockdesk.kis.rest import MAX_ANSWER_BYTES, KisClient
from tests.kis.broker import (
    APP_KEY,
    APP_SECRET,
    APPROVAL,
    SECRETS,
    TOKEN,
    Broker,
    bad,
    body_of,
    good,
    token_answer,
)

GAON = {
    "kospi_kosdaq_cls_name": "코스피", "hour_cls_code": "0", "inter_shrn_iscd": "010101", "inter_kor_isnm": "가온전자",
    "inter2_prpr": "71000", "inter2_prdy_vrss": "1000", "prdy_vrss_sign": "2", "prdy_ctrt": "1.43",
    "acml_vol": "8123456", "inter2_oprc": "70200", "inter2_hgpr": "71500", "inter2_lwpr": "69900",
    "inter2_llam": "49000", "inter2_mxpr": "91000", "inter2_askp": "71100", "inter2_bidp": "71000",
    "acml_tr_pbmn": "574884262000", "inter2_prdy_clpr": "70000", "inter2_sdpr": "70000",
}  # fmt: skip
HALTED = GAON | {
    "inter_shrn_iscd": "040404", "inter_kor_isnm": "라온건설", "inter2_prpr": "0", "inter2_prdy_vrss": "0",
    "prdy_vrss_sign": "3", "prdy_ctrt": "0.00", "acml_vol": "0", "inter2_oprc": "0", "inter2_hgpr": "0",
    "inter2_lwpr": "0", "inter2_askp": "0", "inter2_bidp": "0", "acml_tr_pbmn": "0", "inter2_sdpr": "5000",
}  # fmt: skip
INQUIRY = {
    "iscd_stat_cls_code": "55", "rprs_mrkt_kor_name": "KOSPI200", "stck_prpr": "71000", "prdy_vrss": "1000",
    "prdy_vrss_sign": "2", "prdy_ctrt": "1.43", "acml_tr_pbmn": "574884262000", "acml_vol": "8123456",
    "stck_oprc": "70200", "stck_hgpr": "71500", "stck_lwpr": "69900", "stck_mxpr": "91000", "stck_llam": "49000",
    "stck_sdpr": "70000", "stck_shrn_iscd": "010101", "cpfn_cnnm": "120 억",
}  # fmt: skip


@pytest.fixture
def broker() -> Broker:
    return Broker()


# Token and approval key


async def test_a_token_is_asked_for_with_appsecret_and_ends_when_kis_says(broker):
    issued = await broker.client(token_answer(expires_in=60)).issue_token()
    assert issued == IssuedToken(TOKEN, datetime(2026, 11, 19, 8, 20, tzinfo=KST))
    (request,) = broker.requests
    assert (request.method, request.url.path) == ("POST", "/oauth2/tokenP")
    assert body_of(request) == {"grant_type": "client_credentials", "appkey": APP_KEY, "appsecret": APP_SECRET}
    assert broker.budget.lanes == ["spare"]
    assert TOKEN not in repr(issued)


async def test_a_token_within_the_minute_is_told_apart(broker):
    answer = httpx.Response(
        403, json={"error_description": "접근토큰 발급 잠시 후 다시 시도하세요(1분당 1회)", "error_code": "EGW00133"}
    )
    with pytest.raises(TokenTooSoon) as caught:
        await broker.client(answer).issue_token()
    assert (caught.value.code, caught.value.tr_id) == ("EGW00133", "tokenP")
    assert "1분당 1회" in caught.value.text
    assert len(broker.requests) == 1


@pytest.mark.parametrize(
    "answer",
    [
        token_answer(access_token=""),
        token_answer(access_token=None),
        token_answer(access_token="two words"),
        token_answer(access_token_token_expired="soon"),
        httpx.Response(200, json={}),
        httpx.Response(502, html="<h1>Bad gateway</h1>"),
        httpx.ReadTimeout(""),
    ],
)
async def test_a_token_whose_answer_cannot_be_read_is_not_asked_for_again(broker, answer):
    with pytest.raises(OutcomeUnknown):
        await broker.client(answer).issue_token()
    assert len(broker.requests) == 1


async def test_an_approval_key_is_asked_for_with_secretkey_on_the_spare_lane(broker):
    key = await broker.client(httpx.Response(200, json={"approval_key": APPROVAL})).approval_key()
    assert key == APPROVAL
    (request,) = broker.requests
    assert request.url.path == "/oauth2/Approval"
    assert body_of(request) == {"grant_type": "client_credentials", "appkey": APP_KEY, "secretkey": APP_SECRET}
    assert broker.budget.lanes == ["spare"]


async def test_a_refused_approval_says_why(broker):
    answer = httpx.Response(403, json={"error_code": "EGW00103", "error_description": "유효하지 않은 AppKey입니다."})
    with pytest.raises(Refused, match="Approval EGW00103: 유효하지 않은 AppKey"):
        await broker.client(answer).approval_key()


# Prices


async def test_calls_that_came_to_nothing_are_told_with_their_lane(broker):
    told = []
    answers = [httpx.ReadError("cut"), good(output=[GAON])]
    client = broker.client(*answers, failed=lambda lane, error: told.append((lane, type(error))))
    await client.multi_price(["010101"])
    assert told == [("market", OutcomeUnknown)]


async def test_many_prices_come_with_one_call(broker):
    rows = await broker.client(good(output=[GAON, HALTED])).multi_price(["010101", "040404"])
    (request,) = broker.requests
    assert request.url.path == "/uapi/domestic-stock/v1/quotations/intstock-multprice"
    assert dict(request.url.params) == {
        "FID_COND_MRKT_DIV_CODE_1": "J", "FID_INPUT_ISCD_1": "010101",
        "FID_COND_MRKT_DIV_CODE_2": "J", "FID_INPUT_ISCD_2": "040404",
    }  # fmt: skip
    sent = {name: request.headers[name] for name in ("authorization", "appkey", "appsecret", "tr_id", "custtype")}
    assert sent == {
        "authorization": f"Bearer {TOKEN}", "appkey": APP_KEY, "appsecret": APP_SECRET, "tr_id": "FHKST11300006",
        "custtype": "P",
    }  # fmt: skip
    assert broker.budget.lanes == ["market"]
    first = rows[0]
    assert (first.symbol, first.name, first.price, first.change, first.sign) == (
        "010101",
        "가온전자",
        71_000,
        1000,
        "2",
    )
    assert (first.change_rate, first.day_volume, first.day_amount) == (Decimal("1.43"), 8_123_456, 574_884_262_000)
    assert (first.open_price, first.high_price, first.low_price) == (70_200, 71_500, 69_900)
    assert (first.ask_price, first.bid_price, first.base_price) == (71_100, 71_000, 70_000)
    assert (first.upper_limit, first.lower_limit, first.market) == (91_000, 49_000, "코스피")


async def test_a_halted_issue_has_no_price_and_no_change_but_a_base_price(broker):
    (row,) = await broker.client(good(output=[HALTED])).multi_price(["040404"])
    assert (row.price, row.change, row.sign, row.change_rate, row.day_volume) == (None,) * 5
    assert row.base_price == 5000


async def test_rows_are_matched_by_their_symbol_and_not_by_their_place(broker):
    stranger = GAON | {"inter_shrn_iscd": "999999"}
    rows = await broker.client(good(output=[HALTED, stranger, GAON])).multi_price(["010101", "0303K0", "040404"])
    assert [row.symbol for row in rows] == ["010101", "040404"]


async def test_one_nonsense_row_does_not_stop_the_others(broker, caplog):
    broken = HALTED | {"inter2_askp": "12,300"}
    with caplog.at_level(logging.WARNING):
        rows = await broker.client(good(output=[broken, GAON, "junk", None])).multi_price(["040404", "010101"])
    assert [row.symbol for row in rows] == ["010101"]
    assert "040404 left out, inter2_askp is not a whole number" in caplog.text


@pytest.mark.parametrize("count", [0, 31])
async def test_a_call_takes_no_more_than_thirty_symbols(broker, count):
    with pytest.raises(ValueError, match=f"{count} symbols"):
        await broker.client(good(output=[])).multi_price([f"{n:06}" for n in range(count)])
    assert broker.requests == []


async def test_thirty_symbols_fit(broker):
    await broker.client(good(output=[])).multi_price([f"{n:06}" for n in range(30)])
    assert broker.requests[0].url.params["FID_INPUT_ISCD_30"] == "000029"


async def test_what_is_no_symbol_is_not_sent(broker):
    with pytest.raises(ValueError, match="not a symbol"):
        await broker.client(good(output=[])).multi_price(["5930"])
    assert broker.requests == []


async def test_field_names_are_found_in_any_case_and_an_object_may_stand_for_an_array(broker):
    answer = good(Output={name.upper(): value for name, value in GAON.items()})
    (row,) = await broker.client(answer).multi_price(["010101"])
    assert row.price == 71_000


async def test_one_price_is_asked_for_alone(broker):
    row = await broker.client(good(output=INQUIRY)).inquire_price("010101", lane="spare")
    assert (row.price, row.change, row.base_price, row.status, row.market) == (71_000, 1000, 70_000, "55", "KOSPI200")
    assert broker.requests[0].headers["tr_id"] == "FHKST01010100"
    assert dict(broker.requests[0].url.params) == {"FID_COND_MRKT_DIV_CODE": "J", "FID_INPUT_ISCD": "010101"}
    assert broker.budget.lanes == ["spare"]


async def test_an_unknown_symbol_has_no_price(broker):
    zeros = dict.fromkeys(INQUIRY, "0") | {"stck_shrn_iscd": "999999", "prdy_vrss_sign": ""}
    row = await broker.client(good(output=zeros)).inquire_price("999999")
    assert (row.price, row.change, row.base_price) == (None, None, None)


@pytest.mark.parametrize(
    "output", [None, [], "x", INQUIRY | {"stck_shrn_iscd": "020202"}, INQUIRY | {"stck_prpr": "-71000"}]
)
async def test_an_answer_about_something_else_is_no_price(broker, output):
    with pytest.raises(OutcomeUnknown):
        await broker.client(good(output=output)).inquire_price("010101")


async def test_an_answer_without_rows_is_not_an_empty_market(broker):
    with pytest.raises(OutcomeUnknown, match="without output"):
        await broker.client(good()).multi_price(["010101"])


# What went wrong, and what is true then


@pytest.mark.parametrize("error", [httpx.ConnectError("refused"), httpx.ConnectTimeout(""), httpx.PoolTimeout("")])
async def test_what_never_left_is_not_sent(broker, error):
    with pytest.raises(NotSent) as caught:
        await broker.client(error).inquire_price("010101")
    assert caught.value.tr_id == "FHKST01010100"


@pytest.mark.parametrize(
    "answer",
    [
        httpx.ReadTimeout(""),
        httpx.WriteTimeout(""),
        httpx.ReadError(""),
        httpx.RemoteProtocolError(""),
        httpx.DecodingError(""),
        httpx.Response(200, content=b""),
        httpx.Response(200, content=b'{"rt_cd":"0","output":{"stck_prpr":"71'),
        httpx.Response(200, content=b"\xff\xfe\x00"),
        httpx.Response(200, content=b"[" * 100_000),
        httpx.Response(200, json=[]),
        httpx.Response(200, json={"output": {}}),
        httpx.Response(200, json={"rt_cd": "", "output": {}}),
        httpx.Response(200, content=b" " * (MAX_ANSWER_BYTES + 1)),
        httpx.Response(200, html="<html>점검 중</html>"),
        httpx.Response(302, headers={"location": "https://elsewhere.test/"}),
        httpx.Response(302, json={"rt_cd": "1", "msg_cd": "X", "msg1": "moved"}, headers={"location": "/x"}),
        httpx.Response(500, json={"error": "x"}),
        httpx.Response(502, html="<h1>Bad gateway</h1>"),
        httpx.Response(503, json={"rt_cd": "0", "msg_cd": "MCA00000", "output": {}}),
        bad("EGW00300", "라우팅 오류"),
        bad("EGW00302", "거래 시간 초과, 직전 거래 확인", status=200),
    ],
)
async def test_an_answer_that_tells_nothing_is_unknown_and_a_read_is_repeated_twice(broker, answer):
    with pytest.raises(OutcomeUnknown):
        await broker.client(answer).inquire_price("010101")
    assert len(broker.requests) == 3
    assert broker.budget.lanes == ["market"] * 3
    assert broker.pauses == pytest.approx([0.3, 1.5])
    assert {request.url.host for request in broker.requests} == {"broker.test"}


async def test_a_read_that_works_the_second_time_has_worked(broker):
    row = await broker.client(httpx.ReadError(""), good(output=INQUIRY)).inquire_price("010101")
    assert row.price == 71_000


@pytest.mark.parametrize("status", [200, 500])
@pytest.mark.parametrize("code", ["EGW02006", "90000000", "APBK0918", "NEWCODE"])
async def test_the_broker_s_no_is_read_from_the_body_whatever_the_status_and_not_repeated(broker, code, status):
    with pytest.raises(Refused) as caught:
        await broker.client(bad(code, "모의투자 TR 이 아닙니다." + " " * 60, status)).multi_price(["010101"])
    assert (caught.value.code, caught.value.text) == (code, "모의투자 TR 이 아닙니다.")
    assert str(caught.value) == f"FHKST11300006 {code}: 모의투자 TR 이 아닙니다."
    assert len(broker.requests) == 1


@pytest.mark.parametrize("status", [200, 500])
@pytest.mark.parametrize("code", ["EGW00201", "EGW00215"])
async def test_over_the_limit_slows_everybody_down_and_backs_off(broker, code, status):
    with pytest.raises(RateLimited):
        await broker.client(bad(code, "초당 거래건수를 초과하였습니다.", status)).inquire_price("010101")
    assert broker.budget.slowed == 4
    assert broker.budget.lanes == ["market"] * 4
    assert broker.pauses == pytest.approx([0.3, 1.5, 7.5])


async def test_a_read_that_finds_room_again_goes_on(broker):
    row = await broker.client(bad("EGW00201"), good(output=INQUIRY)).inquire_price("010101")
    assert (row.price, broker.budget.slowed) == (71_000, 1)


@pytest.mark.parametrize("code", ["EGW00121", "EGW00123"])
async def test_a_dead_token_is_replaced_once(broker, code):
    client = broker.client(
        bad(code, "기간이 만료된 token 입니다."), token_answer(access_token="new"), good(output=INQUIRY)
    )
    assert (await client.inquire_price("010101")).price == 71_000
    assert broker.tokens.rejected == [TOKEN]
    assert [request.headers.get("authorization") for request in broker.requests] == [
        f"Bearer {TOKEN}", None, "Bearer new",
    ]  # fmt: skip


async def test_a_new_token_that_is_refused_too_ends_it(broker):
    client = broker.client(bad("EGW00123"), token_answer(access_token="new"), bad("EGW00123"))
    with pytest.raises(TokenRejected):
        await client.inquire_price("010101")
    assert broker.tokens.rejected == [TOKEN, "new"]
    assert len(broker.requests) == 3


async def test_a_read_does_not_press_for_a_token(broker):
    broker.tokens.value = None
    with pytest.raises(OutcomeUnknown) as caught:
        await broker.client(httpx.ReadTimeout("")).inquire_price("010101")
    assert caught.value.tr_id == "tokenP"
    assert len(broker.requests) == 1
    assert broker.budget.lanes == ["spare"]


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (httpx.ReadTimeout(""), OutcomeUnknown),
        (AttributeError("'NoneType' object has no attribute 'getpeername'"), OutcomeUnknown),
        (httpx.ConnectError(""), NotSent),
        (bad("EGW00201"), RateLimited),
        (bad("EGW00123"), TokenRejected),
        (bad("EGW00301"), OutcomeUnknown),
    ],
)
async def test_what_is_not_to_be_repeated_is_sent_once(broker, answer, error):
    client = broker.client(answer)
    with pytest.raises(error):
        await client._call("CTCA0903R", "/uapi/chk-holiday", "spare", params={"BASS_DT": "20261120"}, repeat=False)
    assert len(broker.requests) == 1
    assert broker.pauses == []


async def test_the_next_page_is_asked_for(broker):
    answer = good(output={"ODNO": "1"})
    answer.headers["tr_cont"] = "M"
    got = await broker.client(answer)._call("T", "/x", "fill", params={"PDNO": "010101"}, next_page=True)
    assert (broker.requests[0].method, broker.requests[0].url.query) == ("GET", b"PDNO=010101")
    assert broker.requests[0].headers["tr_cont"] == "N"
    assert broker.requests[0].headers["content-type"] == "application/json; charset=utf-8"
    assert got.more
    assert got.rows("output") == [{"odno": "1"}]


async def test_a_call_that_trickles_ends_at_the_deadline_for_the_whole_call(broker):
    async def trickle(_request: httpx.Request) -> httpx.Response:
        async def chunks() -> AsyncIterator[bytes]:
            while True:
                await asyncio.sleep(0.01)
                yield b" "

        return httpx.Response(200, content=chunks())

    client = broker.client(trickle, deadline=0.1)
    with pytest.raises(OutcomeUnknown, match=r"no answer within 0\.1 s"):
        await client._call("T", "/x", "fill", params={}, repeat=False)


async def test_a_cancelled_call_is_cancelled_and_not_judged(broker):
    begun = asyncio.Event()

    async def never(_request: httpx.Request) -> httpx.Response:
        begun.set()
        await asyncio.Event().wait()
        raise AssertionError

    task = asyncio.create_task(broker.client(never).inquire_price("010101"))
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_the_broker_s_clock_is_compared_with_ours(broker):
    late = good(output=INQUIRY)
    late.headers["date"] = "Wed, 18 Nov 2026 05:40:00 GMT"
    client = broker.client(late)
    assert client.clock_skew is None
    await client.inquire_price("010101")
    assert client.clock_skew == pytest.approx(timedelta(minutes=10).total_seconds(), abs=1)


@pytest.mark.parametrize("date", ["", "soon", "Wed, 99 Nov 2026 05:40:00 GMT"])
async def test_a_date_that_is_none_changes_nothing(broker, date):
    answer = good(output=INQUIRY)
    answer.headers["date"] = date
    client = broker.client(answer)
    await client.inquire_price("010101")
    assert client.clock_skew is None


# Secrets


@pytest.mark.parametrize(
    "answer",
    [
        bad("EGW00103", f"유효하지 않은 AppKey {APP_KEY} {APP_SECRET} 50001234-01 5000123401"),
        bad("EGW00123", f"기간이 만료된 token {TOKEN}"),
        bad("EGW00300", f"{TOKEN}"),
        httpx.LocalProtocolError(f"Illegal header value b'Bearer {TOKEN}'"),
    ],
)
async def test_no_secret_is_in_an_error_even_when_the_other_side_quotes_it(broker, answer):
    client = broker.client(answer)
    with pytest.raises(KisError) as caught:
        await client._call("T", "/x", "fill", params={}, repeat=False)
    for secret in SECRETS:
        assert secret not in str(caught.value)
        assert secret not in repr(caught.value)
        assert secret not in "".join(traceback.format_exception(caught.value))


def test_the_client_does_not_show_its_keys(broker):
    shown = repr(broker.client(good()))
    assert "broker.test" in shown
    for secret in SECRETS:
        assert secret not in shown


@pytest.mark.parametrize(("key", "secret"), [("", "s"), ("k", ""), ("k\n", "s"), ("k", "s s"), ("키", "s")])
def test_keys_that_cannot_be_a_header_are_refused_without_being_shown(broker, key, secret):
    with pytest.raises(ValueError, match="printable ASCII") as caught:
        KisClient("https://broker.test", key, secret, tokens=broker.tokens, budget=broker.budget)
    assert "키" not in str(caught.value)


def test_an_address_that_is_none_is_refused(broker):
    with pytest.raises(ValueError, match="https://"):
        KisClient("broker.test:9443", "k", "s", tokens=broker.tokens, budget=broker.budget)

"""Quotation calls, the ceiling on them, and the spelling of headers on the wire."""

import asyncio
import json
import socket
from collections import namedtuple
from urllib.parse import urlsplit

from tests.simulator.clients import QUOTATIONS, Caller

ANSWERED = {"rt_cd": "0", "msg_cd": "MCA00000", "msg1": "정상처리 되었습니다."}


async def test_a_price_comes_with_its_limits_in_kis_own_names(simulator, caller):
    simulator.control.move("005930", 98_400)
    simulator.control.halt("005930")
    answer = (await caller.price("005930")).json()
    output = answer.pop("output")
    assert answer == ANSWERED
    assert all(isinstance(value, str) for value in output.values())
    instrument = simulator.world.by_symbol["005930"]
    assert output["stck_prpr"] == "98400"
    assert (output["stck_llam"], output["stck_mxpr"]) == tuple(map(str, instrument.limits))
    assert (output["stck_sdpr"], output["prdy_vrss"]) == ("98500", "-100")
    assert (output["prdy_vrss_sign"], output["prdy_ctrt"]) == ("5", "-0.10")
    assert (output["aspr_unit"], output["iscd_stat_cls_code"]) == ("100", "58")


async def test_a_code_nobody_knows_is_answered_with_zeros_and_success(caller):
    answer = (await caller.price("999999")).json()
    assert (answer["rt_cd"], answer["output"]["stck_prpr"]) == ("0", "0")
    assert answer["output"]["stck_shrn_iscd"] == "999999"
    assert answer["output"].keys() == (await caller.price("005930")).json()["output"].keys()


async def test_thirty_codes_come_in_one_call_each_in_its_row(simulator, caller):
    symbols = [instrument.symbol for instrument in simulator.world][-30:]
    rows = (await caller.multi_price(symbols)).json()["output"]
    assert [row["inter_shrn_iscd"] for row in rows] == symbols
    assert [row["inter_kor_isnm"] for row in rows] == [simulator.world.by_symbol[symbol].name for symbol in symbols]
    for row in rows:
        assert int(row["inter2_llam"]) <= int(row["inter2_prpr"]) <= int(row["inter2_mxpr"])
        assert int(row["inter2_prpr"]) - int(row["inter2_sdpr"]) == int(row["inter2_prdy_vrss"])


async def test_the_thirty_first_code_is_one_too_many(simulator, caller):
    answer = await caller.multi_price([instrument.symbol for instrument in simulator.world][:31])
    assert answer.json()["rt_cd"] != "0"
    assert "output" not in answer.json()


async def test_a_halted_issue_shows_no_price_in_a_multi_quote(simulator, caller):
    simulator.control.halt("005930")
    row = (await caller.multi_price(["005930"])).json()["output"][0]
    assert (row["inter2_prpr"], row["acml_vol"], row["inter2_sdpr"]) == ("0", "0", "98500")


async def test_query_and_header_names_may_be_spelt_as_other_clients_do(caller):
    headers = {"appKey": caller.key, "appSecret": caller.secret, "Authorization": f"Bearer {caller.token}"}
    params = {"fid_cond_mrkt_div_code": "J", "fid_input_iscd": "000660"}
    answer = await caller.http.get(
        f"{QUOTATIONS}/inquire-price", params=params, headers={**headers, "tr_id": "FHKST01010100"}
    )
    assert answer.json()["output"]["stck_shrn_iscd"] == "000660"


async def test_a_path_that_is_not_served_is_refused_and_written_down(simulator, caller):
    answer = await caller.http.get("/uapi/nothing/here", headers=caller.headers("TTTC8434R"))
    assert (answer.status_code, answer.json()["msg_cd"]) == (500, "EGW00202")
    assert simulator.control.seen()["unknown_paths"] == {"GET /uapi/nothing/here": 1}


async def test_a_wrong_tr_id_is_refused(caller):
    answer = await caller.http.get(f"{QUOTATIONS}/inquire-price", headers=caller.headers("FHKST00000000"))
    assert answer.json()["msg_cd"] == "OPSQ9999"


async def test_the_mock_flavour_has_no_multi_quote_and_one_call_a_second(start):
    async with Caller(start(mock=True)) as caller:
        await caller.ask_token()
        simulator_says = [await caller.price("005930") for _ in range(2)]
        assert {answer.json()["msg_cd"] for answer in simulator_says} >= {"EGW00201"}
        await asyncio.sleep(1.1)
        answer = await caller.multi_price(["005930"])
    assert (answer.status_code, answer.json()["msg_cd"]) == (500, "EGW02006")


async def test_no_second_sees_more_calls_let_through_than_the_ceiling(start):
    simulator = start(calls_per_second=5)
    async with Caller(simulator) as caller:
        await caller.ask_token()
        await asyncio.sleep(1.1)
        answers = await asyncio.gather(*(caller.price("005930") for _ in range(12)))
    refused = [answer for answer in answers if answer.status_code == 500]
    assert [answer.json()["msg_cd"] for answer in refused] == ["EGW00201"] * len(refused)
    calls = next(iter(simulator.control.seen()["calls"].values()))
    assert calls["refused"] == {"EGW00201": len(refused)}
    assert calls["by_tr_id"] == {"tokenP": 1, "FHKST01010100": 12}
    assert len(calls["arrivals"]) == calls["total"] == 13
    # 12 at once: 5 of them let through, and 5 more for every further second the burst took
    took = calls["arrivals"][-1][0] - calls["arrivals"][1][0]
    assert 12 - len(refused) <= 5 * (1 + int(took))
    assert calls["most_in_a_second"] >= 12 / (1 + int(took))


async def test_each_key_has_a_ceiling_of_its_own(start):
    simulator = start(calls_per_second=2)
    async with Caller(simulator) as one, Caller(simulator) as other:
        answers = [await caller.ask_token() for caller in (one, other)]
        answers += [await caller.price("005930") for caller in (one, other)]
    assert [answer.status_code for answer in answers] == [200] * 4


def raw_answer(simulator, request: bytes) -> bytes:
    address = urlsplit(simulator.rest_url)
    with socket.create_connection((address.hostname, address.port), timeout=10) as wire:
        wire.sendall(request)
        answer = b""
        while piece := wire.recv(65536):
            answer += piece
    return answer


async def test_header_names_reach_the_wire_as_the_official_sample_needs_them(simulator, caller):
    headers = {**caller.headers("FHKST01010100"), "Host": "x", "Connection": "close"}
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    path = f"{QUOTATIONS}/inquire-price?FID_COND_MRKT_DIV_CODE=J&FID_INPUT_ISCD=005930"
    answer = await asyncio.to_thread(raw_answer, simulator, f"GET {path} HTTP/1.1\r\n{lines}\r\n".encode())
    head, body = answer.split(b"\r\n\r\n", 1)
    names = [line.split(b":")[0].decode() for line in head.split(b"\r\n")[1:]]
    assert {"Content-Type", "Content-Length", "Date", "tr_id", "tr_cont", "gt_uid"} <= set(names)
    # The sample makes a namedtuple of the names in small letters; one with a dash ends it.
    namedtuple("Header", [name for name in names if name.islower()])
    assert json.loads(body)["rt_cd"] == "0"


async def test_an_error_has_the_same_headers_as_an_answer(simulator, caller):
    caller.token = "dead"
    answer = await caller.price("005930")
    assert answer.headers["tr_id"] == "FHKST01010100"
    assert answer.headers["content-type"] == "application/json; charset=utf-8"
    assert answer.headers["date"].endswith("GMT")

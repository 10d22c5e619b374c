"""Registrations, their answers, and PINGPONG."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockdesk.kis.control import parse_control, subscribe_message
from stockdesk.kis.errors import FrameError
from stockdesk.kis.messages import ControlReply, PingPong
from tests.kis.records import IV, KEY


def reply(code: str, text: str = "SUBSCRIBE SUCCESS", *, header: object = None, **body: object) -> str:
    header = {"tr_id": "H0STCNT0", "tr_key": "010101", "encrypt": "N"} if header is None else header
    return json.dumps({"header": header, "body": {"rt_cd": "0", "msg_cd": code, "msg1": text, **body}})


def parsed(text: str) -> ControlReply:
    message = parse_control(text)
    assert isinstance(message, ControlReply)
    return message


def test_a_registration_is_asked_for_as_kis_documents_it():
    message = json.loads(subscribe_message("key-1", "H0STCNI0", "$ab@c#d%e", register=True))
    assert message == {
        "header": {"approval_key": "key-1", "custtype": "P", "tr_type": "1", "content-type": "utf-8"},
        "body": {"input": {"tr_id": "H0STCNI0", "tr_key": "$ab@c#d%e"}},
    }


def test_a_registration_is_taken_off_with_type_2():
    assert json.loads(subscribe_message("k", "H0STCNT0", "005930", register=False))["header"]["tr_type"] == "2"


def test_a_confirmed_registration_brings_its_cipher():
    answer = parsed(reply("OPSP0000", output={"iv": IV, "key": KEY}))
    assert (answer.tr_id, answer.tr_key, answer.ok, answer.key, answer.iv) == ("H0STCNT0", "010101", True, KEY, IV)


@pytest.mark.parametrize("code", ["OPSP0000", "OPSP0001", "OPSP0002", "OPSP0003"])
def test_what_is_already_as_wanted_counts_as_done(code):
    assert parsed(reply(code, rt_cd="1")).ok


@pytest.mark.parametrize("code", ["OPSP0007", "OPSP0008", "OPSP0011", "OPSP0017", "OPSP8996", "OPSP9999", "NEWCODE1"])
def test_every_other_code_is_a_refusal(code):
    assert not parsed(reply(code, "no")).ok


def test_a_second_connection_is_told_without_a_stream():
    answer = parsed(
        reply("OPSP8996", "ALREADY IN USE appkey", header={"tr_id": "(null)", "tr_key": "", "encrypt": "N"})
    )
    assert (answer.tr_id, answer.tr_key, answer.code, answer.ok) == ("", "", "OPSP8996", False)


@pytest.mark.parametrize("header", [{}, {"tr_id": "(null)"}, {"tr_id": None, "tr_key": 5}, [], "x"])
def test_missing_header_fields_come_back_empty(header):
    answer = parsed(reply("OPSP0017", "ERROR : htsid가잘못되었습니다", header=header))
    assert (answer.tr_id, answer.tr_key, answer.key, answer.iv) == ("", "", None, None)


def test_pingpong_keeps_its_text_to_the_letter():
    text = '{"header": {"tr_id":  "PINGPONG", "datetime": "20261118143010"}}'
    assert parse_control(text) == PingPong(text)


@pytest.mark.parametrize(
    "text",
    ["", "hello", "<html>", "[]", "1", "null", "{}", '{"header":{}}', '{"body":{}}', '{"body":null}', '{"body":[1]}',
     '{"', "[" * 100_000, '{"a":' * 100_000, "9" * 5000],
)  # fmt: skip
def test_what_is_no_reply_is_a_frame_error(text):
    with pytest.raises(FrameError):
        parse_control(text)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("invalid approval : 5a1e0000-0000-4000-8000-00000000cafe", "invalid approval"),
        ("invalid approval:5a1e0000", "invalid approval"),
        ("invalid approval_key : 5a1e0000", "invalid approval_key"),
        ("invalid appkey : NOT FOUND", "invalid appkey : NOT FOUND"),
        ("bad 5a1e0000-0000-4000-8000-00000000cafe!", "bad ...!"),
    ],
)
def test_a_refused_approval_key_is_not_kept(text, kept):
    assert parsed(reply("OPSP0011", text)).text == kept


def test_a_reply_shows_neither_cipher_nor_hts_id():
    header = {"tr_id": "H0STCNI0", "tr_key": "toyuser", "encrypt": "Y"}
    answer = parsed(reply("OPSP0000", header=header, output={"iv": IV, "key": KEY}))
    assert answer.tr_key == "toyuser"
    for secret in ("toyuser", KEY, IV):
        assert secret not in repr(answer)
    assert "010101" in repr(parsed(reply("OPSP0000")))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["tr_id", "msg_cd", "output", "key"]), inner),
    max_leaves=8,
)
replies = st.fixed_dictionaries({}, optional={"header": json_values, "body": json_values}).map(json.dumps)


@given(st.text() | replies)
def test_any_text_gives_a_message_or_a_frame_error(text):
    try:
        message = parse_control(text)
    except FrameError:
        return
    assert isinstance(message, (ControlReply, PingPong))
    assert repr(message)

"""Execution notices: decrypted, read, and not believed when they make no sense."""

import base64
from datetime import date, time

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from hypothesis import given
from hypothesis import strategies as st

from stockdesk.kis.errors import NoticeError
from stockdesk.kis.notices import decrypt, parse_notices
from tests.kis.records import ACCEPTED, CANCELLED, FILL_TEXT, FILLED, IV, KEY


def sealed(data: bytes, *, padding: bytes | None = None) -> str:
    """What the broker would send; ``padding`` replaces the proper one."""
    if padding is None:
        length = 16 - len(data) % 16
        padding = bytes([length]) * length
    encryptor = Cipher(algorithms.AES(KEY.encode()), modes.CBC(IV.encode())).encryptor()
    return base64.b64encode(encryptor.update(data + padding) + encryptor.finalize()).decode()


def changed(**fields: str) -> str:
    values = FILL_TEXT.split("^")
    for name, value in fields.items():
        values[int(name[1:])] = value
    return "^".join(values)


def test_a_fill_is_decrypted_and_read():
    text = decrypt(KEY, IV, FILLED)
    assert text == FILL_TEXT
    (notice,) = parse_notices(text)
    assert notice.filled
    assert not notice.refused
    assert (notice.order_no, notice.original_order_no, notice.side) == ("0000011111", "", "01")
    assert (notice.symbol, notice.name, notice.quantity, notice.price) == ("020202", "나루바이오", 20, 24_400)
    assert (notice.clock_time, notice.exchange, notice.order_quantity) == (time(9, 30, 11), "1", 20)
    assert (notice.customer_id, notice.account) == ("TOYUSER", "5000123401")


def test_an_accepted_order_is_no_fill():
    (notice,) = parse_notices(decrypt(KEY, IV, ACCEPTED))
    assert (notice.filled, notice.acceptance, notice.quantity, notice.price) == (False, "1", 20, 24_400)


def test_a_cancel_names_the_order_it_ends():
    (notice,) = parse_notices(decrypt(KEY, IV, CANCELLED))
    assert (notice.order_no, notice.original_order_no) == ("0000011113", "0000011112")
    assert (notice.correction, notice.side, notice.order_price) == ("2", "02", None)


def test_the_documented_26_fields_are_read_by_their_own_tail():
    head = FILL_TEXT.split("^")[:18]
    text = "^".join([*head, "0", "2", "Y", "", "10", "20261118", "나루바이오", "000024450"])
    (notice,) = parse_notices(text)
    assert (notice.exchange, notice.name, notice.order_price) == ("2", "나루바이오", 24_450)
    assert notice.credit_loan_on == date(2026, 11, 18)


def test_several_notices_of_one_frame_are_all_read():
    notices = parse_notices("^".join([FILL_TEXT, changed(f9="0000000003"), FILL_TEXT]), count=3)
    assert [notice.quantity for notice in notices] == [20, 3, 20]
    assert notices[0].digest == notices[2].digest != notices[1].digest


def test_the_repr_does_not_tell_whose_account_it_is():
    (notice,) = parse_notices(FILL_TEXT)
    for private in ("TOYUSER", "5000123401", "홍길동", notice.digest):
        assert private not in repr(notice)
    assert "0000011111" in repr(notice)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        (1, ""), (1, "50001234x1"), (1, "1"), (2, ""), (2, "0000000000"), (2, "00000111112222"), (3, "x"), (4, ""),
        (4, "03"), (5, "9"), (8, ""), (8, "나루"), (9, "-1"), (9, "0"), (9, "1e3"), (10, "0"), (10, "9" * 12),
        (11, "250000"), (11, ""), (12, "?"), (13, ""), (13, "3"), (16, "x"), (20, "20261399"), (22, "abc"),
    ],
)  # fmt: skip
def test_a_notice_that_makes_no_sense_is_refused_without_being_quoted(field, value):
    with pytest.raises(NoticeError) as caught:
        parse_notices(changed(**{f"f{field}": value}))
    for private in ("TOYUSER", "5000123401", "홍길동", "0000011111"):
        assert private not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "count"),
    [("", 1), ("a^b", 1), (FILL_TEXT, 2), (FILL_TEXT, 0), (FILL_TEXT, 22), (f"{FILL_TEXT}^{FILL_TEXT}", 1)],
)
def test_a_notice_of_the_wrong_width_is_refused(text, count):
    with pytest.raises(NoticeError, match="fields for"):
        parse_notices(text, count)


@pytest.mark.parametrize(
    ("key", "iv"), [("", IV), (KEY[:31], IV), (KEY, ""), (KEY, IV + "x"), ("가" * 32, IV), ("\ud800" * 32, IV * 2)]
)
def test_a_key_of_the_wrong_length_is_refused(key, iv):
    with pytest.raises(NoticeError, match="length"):
        decrypt(key, iv, FILLED)


@pytest.mark.parametrize("body", ["", "?", "한글", "AAAA", FILLED[:-4], FILLED + "A", f" {FILLED}"])
def test_a_body_that_is_not_whole_blocks_of_base64_is_refused(body):
    with pytest.raises(NoticeError):
        decrypt(KEY, IV, body)


@pytest.mark.parametrize("padding", [b"\0", b"\x11", b"\x01\x02", b"\x03\x02\x03\x03", b"\xff"])
def test_the_padding_is_checked_to_its_last_byte(padding):
    data = b"x" * (48 - len(padding))
    with pytest.raises(NoticeError, match="padding"):
        decrypt(KEY, IV, sealed(data, padding=padding))


def test_a_full_block_of_padding_is_fine():
    assert decrypt(KEY, IV, sealed(b"x" * 32)) == "x" * 32


def test_what_decrypts_to_no_text_is_refused():
    with pytest.raises(NoticeError, match="UTF-8"):
        decrypt(KEY, IV, sealed(b"\xff\xfe" * 20))


@given(st.text("abcdefghijklmnopqrstuvwxyz0123456789", min_size=32, max_size=32).filter(lambda key: key != KEY))
def test_a_notice_under_another_key_is_never_read(key):
    with pytest.raises(NoticeError):
        parse_notices(decrypt(key, IV, FILLED))


@given(st.integers(0, 22), st.text(max_size=12))
def test_any_field_gone_wrong_gives_a_notice_or_the_one_error(field, value):
    try:
        notices = parse_notices(changed(**{f"f{field}": value}))
    except NoticeError:
        return
    assert notices[0].symbol

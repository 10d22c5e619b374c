"""Numbers from the wire and numbers people type."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stockdesk.kis.numbers import (
    TypedNumberError,
    WireNumberError,
    typed_number,
    wire_amount,
    wire_change,
    wire_decimal,
    wire_int,
    wire_rate,
)

NONSENSE = [
    "12_300", "NaN", "Infinity", "1e9", "١٢٣", "12²00", "１２", "0x1f", "1,000", "--5", "+-5", "5-", "12.", ".5",
    "1 2", "abc", "9" * 5000,
]  # fmt: skip


@pytest.mark.parametrize("text", ["", " ", "          ", "(null)", " (null) "])
def test_blanks_and_null_are_no_value(text):
    assert wire_int(text) is None
    assert wire_decimal(text) is None
    assert wire_amount(text, 100) is None


@pytest.mark.parametrize(
    ("text", "number"), [("71000", 71000), ("0000000020", 20), ("-650", -650), ("+800", 800), (" 12 ", 12), ("0", 0)]
)
def test_wire_integers_may_be_padded_and_signed(text, number):
    assert wire_int(text) == number


@pytest.mark.parametrize(
    ("text", "number"), [("1.43", "1.43"), ("-2.60", "-2.60"), ("+0.74", "0.74"), ("00112.340", "112.34"), ("7", "7")]
)
def test_wire_decimals_may_be_padded_and_signed(text, number):
    assert wire_decimal(text) == Decimal(number)


@pytest.mark.parametrize("text", NONSENSE)
def test_what_python_would_take_for_a_number_is_refused_on_the_wire(text):
    for read in (wire_int, wire_decimal, lambda text: wire_amount(text, 10**9)):
        with pytest.raises(WireNumberError) as caught:
            read(text)
        assert text not in str(caught.value)


def test_a_fraction_is_not_a_whole_number():
    with pytest.raises(WireNumberError):
        wire_int("71000.50")


def test_a_price_of_zero_is_no_price_and_one_below_zero_an_error():
    assert wire_amount("0", 1000) is None
    assert wire_amount("000000000", 1000) is None
    assert wire_amount("1000", 1000) == 1000
    for text in ("-1", "1001"):
        with pytest.raises(WireNumberError):
            wire_amount(text, 1000)


@pytest.mark.parametrize(
    ("text", "code", "expected"),
    [
        ("1000", "2", (1000, "2")),
        ("9000", "1", (9000, "1")),
        ("-650", "5", (-650, "5")),
        ("-7500", "4", (-7500, "4")),
        ("650", "5", (-650, "5")),
        ("-650", "2", (-650, "5")),
        ("+650", "5", (650, "2")),
        ("650", "", (650, "2")),
        ("0", "5", (0, "3")),
        ("", "2", (None, "2")),
        ("", "0", (None, None)),
        ("(null)", "", (None, None)),
    ],
)
def test_the_sign_at_the_number_is_believed_before_the_sign_code(text, code, expected):
    assert wire_change(text, code, 100_000_000) == expected


def test_a_rate_without_a_sign_takes_that_of_the_change():
    assert wire_rate("2.60", "5") == Decimal("-2.60")
    assert wire_rate("-2.60", "2") == Decimal("-2.60")
    assert wire_rate("+2.60", "5") == Decimal("2.60")
    assert wire_rate("", "5") is None
    for text in ("-100.01", "1000.01"):
        with pytest.raises(WireNumberError):
            wire_rate(text, None)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("12300", 12_300),
        ("12,300", 12_300),
        ("1,234,567", 1_234_567),
        ("１２，３００", 12_300),
        ("₩12,300", 12_300),
        ("12,300원", 12_300),
        ("₩ 12,300 원", 12_300),
        (" 12 300 ", 12_300),
        ("\u300012300\u00a0", 12_300),
        ("10주", 10),
        ("1", 1),
        ("999,999,999", 999_999_999),
    ],
)
def test_typed_numbers_that_can_only_mean_one_thing_are_read(text, number):
    assert typed_number(text, limit=1_000_000_000) == number


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "empty"),
        ("   ", "empty"),
        ("원", "empty"),
        ("₩", "empty"),
        ("-100", "not_a_number"),
        ("+100", "not_a_number"),
        ("12.5", "not_a_number"),
        ("1e5", "not_a_number"),
        ("12_300", "not_a_number"),
        ("12²00", "not_a_number"),
        ("①②", "not_a_number"),
        ("١٢٣", "not_a_number"),
        ("₩₩100", "not_a_number"),
        ("100원원", "not_a_number"),
        ("100원주", "not_a_number"),
        ("100₩", "not_a_number"),
        ("원100", "not_a_number"),
        ("만원", "not_a_number"),
        ("100\n200", "not_a_number"),
        ("NaN", "not_a_number"),
        ("1,23", "groups"),
        ("1234,567", "groups"),
        ("12,3000", "groups"),
        (",123", "groups"),
        ("123,", "groups"),
        ("1,,234", "groups"),
        (",", "groups"),
        ("0", "zero"),
        ("000", "zero"),
        ("0123", "leading_zero"),
        ("0,123", "leading_zero"),
        ("1000000", "too_large"),
        ("9" * 5000, "too_large"),
    ],
)
def test_typed_numbers_with_two_readings_are_refused_with_a_sentence(text, reason):
    with pytest.raises(TypedNumberError) as caught:
        typed_number(text, limit=1_000_000)
    assert caught.value.reason == reason
    assert str(caught.value).endswith(".")
    assert isinstance(caught.value, ValueError)


@given(st.text())
def test_whatever_is_typed_gives_a_number_in_range_or_the_one_error(text):
    try:
        number = typed_number(text, limit=500)
    except TypedNumberError:
        return
    assert 0 < number < 500


@given(st.text())
def test_whatever_comes_by_wire_gives_a_number_or_the_one_error(text):
    for read in (wire_int, wire_decimal):
        try:
            value = read(text)
        except WireNumberError:
            continue
        assert value is None or value == Decimal(text.strip())


@given(st.integers(1, 10**9))
def test_a_typed_number_is_read_back_however_it_is_dressed(number):
    wide = f"{number:,}".translate(str.maketrans("0123456789,", "０１２３４５６７８９，"))
    for text in (str(number), f"{number:,}", f"₩{number:,}원", wide):
        assert typed_number(text, limit=10**10) == number

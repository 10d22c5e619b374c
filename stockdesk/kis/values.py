"""The fields of an answer's row, each with its range; FieldError names the one that cannot be read."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from stockdesk.kis.numbers import NO_VALUE, wire_decimal

Row = Mapping[str, Any]

MAX_QUANTITY = 10**10  # shares
MAX_MONEY = 10**15  # KRW
MAX_RATE = 10**7  # percent


class FieldError(ValueError):
    """A field that is missing, no number or out of its range. What it held is not repeated."""


def text(row: Row, name: str) -> str:
    """Text without the blanks KIS pads it with; empty where KIS sent no value."""
    value = row.get(name)
    stripped = "" if value is None or isinstance(value, (dict, list)) else str(value).strip()
    return "" if stripped in NO_VALUE else stripped


def decimal_or_none(row: Row, name: str, limit: int, *, least: int = 0) -> Decimal | None:
    """A number from ``least`` to ``limit``; None where KIS sent no value."""
    try:
        number = wire_decimal(text(row, name))
    except ValueError:
        raise FieldError(f"{name} is not a number") from None
    if number is not None and not least <= number <= limit:
        raise FieldError(f"{name} is out of range")
    return number


def decimal(row: Row, name: str, limit: int) -> Decimal:
    """A number from 0 to ``limit``, where there must be one."""
    number = decimal_or_none(row, name, limit)
    if number is None:
        raise FieldError(f"{name} is missing")
    return number


def whole_or_none(row: Row, name: str, limit: int, *, least: int = 0) -> int | None:
    """A whole number, with or without ``.0000`` behind it; None where KIS sent no value."""
    number = decimal_or_none(row, name, limit, least=least)
    if number is None:
        return None
    if number != number.to_integral_value():
        raise FieldError(f"{name} is not a whole number")
    return int(number)


def whole(row: Row, name: str, limit: int, *, least: int = 0) -> int:
    """The same, where there must be one: no value is not zero."""
    number = whole_or_none(row, name, limit, least=least)
    if number is None:
        raise FieldError(f"{name} is missing")
    return number


def shares(row: Row, name: str, *, least: int = 0) -> int:
    """A number of shares."""
    return whole(row, name, MAX_QUANTITY, least=least)


def won(row: Row, name: str) -> int:
    """An amount of KRW, below zero too: cash that is owed, a loss."""
    return whole(row, name, MAX_MONEY, least=-MAX_MONEY)


def won_or_none(row: Row, name: str) -> int | None:
    """The same, where KIS may leave it out."""
    return whole_or_none(row, name, MAX_MONEY, least=-MAX_MONEY)

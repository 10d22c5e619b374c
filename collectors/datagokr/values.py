"""Texts of data.go.kr's rows as values; a text that says nothing is None, never 0."""

import re
from decimal import Decimal
from typing import Any

from collectors.cells import text

_WHOLE = re.compile(r"-?[0-9]{1,18}", re.ASCII)
_RATE = re.compile(r"-?(?:[0-9]{1,6}(?:\.[0-9]{1,6})?|\.[0-9]{1,6})", re.ASCII)


def whole(row: dict[str, Any], name: str) -> int | None:
    """A whole number, signed; None where there is none."""
    value = text(row, name, 30)
    return int(value) if _WHOLE.fullmatch(value) else None


def count(row: dict[str, Any], name: str) -> int | None:
    """A whole number that cannot be negative; None where there is none."""
    value = whole(row, name)
    return value if value is not None and value >= 0 else None


def price(row: dict[str, Any], name: str) -> int | None:
    """A price in KRW. A halted issue has 0 for open, high and low: it had none."""
    return whole(row, name) or None


def rate(row: dict[str, Any], name: str) -> Decimal | None:
    """A rate in percent, which comes without its leading zero: .11, -.5"""
    value = text(row, name, 20)
    return Decimal(value) if _RATE.fullmatch(value) else None


def symbol(row: dict[str, Any]) -> str:
    """The short code of a row (srtnCd), "" where there is none; one data set writes A005930 for 005930."""
    value = text(row, "srtnCd", 12).upper()
    if len(value) == 7 and value.startswith("A"):
        value = value[1:]
    return value if re.fullmatch(r"[0-9A-Z]{6,9}", value, re.ASCII) else ""

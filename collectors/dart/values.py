"""Texts of DART's answers as values; a text that says nothing is None, never 0."""

import hashlib
import re
from decimal import Decimal
from typing import Any

from collectors.cells import text
from collectors.dart.client import SOURCE
from collectors.errors import SourceError

NO_VALUE = ("", "-", "－", "–")
_AMOUNT = re.compile(r"-?(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.[0-9]+)?", re.ASCII)
WHOLE_DIGITS, DECIMALS = 20, 6  # of the columns that amounts go into
MOST = Decimal(10) ** WHOLE_DIGITS


def amount(row: dict[str, Any], name: str) -> Decimal | None:
    """An amount such as 106,479,426,061, -5 or (5), which is minus five. Anything else has no value."""
    value = text(row, name, 60)
    if value in NO_VALUE:
        return None
    if value.startswith("(") and value.endswith(")"):
        value = f"-{value[1:-1]}"
    if not _AMOUNT.fullmatch(value):
        return None
    number = Decimal(value.replace(",", ""))
    return round(number, DECIMALS) if abs(number) < MOST else None


def digits(row: dict[str, Any], name: str, length: int) -> str:
    """A number that identifies something, of a known length; raises SourceError, for the row is worthless without."""
    value = text(row, name, length + 1)
    if len(value) != length or not (value.isascii() and value.isdigit()):
        raise SourceError(f"a row's {name} is not {length} digits; nothing of this answer was stored", source=SOURCE)
    return value


def symbol(row: dict[str, Any]) -> str:
    """The short code of a row (005930, 0001A0); "" for a company that is not listed, which DART writes as a blank."""
    value = text(row, "stock_code", 10).upper()
    return value if re.fullmatch(r"[0-9A-Z]{6,9}", value, re.ASCII) else ""


def row_id(*parts: object) -> str:
    """The primary key of a row that is known by many columns: the same for the same parts, 40 characters."""
    return hashlib.sha256("\x1f".join(map(str, parts)).encode()).hexdigest()[:40]

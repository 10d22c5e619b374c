"""Cells of the rows of a public source as values; what says nothing is "" or None, never 0."""

from datetime import date, datetime
from typing import Any


def text(row: dict[str, Any], name: str, most: int) -> str:
    """A text without the blanks around it; "" where it is missing or null."""
    value = row.get(name)
    return "" if value is None else str(value).strip()[:most]


def day(row: dict[str, Any], name: str) -> date | None:
    """A day written 20261120; None where there is none."""
    try:
        return datetime.strptime(text(row, name, 8), "%Y%m%d").date()
    except ValueError:
        return None

"""Tables that the screens show: each app names its own here, and the one feed of the dashboard carries them all.

Plain rows by hand-written SQL: they are read while somebody looks, up to four times a second, and the ORM doubles
what that costs. Every column name still comes from the models.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import Model

Value = str | int | float | bool | None
Rows = dict[str, list[Value]]

SEOUL_1970 = datetime(1970, 1, 1, 9)  # noqa: DTZ001  (no summer time since 1988: always nine hours)


@dataclass(frozen=True, slots=True)
class Sheet:
    """A small table of the screen, read whole once a second."""

    columns: tuple[str, ...]
    read: Callable[[], Rows]


SHEETS: dict[str, Sheet] = {}


def show(name: str, columns: Sequence[str], read: Callable[[], Rows]) -> None:
    """Put a table on the screens under this name; ``read`` gives rows by key, values in the order of ``columns``."""
    SHEETS[name] = Sheet(tuple(columns), read)


WORDS: list[Callable[[], dict[str, str]]] = []
SENTENCES: list[str] = []


def say(words: Callable[[], dict[str, str]], sentences: Sequence[str] = ()) -> None:
    """Give the screens' scripts an app's words (key -> text in the language of the request), and the English
    sentences that its programs write into rows, marked for translation."""
    WORDS.append(words)
    SENTENCES.extend(sentences)


def columns(model: type[Model], *names: str) -> str:
    """Names of our fields as the columns of a SELECT."""
    stored = {field.name: field.column for field in model._meta.concrete_fields}
    return ", ".join(f"`{model._meta.pk.column if name == 'pk' else stored[name]}`" for name in names)


def wire(value: Any) -> Value:
    """A column's value as the browser gets it: times in ms since 1970, rates as numbers."""
    if isinstance(value, datetime):
        return (value - SEOUL_1970) // timedelta(milliseconds=1)
    return float(value) if isinstance(value, Decimal) else value


def table_rows(
    model: type[Model], names: Sequence[str], condition: str = "", *parameters: Any, key: str = "pk"
) -> Rows:
    """The rows of a small table, by primary key or another field that tells them apart."""
    sql = f"SELECT {columns(model, key, *names)} FROM `{model._meta.db_table}` {condition}"
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return {str(key): [wire(value) for value in values] for key, *values in cursor.fetchall()}

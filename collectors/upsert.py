"""Rows of a source into their table: the newer answer wins column by column, and nothing blank replaces anything."""

from collections.abc import Sequence
from typing import Any

from django.db import connection, models

ROWS_AT_ONCE = 500  # far below the server's packet, even with long texts in a row
NEWER = "VALUES(`fetched_at`) >= `fetched_at`"


def store(rows: Sequence[models.Model]) -> int:
    """Insert the rows, all of one model that has a ``fetched_at``, or mend those that are there; how many came.

    Found again by the primary key. A value that is NULL or an empty text never replaces a stored one, and an answer
    that is older than the stored row (a raw body parsed again) only fills what is blank.
    """
    if not rows:
        return 0
    fields = rows[0]._meta.concrete_fields
    # One order everywhere, so that two writers wait for each other and do not deadlock.
    ordered = sorted(rows, key=lambda row: row.pk)
    statement = _statement(rows[0])
    with connection.cursor() as cursor:
        for start in range(0, len(ordered), ROWS_AT_ONCE):
            part = ordered[start : start + ROWS_AT_ONCE]
            holes = ", ".join([f"({', '.join(['%s'] * len(fields))})"] * len(part))
            values = [_stored(field, row) for row in part for field in fields]
            cursor.execute(statement.format(holes), values)
    return len(rows)


def _stored(field: Any, row: models.Model) -> Any:
    return field.get_db_prep_save(getattr(row, field.attname), connection)


def _statement(row: models.Model) -> str:
    """The INSERT of this model with {} for its rows. ``fetched_at`` comes last: the others look at the old one."""
    others = [f for f in row._meta.concrete_fields if not f.primary_key and f.name != "fetched_at"]
    columns = ", ".join(f"`{field.column}`" for field in row._meta.concrete_fields)
    updates = [f"`{f.column}` = IF({NEWER}, {_given(f)}, {_kept(f)})" for f in others]
    updates.append("`fetched_at` = GREATEST(`fetched_at`, VALUES(`fetched_at`))")
    return f"INSERT INTO `{row._meta.db_table}` ({columns}) VALUES {{}} ON DUPLICATE KEY UPDATE {', '.join(updates)}"


def _given(field: Any) -> str:
    """The new value, or the stored one where the new is blank."""
    new = f"NULLIF(VALUES(`{field.column}`), '')" if _is_text(field) else f"VALUES(`{field.column}`)"
    return f"COALESCE({new}, `{field.column}`)"


def _kept(field: Any) -> str:
    """The stored value, or the new one where the stored is blank."""
    old = f"NULLIF(`{field.column}`, '')" if _is_text(field) else f"`{field.column}`"
    return f"COALESCE({old}, VALUES(`{field.column}`))"


def _is_text(field: Any) -> bool:
    # Only these: compared with '' a number that is 0 counts as empty too.
    return isinstance(field, models.CharField | models.TextField)

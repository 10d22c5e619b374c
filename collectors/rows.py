"""Writing what was fetched: one statement, and what is not known leaves the stored value alone."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from django.db import connection
from django.db.models import Model

ROWS_A_STATEMENT = 200


def keep_rows(model: type[Model], messages: Sequence[Any], key: Sequence[str], **more: Any) -> int:
    """Store messages of the protocol, whose fields are named like the model's, under their ``key``; returns how many.

    Repeating it leaves the same rows. ``more`` are values that the messages do not carry. A `fetched_at` of the
    model becomes now.
    """
    columns = {field.name: field.column for field in model._meta.concrete_fields}
    fetched = [columns["fetched_at"]] if "fetched_at" in columns else []
    rows = [{**asdict(message), **more} for message in messages]
    for start in range(0, len(rows), ROWS_A_STATEMENT):
        part = rows[start : start + ROWS_A_STATEMENT]
        names = list(part[0])
        written = [f"`{columns[name]}`" for name in names]
        kept = [f"`{columns[n]}` = COALESCE(VALUES(`{columns[n]}`), `{columns[n]}`)" for n in names if n not in key]
        kept += [f"`{column}` = NOW(6)" for column in fetched]
        place = f"({', '.join(['%s'] * len(names))})"
        with connection.cursor() as cursor:
            cursor.execute(
                f"INSERT INTO `{model._meta.db_table}` ({', '.join(written)}) "
                f"VALUES {', '.join([place] * len(part))} ON DUPLICATE KEY UPDATE {', '.join(kept)}",
                [row[name] for row in part for name in names],
            )
    return len(rows)

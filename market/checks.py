"""Whether the settings fit the board that is really there; each finding is a sentence with the setting's name."""

from collections.abc import Iterator, Sequence
from typing import Any

from django.conf import settings
from django.core import checks
from django.db import DatabaseError
from django.utils.translation import gettext as _

from market import gnuboard
from market.gnuboard import NUMBER_TYPES, GnuboardError, is_on

BO_TABLE_LENGTH = 20  # g5_board.bo_table


def mapped_columns() -> dict[str, str]:
    """Setting -> column, without those that say the site has none."""
    board = settings.DESK.gnuboard
    named = {
        "GNUBOARD_COL_RUN": board.col_run,
        "GNUBOARD_COL_CODE": board.col_code,
        "GNUBOARD_COL_NAME": board.col_name,
        "GNUBOARD_COL_PRICE": board.col_price,
        "GNUBOARD_COL_QTY": board.col_qty,
        "GNUBOARD_COL_SIDE": board.col_side,
    }
    return {setting: column for setting, column in named.items() if column}


def board_problems() -> Iterator[str]:
    """What keeps the watch list from working; reads information_schema only, never the rows."""
    board = settings.DESK.gnuboard
    mapped = mapped_columns()
    for setting in ("GNUBOARD_COL_RUN", "GNUBOARD_COL_CODE"):
        if setting not in mapped:
            yield _("%(setting)s is empty, and without it there is no watch list.") % {"setting": setting}
    if not is_on(board.run_on):
        yield _("GNUBOARD_RUN_ON (%(value)r) reads as off.") % {"value": board.run_on}
    if is_on(board.run_off):
        yield _("GNUBOARD_RUN_OFF (%(value)r) reads as on.") % {"value": board.run_off}
    for column in sorted({column for column in mapped.values() if list(mapped.values()).count(column) > 1}):
        names = ", ".join(setting for setting, name in mapped.items() if name == column)
        yield _("%(settings)s all name the column %(column)s.") % {"settings": names, "column": column}
    columns = gnuboard.columns(refresh=True)
    if not columns:
        yield _("There is no table %(table)s (GNUBOARD_TABLE) in this database.") % {"table": board.table}
        return
    for setting, column in mapped.items():
        if column not in columns:
            text = _("%(setting)s names the column %(column)s, which the table %(table)s does not have.")
            yield text % {"setting": setting, "column": column, "table": board.table}
    if board.col_run in columns:
        try:
            gnuboard.run_values(columns[board.col_run])
        except GnuboardError as exc:
            yield str(exc)


def board_remarks() -> Iterator[str]:
    """What works, and yet an operator should know."""
    board = settings.DESK.gnuboard
    columns = gnuboard.columns()
    code = columns.get(board.col_code)
    if code and code.data_type in NUMBER_TYPES:
        text = _("The code column %(column)s is %(type)s: codes with letters (0001A0) cannot be stored in it.")
        yield text % {"column": code.name, "type": code.column_type}
    start = f"{board.prefix}write_"
    if not board.table.startswith(start):
        text = _("The table %(table)s does not begin with %(start)s (GNUBOARD_PREFIX): no board's counters are kept.")
        yield text % {"table": board.table, "start": start}
    elif len(board.table.removeprefix(start)) > BO_TABLE_LENGTH:
        yield _("The board's id is longer than the %(limit)d characters Gnuboard allows.") % {"limit": BO_TABLE_LENGTH}


@checks.register(checks.Tags.database)
def check_board(
    app_configs: Any = None, databases: Sequence[str] | None = None, **kwargs: Any
) -> list[checks.CheckMessage]:
    """`manage.py check --database default`; silent before the first migration has made the table."""
    if not databases or "default" not in databases:
        return []
    try:
        if not gnuboard.columns(refresh=True):
            return []
        found: list[checks.CheckMessage] = [checks.Error(text, id="market.E001") for text in board_problems()]
        return found + [checks.Warning(text, id="market.W001") for text in board_remarks()]
    except DatabaseError as exc:
        number = exc.args[0] if exc.args else "?"
        return [checks.Warning(_("The board cannot be examined: database error %(n)s.") % {"n": number})]

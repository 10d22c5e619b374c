"""How a Gnuboard 5 board says things: its columns, its run flag, its codes and its typed numbers.

The owner chose the column types and PHP wrote the values (with ``sql_mode=''``), so nothing here trusts a type:
values are read as the driver gives them and judged in Python.
"""

import re
import time
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils.translation import gettext as _

TEXT_TYPES = frozenset(("char", "varchar", "tinytext", "text", "mediumtext", "longtext"))
WHOLE_TYPES = frozenset(("tinyint", "smallint", "mediumint", "int", "bigint", "bit"))
NUMBER_TYPES = WHOLE_TYPES | {"decimal", "float", "double"}
COLUMNS_KEPT = 30.0  # seconds; an owner's ALTER TABLE is noticed after that

_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]*)?\Z", re.ASCII)
_SYMBOL = re.compile(r"([0-9][0-9A-Z]{5}|Q[0-9]{6})\Z", re.ASCII)
_TYPED_NUMBER = re.compile(r"[1-9][0-9]{0,2}(,[0-9]{3})+|[1-9][0-9]*", re.ASCII)
_FULL_WIDTH = str.maketrans("０１２３４５６７８９，", "0123456789,")
_TYPED_LIMIT = 10**12


class GnuboardError(Exception):
    """The board cannot take what was asked of it; the text is for the person in front of the screen."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column of the board's table as information_schema tells it."""

    name: str
    data_type: str  # varchar, tinyint, enum ...
    column_type: str  # varchar(255), enum('Y','N') ...
    nullable: bool
    has_default: bool
    automatic: bool  # AUTO_INCREMENT or generated
    charset: str
    length: int | None  # characters
    comment: str = ""

    @property
    def members(self) -> tuple[str, ...]:
        """What an enum or set column may hold."""
        return tuple(m.replace("''", "'") for m in re.findall(r"'((?:[^']|'')*)'", self.column_type))

    @property
    def must_be_given(self) -> bool:
        """True where an INSERT that leaves the column out fails with 1364 under strict mode."""
        return not (self.nullable or self.has_default or self.automatic)

    def empty(self, now: str) -> Any:
        """The value Gnuboard itself would store where it has nothing to say; ``now`` is Seoul wall time."""
        if self.data_type in NUMBER_TYPES:
            return 0
        if self.data_type == "enum":
            return self.members[0]
        if self.data_type in ("datetime", "timestamp", "date"):
            return now[:10] if self.data_type == "date" else now
        if self.data_type == "time":
            return now[11:]
        return "0000" if self.data_type == "year" else ""

    def refusal(self, text: str) -> str:
        """Why this text would fail (or be cut) in the column, as a sentence; empty when it fits."""
        if self.charset.startswith("utf8mb3") or self.charset == "utf8":
            wide = next((c for c in text if ord(c) > 0xFFFF), None)
            if wide:
                return _("The board's table cannot store the character %(character)s.") % {"character": wide}
        if self.data_type in TEXT_TYPES and self.length is not None and len(text) > self.length:
            return _("At most %(limit)d characters fit.") % {"limit": self.length}
        if self.data_type == "enum" and text not in self.members:
            return _("The board takes one of: %(members)s.") % {"members": ", ".join(self.members)}
        if self.data_type in NUMBER_TYPES and text and not _NUMBER.match(text):
            return _("The board's column %(column)s holds numbers only.") % {"column": self.name}
        return ""


_columns: dict[tuple[str, str], tuple[float, dict[str, Column]]] = {}


def columns(*, refresh: bool = False) -> dict[str, Column]:
    """The columns of the board's table by name, kept for half a minute; empty where there is no such table."""
    table = settings.DESK.gnuboard.table
    key = (str(connection.settings_dict["NAME"]), table)
    kept = _columns.get(key)
    if kept and not refresh and time.monotonic() - kept[0] < COLUMNS_KEPT:
        return kept[1]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT column_name, data_type, column_type, is_nullable, column_default, extra, character_set_name,"
            " character_maximum_length, column_comment FROM information_schema.columns"
            " WHERE table_schema = DATABASE() AND table_name = %s ORDER BY ordinal_position",
            [table],
        )
        found = {row[0]: _column(*row) for row in cursor.fetchall()}
    _columns[key] = (time.monotonic(), found)
    return found


def _column(
    name: str,
    data_type: str,
    column_type: str,
    nullable: str,
    default: str | None,
    extra: str,
    charset: str | None,
    length: int | None,
    comment: str,
) -> Column:
    return Column(
        name=name,
        data_type=data_type.lower(),
        column_type=column_type,
        nullable=nullable == "YES",
        has_default=default is not None,
        automatic="auto_increment" in extra.lower() or "generated" in extra.lower(),
        charset=(charset or "").lower(),
        length=length,
        comment=comment,
    )


def column(name: str) -> Column:
    """One column of the board, or a sentence that says which setting names a column that is not there."""
    try:
        return columns()[name]
    except KeyError:
        text = _("The table %(table)s has no column %(column)s; see GNUBOARD_COL_... in .env.")
        raise GnuboardError(text % {"table": settings.DESK.gnuboard.table, "column": name}) from None


def is_on(value: Any) -> bool:
    """Whether a run flag says "run", in whatever type the owner gave the column.

    NULL, zero in any spelling and the off-words are off; everything else is on. A bit column arrives as bytes.
    """
    if value is None:
        return False
    if isinstance(value, bytes):
        if not value or min(value) < 0x20:
            return any(value)
        value = value.decode("utf-8", "replace")
    if isinstance(value, int | float | Decimal):
        return value != 0
    text = str(value).strip().lower()
    if _NUMBER.match(text):
        return Decimal(text) != 0
    return text not in settings.DESK.gnuboard.run_off_words and text != ""


def run_values(flag: Column) -> tuple[Any, Any]:
    """What to write for on and off so that PHP which tests truth and PHP which tests ``<> ''`` both agree.

    Text: GNUBOARD_RUN_ON and GNUBOARD_RUN_OFF, which are '1' and '' unless set. Numbers: RUN_ON where it is one, else
    1, and 0 ('' fails under strict mode); bits: 1 and 0. Enum: members, for there ``'1'`` that is no member means
    "the first one" to MariaDB. Raises GnuboardError for an enum that has no member for one of the two.
    """
    board = settings.DESK.gnuboard
    if flag.data_type in NUMBER_TYPES:
        on = int(board.run_on) if board.run_on.isascii() and board.run_on.isdigit() else 1
        return (1 if flag.data_type == "bit" else on or 1), 0
    if flag.data_type == "enum":
        return _members_for(flag, board.run_on, board.run_off)
    return board.run_on, board.run_off


def _members_for(flag: Column, on: str, off: str) -> tuple[str, str | None]:
    ons = [member for member in flag.members if is_on(member)]
    offs: list[str | None] = [member for member in flag.members if not is_on(member)]
    if flag.nullable:
        offs.append(None)
    if not ons or not offs:
        text = _("The run column %(column)s is %(type)s: it has no value for both on and off.")
        raise GnuboardError(text % {"column": flag.name, "type": flag.column_type})
    return (on if on in ons else ons[0]), (off if off in offs else offs[0])


def clean_symbol(value: Any) -> str:
    """The short code in what a board row holds, or '' when there is none: "A005930", " 5930 " -> "005930".

    HTS style has a leading A; an int column or a spreadsheet loses leading zeros. New short codes carry letters
    ("0001A0"), ETNs a Q and six digits.
    """
    text = ("" if value is None else str(value)).strip().upper()
    if len(text) == 7 and text[0] == "A":
        text = text[1:]
    if text.isascii() and text.isdigit() and len(text) < 6:
        text = text.zfill(6)
    return text if _SYMBOL.match(text) and text != "000000" else ""


def typed_number(value: Any) -> int | None:
    """A price or quantity that a person typed, in KRW or shares, or None: "71,900원" -> 71900, "12,34" -> None.

    Commas only in right groups of three, no sign, point, exponent or leading zero, below 10^12. Anything else is not
    guessed: PHP would have made 312 of "312,500".
    """
    text = re.sub(r"\s+", "", "" if value is None else str(value)).translate(_FULL_WIDTH)
    text = text.removeprefix("₩")
    text = text[:-1] if text.endswith(("원", "주")) else text
    if not _TYPED_NUMBER.fullmatch(text):
        return None
    number = int(text.replace(",", ""))
    return number if number < _TYPED_LIMIT else None

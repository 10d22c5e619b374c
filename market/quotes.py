"""The once-a-second write: everything the buffer has, in one statement, into one row per symbol.

An empty value never replaces a stored one and no row moves back in time; both are said in SQL, so that
they hold whatever calls this. The rows travel as a table value constructor that is joined in one UPDATE:
faster than a multi-row INSERT, and it neither burns auto-increment ids nor makes rows for symbols that
nobody watches. Every cell is text or NULL; typed constants would turn an empty text into 0.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from django.db import DataError, connection, transaction

from market.buffer import Bar, Pending
from market.models import ClosedBar, Quote
from stockdesk.kis.errors import FrameError
from stockdesk.kis.frames import tick_with_gaps
from stockdesk.kis.messages import KST, PriceRow
from stockdesk.models import Fence

_TICK_FIELDS = (
    "last_price", "change", "sign", "change_rate", "open_price", "high_price", "low_price", "ask_price",
    "bid_price", "tick_volume", "day_volume", "day_amount", "strength", "base_price", "halted", "market_phase",
    "business_date", "traded_at", "received_at", "source", "session",
)  # fmt: skip
_BAR_FIELDS = ("bar_at", "bar_open", "bar_high", "bar_low", "bar_close", "bar_volume")
_CLOSED_BAR_FIELDS = tuple(f"closed_{name}" for name in _BAR_FIELDS)
_CLOSED_TABLE = ClosedBar._meta.db_table
_CLOSED_COLUMNS = ("symbol", "starts_at", "open", "high", "low", "close", "volume")
# A whole trading day of two hundred symbols is 78,000 minutes: more than one statement should carry.
_CLOSED_AT_ONCE = 5_000
FIELDS = ("symbol", *_TICK_FIELDS, *_BAR_FIELDS, *_CLOSED_BAR_FIELDS)


@dataclass(frozen=True, slots=True)
class Written:
    """What one write did: rows sent, rows that the database took, what was refused and why."""

    sent: int
    taken: int
    refused: tuple[str, ...]


def write_ticks(pending: Sequence[Pending], fence: int, daemon: str) -> Written:
    """Write the last record and the bars of each symbol; only while ``daemon`` still holds lease ``fence``.

    What cannot be read of a record is left out and named in ``refused``, the rest is written, and so are its
    bars; the row holds the last closed one, and all that are news go where the EVENT fetches them, together or
    not at all. Raises ``django.db.Error``: the caller puts the rows back, and writing them again does no harm.
    """
    rows: list[list[str]] = []
    refused: list[str] = []
    for one in pending:
        tick = _NO_TICK
        if one.record:
            try:
                tick, odd = _tick_cells(one)
                refused += [f"{one.symbol}: {name} is odd" for name in odd]
            except (FrameError, UnicodeDecodeError) as exc:
                refused.append(f"{one.symbol}: {exc if isinstance(exc, FrameError) else 'not UTF-8'}")
        rows.append([one.symbol, *tick, *_bar_cells(one.bar), *_bar_cells(one.closed_bar)])
    closed = [[one.symbol, *_bar_cells(bar)] for one in pending for bar in one.closed_bars]
    if not closed:  # fifty-nine seconds of a minute: one statement, and nothing to hold together
        return _written(rows, TICK_IS_NEWER, fence, daemon, refused)
    with transaction.atomic():
        written = _written(rows, TICK_IS_NEWER, fence, daemon, refused)
        for start in range(0, len(closed), _CLOSED_AT_ONCE):
            write_fenced(_CLOSED_TABLE, _CLOSED_COLUMNS, closed[start : start + _CLOSED_AT_ONCE], fence, daemon)
    return written


def write_prices(prices: Iterable[PriceRow], asked_at: datetime, fence: int, daemon: str) -> Written:
    """Write prices read over REST (FHKST11300006); a row that a tick reached after ``asked_at`` keeps its tick.

    Raises ``django.db.Error``; so do the others here.
    """
    return write_asked_prices(((price, asked_at) for price in prices), fence, daemon)


def write_asked_prices(prices: Iterable[tuple[PriceRow, datetime]], fence: int, daemon: str) -> Written:
    """The same for prices of many calls, each with the time at which it was asked for; one statement for all.

    The bars stay as they are: a price now and then makes no bar. Rows are locked in symbol order, as by
    `write_ticks`, so that the two writers wait for each other and never deadlock.
    """
    rows = sorted(_price_row(price, asked_at) for price, asked_at in prices if price.price is not None)
    return _written(rows, PRICE_IS_NEWER, fence, daemon, [])


def _written(rows: list[list[str]], newer: str, fence: int, daemon: str, refused: list[str]) -> Written:
    """Write the rows together; if the database finds a value that fits nowhere, one by one without the culprit."""
    try:
        return Written(len(rows), write_rows(rows, newer, fence, daemon), tuple(refused))
    except DataError:
        taken = 0
        for row in rows:
            try:
                taken += write_rows([row], newer, fence, daemon)
            except DataError as exc:
                refused.append(f"{row[0]}: {exc.args[-1]}")
        return Written(len(rows), taken, tuple(refused))


def write_rows(rows: Sequence[list[str]], newer: str, fence: int, daemon: str) -> int:
    """Write cells in the order of ``FIELDS``, '' for no value, where ``newer`` holds; how many rows were taken."""
    if not rows:
        return 0
    values = ",".join(map(_row_sql, rows))
    with connection.cursor() as cursor:
        cursor.execute(f"{_HEAD} {values} {_JOIN} {_SET} WHERE {newer}", [daemon, fence])
        return int(cursor.rowcount)


def write_fenced(table: str, columns: Sequence[str], rows: Sequence[list[str]], fence: int, daemon: str) -> None:
    """Insert rows, or overwrite those of the same key, while ``daemon`` holds lease ``fence``; no cell is empty."""
    if not rows:
        return
    names = ", ".join(columns)
    heads = ", ".join(f"'' {name}" for name in columns)
    updates = ", ".join(f"{name} = VALUES({name})" for name in columns)
    with connection.cursor() as cursor:
        cursor.execute(
            f"INSERT INTO {table} ({names}) SELECT {', '.join(f'b.{name}' for name in columns)}"
            f" FROM (SELECT {heads} FROM DUAL WHERE 0 UNION ALL VALUES {','.join(map(_row_sql, rows))}) b"
            f" JOIN {Fence._meta.db_table} f ON f.name = %s AND f.number = %s ON DUPLICATE KEY UPDATE {updates}",
            [daemon, fence],
        )


def _row_sql(cells: list[str]) -> str:
    # Quoted here and not by the driver, which takes longer over 6,000 parameters than the server over the
    # statement. No cell holds anything but digits and a few letters and marks; what does is a bug.
    text = "('" + "','".join(cells) + "')"
    if not _is_harmless(text):
        raise ValueError(f"{cells[0][:9]!r}: a cell that is no number, time or code")
    return text.replace("''", "NULL")


_is_harmless = re.compile(r"\('[0-9A-Za-z .:+\-]*'(?:,'[0-9A-Za-z .:+\-]*')*\)").fullmatch


_NO_TICK = [""] * len(_TICK_FIELDS)


def _tick_cells(one: Pending) -> tuple[list[str], list[str]]:
    """The cells of a record and the names of the fields that made no sense."""
    tick, odd = tick_with_gaps(one.record.decode().split("^"))
    cells = [
        _text(tick.price),
        _text(tick.change),
        tick.sign or "",
        _text(tick.change_rate),
        _text(tick.open_price),
        _text(tick.high_price),
        _text(tick.low_price),
        _text(tick.ask_price),
        _text(tick.bid_price),
        _text(tick.volume),
        _text(tick.day_volume),
        _text(tick.day_amount),
        _text(tick.strength),
        _base(tick.price, tick.change),
        "" if tick.halted is None else "NY"[tick.halted],
        tick.market_phase or "",
        tick.business_date.isoformat(),
        _moment(tick.traded_at),
        _moment(datetime.fromtimestamp(one.received_at, KST)),
        "ws",
        str(one.session),
    ]
    return cells, odd


def _base(price: int, change: int | None) -> str:
    """The previous close, where the change makes sense beside the price."""
    return "" if change is None or change >= price else str(price - change)


def _price_row(price: PriceRow, asked_at: datetime) -> list[str]:
    cells = {
        "symbol": price.symbol,
        "last_price": _text(price.price),
        "change": _text(price.change),
        "sign": price.sign or "",
        "change_rate": _text(price.change_rate),
        "open_price": _text(price.open_price),
        "high_price": _text(price.high_price),
        "low_price": _text(price.low_price),
        "ask_price": _text(price.ask_price),
        "bid_price": _text(price.bid_price),
        "day_volume": _text(price.day_volume),
        "day_amount": _text(price.day_amount),
        "base_price": _text(price.base_price) or _base(price.price or 0, price.change),
        "received_at": _moment(asked_at),
        "source": "rest",
    }
    return [cells.get(name, "") for name in FIELDS]


_NO_BAR = [""] * len(_BAR_FIELDS)


def _bar_cells(bar: Bar | None) -> list[str]:
    return _NO_BAR if bar is None else [_moment(bar.starts_at), *map(str, bar[1:])]


def _text(value: object) -> str:
    return "" if value is None else str(value)


@lru_cache(maxsize=512)
def _moment(moment: datetime) -> str:
    """Korean wall time, as the database keeps it; a naive moment is that already."""
    local = moment.astimezone(KST) if moment.tzinfo else moment
    return local.replace(tzinfo=None).isoformat(" ")


def column(name: str) -> str:
    return str(Quote._meta.get_field(name).column)  # type: ignore[union-attr]


def _assignments() -> str:
    columns = [(i, column(name)) for i, name in enumerate(FIELDS) if name != "symbol"]
    return ", ".join(f"q.{column} = COALESCE(b.c{i}, q.{column})" for i, column in columns)


def _cell(name: str) -> str:
    return f"b.c{FIELDS.index(name)}"


# The empty SELECT names the columns; a table value constructor cannot.
_NAMES = ", ".join(f"'' c{i}" for i in range(len(FIELDS)))
_HEAD = f"UPDATE (SELECT {_NAMES} FROM DUAL WHERE 0 UNION ALL VALUES"
_JOIN = (
    f") b STRAIGHT_JOIN {Quote._meta.db_table} q ON q.{column('symbol')} = b.c0 COLLATE utf8mb4_bin "
    f"JOIN {Fence._meta.db_table} f ON f.name = %s AND f.number = %s"
)
_SET = f"SET {_assignments()}, q.{column('updated_at')} = NOW(6)"
TICK_IS_NEWER = (
    f"({_cell('traded_at')} IS NULL OR q.{column('traded_at')} IS NULL "
    f"OR q.{column('traded_at')} <= CAST({_cell('traded_at')} AS DATETIME(6)))"
)
PRICE_IS_NEWER = (
    f"(q.{column('received_at')} IS NULL OR q.{column('received_at')} < CAST({_cell('received_at')} AS DATETIME(6)))"
)

"""The watch list as the collectors and the screens read it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from django.db import connection
from django.utils.translation import gettext_lazy as _

from market.gnuboard import clean_symbol, is_on
from market.models import NAME_LENGTH, Instrument, Quote, WatchRow

READ_LIMIT = 2  # seconds, for the statement and for a lock on the table

NO_CODE = "no-code"
BAD_CODE = "bad-code"
REPEATED = "repeated"
REASONS = {
    NO_CODE: _("running, but the code is empty"),
    BAD_CODE: _("running, but this is no stock code"),
    REPEATED: _("already watched by an earlier row"),
}


class WatchItem(NamedTuple):
    """One instrument to subscribe to, by the row with the lowest ``wr_id`` that asks for it."""

    wr_id: int
    symbol: str
    name: str


class WatchState(NamedTuple):
    """One post of the board as judged: ``symbol`` is '' without a valid code, ``reason`` '' when all is well."""

    wr_id: int
    code: str
    symbol: str
    name: str
    running: bool
    reason: str


@dataclass(frozen=True, slots=True)
class WatchList:
    """All posts in the order of ``wr_id``, what to subscribe to, and what runs without a usable code."""

    rows: list[WatchState] = field(default_factory=list)
    symbols: list[WatchItem] = field(default_factory=list)
    invalid: list[WatchState] = field(default_factory=list)


def read_watch_list() -> WatchList:
    """Read the board once: running rows, unique by symbol, in the order of ``wr_id``.

    Raises a ``django.db.Error`` when the table is missing, crashed or locked for longer than two seconds: the
    caller keeps the list it has, for an unreadable list is not an empty one.
    """
    named = hasattr(WatchRow, "name_value")
    fields = ("wr_id", "run_value", "code_value", *(["name_value"] if named else []))
    sql, params = WatchRow.objects.order_by("wr_id").values_list(*fields).query.sql_with_params()
    with connection.cursor() as cursor:
        # MyISAM locks whole tables: a writer there, or LOCK TABLES, would hold up every reader as long as it likes.
        cursor.execute(
            f"SET STATEMENT max_statement_time = {READ_LIMIT}, lock_wait_timeout = {READ_LIMIT} FOR {sql}", params
        )
        return judge(cursor.fetchall())


def judge(records: Iterable[tuple]) -> WatchList:
    """Sort board records (wr_id, run flag, code, name) into a watch list; they come in the order of ``wr_id``."""
    watch = WatchList()
    seen: set[str] = set()
    for wr_id, run, code, *rest in records:
        symbol = clean_symbol(code)
        text = _text(code)
        name = _text(rest[0])[:NAME_LENGTH] if rest else ""
        running, reason = is_on(run), ""
        if running and not symbol:
            reason = BAD_CODE if text else NO_CODE
        elif running and symbol in seen:
            reason = REPEATED
        state = WatchState(wr_id, text, symbol, name, running, reason)
        watch.rows.append(state)
        if not running:
            continue
        if not symbol:
            watch.invalid.append(state)
        elif not reason:
            seen.add(symbol)
            watch.symbols.append(WatchItem(wr_id, symbol, name))
    return watch


def _text(value: object) -> str:
    return "" if value is None else str(value).strip()


def ensure_quotes(items: Iterable[WatchItem]) -> int:
    """Make an empty quote row for every symbol that has none, named by the master or else by the board.

    One statement for all of them, which never touches a row that exists but to fill a blank name. Returns how
    many symbols needed it.
    """
    names = {item.symbol: item.name for item in items}
    present = dict(Quote.objects.filter(symbol__in=names).values_list("symbol", "name")) if names else {}
    nameless = sorted(symbol for symbol in names if not present.get(symbol))
    if not nameless:
        return 0
    master = dict(Instrument.objects.filter(symbol__in=nameless).values_list("symbol", "name"))
    rows = [(symbol, master.get(symbol) or names[symbol] or None) for symbol in nameless]
    rows = [(symbol, name) for symbol, name in rows if name or symbol not in present]
    if not rows:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO market_quote (stck_shrn_iscd, hts_kor_isnm) VALUES "
            + ", ".join(["(%s, %s)"] * len(rows))
            + " ON DUPLICATE KEY UPDATE hts_kor_isnm = COALESCE(NULLIF(hts_kor_isnm, ''), VALUES(hts_kor_isnm))",
            [value for row in rows for value in row],
        )
    return len(rows)

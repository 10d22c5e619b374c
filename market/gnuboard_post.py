"""Writing to the board so that its own PHP pages show, search, edit and delete the row as one of theirs."""

import hashlib
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import OperationalError, connection, transaction
from django.utils.translation import gettext as _

from market.gnuboard import GnuboardError, column, columns, run_values
from market.models import WatchRow
from stockdesk.kis.messages import KST

LOCK_WAIT = 5  # seconds
ATTEMPTS = 5
DEADLOCK, LOCK_TIMEOUT = 1213, 1205


class RowGone(GnuboardError):
    """Somebody deleted the row in the board meanwhile."""


@dataclass(frozen=True, slots=True)
class Author:
    """Whose name the board shows; a blank ``member`` makes a guest post, which only the board's admin can edit."""

    member: str
    name: str


def post(*, symbol: str, name: str, running: bool, more: dict[str, Any] | None = None, ip: str = "127.0.0.1") -> int:
    """Add a row to the watch list as a post of the board, and return its ``wr_id``.

    ``more`` holds values of further mapped columns by column name. Call it outside of any transaction: the named
    lock must outlive the commit, or the next writer would not see this row's ``wr_num``. Raises GnuboardError with a
    sentence for the screen, and ``django.db.Error``.
    """
    board = settings.DESK.gnuboard
    on, off = run_values(column(board.col_run))
    now = board_now()
    author = _author()
    values = {
        "wr_subject": name or symbol,
        # The board refuses to save an edit of a post whose body is empty.
        "wr_content": f"{name} ({symbol})" if name and symbol else name or symbol,
        "mb_id": author.member,
        "wr_name": author.name,
        "wr_datetime": now,
        "wr_last": now,
        "wr_ip": ip,
        **(more or {}),
        column(board.col_code).name: symbol,
        column(board.col_run).name: on if running else off,
    }
    if board.col_name and board.col_name not in (board.col_code, board.col_run):
        values[column(board.col_name).name] = name or symbol
    for given in columns().values():
        if given.must_be_given and given.name not in values and given.name != "wr_num":
            values[given.name] = given.empty(now)
    progress = _Progress()
    with _board_lock():
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return _insert(values, author, now, progress)
            except OperationalError as exc:
                if exc.args[0] not in (DEADLOCK, LOCK_TIMEOUT) or attempt == ATTEMPTS:
                    raise
                time.sleep(random.uniform(0.02, 0.1) * attempt)
    raise AssertionError("unreachable")


@dataclass(slots=True)
class _Progress:
    """What a MyISAM board kept although the attempt failed: it knows no rollback, so the row is not posted twice."""

    wr_id: int = 0


def _insert(values: dict[str, Any], author: Author, now: str, progress: _Progress) -> int:
    table = connection.ops.quote_name(settings.DESK.gnuboard.table)
    names = ", ".join(connection.ops.quote_name(name) for name in values)
    holes = ", ".join(["%s"] * len(values))
    neighbours = _neighbours()
    transactional = _keeps_transactions()
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        wr_id = progress.wr_id
        if not wr_id:
            cursor.execute(
                f"INSERT INTO {table} (wr_num, {names}) SELECT IFNULL(MIN(wr_num), 0) - 1, {holes} FROM {table}",
                list(values.values()),
            )
            wr_id = cursor.lastrowid
            progress.wr_id = 0 if transactional else wr_id
        cursor.execute(f"UPDATE {table} SET wr_parent = wr_id WHERE wr_id = %s", [wr_id])
        if neighbours:
            bo_table, new, boards = neighbours
            cursor.execute(
                f"INSERT INTO {new} (bo_table, wr_id, wr_parent, bn_datetime, mb_id) VALUES (%s, %s, %s, %s, %s)",
                [bo_table, wr_id, wr_id, now, author.member],
            )
            cursor.execute(
                f"UPDATE {boards} SET bo_count_write = bo_count_write + 1 WHERE bo_table = %s",
                [bo_table],
            )
    return wr_id


def switch(wr_ids: list[int], *, on: bool) -> int:
    """Write the run flag of these posts and nothing else; how many of them still exist. Raises as `post`."""
    board = settings.DESK.gnuboard
    values = run_values(column(board.col_run))
    return WatchRow.objects.filter(pk__in=wr_ids).update(run_value=values[0] if on else values[1])


def edit(wr_id: int, **changes: Any) -> None:
    """Write the changed columns of one post, by field name: PHP counts hits and comments meanwhile.

    Raises RowGone where the board has no such post any more, and ``django.db.Error``.
    """
    if changes and not WatchRow.objects.filter(pk=wr_id).update(**changes):
        raise RowGone(_("This row was deleted in the board meanwhile."))


@contextmanager
def _board_lock() -> Iterator[None]:
    """One writer at a time among our processes: concurrent MIN(wr_num) - 1 gave most of them the same number."""
    name = f"{connection.settings_dict['NAME']}:{settings.DESK.gnuboard.table}"
    if len(name) > 64:
        name = hashlib.sha256(name.encode()).hexdigest()
    with connection.cursor() as cursor:
        cursor.execute("SELECT GET_LOCK(%s, %s)", [name, LOCK_WAIT])
        if cursor.fetchone()[0] != 1:
            raise GnuboardError(_("Another program is writing to the board; try again in a moment."))
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT RELEASE_LOCK(%s)", [name])


def _tables(*names: str) -> dict[str, str]:
    """Which of these tables exist, with their engine."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name, engine FROM information_schema.tables"
            " WHERE table_schema = DATABASE() AND table_name IN %s",
            [names],
        )
        return {name: (engine or "").lower() for name, engine in cursor.fetchall()}


def _keeps_transactions() -> bool:
    table = settings.DESK.gnuboard.table
    return _tables(table).get(table) == "innodb"


def _neighbours() -> tuple[str, str, str] | None:
    """The board's id and the two tables to tell of a post, quoted; None where the site has no such board."""
    board = settings.DESK.gnuboard
    start = f"{board.prefix}write_"
    new, boards = f"{board.prefix}board_new", f"{board.prefix}board"
    if not board.table.startswith(start) or len(_tables(new, boards)) < 2:
        return None
    bo_table = board.table.removeprefix(start)
    quote = connection.ops.quote_name
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT 1 FROM {quote(boards)} WHERE bo_table = %s", [bo_table])
        return (bo_table, quote(new), quote(boards)) if cursor.fetchone() else None


def _author() -> Author:
    """GNUBOARD_AUTHOR, else the site's super-admin; a member that does not exist becomes a guest."""
    board = settings.DESK.gnuboard
    config, members = f"{board.prefix}config", f"{board.prefix}member"
    present = _tables(config, members)
    wanted = board.author
    with connection.cursor() as cursor:
        if not wanted and config in present:
            cursor.execute(f"SELECT cf_admin FROM {connection.ops.quote_name(config)} LIMIT 1")
            wanted = (cursor.fetchone() or ("",))[0]
        if wanted and members in present:
            cursor.execute(
                f"SELECT mb_id, mb_nick FROM {connection.ops.quote_name(members)} WHERE mb_id = %s",
                [wanted],
            )
            found = cursor.fetchone()
            if found:
                return Author(member=found[0], name=found[1] or found[0])
    return Author(member="", name=wanted or "stockdesk")


def board_now() -> str:
    """Korean wall time as PHP writes it: 2026-11-20 09:00:00."""
    return f"{datetime.now(KST):%Y-%m-%d %H:%M:%S}"

"""A database of its own for a replay: what a desk decides on is copied into it, and nothing is ever written back."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import OperationalError, connection, connections
from django.db.models import Model
from django.utils.translation import gettext as _

from assets.models import Account, Balance, Holding
from market.models import ClosedBar, FeedSession, Instrument, Quote
from stockdesk.calendar.models import MarketDay, SessionWindow
from stockdesk.models import Fence
from trading.models import Condition, Desk, Order, Refusal

ENDING = "_replay"
LONGEST = 64
#: Copied with their rows.
COPIED: tuple[type[Model], ...] = (Instrument, MarketDay, SessionWindow, Condition, Desk, Account, Balance, Holding)
#: Empty at the start: the replay fills them.
EMPTY: tuple[type[Model], ...] = (Quote, ClosedBar, FeedSession, Fence, Order, Refusal, Condition.history.model)
MARK = "stockdesk_replay"
DENIED = (1044, 1045, 1142, 1227)


class NoDatabase(Exception):
    """The replay has no database to work in; the text says why and what to do."""


@contextmanager
def own_database() -> Iterator[str]:
    """Every connection of this process works in the replay's database inside the block; gives its name.

    It is made anew at the start and dropped at the end. Raises NoDatabase.
    """
    live = str(connection.settings_dict["NAME"])
    own = f"{live[: LONGEST - len(ENDING)]}{ENDING}"
    _make(own)
    _move(own)
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT DATABASE(), GET_LOCK(%s, 0)", (own,))
            if cursor.fetchone() != (own, 1):
                text = _("Another replay works in the database %(name)s. Wait until it has ended, or stop it.")
                raise NoDatabase(text % {"name": own})
            _empty(own)
            for model in (*COPIED, *EMPTY):
                table = model._meta.db_table
                cursor.execute(f"CREATE TABLE {_quoted(table)} LIKE {_quoted(live)}.{_quoted(table)}")
                if model in COPIED:
                    cursor.execute(f"INSERT INTO {_quoted(table)} SELECT * FROM {_quoted(live)}.{_quoted(table)}")
        try:
            yield own
        finally:
            with connection.cursor() as cursor:
                cursor.execute(f"DROP DATABASE IF EXISTS {_quoted(own)}")
    finally:
        _move(live)


def _make(own: str) -> None:
    """Create it. One of that name that a replay has not made is somebody else's, and left alone."""
    try:
        with connection.cursor() as cursor:
            cursor.execute(f"CREATE DATABASE IF NOT EXISTS {_quoted(own)}")
            cursor.execute("SELECT table_name FROM information_schema.tables WHERE table_schema = %s", (own,))
            tables = {name for (name,) in cursor.fetchall()}
            if tables and MARK not in tables:
                text = _("The database %(name)s exists and no replay has made it. Rename it: replays need that name.")
                raise NoDatabase(text % {"name": own})
            cursor.execute(f"CREATE TABLE IF NOT EXISTS {_quoted(own)}.{_quoted(MARK)} (made_by INT)")
    except OperationalError as exc:
        if exc.args[0] not in DENIED:
            raise
        grant = f"GRANT ALL ON {_pattern(own)}.* TO {_user()};"
        text = _("This desk's database user may not make the replay's own database. An administrator of the database "
                 "allows it with: %(grant)s")  # fmt: skip
        raise NoDatabase(text % {"grant": grant}) from None


def _empty(own: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT table_name FROM information_schema.tables WHERE table_schema = %s", (own,))
        for (table,) in cursor.fetchall():
            if table != MARK:
                cursor.execute(f"DROP TABLE {_quoted(table)}")


def _move(name: str) -> None:
    """Connect to this database from here on, on every alias and in every thread that connects later."""
    connections.close_all()
    for alias in connections.settings:
        connections.settings[alias]["NAME"] = name
        connections[alias].settings_dict["NAME"] = name


def _user() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT CURRENT_USER()")
        user, _, host = str(cursor.fetchone()[0]).rpartition("@")
    return f"'{user}'@'{host}'"


def _quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


def _pattern(name: str) -> str:
    """For GRANT, in which an underscore alone would stand for any letter."""
    return _quoted(name.replace("_", r"\_").replace("%", r"\%"))

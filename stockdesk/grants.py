"""The rights of a database user as the server has them, and the SQL that makes them what they should be."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Rights = Mapping[str, frozenset[str]]
"""Rights such as SELECT, by table of the desk's database."""

_NAME = r"`((?:[^`]|``)+)`"
_NOTHING = re.compile(r"GRANT USAGE ON \*\.\* TO (?!.* WITH GRANT OPTION)")
_ON_TABLE = re.compile(rf"GRANT ([A-Z, ]+) ON {_NAME}\.{_NAME} TO (?!.* WITH GRANT OPTION)")
_FOR_EVERYONE = re.compile(rf"GRANT .+ ON {_NAME}\.\S+ TO PUBLIC")
MOST_NAMED = 3


@dataclass(frozen=True, slots=True)
class Held:
    """What a user has: rights on our tables, and whatever else there is, word by word without the user.

    ``everyone`` is what the server lets all its users do in our database.
    """

    host: str
    tables: Rights
    more: tuple[str, ...] = ()
    everyone: tuple[str, ...] = ()

    def against(self, wanted: Rights) -> "Difference":
        none: frozenset[str] = frozenset()
        tables = sorted({*wanted, *self.tables})
        missing = {table: wanted.get(table, none) - self.tables.get(table, none) for table in tables}
        excess = {table: self.tables.get(table, none) - wanted.get(table, none) for table in tables}
        return Difference(
            {table: rights for table, rights in missing.items() if rights},
            {table: rights for table, rights in excess.items() if rights},
            (*self.more, *(f"{words} for everyone" for words in self.everyone)),
        )


@dataclass(frozen=True, slots=True)
class Difference:
    """What a user lacks, and what it has too much."""

    missing: Rights
    excess: Rights
    more: tuple[str, ...] = ()

    def described(self) -> str:
        """In a few words, or nothing where there is no difference."""
        lacks = [f"{', '.join(sorted(rights))} on {table}" for table, rights in self.missing.items()]
        exceeds = [f"{', '.join(sorted(rights))} on {table}" for table, rights in self.excess.items()]
        parts = (("missing", lacks), ("too much", [*self.more, *exceeds]))
        return "; ".join(f"{title}: {_named(items)}" for title, items in parts if items)


def _named(items: list[str]) -> str:
    left = len(items) - MOST_NAMED
    return ", ".join(items[:MOST_NAMED]) + (f" and {left} more" if left > 0 else "")


def held(connection: Any, database: str) -> Held:
    """The rights of the user of this connection, those that everyone has on our database (PUBLIC) with them."""
    tables: dict[str, frozenset[str]] = {}
    more: list[str] = []
    everyone: list[str] = []
    with connection.cursor() as cursor:
        cursor.execute("SELECT CURRENT_USER()")
        (user,) = cursor.fetchone()
        cursor.execute("SHOW GRANTS")
        for (line,) in cursor.fetchall():
            on_table = _ON_TABLE.match(line)
            if on_table and _plain(on_table[2]) == database:
                table = _plain(on_table[3])
                tables[table] = tables.get(table, frozenset()) | frozenset(on_table[1].split(", "))
            elif open_to_all := _FOR_EVERYONE.match(line):
                # A fresh MariaDB lets everyone into databases named test and test_...: no matter, unless ours is one.
                cursor.execute("SELECT %s LIKE %s", (database, _plain(open_to_all[1])))
                if cursor.fetchone()[0]:
                    everyone.append(_words(line))
            elif not _NOTHING.match(line):
                more.append(_words(line))
    return Held(user.rpartition("@")[2], tables, tuple(more), tuple(everyone))


def _words(line: str) -> str:
    """The grant without its user: a password's hash may follow."""
    return line.removeprefix("GRANT ").partition(" TO ")[0]


def _plain(quoted: str) -> str:
    return quoted.replace("``", "`")


def statements(database: str, user: str, has: Held, wanted: Rights) -> Iterator[str]:
    """SQL after which the user has what is wanted and no more; what everyone has is the server's owner's to take."""
    who = account(user, has.host)
    if has.more:
        yield f"REVOKE ALL PRIVILEGES, GRANT OPTION FROM {who}"
        has = Held(has.host, {})
    difference = has.against(wanted)
    for table, rights in difference.excess.items():
        yield f"REVOKE {', '.join(sorted(rights))} ON {name(database)}.{name(table)} FROM {who}"
    for table, rights in difference.missing.items():
        yield f"GRANT {', '.join(sorted(rights))} ON {name(database)}.{name(table)} TO {who}"


def creation(user: str, host: str, password: str) -> list[str]:
    """SQL that makes the user where there is none, and gives it this password."""
    who, secret = account(user, host), text(password)
    return [f"CREATE USER IF NOT EXISTS {who} IDENTIFIED BY {secret}", f"ALTER USER {who} IDENTIFIED BY {secret}"]


def account(user: str, host: str) -> str:
    return f"{text(user)}@{text(host)}"


def text(value: str) -> str:
    doubled = value.replace("\\", "\\\\").replace("'", "''")
    return f"'{doubled}'"


def name(value: str) -> str:
    doubled = value.replace("`", "``")
    return f"`{doubled}`"

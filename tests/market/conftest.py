"""A Gnuboard board to test against: MyISAM rows survive a rollback and no flush knows the table, so it is remade."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import settings
from django.db import connection

from market import gnuboard
from market.gnuboard_table import COLUMNS, create_statement

NEIGHBOURS = {
    "g5_board": "bo_table varchar(20) PRIMARY KEY, bo_count_write int NOT NULL DEFAULT 0",
    "g5_board_new": "bn_id int AUTO_INCREMENT PRIMARY KEY, bo_table varchar(20) NOT NULL, wr_id int NOT NULL,"
    " wr_parent int NOT NULL, bn_datetime datetime NOT NULL, mb_id varchar(20) NOT NULL",
    "g5_config": "cf_admin varchar(100) NOT NULL",
    "g5_member": "mb_no int AUTO_INCREMENT PRIMARY KEY, mb_id varchar(20) NOT NULL, mb_nick varchar(255) NOT NULL",
}


def sql(statement: str, *params: Any) -> list[tuple]:
    """Run one statement as PHP would send it: outside of Django's idea of the table."""
    with connection.cursor() as cursor:
        cursor.execute(statement, params or None)
        return list(cursor.fetchall()) if cursor.description else []


class Board:
    """The board's table as PHP sees it."""

    table = settings.DESK.gnuboard.table

    def remake(self, *, engine: str = "InnoDB", charset: str = "utf8mb4", **types: str) -> None:
        sql(f"DROP TABLE IF EXISTS {self.table}")
        sql(create_statement(settings.DESK.gnuboard, engine=engine, charset=charset, **types))
        gnuboard.columns(refresh=True)

    def add(self, **values: Any) -> int:
        """A row as PHP inserts it: what is not named gets '' where Gnuboard has no default."""
        required = (name for name, kind in COLUMNS.items() if "NOT NULL" in kind and "DEFAULT" not in kind)
        row: dict[str, Any] = dict.fromkeys(required, "")
        row.pop("wr_id")
        row.update({"wr_num": -1, "wr_datetime": "2026-11-20 09:00:00", **values})
        with connection.cursor() as cursor:
            cursor.execute(
                f"INSERT INTO {self.table} ({', '.join(row)}) VALUES ({', '.join(['%s'] * len(row))})",
                list(row.values()),
            )
            wr_id = cursor.lastrowid
        if "wr_parent" not in values:
            sql(f"UPDATE {self.table} SET wr_parent = wr_id WHERE wr_id = %s", wr_id)
        return wr_id

    def stock(self, code: str, name: str = "", run: Any = "1", **values: Any) -> int:
        return self.add(wr_1=code, wr_subject=name or code, x2_run=run, **values)

    def row(self, wr_id: int) -> dict[str, Any]:
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT * FROM {self.table} WHERE wr_id = %s", [wr_id])
            names = [column[0] for column in cursor.description]
            return dict(zip(names, cursor.fetchone(), strict=True))


@pytest.fixture
def board(transactional_db: None) -> Iterator[Board]:
    """An empty InnoDB utf8mb4 board, remade afterwards whatever the test did to it."""
    board = Board()
    board.remake()
    yield board
    board.remake()


@pytest.fixture
def site(board: Board) -> Iterator[Callable[[], list[tuple]]]:
    """The tables beside the board, with one board and one super-admin; gives the "recent posts" back."""
    for name, body in NEIGHBOURS.items():
        sql(f"DROP TABLE IF EXISTS {name}")
        sql(f"CREATE TABLE {name} ({body}) ENGINE=MyISAM DEFAULT CHARSET=utf8mb3")
    sql("INSERT INTO g5_board VALUES ('daemon_kind_stock', 7)")
    sql("INSERT INTO g5_config VALUES ('boss')")
    sql("INSERT INTO g5_member (mb_id, mb_nick) VALUES ('boss', '주인')")
    yield lambda: sql("SELECT bo_table, wr_id, wr_parent, mb_id FROM g5_board_new ORDER BY bn_id")
    for name in NEIGHBOURS:
        sql(f"DROP TABLE {name}")

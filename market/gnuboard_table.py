"""The table of a Gnuboard 5 board, for databases that have none yet.

Columns, order, keys and missing defaults are those of Gnuboard 5.4 to 5.6 (``g5_write_<bo_table>``): a column
without a default must stay so, or an incomplete INSERT would only fail on the operator's site.
"""

from typing import Any

from django.conf import settings

from stockdesk.env import GnuboardSettings

CODE_COLUMN = "varchar(255) NOT NULL DEFAULT ''"
RUN_COLUMN = "varchar(10) NOT NULL DEFAULT ''"

COLUMNS = {
    "wr_id": "int(11) NOT NULL AUTO_INCREMENT",
    "wr_num": "int(11) NOT NULL DEFAULT 0",
    "wr_reply": "varchar(10) NOT NULL",
    "wr_parent": "int(11) NOT NULL DEFAULT 0",
    "wr_is_comment": "tinyint(4) NOT NULL DEFAULT 0",
    "wr_comment": "int(11) NOT NULL DEFAULT 0",
    "wr_comment_reply": "varchar(5) NOT NULL",
    "ca_name": "varchar(255) NOT NULL",
    "wr_option": "set('html1','html2','secret','mail') NOT NULL",
    "wr_subject": "varchar(255) NOT NULL",
    "wr_content": "text NOT NULL",
    "wr_seo_title": "varchar(255) NOT NULL DEFAULT ''",
    "wr_link1": "text NOT NULL",
    "wr_link2": "text NOT NULL",
    "wr_link1_hit": "int(11) NOT NULL DEFAULT 0",
    "wr_link2_hit": "int(11) NOT NULL DEFAULT 0",
    "wr_hit": "int(11) NOT NULL DEFAULT 0",
    "wr_good": "int(11) NOT NULL DEFAULT 0",
    "wr_nogood": "int(11) NOT NULL DEFAULT 0",
    "mb_id": "varchar(20) NOT NULL",
    "wr_password": "varchar(255) NOT NULL",
    "wr_name": "varchar(255) NOT NULL",
    "wr_email": "varchar(255) NOT NULL",
    "wr_homepage": "varchar(255) NOT NULL",
    "wr_datetime": "datetime NOT NULL DEFAULT '0000-00-00 00:00:00'",
    "wr_file": "tinyint(4) NOT NULL DEFAULT 0",
    "wr_last": "varchar(19) NOT NULL",
    "wr_ip": "varchar(255) NOT NULL",
    "wr_facebook_user": "varchar(255) NOT NULL",
    "wr_twitter_user": "varchar(255) NOT NULL",
    **{f"wr_{n}": "varchar(255) NOT NULL" for n in range(1, 11)},
}

KEYS = (
    "PRIMARY KEY (wr_id)",
    "KEY wr_seo_title (wr_seo_title)",
    "KEY wr_num_reply_parent (wr_num, wr_reply, wr_parent)",
    "KEY wr_is_comment (wr_is_comment, wr_id)",
)


def create_statement(
    board: GnuboardSettings, *, engine: str = "InnoDB", charset: str = "utf8mb4", **types: str
) -> str:
    """CREATE TABLE for this board; ``types`` replaces the type of a column or adds one by name."""
    columns = dict(COLUMNS)
    for column in (board.col_code, board.col_name, board.col_price, board.col_qty, board.col_side):
        if column:
            columns.setdefault(column, CODE_COLUMN)
    columns.setdefault(board.col_run, RUN_COLUMN)
    columns.update(types)
    body = ",\n  ".join([*(f"`{name}` {kind}" for name, kind in columns.items()), *KEYS])
    collation = f"{charset}_unicode_ci" if charset == "utf8mb4" else f"{charset}_general_ci"
    return f"CREATE TABLE `{board.table}` (\n  {body}\n) ENGINE={engine} DEFAULT CHARSET={charset} COLLATE={collation}"


def create_if_absent(connection: Any) -> bool:
    """Make the table of the settings where the database has none of this name; true when it was made."""
    board = settings.DESK.gnuboard
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT 1 FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = %s",
            [board.table],
        )
        if cursor.fetchone():
            return False
        cursor.execute(create_statement(board))
    return True

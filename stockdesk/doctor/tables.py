"""The desk's tables, and the one on Gnuboard's side that it reads."""

from collections.abc import Iterator

from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor

from stockdesk import grants
from stockdesk.backup.tables import engines as engines_of
from stockdesk.backup.tables import own
from stockdesk.doctor.findings import Finding, judged
from stockdesk.env import Environment

#: Errors of a table that MyISAM holds for damaged.
DAMAGED = (126, 127, 144, 145, 1034, 1194, 1195)


def migrations() -> Finding:
    executor = MigrationExecutor(connection)
    missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    found = f"{len(missing)} migrations not applied" if missing else "as the code expects"
    return judged("tables", found, "Run ./desk up, which applies them.", well=not missing)


def engines() -> Finding:
    """Our own tables know transactions, whatever the server's default engine is."""
    wrong = sorted(name for name, engine in engines_of(own()).items() if engine != "INNODB" and "write_" not in name)
    found = f"{', '.join(wrong[:3])} {'and others ' * (len(wrong) > 3)}not InnoDB" if wrong else "all InnoDB"
    remedy = "ALTER TABLE ... ENGINE=InnoDB for each, and default_storage_engine = InnoDB on the server."
    return judged("engine", found, remedy, well=not wrong)


def board(desk: Environment) -> Iterator[Finding]:
    """The watch list's table in the Gnuboard database, with the columns that the settings name."""
    mapped = desk.gnuboard
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT column_name FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = %s",
            [mapped.table],
        )
        present = {name for (name,) in cursor.fetchall()}
    if not present:
        remedy = "Correct GNUBOARD_TABLE; ./desk up makes it."
        yield judged("watch list", f"no table {mapped.table}", remedy, well=False)
        return
    wanted = {
        "GNUBOARD_COL_RUN": mapped.col_run,
        "GNUBOARD_COL_CODE": mapped.col_code,
        "GNUBOARD_COL_NAME": mapped.col_name,
        "GNUBOARD_COL_PRICE": mapped.col_price,
        "GNUBOARD_COL_SIDE": mapped.col_side,
        "GNUBOARD_COL_QTY": mapped.col_qty,
    }
    missing = ", ".join(f"{name}={column}" for name, column in wanted.items() if column and column not in present)
    yield judged("watch list", mapped.table, f"The table has no such column: {missing}.", well=not missing)
    yield from board_engine(mapped.table)


def board_engine(table: str) -> Iterator[Finding]:
    """Gnuboard's tables are MyISAM on many sites: that works, until one is damaged."""
    try:
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT 1 FROM {grants.name(table)} LIMIT 1")
    except DatabaseError as exc:
        remedy = f"REPAIR TABLE {table}" if exc.args[0] in DAMAGED else "See the error in MariaDB's documentation."
        yield Finding("watch list", f"{table} cannot be read: error {exc.args[0]}", remedy, "bad")
        return
    engine = engines_of([table])[table]
    if engine != "INNODB":
        found = f"{table} is {engine}: it works, a lock on it holds up the whole table, a crash may damage it"
        yield Finding("watch list", found, f"Better: ALTER TABLE {table} ENGINE=InnoDB", "doubtful")

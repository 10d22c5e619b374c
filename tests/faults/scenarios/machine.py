"""What happens to the desk itself: its processes, its database, its disks, its clock."""

import os
import signal
from contextlib import suppress
from datetime import timedelta

import MySQLdb

from tests.faults.desk import DAEMONS, WATCHED, Copy, Desk
from tests.faults.fault import Fault, nothing, over
from tests.faults.scenarios.broker import calm

#: The six seconds of the lease, three until a transaction that idles is undone, and what starting takes.
TAKES_OVER_WITHIN = 20.0
_WAITS_FOR_US = """
    SELECT COUNT(*) FROM information_schema.innodb_trx
    WHERE trx_state = 'LOCK WAIT' AND trx_query LIKE '%trading_order%'
"""
DISK = "no small disk of its own: {}"


# Processes


def kill_the_feed_thrice(desk: Desk) -> None:
    for _ in range(3):
        desk.restart("run_ws_market")
        newest = str(desk.newest("run_ws_market").pid)
        desk.until(lambda pid=newest: holder(desk, "ws_market") == pid, "a new feed")  # type: ignore[misc]


def stop_the_holder_and_start_a_second(desk: Desk) -> None:
    """It sleeps past its lease with conditions in hand, and wakes up beside the copy that took over."""
    sleeper = desk.newest("run_trading")
    os.kill(sleeper.pid, signal.SIGSTOP)
    desk.buy()
    let_another_take_over(desk, sleeper)


def freeze_the_holder_in_mid_write(desk: Desk) -> None:
    """It sleeps with an order half written, whose locks it keeps: they must not keep the other copy out."""
    sleeper, held = desk.newest("run_trading"), desk.tables.connect()
    try:
        with held.cursor() as cursor:
            cursor.execute("SELECT id FROM trading_order ORDER BY id DESC LIMIT 1 FOR UPDATE")  # and the gap after it
            symbol = desk.buy()
            desk.until(lambda: desk.tables.one(_WAITS_FOR_US), "a write that waits")
            os.kill(sleeper.pid, signal.SIGSTOP)
    finally:
        held.rollback()
        held.close()
    let_another_take_over(desk, sleeper)
    desk.until_state(symbol, "filled")


def let_another_take_over(desk: Desk, sleeper: Copy) -> None:
    """A second copy trades while the first sleeps, and when it wakes up."""
    desk.start("run_trading")
    desk.until(lambda: holder(desk, "trading") not in ("", str(sleeper.pid)), "another holder", TAKES_OVER_WITHIN)
    desk.until_state(desk.buy(), "filled")
    os.kill(sleeper.pid, signal.SIGCONT)
    for _ in range(3):  # whatever it had in hand, and what it finds: none of it is for it to send (I10)
        desk.until_state(desk.buy(), "filled")
    desk.until(lambda: desk.ended(sleeper) is not None, "the end of the one that slept")


def start_a_second_copy(desk: Desk) -> None:
    for command in DAEMONS:
        second = desk.start(command)
        desk.until(lambda copy=second: desk.ended(copy) == 0, f"the second {command} to leave with 0")  # type: ignore[misc]
        assert "already runs" in second.log.read_text(), "it did not say why it left"


def stop_the_accounts_daemon(desk: Desk) -> None:
    """No order on old assets (I3): the one that is wanted meanwhile is refused, with the reason."""
    os.kill(desk.newest("run_assets").pid, signal.SIGSTOP)
    # Older than the checker allows for the way to the broker (31.5 s): what leaves now is a complaint.
    desk.until(lambda: desk.tables.one(
        "SELECT updated_at < NOW(6) - INTERVAL 32 SECOND FROM assets_account"), "an old account", 45)  # fmt: skip
    symbol, sent = desk.buy(), len(desk.witness.passed)
    refused = "SELECT COUNT(*) FROM trading_refusal WHERE symbol = %s AND code = 'old_assets'"
    desk.until(lambda: desk.tables.one(refused, symbol), "the reason why not")
    assert len(desk.witness.passed) == sent, "an order left on old assets"
    desk.rest_after()


def wake_the_accounts_daemon(desk: Desk) -> None:
    os.kill(desk.newest("run_assets").pid, signal.SIGCONT)


def holder(desk: Desk, name: str) -> str:
    """The process that holds the lease, as text; empty where nobody does."""
    told = str(desk.tables.one("SELECT holder FROM stockdesk_daemon WHERE name = %s", name) or "::")
    return told.split(":")[1]


def logs_to_a_full_disk(desk: Desk) -> None:
    for command in DAEMONS:
        desk.stop(command)
        desk.start(command, log="/dev/full")
    desk.until_well(90)
    desk.until_state(desk.buy(), "filled")


def step_back(desk: Desk) -> None:
    """The broker's clock is ten minutes off ours, which is all that a wrong clock of our own looks like from here."""
    desk.control.mishap_on("wrong-date", value=600)


# The database


def restart_the_database(desk: Desk) -> None:
    desk.server.stop()
    desk.server.start()


def kill_the_database_in_mid_flood(desk: Desk) -> None:
    desk.control.change(ticks_per_second=2000.0)
    desk.buy()
    desk.server.kill()
    desk.server.start()


def stop_the_database(desk: Desk) -> None:
    desk.server.send(signal.SIGSTOP)


def wake_the_database(desk: Desk) -> None:
    desk.server.send(signal.SIGCONT)


def kill_every_connection(desk: Desk) -> None:
    for _ in range(3):
        for (number,) in desk.tables.rows(
            "SELECT id FROM information_schema.processlist WHERE user LIKE 'stockdesk%%' OR user = 'none' AND %s", 0
        ):
            with suppress(MySQLdb.Error):
                desk.tables.rows(f"KILL {number}")


def read_only(desk: Desk) -> None:
    desk.tables.rows("SET GLOBAL read_only = 1")


def writable(desk: Desk) -> None:
    desk.tables.rows("SET GLOBAL read_only = 0")


def fill_the_disk(desk: Desk) -> None:
    desk.server.fill_the_disk()


def free_the_disk(desk: Desk) -> None:
    desk.server.free_the_disk()
    if not desk.server.alive():
        desk.server.start()


def lock_the_quotes(desk: Desk) -> None:
    """Somebody holds a row for longer than the lock timeout (1205); the others' beat goes on."""
    held = desk.tables.connect()
    try:
        with held.cursor() as cursor:
            cursor.execute("SET GLOBAL innodb_lock_wait_timeout = 2")
            cursor.execute("SELECT * FROM market_quote LIMIT 3 FOR UPDATE")
            kill_every_connection(desk)  # the timeout is taken over at connecting
            began = desk.now()
            desk.until(lambda: desk.now() - began > timedelta(seconds=8), "eight seconds of a locked row")
    finally:
        held.rollback()
        held.close()
        desk.tables.rows("SET GLOBAL innodb_lock_wait_timeout = 50")


def lock_the_board(desk: Desk) -> None:
    """PHP locks its table for twenty seconds: quotes flow on."""
    held = desk.tables.connect()
    try:
        with held.cursor() as cursor:
            cursor.execute("LOCK TABLES g5_write_daemon_kind_stock WRITE")
            began = desk.now()
            desk.until(lambda: desk.now() - began > timedelta(seconds=20), "twenty seconds of a locked board")
            fresh = desk.tables.one("SELECT COUNT(*) FROM market_quote WHERE received_at > NOW(6) - INTERVAL 5 SECOND")
            assert fresh > WATCHED // 4, "the board held up the quotes"
            cursor.execute("UNLOCK TABLES")
    finally:
        held.close()


def allow_no_further_connection(desk: Desk) -> None:
    desk.tables.rows("SET GLOBAL max_connections = 10")
    kill_every_connection(desk)


def allow_connections(desk: Desk) -> None:
    desk.tables.rows("SET GLOBAL max_connections = 150")


FAULTS: tuple[Fault, ...] = (
    Fault((4, 64), "the feed dies three times", kill_the_feed_thrice),
    Fault((42,), "the account's daemon hangs", stop_the_accounts_daemon, wake_the_accounts_daemon),
    Fault((55,), "every daemon is started twice", start_a_second_copy),
    Fault((55, 56), "the holder sleeps past its lease", stop_the_holder_and_start_a_second, short=True),
    Fault((55, 56), "the holder freezes in mid-write", freeze_the_holder_in_mid_write),
    Fault((61,), "the clock is ten minutes off", step_back, over("wrong-date"), (("trading", "clock-off"),)),
    Fault((65,), "the database is restarted", restart_the_database),
    Fault((66,), "kill -9 of the database in mid-flood", kill_the_database_in_mid_flood, calm, short=True),
    Fault((66,), "the database hangs", stop_the_database, wake_the_database, lasts=12),
    Fault((67,), "a row is locked for too long", lock_the_quotes),
    Fault((68,), "every connection is killed", kill_every_connection),
    Fault((69,), "the disk of the database is full", fill_the_disk, free_the_disk, lasts=8,
          missing=lambda desk: DISK.format(desk.server.no_small_disk) if desk.server.no_small_disk else ""),
    Fault((70,), "the database is read-only", read_only, writable, lasts=8),
    Fault((71,), "the database takes no further connection", allow_no_further_connection, allow_connections, lasts=8),
    Fault((81,), "a proxy stands in the environment", nothing),
    Fault((72,), "the board is locked for twenty seconds", lock_the_board),
    Fault((62,), "the disk of the logs is full", logs_to_a_full_disk, short=True),
)  # fmt: skip

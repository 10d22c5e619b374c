"""The faults that are made here: a few lines each, what is done and what must be told of it.

The desk lives through all of them, one after the other. Before each a share has been bought, and after each another
one is: a desk that survives and trades no more has not survived.
"""

import os
import signal
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

import MySQLdb

from tests.faults.desk import DAEMONS, WATCHED, Desk

Act = Callable[[Desk], None]


def nothing(desk: Desk) -> None:
    """Some faults end by themselves."""


@dataclass(frozen=True, slots=True)
class Fault:
    """``numbers`` are those of the failure model; ``events`` (source, code) must be open before ``end`` is called."""

    numbers: tuple[int, ...]
    title: str
    begin: Act
    end: Act = nothing
    events: tuple[tuple[str, str], ...] = ()
    #: Seconds that it goes on once its events are there.
    lasts: float = 0.0
    #: In every run of the suite, not only in the long one.
    short: bool = False
    #: Why it cannot be made here; empty where it can.
    missing: Callable[[Desk], str] = lambda desk: ""

    @property
    def name(self) -> str:
        return f"F{'-'.join(map(str, self.numbers))} {self.title}"


def mishap(name: str, **options: object) -> Act:
    return lambda desk: desk.control.mishap_on(name, **options)  # type: ignore[arg-type]


def over(name: str) -> Act:
    return lambda desk: desk.control.mishap_off(name)


# The socket


def drop_all_sessions(desk: Desk) -> None:
    before = desk.control.seen(arrivals=0)["connects"]["total"]
    desk.ws.cut(reset=True)
    desk.until(lambda: desk.control.seen(arrivals=0)["connects"]["total"] > before, "a new connect")


def stall_the_socket(desk: Desk) -> None:
    desk.ws.turn("stall")
    lamps = "SELECT COUNT(*) FROM market_feedsession WHERE state <> 'live'"
    desk.until(lambda: desk.tables.one(lamps), "a lamp that is not green", 45)


def refuse_the_socket(desk: Desk) -> None:
    desk.ws.turn("refuse")
    desk.ws.cut()


def ws_passes(desk: Desk) -> None:
    desk.ws.turn("pass")


def fall_silent(desk: Desk) -> None:
    before = desk.control.seen(arrivals=0)["connects"]["total"]
    desk.control.mishap_on("silent", key=1, seconds=32)
    desk.until(
        lambda: desk.control.seen(arrivals=0)["connects"]["total"] > before, "the silent one to be replaced", 60
    )


def flood(desk: Desk) -> None:
    desk.control.change(ticks_per_second=5000.0)
    symbol = desk.buy()
    desk.until_state(symbol, "filled")


def calm(desk: Desk) -> None:
    desk.control.change(ticks_per_second=120.0)


def poison(desk: Desk) -> None:
    before = desk.control.seen(arrivals=0)["connects"]["total"]
    desk.control.mishap_on("bad-utf8", key=2, count=20)  # costs these frames and no session
    desk.control.mishap_on("oversize", key=1, count=1)
    desk.until(lambda: desk.control.seen(arrivals=0)["connects"]["total"] > before, "a new connect")


def close_at_once(desk: Desk) -> None:
    desk.control.mishap_on("close-at-message")
    desk.ws.cut()


def refuse_the_approval(desk: Desk) -> None:
    before = desk.control.seen(arrivals=0)["connects"]["total"]
    desk.control.mishap_on("unknown-approval", count=3)
    desk.control.close_session(key=1, how="cut")
    desk.until(lambda: desk.control.seen(arrivals=0)["connects"]["total"] > before + 1, "a connect with a new key")


def garble_notices(desk: Desk) -> None:
    desk.control.mishap_on("wrong-key")
    desk.until_state(desk.buy(), "filled")


def double_notices(desk: Desk) -> None:
    desk.control.mishap_on("notices-doubled", seconds=60)
    desk.control.mishap_on("notices-early", seconds=10)
    desk.until_state(desk.buy(), "filled")
    desk.control.mishap_off("notices-early")


def kill_the_feed_thrice(desk: Desk) -> None:
    for _ in range(3):
        desk.restart("run_ws_market")
        newest = str(desk.newest("run_ws_market").pid)
        desk.until(lambda pid=newest: holder(desk, "ws_market") == pid, "a new feed")  # type: ignore[misc]


def order_on_look_ups_alone(desk: Desk) -> None:
    desk.control.mishap_on("notices-lost")
    desk.until_state(desk.buy(), "filled")


# REST


def reset_rest(desk: Desk) -> None:
    desk.rest.turn("reset")


def stall_rest(desk: Desk) -> None:
    desk.rest.turn("stall")


def rest_passes(desk: Desk) -> None:
    desk.rest.turn("pass")


def drip_rest(desk: Desk) -> None:
    desk.rest.drip_seconds = 0.2
    desk.rest.turn("drip")


def all_tokens_die(desk: Desk) -> None:
    desk.control.kill_tokens()


# Orders


def lose_an_answer_and_kill(desk: Desk) -> None:
    """The gravest minute: booked, the answer lost, and the one who asked dies before he could note it."""
    desk.control.mishap_on("slow", tr_id="TTTC0012U", value=4, count=1)
    desk.control.mishap_on("slow", tr_id="VTTC0012U", value=4, count=1)
    symbol = desk.buy()
    before = len(desk.witness.passed)
    desk.until(lambda: len(desk.witness.passed) > before, "an order on its way")
    desk.restart("run_trading")
    desk.until_state(symbol, "filled")


def lose_an_answer(desk: Desk) -> None:
    """Found by the first look-up, so soon that no event need have been written (F38 has one)."""
    desk.control.mishap_on("order-answer-lost", count=1)
    desk.until_state(desk.buy(), "filled")


def lose_an_order(desk: Desk) -> None:
    desk.control.mishap_on("order-lost", count=1)
    desk.until_state(desk.buy(), "not_placed")


def lose_an_answer_and_the_line(desk: Desk) -> None:
    # From the start, for a look-up that is quicker than the cut would find the order.
    for look_up in ("TTTC0081R", "VTTC0081R"):
        desk.control.mishap_on("html-body", tr_id=look_up)
    desk.control.mishap_on("order-answer-lost", count=1)
    before = len(desk.witness.passed)
    desk.buy()
    desk.until(lambda: len(desk.witness.passed) > before, "an order on its way")
    desk.rest.turn("refuse")
    desk.rest.cut()


def still_unknown(desk: Desk) -> None:
    states = [state for (state,) in desk.tables.rows("SELECT state FROM trading_order ORDER BY id DESC LIMIT 1")]
    assert states == ["unknown"], f"with the look-ups dead the order became {states}"
    desk.control.mishap_off("html-body")
    desk.rest.turn("pass")
    desk.until(lambda: not desk.tables.one(
        "SELECT COUNT(*) FROM trading_order WHERE state = 'unknown'"), "the unknown order to be settled")  # fmt: skip


def refuse_orders(desk: Desk) -> None:
    desk.control.mishap_on("order-refused", count=1)
    desk.until_state(desk.buy(), "rejected")


def answer_oddly(desk: Desk) -> None:
    desk.control.mishap_on("order-without-number", count=1)
    desk.until_state(desk.buy(), "filled")


def refuse_the_connection(desk: Desk) -> None:
    """The order finds no door: not sent, tried again, and proved absent without a guess."""
    desk.rest.turn("refuse")
    desk.rest.cut()
    desk.buy()


def fill_in_parts(desk: Desk) -> None:
    desk.control.mishap_on("part-fill", value=50)
    symbol = desk.buy(quantity=10, cancel_after=5)
    desk.until_state(symbol, "cancelled", "filled")


def order_by_hand(desk: Desk) -> None:
    number = desk.control.order(desk.symbol(), "buy", 3)
    desk.until(lambda: desk.tables.one(
        "SELECT COUNT(*) FROM trading_order WHERE source = 'external' AND order_no LIKE %s", f"%{number}"),
        "the order made elsewhere")  # fmt: skip


def press_the_kill_switch(desk: Desk) -> None:
    before = len(desk.witness.passed)
    for _ in range(5):
        desk.buy()
    desk.until(lambda: len(desk.witness.passed) >= before + 2, "two orders of the burst")
    desk.tables.rows("UPDATE trading_desk SET killed_at = NOW(6), killed_by = 'suite'")


def lift_the_kill_switch(desk: Desk) -> None:
    desk.rest_after()
    desk.tables.rows("UPDATE trading_desk SET killed_at = NULL, lifted_at = NOW(6), lifted_by = 'suite'")


def ask_to_stop_in_mid_order(desk: Desk) -> None:
    desk.control.mishap_on("slow", tr_id="TTTC0012U", value=2, count=1)
    desk.control.mishap_on("slow", tr_id="VTTC0012U", value=2, count=1)
    before = len(desk.witness.passed)
    symbol = desk.buy()
    desk.until(lambda: len(desk.witness.passed) > before, "an order on its way")
    copy = desk.newest("run_trading")
    os.kill(copy.pid, signal.SIGTERM)
    desk.until(lambda: desk.ended(copy) == 0, "an orderly end")
    desk.start("run_trading")
    desk.until_state(symbol, "filled")


# Processes


def stop_the_holder_and_start_a_second(desk: Desk) -> None:
    """It sleeps past its lease with conditions in hand, and wakes up beside the copy that took over."""
    sleeper = desk.newest("run_trading")
    os.kill(sleeper.pid, signal.SIGSTOP)
    desk.buy()
    desk.start("run_trading")
    desk.until(lambda: holder(desk, "trading") not in ("", str(sleeper.pid)), "another holder")
    desk.until_state(desk.buy(), "filled")
    os.kill(sleeper.pid, signal.SIGCONT)
    desk.until(lambda: desk.ended(sleeper) is not None, "the end of the one that slept")


def start_a_second_copy(desk: Desk) -> None:
    for command in DAEMONS:
        second = desk.start(command)
        desk.until(lambda copy=second: desk.ended(copy) == 0, f"the second {command} to leave with 0")  # type: ignore[misc]
        assert "already runs" in second.log.read_text(), "it did not say why it left"


def stop_the_accounts_daemon(desk: Desk) -> None:
    """No order on old assets (I3): the one that is wanted meanwhile is refused, with the reason."""
    os.kill(desk.newest("run_assets").pid, signal.SIGSTOP)
    desk.until(lambda: desk.tables.one(
        "SELECT updated_at < NOW(6) - INTERVAL 31 SECOND FROM assets_account"), "an old account", 45)  # fmt: skip
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


def step_back(desk: Desk) -> None:
    """The broker's clock is ten minutes off ours, which is all that a wrong clock of our own looks like from here."""
    desk.control.mishap_on("wrong-date", value=600)


STEP_FAILED = ("ws_market", "step-failed")
UNREADABLE = ("ws_market", "notices-unreadable")
SESSION_DOWN = ("ws_market", "session-down")
DISK = "no small disk of its own: {}"

FAULTS: tuple[Fault, ...] = (
    Fault((1,), "a session falls silent", fall_silent, over("silent")),
    Fault((3,), "packets are lost both ways", stall_the_socket, ws_passes),
    Fault((5, 10), "all sessions drop at once", drop_all_sessions, short=True),
    Fault((6,), "connects are refused", refuse_the_socket, ws_passes, (SESSION_DOWN,)),
    Fault((6,), "sessions are closed at once", close_at_once, over("close-at-message"), (SESSION_DOWN,), lasts=12),
    Fault((9,), "the approval key is refused", refuse_the_approval, over("unknown-approval")),
    Fault((7,), "registrations are refused", lambda desk: (  # type: ignore[arg-type]
        desk.control.mishap_on("full"), desk.ws.cut()), over("full"), (("ws_market", "registrations-refused"),)),
    Fault((8,), "a key is in use elsewhere", lambda desk: (  # type: ignore[arg-type]
        desk.control.mishap_on("in-use", key=2, count=1), desk.control.close_session(key=2, how="cut")),
        nothing, (("governor", "key-quarantined"),)),
    Fault((11,), "frames are damaged", mishap("truncated", share=0.9), over("truncated"),
          (("ws_market", "records-refused"),)),
    Fault((11,), "fields of a tick come empty", mishap("blank-fields", share=0.5), over("blank-fields"), lasts=6),
    Fault((12,), "a frame is poison", poison),
    Fault((13,), "old frames come again", mishap("old-ticks", share=0.5), over("old-ticks"), lasts=5),
    Fault((14, 63), "5,000 ticks a second", flood, calm, lasts=10),
    Fault((4, 64), "the feed dies three times", kill_the_feed_thrice),
    Fault((15,), "notices under another key", garble_notices, over("wrong-key"), (UNREADABLE,)),
    Fault((32, 33, 34), "notices come early and twice", double_notices, over("notices-doubled")),
    Fault((40,), "no notice comes all day", order_on_look_ups_alone, over("notices-lost")),
    Fault((17,), "a fifth of the calls is refused", mishap("over-limit", share=0.2), over("over-limit"),
          (("budget", "calls-refused"),), lasts=5),
    Fault((18,), "every token dies", all_tokens_die),
    Fault((20,), "the broker answers with pages", mishap("html-body"), over("html-body"), lasts=12),
    Fault((21,), "answers take five seconds", mishap("slow", value=5), over("slow"), lasts=15),
    Fault((22,), "REST is dead", reset_rest, rest_passes, (("assets", "assets-stale"), ("trading", "look-ups-fail"))),
    Fault((22,), "REST stalls", stall_rest, rest_passes, (("assets", "assets-stale"),)),
    Fault((28,), "answers drip", drip_rest, rest_passes, lasts=15),
    Fault((26,), "an order's answer is lost", lose_an_answer),
    Fault((27,), "an order is lost", lose_an_order),
    Fault((28,), "an order finds no door", refuse_the_connection, rest_passes, lasts=5),
    Fault((29,), "an order is answered without a number", answer_oddly),
    Fault((26, 30), "kill -9 in mid-order, and the answer lost", lose_an_answer_and_kill, short=True),
    Fault((31, 35), "half an order fills, the rest is cancelled", fill_in_parts, over("part-fill")),
    Fault((36,), "an order is refused", refuse_orders),
    Fault((38,), "REST dies while an order is unknown", lose_an_answer_and_the_line, still_unknown,
          (("trading", "order-unknown"),), lasts=3, short=True),
    Fault((39,), "an order is made in the HTS", order_by_hand),
    Fault((42,), "the account's daemon hangs", stop_the_accounts_daemon, wake_the_accounts_daemon),
    Fault((54,), "the kill switch in mid-burst", press_the_kill_switch, lift_the_kill_switch,
          (("trading", "killed"),), lasts=4, short=True),
    Fault((55,), "every daemon is started twice", start_a_second_copy),
    Fault((55, 56), "the holder sleeps past its lease", stop_the_holder_and_start_a_second, short=True),
    Fault((59,), "SIGTERM in mid-order", ask_to_stop_in_mid_order),
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
    # The last one: what the desk says from here on is lost.
    Fault((62,), "the disk of the logs is full", logs_to_a_full_disk, short=True),
)  # fmt: skip


def live_through(fault: Fault, desk: Desk, began: datetime) -> None:
    """Make it, wait until it is told of, end it, and wait until the desk is well and trades again."""
    fault.begin(desk)
    for source, code in fault.events:
        desk.until(lambda s=source, c=code: desk.event(s, c, began), f"the event {source} {code}")  # type: ignore[misc]
    desk.pause(fault.lasts)
    fault.end(desk)
    desk.until_well(desk.RECOVERS_WITHIN)
    desk.rest_after()
    desk.until_state(desk.buy(), "filled")
    desk.rest_after()

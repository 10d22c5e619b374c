"""What happens to orders, to their notices, and to whoever sends them."""

import os
import signal

from tests.faults.desk import Desk
from tests.faults.fault import LOOK_UP, Fault, order_on_its_way, over
from tests.faults.scenarios.broker import rest_passes

UNREADABLE = ("ws_market", "notices-unreadable")


def lose_an_answer_and_kill(desk: Desk) -> None:
    """The gravest minute: booked, the answer lost, and the one who asked dies before he could note it."""
    symbol = order_on_its_way(desk, answered_after=4)
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
    desk.control.mishap_on("html-body", tr_id=LOOK_UP)
    desk.control.mishap_on("order-answer-lost", count=1)
    order_on_its_way(desk)
    desk.rest.turn("refuse")
    desk.rest.cut()


def still_unknown(desk: Desk) -> None:
    states = [state for (state,) in desk.tables.rows("SELECT state FROM trading_order ORDER BY id DESC LIMIT 1")]
    desk.control.mishap_off("html-body")
    desk.rest.turn("pass")
    assert states == ["unknown"], f"with the look-ups dead the order became {states}"
    newest = "SELECT state IN ('filled', 'not_placed') FROM trading_order ORDER BY id DESC"
    desk.until(lambda: desk.tables.one(newest), "the unknown order to be settled")


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
    symbol = order_on_its_way(desk, answered_after=2)
    copy = desk.newest("run_trading")
    os.kill(copy.pid, signal.SIGTERM)
    desk.until(lambda: desk.ended(copy) == 0, "an orderly end")
    desk.start("run_trading")
    desk.until_state(symbol, "filled")


# Notices


def garble_notices(desk: Desk) -> None:
    desk.control.mishap_on("wrong-key")
    desk.until_state(desk.buy(), "filled")


def double_notices(desk: Desk) -> None:
    desk.control.mishap_on("notices-doubled", seconds=60)
    desk.control.mishap_on("notices-early", seconds=10)
    desk.until_state(desk.buy(), "filled")
    desk.control.mishap_off("notices-early")


def order_on_look_ups_alone(desk: Desk) -> None:
    desk.control.mishap_on("notices-lost")
    desk.until_state(desk.buy(), "filled")


FAULTS: tuple[Fault, ...] = (
    Fault((15,), "notices under another key", garble_notices, over("wrong-key"), (UNREADABLE,)),
    Fault((32, 33, 34), "notices come early and twice", double_notices, over("notices-doubled")),
    Fault((40,), "no notice comes all day", order_on_look_ups_alone, over("notices-lost")),
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
    Fault((54,), "the kill switch in mid-burst", press_the_kill_switch, lift_the_kill_switch,
          (("trading", "killed"),), lasts=4, short=True),
    Fault((59,), "SIGTERM in mid-order", ask_to_stop_in_mid_order),
)  # fmt: skip

"""What the broker and the lines to it do: sessions, frames, answers."""

from tests.faults.desk import Desk
from tests.faults.fault import Fault, connects, mishap, nothing, over, until_connected

SESSION_DOWN = ("ws_market", "session-down")


# The socket


def drop_all_sessions(desk: Desk) -> None:
    before = connects(desk)
    desk.ws.cut(reset=True)
    until_connected(desk, before)


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
    before = connects(desk)
    desk.control.mishap_on("silent", key=1, seconds=32)
    until_connected(desk, before, "the silent one to be replaced", 60)


def flood(desk: Desk) -> None:
    desk.control.change(ticks_per_second=5000.0)
    symbol = desk.buy()
    desk.until_state(symbol, "filled")


def calm(desk: Desk) -> None:
    desk.control.change(ticks_per_second=120.0)


def poison(desk: Desk) -> None:
    before = connects(desk)
    desk.control.mishap_on("bad-utf8", key=2, count=20)  # costs these frames and no session
    desk.control.mishap_on("oversize", key=1, count=1)
    until_connected(desk, before)


def close_at_once(desk: Desk) -> None:
    desk.control.mishap_on("close-at-message")
    desk.ws.cut()


def refuse_the_approval(desk: Desk) -> None:
    before = connects(desk)
    desk.control.mishap_on("unknown-approval", count=3)
    desk.control.close_session(key=1, how="cut")
    until_connected(desk, before + 1, "a connect with a new key")


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


def refuse_a_fifth(desk: Desk) -> None:
    """A fifth of few calls is chance: it begins with the first that is refused."""
    before = refused(desk)
    desk.control.mishap_on("over-limit", share=0.2)
    desk.until(lambda: refused(desk) > before, "a refused call")


def refused(desk: Desk) -> int:
    """How many calls the broker has refused so far."""
    return sum(sum(calls["refused"].values()) for calls in desk.control.seen(arrivals=0)["calls"].values())


def all_tokens_die(desk: Desk) -> None:
    desk.control.kill_tokens()


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
    # A third of the fields, another one every time: without its price the whole record would be refused.
    Fault((11,), "fields of a tick come empty", mishap("blank-fields", share=0.5, value=15), over("blank-fields"),
          lasts=6),
    Fault((12,), "a frame is poison", poison),
    Fault((13,), "old frames come again", mishap("old-ticks", share=0.5), over("old-ticks"), lasts=5),
    Fault((14, 63), "5,000 ticks a second", flood, calm, lasts=10),
    Fault((17,), "a fifth of the calls is refused", refuse_a_fifth, over("over-limit"),
          (("budget", "calls-refused"),), lasts=5),
    Fault((18,), "every token dies", all_tokens_die),
    Fault((20,), "the broker answers with pages", mishap("html-body"), over("html-body"), lasts=12),
    Fault((21,), "answers take five seconds", mishap("slow", value=5), over("slow"), lasts=15),
    Fault((22,), "REST is dead", reset_rest, rest_passes, (("assets", "assets-stale"), ("trading", "look-ups-fail"))),
    Fault((22,), "REST stalls", stall_rest, rest_passes, (("assets", "assets-stale"),)),
    Fault((28,), "answers drip", drip_rest, rest_passes, lasts=15),
)  # fmt: skip

"""The hand on the switches: what the control API and the tests can do to a running simulator."""

import asyncio
import time
from collections.abc import Callable
from typing import Any

from stockdesk.simulator.exchange import Exchange
from stockdesk.simulator.exchange_control import ExchangeControl
from stockdesk.simulator.hub import Hub
from stockdesk.simulator.mishaps import MISHAPS, Mishaps
from stockdesk.simulator.options import CHANGEABLE, Options
from stockdesk.simulator.posts import Posts
from stockdesk.simulator.prices import Price
from stockdesk.simulator.pump import Pump
from stockdesk.simulator.thread_hop import in_loop


class Control(ExchangeControl):
    """Mishaps, prices, sessions and what was seen. A key is given as its number (first used is 1), id or text."""

    def __init__(
        self, hub: Hub, exchange: Exchange, posts: Posts, pump: Pump, mishaps: Mishaps, options: Options
    ) -> None:
        super().__init__(exchange, posts, hub.credentials)
        self.hub = hub
        self.prices = exchange.prices
        self.pump = pump
        self.mishaps = mishaps
        self.options = options
        self._as_started = {name: value for name, value in options.shown().items() if name in CHANGEABLE}
        self._closing: set[asyncio.Task[None]] = set()

    # looking

    @in_loop
    def seen(self, arrivals: int = 1000) -> dict[str, Any]:
        """Calls (the last ``arrivals`` of each key in full), connects, token issues, sessions and strikes so far."""
        return {
            **self.hub.ledger.shown(arrivals),
            "keys": {known.id: known.number for known in self.hub.credentials.keys.values()},
            "sessions": [session.shown() for session in self.hub],
            "mishaps_struck": dict(self.mishaps.struck),
        }

    @in_loop
    def state(self) -> dict[str, Any]:
        """What can be done here and what is on."""
        return {
            "mishaps": MISHAPS,
            "on": self.mishaps.shown(),
            "options": self.options.shown(),
            "actions": {name: " ".join((action.__doc__ or "").split()) for name, action in ACTIONS.items()},
        }

    def wait_until(self, condition: Callable[[dict[str, Any]], object], seconds: float = 10.0) -> dict[str, Any]:
        """Look until ``condition(seen)`` is true and return what was seen; TimeoutError after ``seconds``.

        Blocks its thread: from a coroutine use ``await asyncio.to_thread(control.wait_until, ...)``.
        """
        ends_at = time.monotonic() + seconds
        while not condition(seen := self.seen()):
            if time.monotonic() > ends_at:
                raise TimeoutError("the simulator did not see what was waited for")
            time.sleep(0.02)
        return seen

    # mishaps

    @in_loop
    def mishap_on(
        self,
        name: str,
        *,
        count: int | None = None,
        seconds: float | None = None,
        key: int | str | None = None,
        tr_id: str | None = None,
        share: float = 1.0,
        value: Any = None,
    ) -> None:
        """Switch a mishap on: the next ``count`` times, for ``seconds``, for one ``key`` or TR id, by ``share``."""
        self.mishaps.switch_on(
            name, count=count, seconds=seconds, key=self._key(key), tr_id=tr_id, share=share, value=value
        )

    @in_loop
    def mishap_off(self, name: str, key: int | str | None = None) -> None:
        """Switch a mishap off (that of one key, or the one for all)."""
        self.mishaps.switch_off(name, self._key(key))

    # the market

    @in_loop
    def move(self, symbol: str, price: int) -> int:
        """Trade `symbol` at `price` (cut to the day's limits) now, and around it from then on."""
        self._price(symbol).move(int(price), self.options.now().strftime("%H%M%S"))
        self.pump.show(symbol)
        return self._price(symbol).last

    @in_loop
    def tick(self, symbol: str, records: int = 1) -> int:
        """One frame of `symbol` now, with `records` trades in it; returns the last price."""
        self.pump.trade(symbol, max(int(records), 1))
        return self._price(symbol).last

    @in_loop
    def halt(self, symbol: str) -> None:
        """Stop trading in `symbol`."""
        self._price(symbol).halted = True

    @in_loop
    def resume(self, symbol: str) -> None:
        """Let `symbol` trade again."""
        self._price(symbol).halted = False

    @in_loop
    def vi(self, symbol: str, on: bool = True) -> None:
        """Stop `symbol` for a call auction after a price jump (VI): orders gather until it is off again."""
        self._price(symbol).vi = bool(on)
        self.exchange.keep_time()

    # sessions

    @in_loop
    def close_session(self, key: int | str | None = None, how: str = "clean", code: int = 1000) -> int:
        """End the session of `key` (or all): how is clean (close frame with `code`), cut (1006) or reset (RST)."""
        if how not in ("clean", "cut", "reset"):
            raise ValueError("how is clean, cut or reset")
        sessions = self.hub.chosen(self._key(key))
        for session in sessions:
            session.connect.ended = session.connect.ended or f"by control: {how}"
            if how == "clean":
                task = self.loop.create_task(session.connection.close(code))
                self._closing.add(task)
                task.add_done_callback(self._closing.discard)
            else:
                session.cut(reset=how == "reset")
        return len(sessions)

    @in_loop
    def send_text(self, text: str, key: int | str | None = None) -> int:
        """Send `text` as it stands to the session of `key` (or all); returns to how many."""
        return sum(session.send(text) for session in self.hub.chosen(self._key(key)))

    @in_loop
    def send_notice(self, fields: dict[str, str] | None = None, key: int | str | None = None) -> int:
        """Send an execution notice, `fields` by KIS's column names; returns how many registrations it reached."""
        return self.hub.send_notice(fields or {}, self._key(key))

    # the rest

    @in_loop
    def kill_tokens(self, key: int | str | None = None) -> int:
        """Let every access token given so far (to `key`) expire now; returns how many."""
        return self.hub.credentials.kill_tokens(self._key(key))

    @in_loop
    def change(self, **options: Any) -> None:
        """Set options by name, such as columns, ticks_per_second, calls_per_second, open, registrations."""
        self.options.change(options)

    @in_loop
    def reset(self, keys: bool = False, accounts: bool = False) -> None:
        """Mishaps off, options as at the start, ledger empty; `accounts` and orders, `keys` and tokens if told so."""
        self.mishaps.clear()
        self.options.change(self._as_started)
        self.hub.ledger.clear()
        self.hub.held.clear()
        self.posts.clear()
        if keys or accounts:
            self.exchange.clear()
        if keys:
            self.hub.credentials.forget()

    def _key(self, key: int | str | None) -> str | None:
        return None if key is None else self.hub.credentials.find(key)

    def _price(self, symbol: str) -> Price:
        price = self.prices.get(symbol)
        if price is None:
            raise ValueError(f"no symbol {symbol} in this world")
        return price


# what POST /_simulator/<name> calls
ACTIONS: dict[str, Callable[..., Any]] = {
    "move": Control.move,
    "tick": Control.tick,
    "halt": Control.halt,
    "resume": Control.resume,
    "vi": Control.vi,
    "cash": Control.set_cash,
    "holding": Control.set_holding,
    "order": Control.order,
    "cancel": Control.cancel,
    "fill": Control.fill,
    "close": Control.close_session,
    "send": Control.send_text,
    "notice": Control.send_notice,
    "kill-tokens": Control.kill_tokens,
    "options": Control.change,
    "reset": Control.reset,
}

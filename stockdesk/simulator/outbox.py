"""Sends the customers their execution notices: a moment after the event, in order, and with what goes wrong."""

import asyncio
from collections import deque
from collections.abc import Callable

from stockdesk.simulator.floor import Event
from stockdesk.simulator.mishaps import Mishaps
from stockdesk.simulator.options import Options
from stockdesk.simulator.prices import Prices

Send = Callable[[dict[str, str], str | None], int]  # fields, app key id
VENUES = {"KRX": "1Y", "NXT": "2Y", "SOR": "3Y"}


class Outbox:
    """Keeps what happened for ``notice_seconds``: long enough for the answer to the order to leave first."""

    def __init__(self, send: Send, prices: Prices, mishaps: Mishaps, options: Options) -> None:
        self.send = send
        self.prices = prices
        self.mishaps = mishaps
        self.options = options
        self._waiting: deque[Event] = deque()

    def put(self, event: Event) -> None:
        self._waiting.append(event)
        asyncio.get_running_loop().call_later(self.options.notice_seconds, self._next)

    def flush(self) -> None:
        """Send everything that waits, now."""
        while self._waiting:
            self._next()

    def _next(self) -> None:
        """Send the oldest one: each timer sends one, so that their order holds whatever the timers do."""
        if not self._waiting:
            return
        event = self._waiting.popleft()
        key = event.order.key
        if self.mishaps.strikes("notices-lost", key):
            return
        copies = 2 if self.mishaps.strikes("notices-doubled", key) else 1
        if switch := self.mishaps.strikes("notices-late", key):
            seconds = 10.0 if switch.value is None else float(switch.value)
            asyncio.get_running_loop().call_later(seconds, self._deliver, event, copies)
            return
        self._deliver(event, copies)

    def _deliver(self, event: Event, copies: int) -> None:
        fields = self.fields(event)
        for _ in range(copies):
            self.send(fields, event.order.key)

    def fields(self, event: Event) -> dict[str, str]:
        """The columns of H0STCNI0 that say what happened; the customer's id is the registration's."""
        what, order = event.what, event.order
        price = self.prices.get(order.symbol)
        refused = what == "rejected"
        return {
            "ODER_NO": f"{order.number:010d}",
            "OODER_NO": f"{order.original:010d}" if order.original else "",
            "SELN_BYOV_CLS": "01" if order.side == "sell" else "02",
            "RCTF_CLS": {"cancelled": "2", "amended": "1"}.get(what, "0"),
            "ODER_KIND": order.division,
            "ODER_COND": order.rules.condition,
            "STCK_SHRN_ISCD": order.symbol,
            "CNTG_QTY": f"{event.quantity:010d}",
            "CNTG_UNPR": f"{event.price:09d}",
            "STCK_CNTG_HOUR": event.at.strftime("%H%M%S"),
            "RFUS_YN": "1" if refused else "0",
            "CNTG_YN": "2" if what == "filled" else "1",
            "ACPT_YN": {"accepted": "1", "expired": "3", "rejected": ""}.get(what, "2"),
            "BRNC_NO": "91252",
            "ODER_QTY": f"{order.quantity:09d}",
            "ORD_EXG_GB_POPUP_YN": VENUES[order.venue],
            "CNTG_ISNM40": price.instrument.name if price else "",
            "ODER_PRC": "" if what == "accepted" else f"{order.price:09d}",
        }

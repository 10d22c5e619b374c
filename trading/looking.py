"""What the broker and its notices tell: the day's list when it is due, and hints in between."""

import logging
from datetime import date, datetime, timedelta

from stockdesk.kis.errors import KisError
from stockdesk.kis.messages import OrderList, order_key
from trading import ledger
from trading.core import Core
from trading.matching import Findings, LookUp, reconcile
from trading.states import HOLDING, WORKING, State
from trading.values import Listed, Mode, Notice, Order, Source, kst_day

log = logging.getLogger(__name__)

LOOK_APART = timedelta(seconds=1)
LOOK_WORKING = timedelta(seconds=2)
LOOK_IDLE = timedelta(seconds=10)
"""How soon an order made elsewhere is noticed while nothing of ours works."""


class Looker:
    """Asks the broker for its list of a day when one is due, and settles the ledger's rows by it."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._looked: dict[date, datetime] = {}
        self._applied: tuple[list[Order], list[Notice]] | None = None
        self.failing_since: datetime | None = None
        """When the first of the looks was made that have not been whole since."""

    async def look_again(self, mode: Mode) -> bool:
        """Look at today's list whatever is due, though not twice in a second; True where it was complete."""
        today = kst_day(self._core.clock())
        last = self._looked.get(today)
        if last is not None and timedelta(0) <= self._core.clock() - last < LOOK_APART:
            return False
        return await self._look(today, mode)

    async def look_up(self) -> bool | None:
        """One look at the broker's list if one is due; None where none was, False where the list was not complete."""
        setting = self._core.surroundings().setting
        if setting is None or setting.mode is Mode.DRY_RUN:
            return None
        day = await self._core.run(self._day_to_look_at, setting.mode)
        return None if day is None else await self._look(day, setting.mode)

    def _day_to_look_at(self, mode: Mode) -> date | None:
        now = self._core.clock()
        today = kst_day(now)
        rows = [order for order in self._core.storage.orders(today) if order.mode is mode]
        old = sorted({o.ordered_on for o in rows if o.ordered_on < today and o.state in WORKING | {State.UNKNOWN}})
        for day in old:
            looked = self._looked.get(day)
            if looked is None or not timedelta(0) <= now - looked < LOOK_IDLE:
                return day
        last = self._looked.get(today)
        if last is None:
            return today
        since = now - last
        if since < timedelta(0):
            return today  # the clock was set back
        if since < LOOK_APART:
            return None
        # A look that failed is not waited out: neither what it hides nor its end should take ten seconds to be seen.
        idle = LOOK_IDLE if self.failing_since is None else LOOK_WORKING
        due = since >= idle or any(_wants_a_look(order, since, last, now) for order in rows)
        return today if due else None

    async def _look(self, day: date, mode: Mode) -> bool:
        asked_at = self._core.clock()
        self._looked[day] = asked_at
        try:
            listing = await self._core.broker.orders_of(day)
        except KisError as exc:
            log.warning("The day's orders could not be read: %s", exc)
            listing = OrderList((), False, exc.code or type(exc).__name__)
        now, market = self._core.clock(), self._core.surroundings().market
        over_at = market.over_at if market is not None and market.day == day else None
        over = day < kst_day(asked_at) or (over_at is not None and asked_at >= over_at)
        look = LookUp(day, mode, listing, asked_at, now, over)
        found: Findings = await self._core.run(self._reconcile, look)
        self.failing_since = None if found.complete else self.failing_since or asked_at
        return found.complete

    def _reconcile(self, look: LookUp) -> Findings:
        rows = [o for o in self._core.storage.orders(look.day) if o.ordered_on == look.day and o.mode is look.mode]
        found = reconcile(rows, look)
        fills = {order_key(fill.order_no): fill for fill in found.fills()}
        for before, after in found.changes:
            with self._core.storage.transaction():
                stored = self._core.save(before, after)
                fill = fills.get(order_key(after.order_no))
                if fill is not None and stored.filled_quantity == fill.quantity:
                    self._core.storage.note_fill(fill)
        for order in found.external:
            with self._core.storage.transaction():
                if self._core.storage.add(order) is not None and (fill := fills.get(order_key(order.order_no))):
                    self._core.storage.note_fill(fill)
        if found.complete:
            self._core.storage.note_listed(look.day, self._listed(look), look.now)
        return found

    def _listed(self, look: LookUp) -> list[Listed]:
        """The broker's orders, each with whether it is the desk's own as the ledger now has it."""
        rows = [o for o in self._core.storage.orders(look.day) if o.ordered_on == look.day and o.mode is look.mode]
        own = {order_key(o.order_no) for o in rows if o.order_no and o.source is not Source.EXTERNAL}
        return [
            Listed(
                order_no=row.order_no, branch_no=row.branch_no, kind=row.kind, symbol=row.symbol, side=row.side,
                quantity=row.quantity, price=row.price or None, filled_quantity=row.filled_quantity,
                cancelled=row.cancelled, ordered_at=row.ordered_at, ours=row.key in own,
            )
            for row in look.listing.orders
        ]  # fmt: skip

    async def apply_notices(self) -> int:
        """Take in the day's execution notices; returns how many rows they changed."""
        changed: int = await self._core.run(self._apply_notices)
        return changed

    def _apply_notices(self) -> int:
        now = self._core.clock()
        today = kst_day(now)
        rows = [o for o in self._core.storage.orders(today) if o.ordered_on == today and o.mode is not Mode.DRY_RUN]
        if not rows:
            return 0
        heard = self._core.reader.notices(today)
        if (rows, heard) == self._applied:
            return 0
        changes = ledger.by_notices(rows, heard, now)
        for before, after, fill in changes:
            with self._core.storage.transaction():
                self._core.save(before, after)
                if fill.quantity:
                    self._core.storage.note_fill(fill)
        self._applied = (rows, heard)
        return len(changes)


def _wants_a_look(order: Order, since: timedelta, last: datetime, now: datetime) -> bool:
    """Whether this row asks for a look at the broker's list, the last of which was at ``last``."""
    if order.state is State.UNKNOWN:
        return order.look_up_at is None or order.look_up_at <= now
    if order.state in (State.REJECTED, State.NOT_PLACED) and order.cleared_at is None:
        return since >= LOOK_WORKING
    if order.noticed_at is not None and order.noticed_at >= last and order.state in HOLDING:
        return True
    return order.state in WORKING and since >= LOOK_WORKING

"""What becomes of a replay's orders: one simple assumption, said beside every result.

An order is taken as filled whole at the first later tick of its symbol whose price is the limit or better, at that
tick's price; a market order at the next tick. Volume, queue, fees and tax are left out. What is bought and sold
changes the replay's own account, so that take-profit, stop-loss and trailing conditions find their holdings.
"""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db.models import F

from assets.models import Balance, Holding
from stockdesk.kis.messages import KST
from trading.values import Order


@dataclass(slots=True)
class Assumed:
    """An order of the dry run and its assumed fill."""

    order: Order
    price: int | None = None
    at: datetime | None = None
    profit: int | None = None
    """KRW: of a sale against the average price, of a purchase against the last price seen."""
    short_of: str = ""
    """cash or shares that it lacked when its tick came; it stays unfilled then."""


class Fills:
    """Watches ticks for the orders that wait; ``changed`` when the account is another since it was last looked at."""

    def __init__(self, account: str) -> None:
        self.all: list[Assumed] = []
        self.waiting: dict[bytes, list[Assumed]] = {}
        self.changed = False
        self._account = account

    def expect(self, order: Order) -> None:
        assumed = Assumed(order)
        self.all.append(assumed)
        self.waiting.setdefault(order.symbol.encode(), []).append(assumed)

    def see(self, frame: bytes, at: float) -> None:
        """Look at one tick frame, as far as an order waits for one of its symbols."""
        pieces = frame.split(b"|", 3)
        fields = pieces[-1].split(b"^")
        records = int(pieces[2]) if len(pieces) == 4 and pieces[2].isdigit() else 0
        width, rest = divmod(len(fields), records) if records else (0, 1)
        if rest:
            return
        for start in range(0, len(fields), width):
            if (waiting := self.waiting.get(fields[start])) and width > 2 and fields[start + 2].isdigit():
                self._fill(waiting, int(fields[start + 2]), datetime.fromtimestamp(at, KST))
                if not waiting:
                    del self.waiting[fields[start]]

    def _fill(self, waiting: list[Assumed], price: int, at: datetime) -> None:
        for one in list(waiting):
            limit = one.order.price
            if price <= 0 or (limit is not None and (price > limit if one.order.side == "buy" else price < limit)):
                continue
            waiting.remove(one)
            done = self._buy(one, price) if one.order.side == "buy" else self._sell(one, price)
            if done:
                one.price, one.at, self.changed = price, at, True

    def _buy(self, one: Assumed, price: int) -> bool:
        quantity, symbol = one.order.quantity, one.order.symbol
        cost = quantity * price
        if not Balance.objects.filter(pk=self._account, deposit_d2__gte=cost).update(
            deposit_d2=F("deposit_d2") - cost
        ):
            one.short_of = "cash"
            return False
        held = Holding.objects.filter(account_id=self._account, symbol=symbol).first()
        if held is None:
            held = Holding(id=f"{self._account}:{symbol}", account_id=self._account, symbol=symbol)
            held.quantity = held.orderable_quantity = 0
        paid = (held.average_price or Decimal(0)) * held.quantity + cost
        held.quantity += quantity
        held.orderable_quantity += quantity
        held.average_price = (paid / held.quantity).quantize(Decimal("0.0001"))
        held.save()
        return True

    def _sell(self, one: Assumed, price: int) -> bool:
        quantity = one.order.quantity
        held = Holding.objects.filter(account_id=self._account, symbol=one.order.symbol).first()
        if held is None or min(held.quantity, held.orderable_quantity) < quantity:
            one.short_of = "shares"
            return False
        if held.average_price is not None:
            one.profit = int((price - held.average_price) * quantity)
        held.quantity -= quantity
        held.orderable_quantity -= quantity
        if held.quantity:
            held.save()
        else:
            held.delete()
        Balance.objects.filter(pk=self._account).update(deposit_d2=F("deposit_d2") + quantity * price)
        return True

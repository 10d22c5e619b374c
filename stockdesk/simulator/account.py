"""One customer's account: cash, holdings and what the trades of each day did to them, exact to the won."""

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from stockdesk.simulator.orders import Fill, Order
from stockdesk.simulator.trading_days import settled_on, trading_day_after


@dataclass(slots=True)
class Holding:
    """Shares of one issue and what was paid for them without fees, KRW."""

    quantity: int = 0
    cost: int = 0
    bought: defaultdict[date, int] = field(default_factory=lambda: defaultdict(int))  # shares by day of trade
    sold: defaultdict[date, int] = field(default_factory=lambda: defaultdict(int))


@dataclass(slots=True)
class Day:
    """The trades of one day, KRW."""

    bought: int = 0
    sold: int = 0
    costs: int = 0
    realized: int = 0  # sales less what the shares had cost, before fees
    sale_costs: int = 0  # fees and tax of the sales


class Account:
    """The account of one app key. ``cash`` is what is left once everything is settled (D+2)."""

    def __init__(self, key: str, cash: int) -> None:
        self.key = key
        self.number = ""  # CANO and ACNT_PRDT_CD, ten digits, bound by the first call
        self.cash = self.paid_in = cash  # paid_in: everything that did not come out of a trade
        self.holdings: dict[str, Holding] = {}
        self.unsettled: defaultdict[date, int] = defaultdict(int)  # net cash by day of settlement
        self.days: defaultdict[date, Day] = defaultdict(Day)
        self.costs = 0  # fees and taxes so far
        self.realized = 0  # proceeds of sales less what the shares had cost, before fees
        self.working: dict[int, Order] = {}
        self.opening: tuple[date, int] | None = None  # what everything was worth when the day began

    # what can still be used

    @property
    def orderable_cash(self) -> int:
        """주문가능현금: proceeds of sales count at once, working buys are held back."""
        return self.cash - sum(order.reserve for order in self.working.values())

    def orderable_quantity(self, symbol: str) -> int:
        """매도가능수량: shares held less those of working sells."""
        holding = self.holdings.get(symbol)
        return (holding.quantity if holding else 0) - self.selling(symbol)

    def selling(self, symbol: str) -> int:
        return sum(o.remaining for o in self.working.values() if o.side == "sell" and o.symbol == symbol)

    def deposit(self, on: date, days: int = 0) -> int:
        """예수금 ``days`` trading days after ``on``: without what is settled later than that."""
        until = trading_day_after(on, days) if days else on
        return self.cash - sum(net for due, net in self.unsettled.items() if due > until)

    # what happens to it

    def book(self, fill: Fill) -> None:
        """A fill: cash and shares change hands; the average price of what stays does not move by a sale."""
        day = fill.at.date()
        holding = self.holdings.setdefault(fill.symbol, Holding())
        costs = fill.fee + fill.tax
        if fill.side == "buy":
            net = -fill.amount - costs
            holding.quantity += fill.quantity
            holding.cost += fill.amount
            holding.bought[day] += fill.quantity
            self.days[day].bought += fill.amount
        else:
            net = fill.amount - costs
            cost = holding.cost * fill.quantity // holding.quantity
            holding.quantity -= fill.quantity
            holding.cost -= cost
            holding.sold[day] += fill.quantity
            self.days[day].sold += fill.amount
            self.realized += fill.amount - cost
            self.days[day].realized += fill.amount - cost
            self.days[day].sale_costs += costs
        self.cash += net
        self.unsettled[settled_on(day)] += net
        self.days[day].costs += costs
        self.costs += costs

    def set_cash(self, amount: int) -> None:
        """From now on ``amount`` is in the account, as if paid in or out."""
        self.paid_in += amount - self.cash
        self.cash = amount

    def set_holding(self, symbol: str, quantity: int, cost: int) -> None:
        """From now on these shares are in the account, as if brought from elsewhere for ``cost``."""
        before = self.holdings.setdefault(symbol, Holding())
        self.paid_in += cost - before.cost
        before.quantity, before.cost = quantity, cost
        if not quantity and not before.bought and not before.sold:
            del self.holdings[symbol]

    # checks

    @property
    def difference(self) -> int:
        """0 as long as no won was lost or made: what was paid in and earned is in cash, shares and costs."""
        cost = sum(holding.cost for holding in self.holdings.values())
        return self.cash + cost + self.costs - self.realized - self.paid_in

    def shown(self) -> dict[str, Any]:
        return {
            "key": self.key,
            "cash": self.cash,
            "orderable_cash": self.orderable_cash,
            "paid_in": self.paid_in,
            "costs": self.costs,
            "realized": self.realized,
            "difference": self.difference,
            "holdings": {
                symbol: {
                    "quantity": holding.quantity,
                    "orderable": self.orderable_quantity(symbol),
                    "cost": holding.cost,
                }
                for symbol, holding in sorted(self.holdings.items())
            },
            "working": sorted(self.working),
        }

"""The engine's tables in a replay: nobody else writes them, so what was read stays true until it is written here.

A day has 47,000 rounds of decisions. What a round reads again, or only counts, is kept in memory.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime

from market.models import Instrument
from trading import models
from trading.database import DatabaseStorage, plain
from trading.ports import MarketData
from trading.reading import DatabaseReader
from trading.values import ConditionView, DeskView, Order, Refusal, age, kst_day

#: Without a flush, sessions grow silent by the clock alone: they are looked at again after so many seconds.
READ_AGAIN = 2.0


class Reader(DatabaseReader):
    """Market and account as they were when they were last written."""

    _known: tuple[datetime, MarketData] | None = None
    _issues: dict[str, Instrument] | None = None

    def forget(self) -> None:
        """Quotes, sessions or the account were written."""
        self._known = None

    def market_data(self, symbols: Sequence[str]) -> MarketData:
        now = self._now()
        if self._known is None or (age(self._known[0], now) or 0.0) >= READ_AGAIN:
            self._known = (now, super().market_data(symbols))
        return self._known[1]

    def _master(self, symbols: Sequence[str]) -> dict[str, Instrument]:
        if self._issues is None:
            self._issues = super()._master(symbols)
        return self._issues


class Storage(DatabaseStorage):
    """The ledger of a replay. Refusals are counted here, and become rows by `store`."""

    def __init__(self) -> None:
        super().__init__()
        self.made: list[Order] = []
        """Orders that the dry run has made, oldest first."""
        self._desk: DeskView | None = None
        self._conditions: dict[int, ConditionView] | None = None
        self._refusals: dict[tuple[int, str, date], models.Refusal] = {}
        self._rows: dict[object, list[Order]] = {}

    def desk(self) -> DeskView | None:
        if self._desk is None:
            self._desk = super().desk()
        return self._desk

    def conditions(self) -> list[ConditionView]:
        if self._conditions is None:
            self._conditions = {condition.id: condition for condition in super().conditions()}
        return list(self._conditions.values())

    def note_best(self, condition: ConditionView) -> None:
        assert self._conditions is not None
        self._conditions[condition.id] = replace(self._conditions[condition.id], best_price=condition.best_price)

    def note_refusal(self, refusal: Refusal, now: datetime) -> None:
        assert refusal.condition_id is not None  # the engine keeps no others
        key = (refusal.condition_id, refusal.code, kst_day(now))
        row = self._refusals.get(key)
        if row is None:
            row = self._refusals[key] = models.Refusal(
                condition_id=key[0], code=key[1], refused_on=key[2], symbol=refusal.symbol, side=refusal.side,
                first_at=now, count=0,
            )  # fmt: skip
        row.condition_revision, row.text, row.last_at = refusal.condition_revision, refusal.text[:200], now
        row.seen = {name: plain(value) for name, value in refusal.seen.items()}
        row.count += 1

    def store(self) -> None:
        """Write the refusals."""
        models.Refusal.objects.bulk_create(self._refusals.values())
        self._refusals = {}

    def orders(self, day: date) -> list[Order]:
        if day not in self._rows:
            self._rows[day] = super().orders(day)
        return list(self._rows[day])

    def orders_of(self, conditions: Sequence[ConditionView]) -> list[Order]:
        if "conditions" not in self._rows:
            self._rows["conditions"] = super().orders_of(conditions)
        return list(self._rows["conditions"])

    def add(self, order: Order) -> Order | None:
        stored = super().add(order)
        self._rows.clear()
        if stored is not None:
            self.made.append(stored)
        return stored

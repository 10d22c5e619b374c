"""What can happen at a point where something becomes lasting: nothing, an error, the end of the process, a rival."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from typing import Any

from trading.ports import Storage
from trading.values import ConditionView, DeskView, Fill, Order, Refusal


class Crash(BaseException):
    """kill -9: whatever the process held in memory is gone."""


class StorageFailed(Exception):
    """The database failed; whether the last commit was carried out, nobody told."""


class Violation(BaseException):
    """An invariant that does not hold. Not an Exception: the engine must not take it for an answer of the broker."""


Reached = Callable[[str], None]


class FaultyStorage:
    """A storage whose every commit is a point where the schedule may strike, right before it and right after it."""

    def __init__(self, inner: Storage, reached: Reached) -> None:
        self._inner = inner
        self._reached = reached
        self._depth = 0
        self._kind = ""

    @contextmanager
    def transaction(self) -> Iterator[None]:
        self._depth += 1
        outermost = self._depth == 1
        if outermost:
            self._kind = "a note"
        try:
            with self._inner.transaction():
                yield
                if outermost:
                    self._reached(f"before commit of {self._kind}")
        finally:
            self._depth -= 1
        if outermost:
            self._reached(f"after commit of {self._kind}")

    def desk(self) -> DeskView | None:
        return self._inner.desk()

    def conditions(self) -> list[ConditionView]:
        return self._inner.conditions()

    def condition(self, condition_id: int) -> ConditionView | None:
        return self._inner.condition(condition_id)

    def orders(self, day: date) -> list[Order]:
        return self._inner.orders(day)

    def orders_of(self, conditions: Any) -> list[Order]:
        return self._inner.orders_of(conditions)

    def find(self, order_id: int) -> Order | None:
        return self._inner.find(order_id)

    def add(self, order: Order) -> Order | None:
        with self.transaction():
            self._kind = "a new order"
            return self._inner.add(order)

    def save(self, before: Order, after: Order) -> Order:
        with self.transaction():
            self._kind = f"{before.state} -> {after.state}"
            return self._inner.save(before, after)

    def note_fill(self, fill: Fill) -> None:
        with self.transaction():
            self._inner.note_fill(fill)

    def note_listed(self, day: date, orders: Any, now: datetime) -> None:
        with self.transaction():
            self._inner.note_listed(day, orders, now)

    def note_refusal(self, refusal: Refusal, now: datetime) -> None:
        with self.transaction():
            self._inner.note_refusal(refusal, now)

    def note_best(self, condition: ConditionView) -> None:
        with self.transaction():
            self._inner.note_best(condition)

    def switch_off(self, condition: ConditionView, reason: str, now: datetime) -> None:
        with self.transaction():
            self._inner.switch_off(condition, reason, now)

"""Where the rows of one schedule live: in dicts, or in the test's database. What is here outlives a crash."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import fields, replace
from datetime import date, datetime
from typing import Any, Protocol

from django.db.models import F

from stockdesk.fence import LeaseLost
from stockdesk.kis.messages import order_key
from stockdesk.models import Fence
from trading import models
from trading.database import _ORDER, DatabaseStorage, _order
from trading.ports import Changed, Storage
from trading.states import HOLDING
from trading.values import ConditionView, DeskView, Fill, Listed, Order, Refusal, kst_day

DAEMON = "model"


class Tables(Protocol):
    """The tables as the schedule and the checker see them, past every rule."""

    fence: int

    def storage(self, fence: int) -> Storage:
        """The storage of a process that took the lease under this number."""

    def take_lease(self) -> int: ...

    def put_desk(self, desk: DeskView) -> None: ...

    def put_condition(self, condition: ConditionView) -> None:
        """A person's edit, with its new revision."""

    def all_conditions(self) -> list[ConditionView]: ...

    def all_orders(self) -> list[Order]: ...

    def all_fills(self) -> dict[tuple[date, str, str], Fill]: ...

    def refused_conditions(self) -> set[int]: ...


class MemoryTables:
    """Rows in dicts; a transaction that is left by an exception puts them back."""

    def __init__(self) -> None:
        self.fence = 0
        self.the_desk = DeskView()
        self.rows: dict[int, Order] = {}
        self.keys: dict[str, int] = {}
        self.conditions: dict[int, ConditionView] = {}
        self.fills: dict[tuple[date, str, str], Fill] = {}
        self.refusals: dict[tuple[int, str, date], int] = {}
        self.listed: dict[date, dict[str, Listed]] = {}

    def storage(self, fence: int) -> Storage:
        return MemoryStorage(self, fence)

    def take_lease(self) -> int:
        self.fence += 1
        return self.fence

    def put_desk(self, desk: DeskView) -> None:
        self.the_desk = desk

    def put_condition(self, condition: ConditionView) -> None:
        self.conditions[condition.id] = condition

    def all_conditions(self) -> list[ConditionView]:
        return list(self.conditions.values())

    def all_orders(self) -> list[Order]:
        return list(self.rows.values())

    def all_fills(self) -> dict[tuple[date, str, str], Fill]:
        return self.fills

    def refused_conditions(self) -> set[int]:
        return {condition_id for condition_id, _, _ in self.refusals}


class MemoryStorage:
    def __init__(self, tables: MemoryTables, fence: int) -> None:
        self._tables = tables
        self._fence = fence
        self._open = False

    @contextmanager
    def transaction(self) -> Iterator[None]:
        if self._open:
            yield
            return
        tables = self._tables
        rooms = (tables.rows, tables.keys, tables.conditions, tables.fills, tables.refusals, tables.listed)
        kept = [dict(room) for room in rooms]
        self._open = True
        try:
            if tables.fence != self._fence:
                raise LeaseLost("another copy has taken over")
            yield
            if tables.fence != self._fence:
                raise LeaseLost("another copy has taken over")
        except BaseException:
            # A rival that ran meanwhile committed its own rows: those stay.
            if tables.fence == self._fence:
                tables.rows, tables.keys, tables.conditions, *kept = kept  # type: ignore[assignment]
                tables.fills, tables.refusals, tables.listed = kept  # type: ignore[assignment]
            raise
        finally:
            self._open = False

    def desk(self) -> DeskView | None:
        return self._tables.the_desk

    def conditions(self) -> list[ConditionView]:
        return list(self._tables.conditions.values())

    def condition(self, condition_id: int) -> ConditionView | None:
        return self._tables.conditions.get(condition_id)

    def orders(self, day: date) -> list[Order]:
        return [order for order in self._tables.rows.values() if order.ordered_on == day or order.state in HOLDING]

    def orders_of(self, conditions: Sequence[ConditionView]) -> list[Order]:
        armed = {condition.id: condition.armed_at for condition in conditions}
        return [
            order
            for order in self._tables.rows.values()
            if order.condition_id in armed
            and ((at := armed[order.condition_id]) is None or order.created_at >= at or order.state in HOLDING)
        ]

    def find(self, order_id: int) -> Order | None:
        return self._tables.rows.get(order_id)

    def add(self, order: Order) -> Order | None:
        with self.transaction():
            if order.intent_key in self._tables.keys:
                return None
            stored = replace(order, id=len(self._tables.rows) + 1, version=1)
            self._tables.rows[stored.id] = stored
            self._tables.keys[stored.intent_key] = stored.id
            return stored

    def save(self, before: Order, after: Order) -> Order:
        with self.transaction():
            current = self._tables.rows[before.id]
            if current.version != before.version:
                raise Changed(f"order {before.id}")
            stored = replace(after, version=current.version + 1)
            self._tables.rows[before.id] = stored
            return stored

    def note_fill(self, fill: Fill) -> None:
        with self.transaction():
            key = (fill.traded_on, order_key(fill.order_no), fill.source)
            known = self._tables.fills.get(key)
            if known is None or fill.quantity > known.quantity:
                self._tables.fills[key] = fill

    def note_listed(self, day: date, orders: Sequence[Listed], now: datetime) -> None:
        with self.transaction():
            self._tables.listed[day] = {order.order_no: order for order in orders}

    def note_refusal(self, refusal: Refusal, now: datetime) -> None:
        with self.transaction():
            key = (refusal.condition_id or 0, refusal.code, kst_day(now))
            self._tables.refusals[key] = self._tables.refusals.get(key, 0) + 1

    def note_best(self, condition: ConditionView) -> None:
        with self.transaction():
            current = self._tables.conditions.get(condition.id)
            if current is not None and current.revision == condition.revision:
                self._tables.conditions[condition.id] = replace(current, best_price=condition.best_price)

    def switch_off(self, condition: ConditionView, reason: str, now: datetime) -> None:
        with self.transaction():
            current = self._tables.conditions.get(condition.id)
            if current is not None and current.revision == condition.revision:
                off = replace(current, enabled=False, revision=current.revision + 1)
                self._tables.conditions[condition.id] = off


_CONDITION = tuple(field.name for field in fields(ConditionView) if field.name not in ("id", "history"))


class DatabaseTables:
    """The same in the test's database, through the storage that the desk uses. Starts from empty tables."""

    def __init__(self) -> None:
        self.fence = 0
        for model in (models.Order, models.Fill, models.Refusal, models.Condition, models.Desk, models.BrokerOrder):
            model.objects.all().delete()
        Fence.objects.update_or_create(name=DAEMON, defaults={"number": 0})

    def storage(self, fence: int) -> Storage:
        return DatabaseStorage(daemon=DAEMON, fence=fence)

    def take_lease(self) -> int:
        Fence.objects.filter(name=DAEMON).update(number=F("number") + 1)
        self.fence += 1
        return self.fence

    def put_desk(self, desk: DeskView) -> None:
        values = {field.name: getattr(desk, field.name) for field in fields(DeskView)}
        models.Desk.objects.update_or_create(pk=1, defaults=values)

    def put_condition(self, condition: ConditionView) -> None:
        values: dict[str, Any] = {name: getattr(condition, name) for name in _CONDITION}
        row = models.Condition(id=condition.id, **values)
        models.Condition.objects.bulk_create(
            [row], update_conflicts=True, update_fields=list(values), unique_fields=None
        )

    def all_conditions(self) -> list[ConditionView]:
        return DatabaseStorage().conditions()

    def all_orders(self) -> list[Order]:
        return [_order(row) for row in models.Order.objects.order_by("id").values(*_ORDER)]

    def all_fills(self) -> dict[tuple[date, str, str], Fill]:
        rows = models.Fill.objects.values_list("traded_on", "order_no", "source", "quantity", "amount", "seen_at")
        return {(row[0], row[1], row[2]): Fill(*row) for row in rows}

    def refused_conditions(self) -> set[int]:
        return set(models.Refusal.objects.values_list("condition_id", flat=True))

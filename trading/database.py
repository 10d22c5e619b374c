"""The ledger in MariaDB: the rules' values to rows and back, in short transactions under the daemon's fence."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, fields
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.db.models import F, Q, QuerySet

from stockdesk.fence import fenced
from stockdesk.kis.messages import KST, order_key
from trading import models
from trading.ports import Changed
from trading.states import HOLDING, State
from trading.values import (
    ConditionView,
    DeskView,
    Fill,
    Listed,
    Mode,
    Order,
    Pricing,
    Refusal,
    Sizing,
    Source,
    Stop,
    Trigger,
    kst_day,
)

_ORDER = tuple(field.name for field in fields(Order))
_ORDER_ENUMS = {"state": State, "source": Source, "mode": Mode}
_CONDITION = tuple(field.name for field in fields(ConditionView) if field.name != "history")
_CONDITION_ENUMS = {"trigger": Trigger, "sizing": Sizing, "pricing": Pricing}
_DESK = tuple(field.name for field in fields(DeskView))
_DESK_ENUMS = {"mode": Mode, "stop": Stop}
_CHANGEABLE = tuple(name for name in _ORDER if name not in ("id", "version", "intent_key", "created_at"))
_LISTED = tuple(field.name for field in fields(Listed))
_LISTED_DAYS = timedelta(days=30)
"""Long enough for an order that nobody settled over a holiday."""
_LONGEST_HOLIDAY = timedelta(days=14)
_IS_HOLDING = Q(state__in=[state.value for state in HOLDING])
_HOLDING_SQL = f"state IN ({', '.join(repr(state.value) for state in sorted(HOLDING))})"

# A total that is stored never falls, in whatever order two writers come.
_NOTE_FILL = """
    INSERT INTO trading_fill (traded_on, order_no, source, quantity, amount, seen_at) VALUES (%s, %s, %s, %s, %s, %s)
    ON DUPLICATE KEY UPDATE
        seen_at = IF(VALUES(quantity) > quantity, VALUES(seen_at), seen_at),
        amount = GREATEST(amount, VALUES(amount)), quantity = GREATEST(quantity, VALUES(quantity))
"""


class DatabaseStorage:
    """`trading.ports.Storage` on the default connection.

    With ``daemon`` and ``fence`` every write looks at the lease first, in its own transaction; a screen, whose user
    is a person and not a daemon, gives neither.
    """

    def __init__(self, *, daemon: str = "", fence: int | None = None) -> None:
        self._daemon = daemon
        self._fence = fence
        self._open = False
        self._known: dict[str, tuple[object, list[Order]]] = {}

    @contextmanager
    def transaction(self) -> Iterator[None]:
        if self._open:
            yield
            return
        self._open = True
        try:
            if self._fence is None:
                with transaction.atomic():
                    yield
            else:
                with fenced(self._daemon, self._fence):
                    yield
        finally:
            self._open = False

    def desk(self) -> DeskView | None:
        row = models.Desk.objects.filter(pk=1).values(*_DESK).first()
        return None if row is None else DeskView(**_typed(row, _DESK_ENUMS))

    def conditions(self) -> list[ConditionView]:
        return [_condition(row) for row in models.Condition.objects.values(*_CONDITION)]

    def condition(self, condition_id: int) -> ConditionView | None:
        row = models.Condition.objects.filter(pk=condition_id).values(*_CONDITION).first()
        return None if row is None else _condition(row)

    def orders(self, day: date) -> list[Order]:
        rows = models.Order.objects.filter(Q(ordered_on=day) | _IS_HOLDING)
        return self._read("orders", rows, _sign(f"ordered_on = %s OR {_HOLDING_SQL}", day))

    def ended_with_alarm(self, day: date) -> list[Order]:
        """The rows of earlier days that ended on this one with something to tell: nobody was there to see it then."""
        earlier = models.Order.objects.filter(ordered_on__gte=day - _LONGEST_HOLIDAY, ordered_on__lt=day)
        rows = earlier.filter(ended_at__gte=datetime.combine(day, time(0), KST)).exclude(alarm="")
        return [_order(row) for row in rows.order_by("id").values(*_ORDER)]

    def switched_off(self, day: date) -> list[tuple[str, int, str]]:
        """Symbol, id and reason of the conditions that refusals switched off on this day, and that are off still."""
        rows = models.Condition.objects.filter(
            enabled=False, switched_off_at__gte=datetime.combine(day, time(0), KST),
            switched_off_reason__startswith="refused ",
        )  # fmt: skip
        return list(rows.order_by("id").values_list("symbol", "id", "switched_off_reason"))

    def orders_of(self, conditions: Sequence[ConditionView]) -> list[Order]:
        armed = Q(condition__armed_at__isnull=True) | Q(created_at__gte=F("condition__armed_at"))
        ids = [condition.id for condition in conditions]
        if not ids:
            return []
        rows = models.Order.objects.filter(armed | _IS_HOLDING, condition_id__in=ids)
        sign = (_sign("condition_id IN %s", ids), *((condition.id, condition.armed_at) for condition in conditions))
        return self._read("orders_of", rows, sign)

    def _read(self, name: str, rows: QuerySet[models.Order], sign: object) -> list[Order]:
        """These rows, oldest first; as they were read last where ``sign`` tells that none has changed since.

        It was asked for before the rows: what changes in between is read now, and read again the next time.
        """
        known = self._known.get(name)
        if known is None or known[0] != sign:
            known = self._known[name] = (sign, [_order(row) for row in rows.order_by("id").values(*_ORDER)])
        return list(known[1])

    def find(self, order_id: int) -> Order | None:
        row = models.Order.objects.filter(pk=order_id).values(*_ORDER).first()
        return None if row is None else _order(row)

    def add(self, order: Order) -> Order | None:
        values = {name: getattr(order, name) for name in _CHANGEABLE}
        row = models.Order(intent_key=order.intent_key, created_at=order.created_at, version=1, **values)
        with self.transaction():
            try:
                with transaction.atomic():
                    row.save(force_insert=True)
            except IntegrityError:
                # The unique key decides between two writers; the one that loses has written nothing.
                if models.Order.objects.filter(intent_key=order.intent_key).exists():
                    return None
                raise
        return self.find(row.pk)

    def save(self, before: Order, after: Order) -> Order:
        values = {name: getattr(after, name) for name in _CHANGEABLE if getattr(after, name) != getattr(before, name)}
        with self.transaction():
            version = before.version + 1
            rows = models.Order.objects.filter(pk=before.id, version=before.version)
            if not rows.update(version=version, **values):
                raise Changed(f"order {before.id} is no longer at version {before.version}")
        stored = self.find(before.id)
        assert stored is not None
        return stored

    def note_fill(self, fill: Fill) -> None:
        row = (fill.traded_on, order_key(fill.order_no), fill.source, fill.quantity, fill.amount)
        seen_at = models.Fill._meta.get_field("seen_at").get_db_prep_value(fill.seen_at, connection)
        with self.transaction(), connection.cursor() as cursor:
            cursor.execute(_NOTE_FILL, (*row, seen_at))

    def note_listed(self, day: date, orders: Sequence[Listed], now: datetime) -> None:
        wanted = {order.order_no: order for order in orders}
        rows = models.BrokerOrder.objects.filter(listed_on=day)
        with self.transaction():
            # Asked for every two seconds and mostly as before: only what differs is written.
            known = {row["order_no"]: Listed(**row) for row in rows.values(*_LISTED)}
            fresh = [order for number, order in wanted.items() if known.get(number) != order]
            if gone := known.keys() - wanted.keys():
                rows.filter(order_no__in=gone).delete()
            models.BrokerOrder.objects.bulk_create(
                [models.BrokerOrder(listed_on=day, seen_at=now, **asdict(order)) for order in fresh],
                update_conflicts=True,
                update_fields=[name for name in _LISTED if name != "order_no"],
            )
            rows.update(seen_at=now)
            if fresh:
                models.BrokerOrder.objects.filter(listed_on__lt=day - _LISTED_DAYS).delete()

    def note_refusal(self, refusal: Refusal, now: datetime) -> None:
        told = {
            "condition_revision": refusal.condition_revision, "text": refusal.text[:200], "last_at": now,
            "seen": {name: plain(value) for name, value in refusal.seen.items()},
        }  # fmt: skip
        key = {"condition_id": refusal.condition_id, "code": refusal.code[:24], "refused_on": kst_day(now)}
        with self.transaction():
            if not models.Refusal.objects.filter(**key).update(count=F("count") + 1, **told):
                row = models.Refusal(symbol=refusal.symbol, side=refusal.side, first_at=now, **key, **told)
                models.Refusal.objects.bulk_create([row], ignore_conflicts=True)

    def note_best(self, condition: ConditionView) -> None:
        rows = models.Condition.objects.filter(pk=condition.id, revision=condition.revision)
        with self.transaction():
            rows.update(best_price=condition.best_price)

    def switch_off(self, condition: ConditionView, reason: str, now: datetime) -> None:
        rows = models.Condition.objects.filter(pk=condition.id, revision=condition.revision)
        with self.transaction():
            changed = rows.update(
                enabled=False, revision=F("revision") + 1, updated_at=now,
                switched_off_at=now, switched_off_reason=reason[:200],
            )  # fmt: skip
            if changed:
                # An update leaves no history by itself, and this is a change that somebody will ask about.
                stored = models.Condition.objects.filter(pk=condition.id)
                models.Condition.history.bulk_history_create(
                    stored, update=True, default_change_reason=reason[:200], default_date=now
                )


def condition_view(row: models.Condition) -> ConditionView:
    """A row that is at hand already, as the engine would read it."""
    return _condition({name: getattr(row, name) for name in _CONDITION})


def _sign(which: str, parameter: Any) -> tuple[Any, ...]:
    """What differs as soon as one of these rows has changed: every write makes a version grow, none is deleted."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT COUNT(*), SUM(version), MAX(id) FROM trading_order WHERE {which}", (parameter,))
        return (parameter, *cursor.fetchone())


def _order(row: dict[str, Any]) -> Order:
    return Order(**_typed(row, _ORDER_ENUMS))


def _condition(row: dict[str, Any]) -> ConditionView:
    """One that holds a word we do not know never fires, and stops no other."""
    try:
        return ConditionView(**_typed(row, _CONDITION_ENUMS))
    except ValueError as exc:
        readable = {"trigger": Trigger.AT_OR_BELOW, "sizing": Sizing.QUANTITY, "pricing": Pricing.STRIKE}
        return ConditionView(**{**row, **readable, "problem": row["problem"] or str(exc)[:200]})


def _typed(row: dict[str, Any], enums: dict[str, Any]) -> dict[str, Any]:
    return {**row, **{name: enum(row[name]) for name, enum in enums.items()}}


def plain(value: object) -> object:
    """As JSON can hold it."""
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    return value if isinstance(value, int | float | bool | str) or value is None else str(value)

"""Keeps an account's rows: replaced together by a complete balance (TTTC8434R), and by nothing else.

An error is not an empty account. Whatever went wrong on the way to the broker and back leaves every row as it is
and puts a mark with its reason beside them.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import DataError
from django.db.models import F
from django.db.models.functions import Coalesce, Now

from assets.models import ERROR_LENGTH, NAME_LENGTH, SYMBOL_LENGTH, Account, Balance, Holding
from stockdesk.fence import fenced
from stockdesk.kis import messages
from stockdesk.logs import redacted

#: An account full of shares that is said to own nothing at all is believed after this long.
DISBELIEF = timedelta(minutes=10)

_REALISED = ("realised_profit", "realised_at")
_TOTALS = tuple(f.name for f in Balance._meta.concrete_fields if f.name not in ("account", "updated_at", *_REALISED))
_TOLD = tuple(f.name for f in Holding._meta.concrete_fields if f.name not in ("id", "account", "symbol", "updated_at"))


class Implausible(Exception):
    """A balance that came whole and still cannot be true; nothing was written."""


@dataclass(frozen=True, slots=True)
class AccountRows:
    """The rows of one account, for the one process whose lease carries this fencing number.

    Every method is one transaction; LeaseLost or ``django.db.Error`` mean that nothing was written.
    """

    account: str
    number: str
    """The masked one."""
    daemon: str
    fence: int

    def open(self) -> None:
        """Have a row for this account, stale until its first balance; every other account is the desk's no longer."""
        with fenced(self.daemon, self.fence):
            Account.objects.bulk_create([Account(id=self.account, number=self.number)], ignore_conflicts=True)
            Account.objects.exclude(pk=self.account).filter(stale=False).update(
                stale=True, stale_since=Now(), last_error="the desk has another account now", last_error_at=Now()
            )

    def write(self, balance: messages.Balance, asked_at: datetime, realised: int | None = None) -> None:
        """Replace them all by this balance; ``asked_at`` is when the broker was asked, before the first page.

        ``realised`` is what the sales in this balance earned, KRW; None leaves the stored number with its time.
        Raises Implausible and writes nothing when the balance cannot be true.
        """
        rows = held_rows(balance)
        try:
            with fenced(self.daemon, self.fence):
                self._replace(balance, rows, asked_at)
                self._note_realised(realised, asked_at)
        except DataError as exc:
            raise Implausible(f"a number that fits no column (database error {exc.args[0]})") from exc

    def mark_stale(self, reason: str) -> None:
        """Say beside the rows why they are not being renewed; they themselves stay."""
        with fenced(self.daemon, self.fence):
            Account.objects.filter(pk=self.account).update(
                stale=True,
                stale_since=Coalesce(F("stale_since"), Now()),
                last_error=redacted(reason)[:ERROR_LENGTH],
                last_error_at=Now(),
            )

    def _replace(self, balance: messages.Balance, rows: dict[str, messages.HoldingRow], asked_at: datetime) -> None:
        stored = Holding.objects.of(self.account)
        if not rows and stored and not _owns_anything(balance) and self._read_lately(asked_at):
            raise Implausible("everything is gone from the account at once")
        if self._misses_what_totals_count(balance, rows, stored):
            raise Implausible("holdings are missing from the list that its totals still count")
        Account.objects.bulk_create(
            [Account(id=self.account, number=self.number, updated_at=asked_at, stale=False)],
            update_conflicts=True,
            update_fields=["number", "updated_at", "stale", "stale_since"],
        )
        Balance.objects.bulk_create(
            [Balance(account_id=self.account, updated_at=asked_at, **self._totals(balance))],
            update_conflicts=True,
            update_fields=[*_TOTALS, "updated_at"],
        )
        Holding.objects.bulk_create(
            [self._holding(row, stored.get(symbol), asked_at) for symbol, row in rows.items()],
            update_conflicts=True,
            update_fields=[*_TOLD, "updated_at"],
        )
        Holding.objects.filter(account_id=self.account).exclude(symbol__in=rows).delete()

    def _note_realised(self, realised: int | None, asked_at: datetime) -> None:
        if realised is not None:
            Balance.objects.filter(pk=self.account).update(realised_profit=realised, realised_at=asked_at)

    def _read_lately(self, asked_at: datetime) -> bool:
        return Account.objects.fresh(asked_at - DISBELIEF).filter(pk=self.account).exists()

    def _misses_what_totals_count(
        self, balance: messages.Balance, rows: dict[str, messages.HoldingRow], stored: dict[str, Holding]
    ) -> bool:
        """Whether the list got shorter and the total of what was paid did not: a page was lost on the way.

        Only the growth of the gap tells; a gap that was there before is how the broker adds this account up.
        """
        lost = sum(held.purchase_amount or 0 for symbol, held in stored.items() if symbol not in rows)
        if not lost:
            return False
        before = Balance.objects.filter(pk=self.account).first()
        gap = balance.purchase_amount - sum(row.purchase_amount for row in rows.values())
        if before is not None and before.purchase_amount is not None:
            gap -= before.purchase_amount - sum(held.purchase_amount or 0 for held in stored.values())
        # A holding sold in part may have been on the lost page too, so even a small gap counts.
        return gap > lost / 100

    def _totals(self, balance: messages.Balance) -> dict[str, Any]:
        stored = Balance.objects.filter(pk=self.account).first()
        return {name: _kept(getattr(balance, name), stored, name) for name in _TOTALS}

    def _holding(self, row: messages.HoldingRow, stored: Holding | None, asked_at: datetime) -> Holding:
        told = {name: _kept(getattr(row, name), stored, name) for name in _TOLD}
        told["name"] = (told["name"] or "")[:NAME_LENGTH]
        key = f"{self.account}:{row.symbol}"
        return Holding(id=key, account_id=self.account, symbol=row.symbol, updated_at=asked_at, **told)


def held_rows(balance: messages.Balance) -> dict[str, messages.HoldingRow]:
    """The rows with shares in them, by symbol. What was sold stays in KIS's list, at zero, until it is settled."""
    rows: dict[str, messages.HoldingRow] = {}
    for row in balance.holdings:
        if row.quantity < 0 or not 0 < len(row.symbol) <= SYMBOL_LENGTH:
            raise Implausible("a holding with an impossible symbol or quantity")
        if row.quantity == 0:
            continue
        if row.symbol in rows:
            # Pages that shift between two calls show one row twice, and another not at all.
            raise Implausible(f"{row.symbol} is in the list twice")
        rows[row.symbol] = row
    if not rows and balance.securities_value > 0:
        raise Implausible("no holdings, though the account's securities have a value")
    return rows


def _owns_anything(balance: messages.Balance) -> bool:
    return any(getattr(balance, name) for name in _TOTALS if name != "previous_total")


def _kept(value: Any, stored: Any, name: str) -> Any:
    """An empty value never replaces a stored one."""
    return getattr(stored, name, None) if value is None or value == "" else value

"""What a replay begins with instead of what the desk has: conditions of a file, some symbols, another account."""

import re
from collections.abc import Collection
from decimal import Decimal
from pathlib import Path

from django.db import connection
from django.utils.translation import gettext as _

from assets.accounts import own_account
from assets.models import Account, Balance, Holding
from stockdesk.spreadsheets import Csv, Xlsx
from trading.condition_file import ConditionResource, cell_text, header
from trading.models import Condition


class BadStart(Exception):
    """What was given cannot be used; the text says why and what to write."""


def take_conditions(path: Path) -> int:
    """Put the conditions of this file in the place of the copied ones; how many there are then.

    A CSV or XLSX file as the admin exports it. Raises BadStart for a file with any row that the admin would refuse.
    """
    try:
        data = path.read_bytes()
    except OSError as exc:
        raise BadStart(_("%(path)s cannot be read: %(why)s.") % {"path": path, "why": exc.strerror}) from exc
    try:
        rows = (Xlsx() if path.suffix.lower() == ".xlsx" else Csv()).create_dataset(data)
        before = set(Condition.objects.values_list("pk", flat=True))
        result = ConditionResource().import_data(rows, raise_errors=False)
    except Exception as exc:  # the readers of foreign files raise what they like
        text = _("%(path)s is no file of conditions: export one from the admin and change that.")
        raise BadStart(text % {"path": path}) from exc
    faults = [str(error.error) for error in result.base_errors]
    faults += [f"{number}: {error.error}" for number, errors in result.row_errors() for error in errors]
    for row in result.invalid_rows:
        faults += [f"{row.number}: {name} {' '.join(texts)}" for name, texts in row.error.message_dict.items()]
    if faults:
        text = _("%(path)s has rows that cannot be conditions; nothing was replayed:")
        raise BadStart("\n  ".join([text % {"path": path}, *faults]))
    numbers = rows[header("id")] if header("id") in (rows.headers or []) else []
    named = {int(text) for value in numbers if (text := cell_text(value).strip()).isdigit()}
    _forget(before - named)
    return Condition.objects.count()


def keep_only(symbols: Collection[str]) -> None:
    """Leave out the conditions on other issues."""
    _forget(Condition.objects.exclude(symbol__in=symbols).values_list("pk", flat=True))


def take_account(cash: int | None, holdings: str | None) -> None:
    """Another cash (KRW), other holdings (``005930:10:65000,...``: symbol, shares, average price), or both."""
    if cash is None and holdings is None:
        return
    account = own_account()
    if not account:
        raise BadStart(_("No account number is set (KIS_ACCOUNT), so no account can be replayed."))
    held = [_holding(account, text) for text in (holdings or "").split(",") if text.strip()]
    Account.objects.get_or_create(pk=account)
    if cash is not None:
        values = {"deposit_d2": cash, "total_value": cash, "previous_total": cash}
        Balance.objects.update_or_create(pk=account, defaults=values)
    if holdings is not None:
        Holding.objects.filter(account_id=account).delete()
        Holding.objects.bulk_create(held)


def _holding(account: str, text: str) -> Holding:
    form = re.fullmatch(r"\s*([0-9A-Z]{6,9}):([1-9][0-9]{0,8}):([0-9]{1,9}(?:\.[0-9]{1,4})?)\s*", text, re.ASCII)
    if form is None:
        told = _("%(text)s is no holding: write symbol:shares:average price, such as 005930:10:65000.")
        raise BadStart(told % {"text": text})
    symbol, quantity, price = form.groups()
    return Holding(
        id=f"{account}:{symbol}", account_id=account, symbol=symbol, quantity=int(quantity),
        orderable_quantity=int(quantity), average_price=Decimal(price),
    )  # fmt: skip


def _forget(numbers: Collection[int]) -> None:
    # By SQL: what Django would delete with them is not in this database.
    with connection.cursor() as cursor:
        cursor.executemany("DELETE FROM trading_condition WHERE id = %s", [(number,) for number in numbers])

"""A row of figures as DART sends it, as the values that both kinds of figures share."""

from typing import Any

from collectors import cells
from collectors.dart import values
from collectors.dart.client import SOURCE
from collectors.dart.models import ACCOUNT_NAME, CORP_LENGTH, RECEIPT_LENGTH
from collectors.errors import SourceError
from collectors.raw import Body


def figure(row: dict[str, Any], body: Body) -> dict[str, Any]:
    """The arguments of a `Figure`, all but its key; raises SourceError for a row that cannot be told from others."""
    name = cells.text(row, "account_nm", ACCOUNT_NAME)
    if not name:
        raise SourceError("a line of figures without an account; nothing of this answer was stored", source=SOURCE)
    position = cells.text(row, "ord", 9)
    return {
        "rcept_no": values.digits(row, "rcept_no", RECEIPT_LENGTH),
        "corp_code": values.digits(row, "corp_code", CORP_LENGTH),
        "symbol": values.symbol(row),
        "year": int(values.digits(row, "bsns_year", 4)),
        "report": values.digits(row, "reprt_code", 5),
        "basis": cells.text(row, "fs_div", 3),
        "sheet": cells.text(row, "sj_div", 3),
        "name": name,
        "position": int(position) if position.isascii() and position.isdigit() else None,
        "period": cells.text(row, "thstrm_nm", 40),
        "amount": values.amount(row, "thstrm_amount"),
        "amount_to_date": values.amount(row, "thstrm_add_amount"),
        "previous": _previous(row),
        "previous_to_date": values.amount(row, "frmtrm_add_amount"),
        "before_previous": values.amount(row, "bfefrmtrm_amount"),
        "currency": cells.text(row, "currency", 3),
        "fetched_at": body.fetched_at,
    }


def _previous(row: dict[str, Any]) -> Any:
    """Quarterly full statements have last year's quarter under a name of its own."""
    value = values.amount(row, "frmtrm_amount")
    return values.amount(row, "frmtrm_q_amount") if value is None else value

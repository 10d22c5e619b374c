"""What the dashboard shows of the desk's own account: one line of totals, and its holdings."""

from assets.accounts import own_account
from assets.models import Account, Balance, Holding
from stockdesk.sheets import Rows, show, table_rows

ACCOUNT = ("number", "updated_at", "stale", "stale_since", "last_error")
TOTALS = (
    "deposit", "deposit_d2", "purchase_amount", "evaluation_amount", "profit_loss", "total_value", "previous_total",
    "realised_profit", "realised_at",
)  # fmt: skip
HOLDING = (
    "name", "quantity", "orderable_quantity", "average_price", "last_price", "purchase_amount", "evaluation_amount",
    "profit_loss", "profit_rate", "updated_at",
)  # fmt: skip


def account_rows() -> Rows:
    """At most one row; its totals are blank until the first balance has come."""
    account = own_account()
    facts = table_rows(Account, ACCOUNT, "WHERE `id` = %s", account)
    totals = table_rows(Balance, TOTALS, "WHERE `account_id` = %s", account)
    return {key: [*row, *totals.get(key, [None] * len(TOTALS))] for key, row in facts.items()}


def holding_rows() -> Rows:
    return table_rows(Holding, HOLDING, "WHERE `account_id` = %s", own_account(), key="symbol")


show("account", (*ACCOUNT, *TOTALS), account_rows)
show("holdings", HOLDING, holding_rows)

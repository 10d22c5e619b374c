"""What the dashboard shows of trading: the day's orders, why not, what needs a person, the switches, who is armed.

Codes travel, words do not: the browsers of one feed may speak different languages (`trading.screen_words`).
"""

from collections.abc import Sequence
from typing import Any

from django.db import connection
from django.db.models import Model

from market.models import Instrument, Quote
from stockdesk.sheets import Rows, say, show, table_rows, wire
from trading import evidence
from trading.models import Condition, Desk, Order, Refusal
from trading.screen_words import SENTENCES, page_words
from trading.states import HOLDING

MOST = 300
"""Rows of a table. The limits as they are made let a hundred orders a day go; those not sent come on top."""

ORDER = (
    "created_at", "symbol", "side", "quantity", "price", "division", "state", "filled_quantity", "filled_amount",
    "noticed_quantity", "noticed_amount", "source", "mode", "code", "reason", "alarm", "order_no", "sent_at",
    "changed_at", "cancel_at", "look_ups", "clean_look_ups", "look_up_at", "candidates", "condition_id",
)  # fmt: skip
REFUSAL = ("condition_id", "symbol", "side", "code", "text", "count", "first_at", "last_at")
SAID = ("trigger", "strike_price", "rate")
CANDIDATE = (
    "order_id", "order_no", "quantity", "price", "filled_quantity", "cancelled", "ordered_at", "fits", "seen_at",
)  # fmt: skip
SWITCHES = (
    "mode", "stop", "stop_by", "stop_at", "killed_at", "killed_by", "lifted_at", "lifted_by", "live_armed_until",
    "live_armed_by",
)  # fmt: skip


def order_rows() -> Rows:
    """Today's orders and every one that has not ended, those first, the newest of each first."""
    holding = sorted(state.value for state in HOLDING)
    is_holding = f"o.`state` IN ({', '.join(['%s'] * len(holding))})"
    tail = f"WHERE o.`ordered_on` = CURDATE() OR {is_holding} ORDER BY {is_holding} DESC, o.`id` DESC LIMIT %s"
    return _with_condition(Order, ORDER, tail, *holding, *holding, MOST)


def refusal_rows() -> Rows:
    tail = "WHERE o.`refused_on` = CURDATE() ORDER BY o.`last_at` DESC LIMIT %s"
    return _with_condition(Refusal, REFUSAL, tail, MOST)


def switch_rows() -> Rows:
    return table_rows(Desk, SWITCHES, "WHERE `id` = 1")


def armed_rows() -> Rows:
    """How many conditions of a symbol are on and can be read."""
    table = Condition._meta.db_table
    sql = f"SELECT `symbol`, COUNT(*) FROM `{table}` WHERE `enabled` = 1 AND `problem` = '' GROUP BY `symbol`"
    with connection.cursor() as cursor:
        cursor.execute(sql)
        return {symbol: [count] for symbol, count in cursor.fetchall()}


def candidate_rows() -> Rows:
    """The broker's orders that may be one of ours whose answer was lost, for every one that is looked for."""
    found: Rows = {}
    for order, row in evidence.all_candidates():
        values = (
            order.id, row.order_no, row.quantity, row.price, row.filled_quantity, row.cancelled, row.ordered_at,
            evidence.fits(order, row), row.seen_at,
        )  # fmt: skip
        found[f"{order.id}:{row.order_no}"] = [_naive(value) for value in values]
    return found


def _naive(value: Any) -> Any:
    """The ORM's aware times as the browser gets them."""
    return round(value.timestamp() * 1000) if hasattr(value, "timestamp") else value


def _with_condition(model: type[Model], names: Sequence[str], tail: str, *parameters: Any) -> Rows:
    """Rows by id with what their condition says and the issue's name, of the master or else of the quote."""
    master, quote = Instrument._meta, Quote._meta
    quoted = {field.attname: field.column for field in quote.concrete_fields}
    stored = {field.attname: field.column for field in model._meta.concrete_fields}
    wanted = [*(f"o.`{stored[name]}`" for name in names), *(f"c.`{name}`" for name in SAID)]
    sql = (
        f"SELECT o.`id`, COALESCE(i.`name`, q.`{quoted['name']}`, ''), {', '.join(wanted)}"
        f" FROM `{model._meta.db_table}` o"
        f" LEFT JOIN `{Condition._meta.db_table}` c ON c.`id` = o.`condition_id`"
        f" LEFT JOIN `{master.db_table}` i ON i.`symbol` = o.`symbol`"
        f" LEFT JOIN `{quote.db_table}` q ON q.`{quoted['symbol']}` = o.`symbol` {tail}"
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return {str(key): [wire(value) for value in values] for key, *values in cursor.fetchall()}


show("orders", ("name", *ORDER, *SAID), order_rows)
show("refusals", ("name", *REFUSAL, *SAID), refusal_rows)
show("candidates", CANDIDATE, candidate_rows)
show("switches", SWITCHES, switch_rows)
show("armed", ("conditions",), armed_rows)
say(page_words, SENTENCES)

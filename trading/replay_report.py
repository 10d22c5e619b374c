"""What a replay found, for a trader: a table, a file, and a digest that is equal when two replays were."""

import csv
import hashlib
import io
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from market.models import Instrument, Quote
from stockdesk.cells import harmless
from stockdesk.kis.messages import KST
from trading.models import Condition, Order, Refusal
from trading.replay import Replay
from trading.replay_fills import Assumed
from trading.words import says, why_not

#: Said of every condition that waits, or has done what it was to do; of no use beside an order.
WAITING = ("not_reached", "done", "cool_down")


@dataclass(frozen=True, slots=True)
class Line:
    """One order or one reason why not."""

    condition: str
    symbol: str
    name: str
    at: datetime
    price: str
    verdict: str
    fill: str
    profit: int | None


def heads() -> tuple[str, ...]:
    return (
        _("condition"), _("symbol"), _("name"), _("time"), _("price"), _("judgement"), _("assumed fill"),
        pgettext("replay", "result"),
    )  # fmt: skip


def lines(replay: Replay) -> list[Line]:
    """Orders and refusals by their time. Of a condition with orders only the refusals that held one up."""
    names = dict(Instrument.objects.values_list("symbol", "name"))
    conditions = Condition.objects.in_bulk()
    last = dict(Quote.objects.values_list("symbol", "last_price"))
    ordered = {one.order.condition_id for one in replay.fills.all}
    found = [_order_line(one, conditions, names, last) for one in replay.fills.all]
    for row in Refusal.objects.order_by("first_at", "condition_id", "code"):
        if row.condition_id in ordered and row.code in WAITING:
            continue
        times = _(" (%(count)d times)") % {"count": row.count} if row.count > 1 else ""
        seen = row.seen.get("quote_price") or row.seen.get("last")
        found.append(
            Line(
                _title(conditions, row.condition_id), row.symbol, names.get(row.symbol, ""),
                row.first_at.astimezone(KST), f"{seen:,}" if isinstance(seen, int) else "",
                _("no: %(why)s") % {"why": why_not(row.code)} + times, "", None,
            )
        )  # fmt: skip
    return sorted(found, key=lambda line: (line.at, line.condition, line.verdict))


def _order_line(
    one: Assumed, conditions: dict[int, Condition], names: dict[str, str], last: dict[str, int | None]
) -> Line:
    order = one.order
    side = _("buy") if order.side == "buy" else _("sell")
    at_price = f"{order.price:,}" if order.price is not None else _("market")
    fill = _("not filled")
    if one.short_of:
        fill = _("not enough cash") if one.short_of == "cash" else _("not enough shares")
    elif one.price is not None and one.at is not None:
        fill = f"{one.price:,} ({one.at:%H:%M:%S})"
    return Line(
        _title(conditions, order.condition_id), order.symbol, names.get(order.symbol, ""),
        order.created_at.astimezone(KST), f"{order.quote_price:,}" if order.quote_price else "",
        _("order: %(side)s %(quantity)s at %(price)s")
        % {"side": side, "quantity": f"{order.quantity:,}", "price": at_price},
        fill, profit_of(one, last),
    )  # fmt: skip


def profit_of(one: Assumed, last: dict[str, int | None]) -> int | None:
    """KRW, fees and tax left out; None where there is no fill, or what it is reckoned against is not known."""
    if one.price is None or one.order.side == "sell":
        return one.profit
    price = last.get(one.order.symbol)
    return None if price is None else (price - one.price) * one.order.quantity


def _title(conditions: dict[int, Condition], number: int | None) -> str:
    condition = conditions.get(number or 0)
    return f"#{number} {says(condition)}" if condition is not None else f"#{number}"


def summary(replay: Replay, found: Sequence[Line]) -> list[str]:
    """What came out, and what was assumed to get there."""
    filled = [one for one in replay.fills.all if one.price is not None]
    profits = [line.profit for line in found if line.profit is not None]
    counts = replay.playback.buffer.counts
    return [
        _("%(records)s ticks, %(rounds)s rounds of decisions, %(bars)s minute bars, %(bad)s damaged")
        % {
            "records": f"{counts.records:,}", "rounds": f"{replay.rounds:,}", "bars": f"{len(replay.playback.bars):,}",
            "bad": f"{counts.bad:,}",
        },
        _("%(orders)d orders, %(filled)d of them assumed filled, result %(profit)s KRW")
        % {"orders": len(replay.fills.all), "filled": len(filled), "profit": f"{sum(profits):+,}"},
    ]  # fmt: skip


def assumptions(account: str) -> list[str]:
    """What the result stands on. ``account`` says where cash and holdings come from."""
    return [
        account,
        _("Conditions, limits and issues are those of now; they count as armed, and the desk as not stopped, when the "
          "recording begins."),
        _("An order fills whole at the first later tick at its limit or better, at the price of that tick. Volume, "
          "queue, fees and tax are left out. A purchase is valued at the last price."),
        _("Only what came over the sessions is recorded: a condition on another issue finds no price."),
    ]  # fmt: skip


def table(found: Sequence[Line]) -> str:
    """For a terminal; Korean letters are two columns wide."""
    rows = [heads(), *(_cells(line) for line in found)]
    widths = [max(_width(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(cell + " " * (width - _width(cell)) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )


def csv_bytes(found: Iterable[Line]) -> bytes:
    """For a spreadsheet: UTF-8 with a mark, and no cell that it would run as a formula."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(heads())
    for line in found:
        *words, profit = _cells(line)
        # A number that is negative is a number; everything else may be text that somebody typed.
        writer.writerow([*(harmless(word) for word in words), profit.replace(",", "").removeprefix("+")])
    return out.getvalue().encode("utf-8-sig")


def _cells(line: Line) -> tuple[str, ...]:
    profit = "" if line.profit is None else f"{line.profit:+,}"
    return (
        line.condition, line.symbol, line.name, f"{line.at:%H:%M:%S}", line.price, line.verdict, line.fill, profit,
    )  # fmt: skip


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)


def digest(replay: Replay) -> str:
    """SHA-256 over the quotes at the end, the bars and every decision; row ids are left out."""
    told = hashlib.sha256()
    for model, order in (
        (Quote, "stck_shrn_iscd"),
        (Order, "intent_key"),
        (Refusal, "condition_id, code, refused_on"),
    ):
        columns = ", ".join(f"`{field.column}`" for field in model._meta.concrete_fields if field.column != "id")
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {columns} FROM {model._meta.db_table} ORDER BY {order}")
            for row in cursor.fetchall():
                told.update(repr(row).encode())
    for (symbol, starts_at), bar in sorted(replay.playback.bars.items()):
        told.update(repr((symbol, starts_at, bar[1:])).encode())
    for one in replay.fills.all:
        told.update(repr((one.order.intent_key, one.price, one.at, one.profit, one.short_of)).encode())
    return told.hexdigest()

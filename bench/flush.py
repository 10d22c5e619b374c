"""Writing: one second's rows of a watch list, beside a bare executemany of the same rows, on the same MariaDB."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import connection

from bench.frames import symbols
from bench.table import Row, median_ratio
from market import quotes
from market.models import Quote
from stockdesk.kis.messages import KST
from stockdesk.models import Fence

DAEMON, FENCE = "bench", 1
PRICE = 70_000  # KRW; the rows of number n cost n more
Cells = list[list[str]]


def run(rounds: int = 15) -> list[Row]:
    """Needs a database of its own to work in: its quotes are overwritten."""
    Fence.objects.update_or_create(name=DAEMON, defaults={"number": FENCE})
    return [_compare(count, rounds) for count in (200, 2_500)]


def _compare(count: int, rounds: int) -> Row:
    names = symbols(count)
    Quote.objects.bulk_create([Quote(symbol=name) for name in names], ignore_conflicts=True)
    pairs = []
    second = datetime.now(KST) + timedelta(seconds=count)  # later than any row of the shorter list
    for number in range(rounds):
        times = []
        for write in (write_rows, _executemany):
            second += timedelta(seconds=1)
            times.append(_timed(write, rows_of(names, second, number)))
        pairs.append((times[0], times[1]))
    title = f"flush of {count:,} rows: one UPDATE joined with VALUES, ms"
    return Row(title, "ms", "bare executemany of the same rows", median_ratio(pairs), at_most=1.0)


def rows_of(names: list[str], second: datetime, number: int) -> Cells:
    """Validated rows as the writer has them in hand: every column set, as in a lively second."""
    moment = f"{second:%Y-%m-%d %H:%M:%S}"
    price = PRICE + number
    tick = [
        str(price), "-500", "5", "-0.70", "71000", "71200", "70300", str(price + 100), str(price), "12",
        str(8_123_456 + number), "574884262000", "112.34", "71000", "N", "2", f"{second:%Y-%m-%d}", moment,
        f"{moment}.250000", "ws", "1",
    ]  # fmt: skip
    bar = [f"{second:%Y-%m-%d %H:%M:00}", "70500", "71000", "70300", str(price), "5120"]
    return [[name, *tick, *bar, *bar] for name in names]


def write_rows(rows: Cells) -> None:
    taken = quotes.write_rows(rows, quotes.TICK_IS_NEWER, FENCE, DAEMON)
    if taken != len(rows):
        raise AssertionError(f"{taken} of {len(rows)} rows were taken")


def _executemany(rows: Cells) -> None:
    columns = [quotes.column(name) for name in quotes.FIELDS]
    updates = ", ".join(f"{name} = COALESCE(VALUES({name}), {name})" for name in columns[1:])
    marks = ", ".join(["%s"] * len(columns))
    with connection.cursor() as cursor:
        cursor.executemany(
            f"INSERT INTO market_quote ({', '.join(columns)}) VALUES ({marks}) ON DUPLICATE KEY UPDATE {updates}", rows
        )


def _timed(write: Callable[[Cells], None], rows: Cells) -> float:
    started = time.perf_counter()
    write(rows)
    return (time.perf_counter() - started) * 1000

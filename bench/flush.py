"""Writing: one second's rows of a watch list, beside a bare executemany of the same rows, on the same MariaDB."""

import time
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import Max
from django.utils import timezone

from bench.frames import symbols
from bench.table import Row, median_ratio
from market import quotes
from market.models import ClosedBar, Quote
from stockdesk.kis.messages import KST
from stockdesk.models import Fence

DAEMON, FENCE = "bench", 1
PRICE = 70_000  # KRW; the rows of number n cost n more
COUNTS = (200, 2_500)
Cells = list[list[str]]
Write = Callable[[Cells], None]
_CLOSED = ("symbol", "starts_at", "open", "high", "low", "close", "volume")


def run(rounds: int = 15, counts: Sequence[int] = (200, 2_500)) -> list[Row]:
    """Needs a database of its own to work in: its quotes are overwritten."""
    Fence.objects.update_or_create(name=DAEMON, defaults={"number": FENCE})
    alike = "bare executemany of the same rows"
    rows = [
        _compare(f"flush of {count:,} rows: one UPDATE joined with VALUES, ms", alike, count, rounds, write_rows,
                 _executemany)
        for count in counts
    ]  # fmt: skip
    title = f"flush in which the minutes of {counts[0]} symbols close, ms"
    return [*rows, _compare(title, f"{alike} and minutes", counts[0], rounds, _write_minute, _executemany_minute)]


def _compare(title: str, name: str, count: int, rounds: int, ours: Write, theirs: Write) -> Row:
    names = symbols(count)
    Quote.objects.bulk_create([Quote(symbol=name) for name in names], ignore_conflicts=True)
    pairs = []
    latest = Quote.objects.aggregate(latest=Max("traded_at"))["latest"] or timezone.now()
    second = latest.astimezone(KST)  # later than any row there is
    for number in range(rounds):
        times = []
        for write in (ours, theirs):
            second += timedelta(minutes=1)
            times.append(_timed(write, rows_of(names, second, number)))
        pairs.append((times[0], times[1]))
    return Row(title, "ms", name, median_ratio(pairs), at_most=1.0)


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


def _write_minute(rows: Cells) -> None:
    with transaction.atomic():
        write_rows(rows)
        quotes.write_fenced(ClosedBar._meta.db_table, _CLOSED, _closed(rows), FENCE, DAEMON)


def _executemany_minute(rows: Cells) -> None:
    updates = ", ".join(f"{name} = VALUES({name})" for name in _CLOSED)
    marks = ", ".join(["%s"] * len(_CLOSED))
    with transaction.atomic():
        _executemany(rows)
        with connection.cursor() as cursor:
            cursor.executemany(
                f"INSERT INTO {ClosedBar._meta.db_table} ({', '.join(_CLOSED)}) VALUES ({marks})"
                f" ON DUPLICATE KEY UPDATE {updates}",
                _closed(rows),
            )


def _closed(rows: Cells) -> Cells:
    """The minute that each row says is closed: symbol and the six cells at the end."""
    return [[row[0], *row[-6:]] for row in rows]


def _executemany(rows: Cells) -> None:
    columns = [quotes.column(name) for name in quotes.FIELDS]
    updates = ", ".join(f"{name} = COALESCE(VALUES({name}), {name})" for name in columns[1:])
    marks = ", ".join(["%s"] * len(columns))
    with connection.cursor() as cursor:
        cursor.executemany(
            f"INSERT INTO market_quote ({', '.join(columns)}) VALUES ({marks}) ON DUPLICATE KEY UPDATE {updates}", rows
        )


def _timed(write: Write, rows: Cells) -> float:
    started = time.perf_counter()
    write(rows)
    return (time.perf_counter() - started) * 1000

"""A trading day's ticks of a few symbols in a made-up order of arrival, and the bars that follow from them."""

import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db import connection

from market.bar_sql import PROCEDURE
from stockdesk.kis.messages import KST
from tests.market.ticks import frame, record

SYMBOLS = ("005930", "000660", "0001A0", "Q500001")
FRIDAY = date(2026, 11, 20)
CSAT = date(2026, 11, 19)

#: What a bar is here: open, high, low, close, volume.
Figures = tuple[int, int, int, int, int]
Bars = dict[tuple[str, datetime], Figures]


@dataclass(frozen=True, slots=True)
class Traded:
    """One trade: when it was made (naive, KST) and when its frame reaches us."""

    symbol: str
    at: datetime
    arrives: datetime
    price: int
    volume: int
    total: int

    @property
    def frame(self) -> bytes:
        return frame(
            record(
                self.symbol,
                BSOP_DATE=f"{self.at:%Y%m%d}",
                STCK_CNTG_HOUR=f"{self.at:%H%M%S}",
                STCK_PRPR=self.price,
                CNTG_VOL=self.volume,
                ACML_VOL=self.total,
            )
        )


def roll(now: datetime) -> None:
    """What the EVENT does, at once. ``now`` is naive, KST. Not inside of a transaction: it makes its own."""
    with connection.cursor() as cursor:
        cursor.execute(f"CALL {PROCEDURE}(%s)", [now])


def moment(on: date, clock: str) -> datetime:
    return datetime.combine(on, time.fromisoformat(clock))


def day_of_trades(on: date, spans: Iterable[tuple[str, str]], close: str, seed: int) -> list[Traded]:
    """Trades in these spans of the day, and each symbol's single print of the closing auction after ``close``.

    Some minutes stay quiet, some seconds have several trades, and frames take up to six seconds: then a minute was
    closed before its last trade came. One symbol's frames never overtake each other, for they share a connection.
    """
    chance = random.Random(seed)
    trades = []
    for number, symbol in enumerate(SYMBOLS):
        price, total, arrives = 50_000 + 1_000 * number, 0, moment(on, "00:00")
        times = [at for begins, ends in spans for at in _times(chance, moment(on, begins), moment(on, ends))]
        times.append(moment(on, close) + timedelta(seconds=chance.choice((0, 0, 7, 29))))
        for at in sorted(times):
            price += chance.choice((-100, -50, 0, 50, 100))
            volume = chance.randint(1, 400)
            total += volume
            arrives = max(arrives, at + timedelta(seconds=chance.choice((0, 0, 0, 1, 3, 6))))
            trades.append(Traded(symbol, at, arrives, price, volume, total))
    return sorted(trades, key=lambda one: one.arrives)


def _times(chance: random.Random, begins: datetime, ends: datetime) -> Iterator[datetime]:
    while begins < ends:
        if chance.random() > 0.25:  # else a quiet minute
            seconds = [
                chance.choice((0, 1, 30, 58, 59, 59, chance.randrange(60))) for _ in range(chance.randint(1, 5))
            ]
            yield from (begins + timedelta(seconds=second) for second in seconds)
        begins += timedelta(minutes=1)


def bars_of(trades: Iterable[Traded], minutes: int, *, opens: str, close: str, evening: str) -> Bars:
    """The bars by hand, from every trade. The calendar is spelled out: what is printed from ``close`` up to
    ``evening`` belongs to the last bar before the close, and a day begins with ``opens``."""
    made: dict[tuple[str, datetime], list[Traded]] = {}
    for one in sorted(trades, key=lambda one: (one.symbol, one.total)):
        on, clock = one.at.date(), f"{one.at:%H:%M:%S}"
        at = one.at.replace(second=0)
        if minutes > 1 and close <= clock < evening:
            at = moment(on, close) - timedelta(minutes=1)
        if minutes == 1440:
            if not opens <= clock < evening:
                continue
            at = moment(on, "00:00")
        else:
            past = at.hour * 60 + at.minute
            at = moment(on, "00:00") + timedelta(minutes=past - past % minutes)
        made.setdefault((one.symbol, at), []).append(one)
    return {
        key: (
            group[0].price,
            max(one.price for one in group),
            min(one.price for one in group),
            group[-1].price,
            sum(one.volume for one in group),
        )
        for key, group in made.items()
    }


def seconds_of(trades: list[Traded], *, after: int = 130) -> Iterator[datetime]:
    """Every second in which something can happen: from a trade until its minute is closed and fetched."""
    wanted = {one.arrives.replace(microsecond=0) + timedelta(seconds=more) for one in trades for more in range(after)}
    return iter(sorted(wanted))


def unix(now: datetime) -> float:
    return now.replace(tzinfo=KST).timestamp()

"""The database ends in the middle of the stream and comes back: not one minute is lost or bent."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import DatabaseError, connection, connections

from market import bars
from market.bar_models import BarState
from market.buffer import Buffer
from market.models import Quote
from market.quotes import write_ticks
from stockdesk.models import Fence
from stockdesk.setup import mariadb
from stockdesk.setup.mariadb import EmbeddedServer
from stockdesk.setup.places import Places
from tests.market.stream import FRIDAY, SYMBOLS, bars_of, day_of_trades, moment, roll, seconds_of, unix
from tests.market.test_bars import DAEMON, FENCE, USUAL, stored

pytestmark = pytest.mark.django_db(transaction=True)

TABLES = (
    "market_quote", "market_bar", "market_closedbar", "market_bargap", "market_barrule", "market_barstate",
    "market_marketday", "market_sessionwindow", "stockdesk_fence",
)  # fmt: skip


class Server:
    """A MariaDB of this test alone, as the desk runs its own: what it has committed survives its end."""

    def __init__(self, place: Path) -> None:
        places = Places(place / "var")
        places.make()
        self.made = EmbeddedServer(places, "only for this test")
        self.made.prepare()

    def start(self) -> None:
        self.child = subprocess.Popen(
            self.made.command(), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        mariadb.wait_until_answering(self.made, ended=lambda: self.child.poll() is not None)

    def kill(self) -> None:
        self.child.kill()
        self.child.wait()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """This test's connection leads there; the tables of the bars are copied, with the calendar in them."""
    with connection.cursor() as cursor:
        made = {}
        for table in TABLES:
            cursor.execute(f"SHOW CREATE TABLE {table}")
            made[table] = cursor.fetchone()[1]
        cursor.execute("SELECT * FROM market_sessionwindow")
        windows = cursor.fetchall()
    running = Server(tmp_path)
    running.start()
    before = dict(connection.settings_dict)
    connection.close()
    at = {"unix_socket": str(running.made.socket)}
    connection.settings_dict.update(
        NAME=mariadb.DATABASE, USER=mariadb.USER, PASSWORD=running.made.password, HOST="", PORT="",
        OPTIONS={**before["OPTIONS"], **at},
    )  # fmt: skip
    try:
        with connection.cursor() as cursor:
            for statement in made.values():
                cursor.execute(statement)
            marks = ", ".join(["%s"] * len(windows[0]))
            cursor.executemany(f"INSERT INTO market_sessionwindow VALUES ({marks})", windows)
        yield running
    finally:
        connections["default"].close()
        connection.settings_dict.update(before)
        running.kill()


@pytest.mark.parametrize("away", [("10:03:20", "10:03:50"), ("10:02:31", "10:05:10"), ("10:04:00", "10:08:04")])
def test_bars_are_true_although_the_database_was_killed(server: Server, away: tuple[str, str]) -> None:
    trades = day_of_trades(FRIDAY, (("10:00", "10:10"),), "15:30", seed=11)
    bars.seed()
    BarState.objects.update(around_the_clock=False)
    assert bars.install(connection, 0) == ""
    Fence.objects.create(name=DAEMON, number=FENCE)
    Quote.objects.bulk_create([Quote(symbol=symbol) for symbol in SYMBOLS])
    goes, comes = (moment(FRIDAY, clock) for clock in away)
    now, failed, running = [0.0], 0, True
    buffer = Buffer(now=lambda: now[0])
    buffer.keep(SYMBOLS)
    waiting = list(reversed(trades))
    for second in seconds_of(trades):
        now[0] = unix(second)
        if running and goes <= second < comes:
            server.kill()
            running = False
        elif not running and second >= comes:
            server.start()
            running = True
        while waiting and waiting[-1].arrives <= second:
            buffer.add(waiting.pop().frame, session=1)
        buffer.close_minutes(second)
        pending = buffer.take()
        try:
            write_ticks(pending, FENCE, DAEMON)
            if second.second == 5:
                roll(second)
        except DatabaseError:
            failed += 1
            buffer.put_back(pending)
            connection.close()
    assert failed >= 20
    for minutes in (1, 5, 15, 60, 1440):
        assert stored(minutes) == bars_of(trades, minutes, **USUAL), minutes

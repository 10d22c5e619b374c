"""Fills an empty desk with the simulator's world: instruments, a watch list of 200, empty quotes."""

from argparse import ArgumentParser
from itertools import islice
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connection
from django.utils import timezone

from market import gnuboard, gnuboard_post
from market.models import Instrument, WatchRow
from market.watchlist import ensure_quotes, read_watch_list
from stockdesk.simulator.world import World

OFF = 12
NOTES = 3  # ETNs among the running rows: their codes have seven characters
INVALID = "코드를 빠뜨린 종목"
COMMENT = "어제 공시 확인하세요."
ANSWER = "Re: 목표가를 올립니다"


class Command(BaseCommand):
    help = "Fill the demo desk: instruments of the simulator, a watch list that runs, empty quotes. Safe to repeat."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--rows", type=int, default=200, help="watch rows that run (200)")
        parser.add_argument("--symbols", type=int, default=2500, help="as run_simulator was started with (2500)")
        parser.add_argument("--seed", type=int, default=1, help="as run_simulator was started with (1)")
        parser.add_argument("--force", action="store_true", help="also on a desk that is no demo")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DESK.demo and not options["force"]:
            raise CommandError("This desk is no demo (DESK_DEMO=1 is not set); --force fills it all the same.")
        world = World(options["seed"], options["symbols"])
        save_instruments(world)
        added = fill_watch_list(world, options["rows"])
        watch = read_watch_list()
        made = ensure_quotes(watch.symbols)
        self.stdout.write(
            f"{len(world.instruments)} instruments, {len(watch.symbols)} symbols watched ({added} rows new), "
            f"{made} quotes made"
        )


def save_instruments(world: World) -> None:
    """The master as the simulator trades it; one statement a thousand rows, repeated without harm."""
    Instrument.objects.bulk_create(
        [
            Instrument(
                symbol=listed.symbol,
                name=listed.name,
                market=listed.market,
                kind=listed.kind,
                base_price=listed.base_price,
                updated_at=timezone.now(),
            )
            for listed in world.instruments
        ],
        batch_size=1000,
        update_conflicts=True,
        update_fields=["name", "market", "kind", "base_price", "updated_at"],
    )


def fill_watch_list(world: World, rows: int) -> int:
    """Post what is not there yet, by code: a row that somebody switched off stays off. How many were added."""
    present = {state.symbol for state in read_watch_list().rows}
    notes = list(islice((listed for listed in world.instruments if listed.kind == "etn"), NOTES))
    others = [listed for listed in world.instruments if listed.kind != "etn"]
    ordinary = rows - len(notes)
    running = others[:ordinary] + notes
    # What is off comes first: the admin shows the newest on top, and those should be prices that move.
    added = _add_invalid_row()
    for listed in others[ordinary : ordinary + OFF] + running:
        if listed.symbol not in present:
            gnuboard_post.post(symbol=listed.symbol, name=listed.name, running=listed in running)
            added += 1
    return added + _add_discussion()


def _add_invalid_row() -> int:
    """A running post without a code, as a board has after someone saved its edit form."""
    if _exists("wr_subject", INVALID):
        return 0
    gnuboard_post.post(symbol="", name=INVALID, running=True)
    return 1


def _add_discussion() -> int:
    """A comment and an answer below the newest post: they share the table and are nothing to watch."""
    parent = WatchRow.objects.order_by("-wr_id").values_list("pk", flat=True).first()
    if parent is None:
        return 0
    return _add_below(parent, COMMENT, wr_is_comment=1, wr_content=COMMENT) + _add_below(
        parent, ANSWER, wr_reply="A", wr_subject=ANSWER, wr_content=ANSWER
    )


def _exists(column: str, value: str) -> bool:
    table = connection.ops.quote_name(settings.DESK.gnuboard.table)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT 1 FROM {table} WHERE {column} = %s LIMIT 1", [value])
        return cursor.fetchone() is not None


def _add_below(parent: int, content: str, **values: Any) -> int:
    """A comment or an answer as PHP inserts it, under the thread number of its post."""
    table = connection.ops.quote_name(settings.DESK.gnuboard.table)
    now = gnuboard_post.board_now()
    if _exists("wr_content", content):
        return 0
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT wr_num FROM {table} WHERE wr_id = %s", [parent])
        row = {"wr_num": cursor.fetchone()[0], "wr_datetime": now, "wr_name": "demo", **values}
        for column in gnuboard.columns().values():
            if column.must_be_given:
                row.setdefault(column.name, column.empty(now))
        names = ", ".join(connection.ops.quote_name(name) for name in row)
        holes = ", ".join(["%s"] * len(row))
        cursor.execute(f"INSERT INTO {table} ({names}) VALUES ({holes})", list(row.values()))
        own = cursor.lastrowid
        cursor.execute(
            f"UPDATE {table} SET wr_parent = %s WHERE wr_id = %s",
            [parent if values.get("wr_is_comment") else own, own],
        )
    return 1

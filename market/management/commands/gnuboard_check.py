"""Shows how the desk understands the board: columns, types, counts and the newest rows."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from market import gnuboard
from market.checks import board_problems, board_remarks, mapped_columns
from market.models import WatchRow
from market.watchlist import REASONS, read_watch_list

SAMPLES = 5


class Command(BaseCommand):
    help = (
        "Check the Gnuboard table against the settings and show how its newest rows are understood. Changes nothing."
    )
    requires_system_checks = ()

    def handle(self, *args: Any, **options: Any) -> None:
        problems = list(board_problems())
        self._columns()
        if not problems:
            self._rows()
        for remark in board_remarks():
            self.stdout.write(self.style.WARNING(remark))
        if problems:
            raise CommandError("\n".join(problems))
        self.stdout.write(self.style.SUCCESS(_("The settings fit the board.")))

    def _columns(self) -> None:
        columns = gnuboard.columns()
        self.stdout.write(settings.DESK.gnuboard.table)
        for setting, name in mapped_columns().items():
            column = columns.get(name)
            if column is None:
                self.stdout.write(f"  {setting:<20} {name:<12} {_('missing')}")
                continue
            self.stdout.write(f"  {setting:<20} {name:<12} {column.column_type} {column.charset} {column.comment}")

    def _rows(self) -> None:
        watch = read_watch_list()
        running = sum(state.running for state in watch.rows)
        text = _("%(posts)d posts, %(running)d of them running, %(symbols)d symbols to watch, %(invalid)d unusable")
        self.stdout.write(
            text
            % {
                "posts": len(watch.rows),
                "running": running,
                "symbols": len(watch.symbols),
                "invalid": len(watch.invalid),
            }
        )
        raw = {row.pk: row.run_value for row in WatchRow.objects.order_by("-wr_id")[:SAMPLES]}
        for state in reversed(watch.rows[-SAMPLES:]):
            understood = _("on") if state.running else _("off")
            reason = f" ({REASONS[state.reason]})" if state.reason else ""
            self.stdout.write(
                f"  #{state.wr_id} {state.name!r} {state.code!r} -> {state.symbol or '-'}, "
                f"{raw.get(state.wr_id)!r} -> {understood}{reason}"
            )

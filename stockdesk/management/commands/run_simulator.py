"""``manage.py run_simulator``: a KIS stand-in on loopback for the demo and for tests."""

import argparse
import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from stockdesk.simulator.options import add_arguments, from_arguments
from stockdesk.simulator.server import run


class Command(BaseCommand):
    help = "Stands in for KIS on 127.0.0.1: REST, WebSocket, a moving market, mishaps under /_simulator/."
    requires_system_checks = []  # it needs neither the database nor the operator's settings to be right

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        add_arguments(parser)

    def handle(self, *args: Any, **arguments: Any) -> None:
        try:
            options = from_arguments(arguments)
        except ValueError as exc:
            raise CommandError(str(exc)) from None
        sys.exit(run(options))

"""Loads the listed issues from KIS's master files."""

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from market.instruments import load_instruments
from stockdesk.kis.masterfiles import MasterFiles


class Command(BaseCommand):
    help = "Load the listed issues of KOSPI, KOSDAQ and KONEX (KIS_MASTER_URL) into market_instrument."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--even-if-shorter",
            action="store_true",
            help="believe a list that lacks more than a few per cent of the stored issues",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        loaded = load_instruments(
            MasterFiles(settings.DESK.kis_master_url), even_if_shorter=options["even_if_shorter"]
        )
        for market, count in loaded.listed.items():
            self.stdout.write(f"{market}: {count:,} issues")
        self.stdout.write(f"{len(loaded.joined):,} new, {len(loaded.delisted):,} delisted")
        if loaded.refused:
            reasons = "; ".join(f"{market}: {reason}" for market, reason in loaded.refused.items())
            raise CommandError(
                f"Not loaded, what is stored stays: {reasons}. Try again later; if a list that lacks issues is "
                "rightly shorter than it was, --even-if-shorter takes it."
            )

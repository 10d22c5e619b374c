"""``manage.py reparse``: make the rows once more from the bodies that are kept, without any call."""

import argparse
from collections import Counter
from datetime import datetime, time
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone
from django.utils.dateparse import parse_date

from collectors import raw
from collectors.errors import SourceError


class Command(BaseCommand):
    help = "Runs the parsers over the kept raw bodies again, oldest first; makes no call to any source."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("--source", default="", help="dart, datagokr ... (default: all)")
        parser.add_argument("--kind", default="", help="list, document ... (default: all)")
        parser.add_argument("--since", type=_day, help="only bodies fetched on this day or later, 2026-11-20")

    def handle(self, *args: Any, **options: Any) -> None:
        source, kind = options["source"], options["kind"]
        known = sorted({"/".join(of) for of in raw.PARSERS})
        if not any(source in ("", s) and kind in ("", k) for s, k in raw.PARSERS):
            raise CommandError(f"There is no parser for {source or '*'}/{kind or '*'}; there are {', '.join(known)}.")
        rows: Counter[str] = Counter()
        failed = 0
        for body in raw.kept_bodies(source, kind, options["since"]):
            try:
                with transaction.atomic():
                    rows[f"{body.source}/{body.kind}"] += raw.parse(body)
            except SourceError as exc:
                failed += 1
                self.stderr.write(f"{body.source}/{body.kind} {body.key}: {exc}")
        for name, count in sorted(rows.items()):
            self.stdout.write(f"{name}: {count:,} rows")
        if failed:
            raise CommandError(f"{failed} bodies could not be read; their rows are as they were.")


def _day(text: str) -> datetime:
    """Midnight in Korea of a day given as 2026-11-20."""
    try:
        day = parse_date(text)
    except ValueError:
        day = None
    if day is None:
        raise argparse.ArgumentTypeError(f"{text} is no day; write it as 2026-11-20")
    return timezone.make_aware(datetime.combine(day, time.min))

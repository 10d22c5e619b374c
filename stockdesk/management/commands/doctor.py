"""``doctor``: a line per thing an operator can get wrong; exit code 0 when nothing is bad, else 1."""

import asyncio
import sys
from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from stockdesk.calls.budget import Budget
from stockdesk.calls.clients import market_client
from stockdesk.calls.keys import key_id
from stockdesk.doctor import examine
from stockdesk.doctor.findings import Finding, judged
from stockdesk.kis.errors import KisError
from stockdesk.threads import DatabaseThread

ASKED = "005930"
MARKS = {"well": "✓", "doubtful": "!", "bad": "✗"}


class Command(BaseCommand):
    help = "Checks everything an operator can get wrong: machine, environment file, database, tables, keys."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--online", action="store_true", help="also ask the broker for one price")

    def handle(self, *args: Any, **options: Any) -> None:
        bad = self.tell(examine())
        if options["online"] and not bad:  # a token is claimed in the database, so that has to be well first
            bad = self.tell(asyncio.run(ask_broker()))
        self.stdout.write(f"\n{bad} to mend." if bad else "\nAll is well.")
        if bad:
            sys.exit(1)

    def tell(self, findings: Iterable[Finding]) -> int:
        """Print each as it comes; how many are bad."""
        styles = {"well": self.style.SUCCESS, "doubtful": self.style.WARNING, "bad": self.style.ERROR}
        bad = 0
        for finding in findings:
            self.stdout.write(f"{styles[finding.grade](MARKS[finding.grade])} {finding.subject}: {finding.found}")
            if finding.remedy:
                self.stdout.write(f"    {finding.remedy}")
            bad += finding.grade == "bad"
        return bad


async def ask_broker() -> list[Finding]:
    """One price with the first app key: address, key, token and clock in one answer."""
    desk = settings.DESK
    pair = desk.app_keys[0]
    database = DatabaseThread("doctor")
    budget = Budget(key_id(pair.key), desk.calls_per_second)
    client = market_client(pair, database)
    remedy = "See the code in the broker's list; check key, secret, mode and address."
    try:
        await database.run(budget.ensure)
        row = await client.inquire_price(ASKED)
    except KisError as exc:
        return [judged("broker's answer", str(exc), remedy, well=False)]
    finally:
        await client.aclose()
        await asyncio.to_thread(database.close)
    return [Finding("broker's answer", f"{ASKED} at {row.price} KRW"), broker_clock(client.clock_skew)]


def broker_clock(skew: float | None) -> Finding:
    """The Date header has whole seconds, so one second either way says nothing."""
    if skew is None:
        return Finding("broker's clock", "not told")
    remedy = "Synchronise this machine's clock: orders need it within 2 s."
    return judged("broker's clock", f"{skew:+.0f} s from ours", remedy, well=abs(skew) <= 2.0)

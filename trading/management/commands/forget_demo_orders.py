"""A stand-in for the broker that starts anew knows no order of before, and its numbers begin again."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from market.models import ExecutionNotice
from trading.models import BrokerOrder, Fill, Order, Refusal


class Command(BaseCommand):
    help = "Forget the orders, fills and notices of the demo, whose stand-in starts anew. Refused on any other desk."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DESK.around_the_clock:
            raise CommandError("This desk is no demo with its stand-in on this machine: its orders are kept.")
        with transaction.atomic():
            counts = [
                model.objects.all().delete()[0] for model in (Fill, Refusal, BrokerOrder, ExecutionNotice, Order)
            ]
        self.stdout.write(f"{counts[-1]} orders of an earlier stand-in forgotten")

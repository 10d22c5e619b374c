"""For a lost phone: whoever has the machine's shell takes a person's one-time code device away."""

from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils import timezone

from stockdesk import codes
from trading.desk import note


class Command(BaseCommand):
    help = "Forget the one-time code device of a person, who can then enrol another one."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username")

    def handle(self, *args: Any, username: str, **options: Any) -> None:
        user = get_user_model().objects.filter(username=username).first()
        if user is None:
            raise CommandError(f"There is no user {username}.")
        with transaction.atomic():
            if not codes.forget(user):
                raise CommandError(f"{username} has no device.")
            note("shell", timezone.now(), "device", before=username)
        self.stdout.write(f"{username} has no device any more and can enrol another one.\n")

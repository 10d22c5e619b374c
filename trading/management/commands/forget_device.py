"""For a lost phone: whoever has the machine's shell takes a person's device away and ends all of their logins."""

from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils import timezone

from stockdesk import codes
from stockdesk.logins import end_logins
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
            end_logins(user)  # one may be on the phone that is gone
            note("shell", timezone.now(), "device", before=username)
        self.stdout.write(f"{username} has no device any more and is logged out. Logging in leads to another one.\n")

"""``database_users``: the users that daemons work as, made and given their rights; or the SQL for somebody who may."""

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from stockdesk import roles


class Command(BaseCommand):
    help = "Prepares the database users that daemons work as (docs/operating.md). Run it again after every migration."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--host", default="", help="where a user to be made connects from, as in '10.0.0.%%'; default: as we do"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        for role in (name for name in roles.ROLES if not roles.given(name)):
            self.stdout.write(f"{role}: DATABASE_{role.upper()}_PASSWORD is empty, the desk's own user does it")
        allowed = [self.prepared(role, options["host"]) for role in roles.ROLES if roles.given(role)]
        if not all(allowed):
            sys.exit(1)

    def prepared(self, role: str, host: str) -> bool:
        user = roles.account_of(role).user
        try:
            done = roles.prepare(role, host=host)
        except roles.NotAllowed as exc:
            self.stderr.write(f"{role}: the desk's own database user may not prepare {user} ({exc}).")
            self.stderr.write(
                f"Have an administrator of the database run this, with the value of DATABASE_{role.upper()}_PASSWORD "
                "where it is named, and again after a migration has made tables:\n"
            )
            self.stdout.write("".join(f"{statement};\n" for statement in exc.left))
            return False
        for statement in done:
            self.stdout.write(f"  {statement}")
        self.stdout.write(f"{role}: {user} {'is prepared' if done else 'was as it should be'}")
        return True

"""What an operator can get wrong, each looked at by itself: what was found, and what mends it.

The environment file has been read and refused or accepted before this runs; the system checks know most of the
settings. Beside them: `machine`, the machine and the desk's files; `agreement`, settings that contradict each other or
the shell; `server`, the database server; `tables`, what is in it; `users`, who works in it; `upkeep`, calendar and
backups.
"""

from collections.abc import Iterator

from django.conf import settings
from django.core import checks
from django.utils import timezone

from stockdesk.doctor import agreement, machine, server, tables, upkeep, users
from stockdesk.doctor.findings import Finding, of_checks


def examine() -> Iterator[Finding]:
    """Every finding, the machine first; what needs a database is left out when none answers."""
    desk, now = settings.DESK, timezone.now()
    yield from machine.examine(now)
    yield from agreement.examine(desk)
    yield from of_checks("settings", "agree with each other", checks.run_checks())
    reachable = server.answers()
    yield reachable
    if reachable.grade == "well":
        messages = checks.run_checks(tags=[checks.Tags.database], databases=["default"])
        yield from of_checks("server", "new enough, strict, Seoul time, events on, clocks agree", messages)
        yield from server.examine(desk)
        yield tables.migrations()
        yield tables.engines()
        yield from tables.board(desk)
        yield from users.examine(desk)
        yield from upkeep.calendar(now)
    yield from upkeep.backups(now)

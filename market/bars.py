"""Puts the procedure and the EVENT of the bars into the database, and says what is missing there.

Both are made after every migration, for their definition may have changed; where the database's user may not make
them the migration goes on, and the system check, ``doctor`` and ``/readyz`` tell what to grant.
"""

import hashlib
import logging
from dataclasses import dataclass
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.db import DEFAULT_DB_ALIAS, DatabaseError, connections, router
from django.db.backends.base.base import BaseDatabaseWrapper

from market import bar_sql
from market.bar_models import KEPT_DAYS, BarRule, BarState
from market.bar_sql import EVENT, PROCEDURE
from stockdesk import grants

logger = logging.getLogger(__name__)

RIGHTS = "EVENT, CREATE ROUTINE, ALTER ROUTINE, EXECUTE"


@dataclass(frozen=True, slots=True)
class Standing:
    """What the server has of the two: the marks of their definitions, empty where there is none."""

    procedure: str
    event: str
    status: str
    """ENABLED, DISABLED or SLAVESIDE_DISABLED."""


def mark_of(every: int) -> str:
    """Tells one definition from another."""
    text = f"{bar_sql.BODY}{bar_sql.SCHEDULE}{every}"
    return f"stockdesk {hashlib.sha256(text.encode()).hexdigest()[:16]}"


def standing(connection: BaseDatabaseWrapper) -> Standing:
    """Raises ``django.db.Error``."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT (SELECT routine_comment FROM information_schema.routines WHERE routine_schema = DATABASE()"
            " AND routine_name = %s), event_comment, status FROM (SELECT 1) one LEFT JOIN"
            " information_schema.events ON event_schema = DATABASE() AND event_name = %s",
            [PROCEDURE, EVENT],
        )
        procedure, event, status = cursor.fetchone()
    return Standing(procedure or "", event or "", status or "")


def install(connection: BaseDatabaseWrapper, every: int) -> str:
    """Make what is missing or of another definition; the number of the server's error as a text, or nothing.

    ``every`` is in seconds; 0 makes the EVENT and leaves it switched off.
    """
    mark = mark_of(every)
    try:
        found = standing(connection)
        with connection.cursor() as cursor:
            if found.procedure != mark:
                cursor.execute(f"CREATE OR REPLACE PROCEDURE {PROCEDURE} {bar_sql.BODY.replace('{mark}', mark)}")
            if found.event != mark:
                status = "ENABLE" if every else "DISABLE"
                schedule = bar_sql.SCHEDULE.format(every=every or 60, status=status, mark=mark)
                cursor.execute(f"CREATE OR REPLACE EVENT {EVENT} {schedule}")
    except DatabaseError as exc:
        return f"error {exc.args[0] if exc.args else type(exc).__name__}"
    return ""


def remove(connection: BaseDatabaseWrapper) -> None:
    """Take both out of the database, for a migration back. Raises ``django.db.Error``."""
    with connection.cursor() as cursor:
        cursor.execute(f"DROP EVENT IF EXISTS {EVENT}")
        cursor.execute(f"DROP PROCEDURE IF EXISTS {PROCEDURE}")


def install_after_migrate(sender: AppConfig, using: str, **kwargs: Any) -> None:
    """For ``post_migrate``; the tables may be gone, where somebody migrates back."""
    connection = connections[using]
    if not router.allow_migrate_model(using, BarState) or not _has_tables(connection):
        return
    seed(using)
    if refused := install(connection, settings.BAR_EVENT_SECONDS):
        logger.warning("minutes will not become bars: %s; %s", refused, grant_hint(connection))


def seed(using: str = DEFAULT_DB_ALIAS) -> None:
    """The row of the state, and the rules that nobody has written yet."""
    around = settings.DESK.around_the_clock
    BarState.objects.using(using).update_or_create(pk=1, defaults={"around_the_clock": around})
    rules = [BarRule(interval=interval, keep_days=days) for interval, days in KEPT_DAYS.items()]
    BarRule.objects.using(using).bulk_create(rules, ignore_conflicts=True)


def grant_hint(connection: BaseDatabaseWrapper) -> str:
    """The exact commands for somebody who may."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT DATABASE(), CURRENT_USER()")
        database, who = cursor.fetchone()
    user, _at, host = who.rpartition("@")
    grant = f"GRANT {RIGHTS} ON {grants.name(database)}.* TO {grants.account(user, host)};"
    return f"As the server's root: {grant} Then: ./desk manage migrate"


def _has_tables(connection: BaseDatabaseWrapper) -> bool:
    wanted = {BarState._meta.db_table, BarRule._meta.db_table}
    return wanted <= set(connection.introspection.table_names())

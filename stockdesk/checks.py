"""Warns of settings that contradict each other, and tells what the database server is like.

What makes a start impossible is refused by `stockdesk.env_reader` already. The check of the server runs with
``manage.py check --database default``.
"""

import os
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.core import checks
from django.db import connections

from stockdesk.budget import SMALLEST_SPLIT
from stockdesk.env import Environment
from stockdesk.env_database import KOREA

#: The first MariaDB with JSON_TABLE, which the once-a-second write stands on.
OLDEST_SERVER = (10, 6)
#: Calls a second that KIS allows a key since 2026-04-20 (kis 6.1).
KIS_CALLS = 18
CLOCK_SECONDS = 2.0


def warning(number: int, text: str, hint: str | None = None) -> checks.Warning:
    return checks.Warning(text, hint=hint, id=f"stockdesk.W{number:03}")


def error(number: int, text: str, hint: str | None = None) -> checks.Error:
    return checks.Error(text, hint=hint, id=f"stockdesk.E{number:03}")


@checks.register("stockdesk")
def environment(app_configs: Any, **kwargs: Any) -> list[checks.CheckMessage]:
    """What is allowed but most likely not meant."""
    return doubts(settings.DESK)


def doubts(desk: Environment) -> list[checks.CheckMessage]:
    found: list[checks.CheckMessage] = []
    if desk.ws_sessions > len(desk.app_keys):
        text = f"WS_SESSIONS is {desk.ws_sessions}, but there is a key for {len(desk.app_keys)} only."
        hint = "KIS refuses a second session of a key (OPSP8996): add KIS_APP_KEY_2 ... or lower WS_SESSIONS."
        found.append(warning(1, text, hint))
    if desk.calls_per_second > KIS_CALLS and not desk.demo:
        text = f"KIS_CALLS_PER_SECOND is {desk.calls_per_second}, but KIS allows {KIS_CALLS}."
        found.append(warning(2, text, "Right for a simulator only."))
    if desk.calls_per_second < SMALLEST_SPLIT:
        text = f"With {desk.calls_per_second} calls a second all call lanes share one row."
        found.append(warning(3, text, "Orders go first; the prices of the whole market cannot be read at this pace."))
    found += [warning(4, f"{name} in {desk.path} means nothing.", "See .env.example.") for name in desk.unknown]
    wanted = {"KIS_ACCOUNT": desk.account, "KIS_HTS_ID": desk.hts_id}
    if missing := [name for name, value in wanted.items() if not value]:
        found.append(warning(5, f"{' and '.join(missing)} not set: no balance, no execution notices.",
                             "Fill them in; a dry run that watches prices goes without."))  # fmt: skip
    if desk.path is not None and desk.path.exists() and desk.path.stat().st_mode & 0o077:
        found.append(warning(6, f"{desk.path} holds secrets, and others may read it.", f"chmod 600 {desk.path}"))
    if desk.mode == "live" and desk.database["USER"] == "root":
        found.append(warning(7, "The desk works in the database as root.", "Give it a user of its own."))
    if proxies := [name for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY") if os.environ.get(name)]:
        found.append(warning(8, f"{', '.join(proxies)} set: calls to KIS go past it.",
                             "Nothing to do if KIS is reached directly from here; else open the way."))  # fmt: skip
    return found


@checks.register(checks.Tags.database, "stockdesk")
def servers(app_configs: Any, databases: Iterable[str] | None = None, **kwargs: Any) -> list[checks.CheckMessage]:
    """The server that the desk shares with Gnuboard: the session must be strict and in Korean time."""
    return [found for alias in databases or () for found in server(alias)]


def server(alias: str) -> list[checks.CheckMessage]:
    found: list[checks.CheckMessage] = []
    connection = connections[alias]
    with connection.cursor() as cursor:
        cursor.execute("SELECT @@SESSION.sql_mode, @@SESSION.time_zone, @@event_scheduler, @@read_only, @@version")
        sql_mode, zone, scheduler, read_only, version = cursor.fetchone()
        cursor.execute("SELECT UTC_TIMESTAMP(6)")
        ahead = (cursor.fetchone()[0].replace(tzinfo=UTC) - datetime.now(UTC)).total_seconds()
    if "STRICT_TRANS_TABLES" not in sql_mode:
        hint = "A proxy or the server's init_connect changes sql_mode after we have set it."
        found.append(error(1, "The database session is not strict: a bad number would be stored as 0.", hint))
    if zone != KOREA:
        hint = "A proxy or the server's init_connect changes time_zone after we have set it."
        found.append(error(2, f"The time zone of the database session is {zone}, not {KOREA}.", hint))
    if not connection.mysql_is_mariadb or connection.mysql_version < OLDEST_SERVER:  # type: ignore[attr-defined]
        hint = "Update the server, or name another in DATABASE_URL."
        found.append(error(3, f"MariaDB 10.6 or newer is needed, this is {version}.", hint))
    if read_only:
        hint = "SET GLOBAL read_only = 0, unless it is a replica: then name the primary in DATABASE_URL."
        found.append(error(4, "The database server is read-only.", hint))
    if scheduler != "ON":
        hint = "As the server's root: SET GLOBAL event_scheduler = ON; and event_scheduler = ON in its configuration."
        found.append(warning(11, "The event scheduler is off: closed minutes are not copied into bars.", hint))
    if abs(ahead) > CLOCK_SECONDS:
        text = f"The database's clock is {ahead:+.1f} s from this machine's."
        found.append(warning(12, text, "Let NTP set both."))
    return found

"""What is true now and was not then: a restore must not make the desk forget it.

How often we have connected, who holds which fencing number, what a person has stopped, and what operators have said
about programs are facts of today. They are merged: the newer of both holds.
"""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from datetime import datetime

from django.conf import settings
from django.db import connection

from stockdesk import grants
from stockdesk.alert_models import AlertDelivery
from stockdesk.backup.tables import columns
from stockdesk.calls.keys import key_id

#: Wraps the replacement of all rows, in its transaction: what it reads before, it may write back afterwards.
Guard = Callable[[datetime], AbstractContextManager[None]]
GUARDS: list[Guard] = []

#: Seconds without a connect where nothing tells how often we have connected since the backup: the governor's window.
WAIT = 600

_NO_CHANGE, _GREATER = "{0} = {0}", "{0} = GREATEST({0}, VALUES({0}))"
_LATER = "{0} = IF({0} IS NULL OR VALUES({0}) > {0}, VALUES({0}), {0})"
#: How a row of the backup meets the row of today that has the same key, column by column.
MERGED: Mapping[str, Mapping[str, str]] = {
    "stockdesk_lane": {"name": _NO_CHANGE},
    "stockdesk_token": {"key_id": _NO_CHANGE},
    "stockdesk_pace": {
        "next_at": _LATER,
        "quarantined_until": _LATER,
        "streak": _GREATER,
        "quarantines": _GREATER,
    },
    "stockdesk_daemon": {"fence": _GREATER},
    "stockdesk_fence": {"number": _GREATER},
}
CONNECTIONS, WORDS = "stockdesk_connection", "stockdesk_programoverride"
TABLES = frozenset({*MERGED, CONNECTIONS, WORDS})
DELIVERIES = "stockdesk_alertdelivery"


def merge(staged: Mapping[str, str]) -> None:
    """Put the backup's rows beside those of today, by name; nothing that happened is forgotten."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT EXISTS(SELECT 1 FROM {CONNECTIONS})")
        forgetful = not cursor.fetchone()[0]
        for table, rules in MERGED.items():
            update = ", ".join(rule.format(f"{table}.{column}") for column, rule in rules.items())
            named = ", ".join(grants.name(column) for column in columns(table))
            cursor.execute(
                f"INSERT INTO {table} ({named}) SELECT {named} FROM {staged[table]} ON DUPLICATE KEY UPDATE {update}"
            )
        named = ", ".join(grants.name(column) for column in columns(CONNECTIONS) if column != "id")
        cursor.execute(
            f"INSERT INTO {CONNECTIONS} ({named}) SELECT {named} FROM {staged[CONNECTIONS]} AS kept WHERE NOT EXISTS"
            f" (SELECT 1 FROM {CONNECTIONS} AS now WHERE (now.key_id, now.session, now.at) ="
            " (kept.key_id, kept.session, kept.at))"
        )
        _keep_words(staged)
        if DELIVERIES in staged:
            # What waited then tells of troubles of then, to people who would take them for troubles of now.
            cursor.execute(
                f"UPDATE {DELIVERIES} SET state = 'failed', error = %s WHERE state = 'waiting'",
                [AlertDelivery.RESTORED],
            )
        # Nobody holds a lease: a holder written down in the backup is a process of those days.
        cursor.execute("UPDATE stockdesk_daemon SET holder = '', expires_at = NULL, state = 'stopped'")
        if forgetful:
            _wait(sorted({key_id(pair.key) for pair in settings.DESK.app_keys}))


def _keep_words(staged: Mapping[str, str]) -> None:
    """Of operators' words about a program those of the backup come back only where none is known: a program that was
    stopped since must not start, and one that was let go since must not stop."""
    if WORDS not in staged:
        return
    named = ", ".join(grants.name(column) for column in columns(WORDS) if column != "id")
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT DISTINCT program FROM {WORDS}")
        spoken_of = [program for (program,) in cursor.fetchall()] or [""]
        cursor.execute(
            f"INSERT INTO {WORDS} ({named}) SELECT {named} FROM {staged[WORDS]}"
            f" WHERE program NOT IN ({', '.join(['%s'] * len(spoken_of))}) ORDER BY id",
            spoken_of,
        )


def _wait(keys: list[str]) -> None:
    with connection.cursor() as cursor:
        for key in keys:
            cursor.execute("INSERT IGNORE INTO stockdesk_pace (key_id) VALUES (%s)", [key])
            cursor.execute(
                "UPDATE stockdesk_pace SET quarantined_until = NOW(6) + INTERVAL %s SECOND, reason = %s"
                " WHERE key_id = %s AND COALESCE(quarantined_until < NOW(6) + INTERVAL %s SECOND, TRUE)",
                [WAIT, "restored: connects since the backup are not known", key, WAIT],
            )

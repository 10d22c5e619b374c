"""System checks of the server, and settings fit for a desk behind TLS."""

import subprocess
import sys
from pathlib import Path

import pytest
from django.core import checks
from django.db import connection

from stockdesk.checks import server, servers

ROOT = Path(__file__).resolve().parent.parent.parent


def ids(found: list[checks.CheckMessage]) -> set[str | None]:
    return {message.id for message in found}


@pytest.mark.django_db
def test_our_own_session_passes():
    assert not ids(server("default")) & {"stockdesk.E001", "stockdesk.E002", "stockdesk.E003", "stockdesk.E004"}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ("SET SESSION sql_mode = 'NO_ENGINE_SUBSTITUTION'", "stockdesk.E001"),
        ("SET SESSION time_zone = '+00:00'", "stockdesk.E002"),
        # UTC_TIMESTAMP follows this variable: a server whose clock stands still.
        ("SET SESSION timestamp = 1700000000", "stockdesk.W012"),
    ],
)
def test_a_session_that_someone_changed_is_noticed(statement, found):
    with connection.cursor() as cursor:
        cursor.execute("SELECT @@SESSION.sql_mode, @@SESSION.time_zone")
        before = cursor.fetchone()
        cursor.execute(statement)
        try:
            assert found in ids(server("default"))
        finally:
            cursor.execute("SET SESSION sql_mode = %s, time_zone = %s, timestamp = DEFAULT", before)


def test_the_server_is_only_asked_when_a_database_is_named():
    assert servers(None, databases=None) == []


def deployed(environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING", "--tag", "security"]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=120)


def test_behind_tls_the_deployment_check_finds_nothing(process_environment):
    ran = deployed(process_environment(DESK_HTTPS="1"))
    assert ran.returncode == 0, ran.stderr


def test_without_tls_the_deployment_check_says_so(process_environment):
    ran = deployed(process_environment(DESK_HTTPS="0"))
    assert "security.W012" in ran.stderr
    assert ran.returncode == 1

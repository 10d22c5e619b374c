"""Mistakes that operators make, each named by ``doctor`` with what mends it."""

import os
import socket
import subprocess
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from stockdesk import checks
from stockdesk.backup import files
from stockdesk.backup import tables as kept
from stockdesk.checks import doubts
from stockdesk.doctor import agreement, machine, server, tables, upkeep
from stockdesk.doctor.findings import Finding, of_checks
from stockdesk.kis.messages import KST
from stockdesk.setup import __main__ as desk_command
from stockdesk.setup.environment import values_of
from stockdesk.setup.places import DESK

DESK_AS_IT_IS = settings.DESK
KEY, OTHER_KEY = "PS" + "a1" * 17, "PS" + "b2" * 17
SECRET, OTHER_SECRET = "s" * 180, "t" * 180
GOOD = {
    "DATABASE_URL": "mysql://stockdesk@localhost/gnuboard?unix_socket=/run/mysqld/mysqld.sock",
    "DATABASE_PASSWORD": "not looked at here",
    "SECRET_KEY": "0123456789" * 6,
    "KIS_REST_URL": "https://openapi.koreainvestment.com:9443",
    "KIS_WS_URL": "ws://ops.koreainvestment.com:21000",
    "KIS_APP_KEY": KEY,
    "KIS_APP_SECRET": SECRET,
    "KIS_ACCOUNT": "12345678-01",
    "KIS_HTS_ID": "toyuser",
}
MOCK_REST, MOCK_WS = "https://openapivts.koreainvestment.com:29443", "ws://ops.koreainvestment.com:31000"


@pytest.mark.parametrize(
    ("mistake", "named"),
    [
        ({"KIS_APP_KEY": SECRET, "KIS_APP_SECRET": KEY}, "KIS_APP_KEY (length 180): holds the secret"),
        ({"KIS_APP_KEY_2": KEY, "KIS_APP_SECRET_2": OTHER_SECRET}, "KIS_APP_KEY_2 (length 36): is the same key"),
        (
            {"KIS_APP_KEY_2": OTHER_KEY, "KIS_APP_SECRET_2": SECRET},
            "KIS_APP_SECRET_2 (length 180): is the same secret",
        ),
        ({"KIS_APP_KEY": KEY[:-1]}, "KIS_APP_KEY (length 35): must be 36 characters"),
        ({"DESK_MODE": "mock"}, "mode mock must not talk to KIS's real host"),
        ({"DESK_MODE": "live", "KIS_REST_URL": MOCK_REST, "KIS_WS_URL": MOCK_WS}, "mode live needs KIS's real host"),
        ({"KIS_WS_URL": MOCK_WS}, "KIS_WS_URL (length 34): one address is KIS's real host, the other its mock"),
        ({"SECRET_KEY": "too short"}, "SECRET_KEY (length 9): must be 50 random characters"),
        ({"SECRET_KEY": ""}, "SECRET_KEY (length 0): is missing"),
        ({"ALLOWED_HOSTS": "*"}, "ALLOWED_HOSTS (length 1): must name the hosts"),
        ({"DESK_MODE": "live", "KIS_ACCOUNT": ""}, "KIS_ACCOUNT (length 0): is missing; mode live needs it"),
        ({"KIS_ACCOUNT": "1234567-01"}, "KIS_ACCOUNT (length 10): must be 8+2 digits"),
        ({"KIS_APP_SECRET ": SECRET}, "no blanks around the equals sign"),
        ({"DATABASE_URL": "mysql://desk@localhost"}, "DATABASE_PASSWORD"),
        ({"GNUBOARD_TABLE": "g5_board"}, "GNUBOARD_TABLE (length 8): must be GNUBOARD_PREFIX, then write_"),
        ({"BACKUP_KEEP": "0"}, "BACKUP_KEEP (length 1): must be a whole number from 1 to 366"),
    ],
)
def test_an_environment_file_that_cannot_work_is_refused_by_name(mistake, named, tmp_path, monkeypatch, capsys):
    path = tmp_path / "desk.env"
    path.write_text("".join(f"{name}={value}\n" for name, value in {**GOOD, **mistake}.items()))
    monkeypatch.setenv("STOCKDESK_ENV", str(path))
    for name in values_of(Path(os.environ["STOCKDESK_ENV"])).keys() & os.environ.keys():
        monkeypatch.delenv(name)
    monkeypatch.setattr(desk_command, "manage", lambda arguments: 0)
    assert desk_command.doctor([]) == 1
    said = capsys.readouterr().err
    assert named in said
    assert ".env.example explains each" in said
    assert [secret for secret in (KEY, SECRET, OTHER_KEY, OTHER_SECRET, "12345678") if secret in said] == []


def of_settings(**changes) -> list[Finding]:
    desk = replace(DESK_AS_IT_IS, **changes)
    return [*of_checks("settings", "", doubts(desk)), *agreement.pages(desk), *agreement.pace(desk)]


def in_shell(**variables: str) -> list[Finding]:
    return list(agreement.shell(DESK_AS_IT_IS, variables))


def of_server(**changes) -> list[Finding]:
    good = server.Facts(1, 151, 16 << 20, "utf8mb4", "MIXED", True)
    assert {finding.grade for finding in server.judge(good, real_orders=True)} == {"well"}
    return list(server.judge(replace(good, **changes), real_orders=True))


@pytest.mark.parametrize(
    ("findings", "named", "remedy"),
    [
        (lambda: of_settings(ws_sessions=5, app_keys=DESK_AS_IT_IS.app_keys[:1]), "WS_SESSIONS is 5", "KIS_APP_KEY_2"),
        (lambda: of_settings(calls_per_second=20, demo=False), "KIS_CALLS_PER_SECOND is 20", "simulator only"),
        (lambda: of_settings(unknown=("KIS_APPKEY",)), "KIS_APPKEY", ".env.example"),
        (lambda: of_settings(account=""), "KIS_ACCOUNT", "Fill them in"),
        (
            lambda: of_settings(kis_rest_url=MOCK_REST, kis_ws_url=MOCK_WS, calls_per_second=18),
            "on KIS's mock host",
            "KIS_CALLS_PER_SECOND=1",
        ),
        (lambda: of_settings(allowed_hosts=["desk.example.com"]), "desk.example.com, http", "DESK_HTTPS=1"),
        (lambda: of_settings(https=True), "127.0.0.1, localhost, https", "ALLOWED_HOSTS"),
        (lambda: in_shell(https_proxy="http://proxy:3128"), "https_proxy set", "directly"),
        (lambda: in_shell(SECRET_KEY="another"), "SECRET_KEY not as in", "unset SECRET_KEY"),
        (lambda: of_server(flush=0), "innodb_flush_log_at_trx_commit = 0", "Set it to 1"),
        (lambda: of_server(flush=2), "innodb_flush_log_at_trx_commit = 2", "Set it to 1"),
        (lambda: of_server(connections=30), "max_connections = 30", "80 or more"),
        (lambda: of_server(packet=1 << 20), "max_allowed_packet = 1 MB", "16M"),
        (lambda: of_server(charset="euckr"), "euckr", "utf8mb4"),
        (lambda: of_server(binary_log="STATEMENT"), "binlog_format = STATEMENT", "MIXED"),
        (lambda: of_server(may_make_events=False), "the desk's user may make none", "GRANT EVENT"),
    ],
)
def test_what_works_against_the_operator_is_named(findings: Callable[[], list[Finding]], named: str, remedy: str):
    (found,) = [finding for finding in findings() if named in finding.found]
    assert found.grade != "well"
    assert remedy in found.remedy


@pytest.mark.django_db
def test_the_facts_of_a_real_server_can_be_read():
    found = server.facts()
    assert found.charset == "utf8mb4"
    assert found.connections > 10
    assert found.may_make_events


@pytest.mark.django_db
def test_a_read_only_server_and_events_switched_off_are_named(monkeypatch):
    class Cursor:
        """Answers as a replica would whose scheduler is off."""

        def __init__(self, real):
            self.real = real

        def __enter__(self):
            return self

        def __exit__(self, *what):
            self.real.close()

        def execute(self, statement):
            changed = statement.replace("@@event_scheduler", "'OFF'").replace("@@read_only", "1")
            self.real.execute(changed)

        def fetchone(self):
            return self.real.fetchone()

    real = connection.cursor
    monkeypatch.setattr(connection, "cursor", lambda: Cursor(real()))
    said = {finding.found: finding.remedy for finding in of_checks("server", "", checks.server("default"))}
    assert "read_only = 0" in said["The database server is read-only."]
    assert any("event_scheduler = ON" in remedy for remedy in said.values())


@pytest.mark.django_db(transaction=True)
def test_a_board_of_another_engine_is_told():
    board = settings.DESK.gnuboard.table
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {board} ENGINE=MyISAM")
        try:
            _well, engine = tables.board(settings.DESK)
            assert engine.grade == "doubtful"
            assert "MYISAM" in engine.found
        finally:
            cursor.execute(f"ALTER TABLE {board} ENGINE=InnoDB")


@pytest.mark.django_db(transaction=True)
def test_our_own_tables_without_transactions_are_bad():
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE stockdesk_event ENGINE=MyISAM")
        try:
            finding = tables.engines()
        finally:
            cursor.execute("ALTER TABLE stockdesk_event ENGINE=InnoDB")
    assert finding.grade == "bad"
    assert "stockdesk_event" in finding.found


def test_a_port_that_somebody_else_holds_is_named(monkeypatch):
    if DESK.state.exists():
        pytest.skip("a desk is up in this checkout")
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        held.listen()
        monkeypatch.setenv("DESK_PORT", str(held.getsockname()[1]))
        finding = machine.port()
    assert finding.grade == "bad"
    assert f"pid {os.getpid()}" in finding.found
    assert "DESK_PORT=" in finding.remedy


def test_packages_that_are_not_the_lock_files_are_named(tmp_path):
    (tmp_path / "requirements.lock").write_text("django==5.2\n")
    assert machine.packages(tmp_path).grade == "doubtful"
    (tmp_path / ".venv").mkdir()
    stamp = subprocess.run(
        ["sha256sum", "requirements.lock"], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    (tmp_path / ".venv" / "stockdesk.stamp").write_text(stamp.stdout)
    assert machine.packages(tmp_path).grade == "well"


@pytest.mark.parametrize(("said", "grades"), [("yes", ["well"]), ("no", ["doubtful"]), ("", [])])
def test_a_clock_that_nobody_sets_is_named(tmp_path, said, grades):
    program = tmp_path / "timedatectl"
    program.write_text(f"#!/bin/sh\necho {said}\n")
    program.chmod(0o755)
    found = list(machine.synchronisation({"PATH": str(tmp_path)}))
    assert [finding.grade for finding in found] == grades


def test_a_backup_that_is_missing_or_old_is_named(settings, tmp_path):
    settings.BACKUP_DIR = tmp_path
    now = datetime(2026, 11, 21, 12, tzinfo=KST)
    assert [finding.grade for finding in upkeep.backups(now)] == ["doubtful"]
    (tmp_path / files.name_of(kept.database(), now - timedelta(hours=47))).touch()
    assert [finding.grade for finding in upkeep.backups(now)] == ["well"]
    (finding,) = upkeep.backups(now + timedelta(hours=2))
    assert "./desk manage backup" in finding.remedy


@pytest.mark.django_db
def test_a_calendar_that_runs_out_and_a_day_nobody_confirmed_are_named():
    found = list(upkeep.calendar(datetime(2040, 1, 4, 9, tzinfo=KST)))
    assert any("known until" in finding.found and "거래일" in finding.remedy for finding in found)
    assert any("nobody has confirmed 2040-01-04" in finding.found for finding in found)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("changes", "remedy"),
    [
        ({"NAME": "no_such_database"}, "no such database"),
        ({"USER": "nobody_here", "PASSWORD": "wrong"}, "DATABASE_PASSWORD is wrong"),
        ({"OPTIONS": {"unix_socket": "/nowhere/mysqld.sock"}}, "unix_socket"),
    ],
)
def test_a_database_that_lets_nobody_in_is_told_by_what_mends_it(changes, remedy, monkeypatch):
    connection.close()
    for name, value in changes.items():
        monkeypatch.setitem(connection.settings_dict, name, value)
    finding = server.answers()
    assert finding.grade == "bad"
    assert remedy in finding.remedy

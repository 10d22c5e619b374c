"""What ``./desk doctor`` finds, and what it says mends it."""

import asyncio
import socket
from dataclasses import replace
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path

import pytest
from django.conf import settings
from django.core import checks
from django.core.management import call_command

from stockdesk.doctor import machine, tables
from stockdesk.doctor.findings import of_checks
from stockdesk.management.commands.doctor import ask_broker, broker_clock

GB = 1 << 30


def grades(findings) -> list[str]:
    return [finding.grade for finding in findings]


def test_another_python_or_one_outside_the_venv_is_bad():
    assert machine.python((3, 11, 2), in_venv=True).grade == "well"
    assert machine.python((3, 11, 2), in_venv=False).grade == "bad"
    assert machine.python((3, 12, 0), in_venv=True).grade == "bad"


def test_less_than_a_gigabyte_free_is_bad():
    assert machine.free_space(Path("/"), GB).grade == "well"
    assert machine.free_space(Path("/"), GB - 1).grade == "bad"


def test_a_clock_that_lost_its_battery_is_bad():
    assert machine.clock(datetime(2000, 1, 1, tzinfo=UTC)).grade == "bad"
    assert machine.clock(datetime(2026, 11, 20, tzinfo=UTC)).grade == "well"


def test_a_secret_file_that_others_may_read_is_bad(tmp_path):
    (tmp_path / "private").touch(mode=0o600)
    (tmp_path / "open").touch()
    (tmp_path / "open").chmod(0o644)
    findings = list(machine.private_files(tmp_path, ("private", "open", "absent")))
    assert grades(findings) == ["well", "bad"]
    assert "chmod 600 open" in findings[1].remedy


def test_a_warning_of_the_system_checks_is_doubtful_and_an_error_is_bad():
    messages = [checks.Warning("odd", id="t.W1"), checks.Error("wrong", hint="Turn it.", id="t.E1"), checks.Info("so")]
    findings = list(of_checks("settings", "fine", messages))
    assert grades(findings) == ["doubtful", "bad"]
    assert findings[1].remedy == "Turn it."
    assert grades(of_checks("settings", "fine", [checks.Info("so")])) == ["well"]


@pytest.mark.parametrize(
    ("skew", "grade"), [(0.0, "well"), (-2.0, "well"), (2.5, "bad"), (-600.0, "bad"), (None, "well")]
)
def test_a_clock_away_from_the_brokers_is_bad(skew, grade):
    assert broker_clock(skew).grade == grade


@pytest.mark.django_db
def test_a_missing_board_is_named_with_the_setting_that_leads_to_it():
    desk = replace(settings.DESK, gnuboard=replace(settings.DESK.gnuboard, table="g5_write_elsewhere"))
    (finding,) = tables.board(desk)
    assert finding.grade == "bad"
    assert "g5_write_elsewhere" in finding.found
    assert "GNUBOARD_TABLE" in finding.remedy


@pytest.mark.django_db
def test_a_column_missing_on_the_board_is_named_with_its_setting():
    # Any table will do for a board here: this one has users, no prices.
    mapped = replace(settings.DESK.gnuboard, table="auth_user", col_run="is_active", col_name="username", col_qty="")
    (finding,) = tables.board(replace(settings.DESK, gnuboard=mapped))
    assert finding.grade == "bad"
    assert f"GNUBOARD_COL_CODE={mapped.col_code}" in finding.remedy
    assert "GNUBOARD_COL_RUN" not in finding.remedy
    assert "GNUBOARD_COL_QTY" not in finding.remedy, "a column left out on purpose is not missing"


@pytest.mark.django_db
def test_a_migrated_desk_has_tables_and_board():
    assert tables.migrations().grade == "well"
    assert tables.engines().grade == "well"
    assert grades(tables.board(settings.DESK)) == ["well"]


@pytest.mark.django_db
def test_the_command_ends_with_1_when_something_is_bad(monkeypatch):
    monkeypatch.setattr(machine, "DISK_NEEDED", 1 << 80)
    said = StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("doctor", stdout=said, no_color=True)
    assert ended.value.code == 1
    assert "✗ disk" in said.getvalue()
    assert "✓ database" in said.getvalue(), "one finding does not hide the others"


def test_no_key_or_account_is_told(monkeypatch, trading_role):
    monkeypatch.setattr(machine, "DISK_NEEDED", 0)
    said = StringIO()
    call_command("doctor", stdout=said, no_color=True)
    desk = settings.DESK
    secrets = [
        desk.secret_key,
        desk.account,
        trading_role.password,
        *(part for pair in desk.app_keys for part in (pair.key, pair.secret)),
    ]
    assert "All is well." in said.getvalue()
    assert [secret for secret in secrets if secret in said.getvalue()] == []


def test_the_broker_answers_with_a_price_and_its_clock(transactional_db, settings, simulator):
    settings.DESK = replace(settings.DESK, kis_rest_url=simulator.rest_url)
    findings = asyncio.run(ask_broker())
    assert grades(findings) == ["well", "well"]
    assert "KRW" in findings[0].found


def test_a_broker_that_cannot_be_reached_is_bad(transactional_db, settings):
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))  # bound and not listening: refused at once
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        settings.DESK = replace(settings.DESK, kis_rest_url=address)
        (finding,) = asyncio.run(ask_broker())
    assert finding.grade == "bad"

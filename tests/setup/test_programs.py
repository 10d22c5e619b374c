"""The registry of programs, read back by supervisord's own parser."""

import dataclasses
import shlex
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from supervisor.options import ServerOptions

from stockdesk.programs import PROGRAMS, Program, programs_for, quoted, supervisord_config

PORTS = {"web_port": 8000, "rest_port": 18080, "ws_port": 18081}
ARGUMENTS = st.text(st.characters(codec="ascii", categories=("L", "N", "P", "S", "Zs")), min_size=1, max_size=12)


def program(name: str, *command: str, priority: int = 50, **more) -> Program:
    return Program(name=name, command=command, priority=priority, **more)


def as_supervisord_reads(text: str, folder: Path) -> ServerOptions:
    for directory in ("var/run", "var/log"):
        (folder / directory).mkdir(parents=True, exist_ok=True)
    path = folder / "supervisord.conf"
    path.write_text(text)
    options = ServerOptions()
    options.realize(["-n", "-c", str(path)], doc="supervisord")
    options.process_config(do_usage=False)
    return options


def configs(text: str, folder: Path) -> dict:
    groups = as_supervisord_reads(text, folder).process_group_configs
    return {config.name: config for group in groups for config in group.process_configs}


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@given(st.lists(ARGUMENTS, min_size=1, max_size=4))
@example(["50%", "%(ENV_HOME)s", "a ;b", "c #d", "it's", 'say "no"', "\\", "$HOME", ";", "#", " "])
@hypothesis_settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_every_argument_reaches_the_program_as_it_was_written(folder, arguments):
    config = configs(supervisord_config([program("odd", "/bin/echo", *arguments)], socket="s", ports={}), folder)
    assert shlex.split(config["odd"].command) == ["/bin/echo", *arguments]


def test_a_line_break_in_a_command_is_refused():
    with pytest.raises(ValueError, match="line break"):
        quoted("one\ntwo")


def test_a_program_that_keeps_failing_is_never_given_up_in_a_day(folder):
    config = configs(supervisord_config(PROGRAMS, socket="var/run/s", ports=PORTS), folder)["ws_market"]
    # supervisord waits one second more after each failure: after n of them n * (n + 1) / 2 seconds have passed.
    assert config.startretries * (config.startretries + 1) / 2 > 24 * 3600 * 365
    assert config.startsecs > 0, "with 0 every exit counts as a success and is answered at once, without a pause"


def test_stopping_and_killing_reach_the_whole_group_of_a_program(folder):
    all_alone = {entry.name for entry in PROGRAMS if entry.ends_its_children}
    for name, config in configs(supervisord_config(PROGRAMS, socket="var/run/s", ports=PORTS), folder).items():
        assert config.stopasgroup == (name not in all_alone)
        assert config.killasgroup


def test_the_database_starts_first_and_stops_last():
    assert programs_for(embedded=True, simulated=True, account=True)[0].name == "mariadb"
    assert len({entry.priority for entry in PROGRAMS}) == len(PROGRAMS)


def test_an_operators_desk_has_neither_our_database_nor_the_simulator():
    names = [entry.name for entry in programs_for(embedded=False, simulated=False, account=True)]
    assert "mariadb" not in names
    assert "simulator" not in names
    assert {"ws_market", "web"} <= set(names)


@pytest.mark.parametrize("account", [True, False])
def test_the_assets_are_read_where_there_is_an_account(account):
    names = [entry.name for entry in programs_for(embedded=True, simulated=True, account=account)]
    assert ("assets" in names) == account


def test_only_what_needs_no_tables_starts_before_the_migrations(folder):
    config = configs(supervisord_config(PROGRAMS, socket="var/run/s", ports=PORTS), folder)
    assert {name for name, entry in config.items() if entry.autostart} == {"mariadb", "simulator", "manager"}


def test_the_manager_stops_before_everybody_it_would_start_again():
    assert max(PROGRAMS, key=lambda entry: entry.priority).name == "manager"


def test_ports_of_this_machine_stand_in_the_commands(folder):
    text = supervisord_config(PROGRAMS, socket="var/run/s", ports={**PORTS, "web_port": 8123})
    assert "8123" in shlex.split(configs(text, folder)["web"].command)
    assert "18081" in shlex.split(configs(text, folder)["simulator"].command)


def test_supervisord_listens_for_its_owner_only(folder):
    text = supervisord_config(PROGRAMS, socket="var/run/100%.sock", ports=PORTS, as_root=True)
    options = as_supervisord_reads(text, folder)
    (server,) = [config for config in options.server_configs if config["section"] == "unix_http_server"]
    assert server["chmod"] == 0o700
    assert server["file"].endswith("var/run/100%.sock")


def test_an_entry_of_the_registry_cannot_be_changed_in_passing():
    with pytest.raises(dataclasses.FrozenInstanceError):
        PROGRAMS[0].name = "other"  # type: ignore[misc]

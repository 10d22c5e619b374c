"""The generated environment files, and whose variables win."""

import os
import socket
import stat
from pathlib import Path

import pytest

from stockdesk.setup import environment
from stockdesk.setup.places import Places

PRIVATE = 0o600


@pytest.fixture
def places(tmp_path) -> Places:
    made = Places(tmp_path / "var")
    made.make()
    return made


def test_the_demo_keeps_what_was_drawn_by_lot(places):
    first = environment.make_demo(places)
    second = environment.make_demo(places)
    assert second == first
    assert len(first["SECRET_KEY"]) >= 50


def test_the_demos_keys_have_the_shape_of_real_ones(places):
    values = environment.make_demo(places)
    for suffix in ("", "_2", "_3", "_4", "_5"):
        assert len(values[f"KIS_APP_KEY{suffix}"]) == 36
        assert len(values[f"KIS_APP_SECRET{suffix}"]) == 180
    assert len({values[name] for name in values if name.startswith("KIS_APP_KEY")}) == 5


def test_the_demo_trades_with_the_simulator_and_leads_to_this_machine_alone(places):
    values = environment.make_demo(places)
    assert values["DESK_MODE"] == "mock"
    assert values["DESK_DEMO"] == "1"
    assert values["KIS_REST_URL"].startswith("http://127.0.0.1:")
    assert values["KIS_WS_URL"].startswith("ws://127.0.0.1:")
    for name in ("DART_URL", "DATA_GO_KR_URL"):
        assert values[name].startswith(f"{values['KIS_REST_URL']}/")


def test_nobody_else_can_read_the_generated_files(places):
    environment.make_demo(places)
    test_file = environment.make_test(places)
    for path in (places.var / "demo.env", test_file):
        assert stat.S_IMODE(path.stat().st_mode) == PRIVATE


def test_a_lost_line_of_the_demos_file_is_replaced_and_the_others_stay(places):
    first = environment.make_demo(places)
    path = places.var / "demo.env"
    path.write_text("".join(line for line in path.read_text().splitlines(True) if not line.startswith("KIS_HTS_ID")))
    assert environment.make_demo(places) == first


def test_a_taken_port_of_the_simulator_is_left_to_its_owner(places):
    values = environment.make_demo(places)
    taken = environment.port_in(values["KIS_REST_URL"], 0)
    with socket.socket() as other:
        other.bind(("127.0.0.1", taken))
        other.listen()
        moved = environment.make_demo(places)
    ports = {environment.port_in(moved[name], 0) for name in ("KIS_REST_URL", "KIS_WS_URL")}
    assert taken not in ports
    assert len(ports) == 2


def test_the_database_socket_in_the_url_may_contain_anything():
    # A short place: where the path is too long for a socket, another one is taken.
    url = environment.database_url(Places(Path("/tmp/a b#c%d")))  # noqa: S108
    assert "#" not in url
    assert " " not in url
    assert "%23" in url


def test_a_real_account_in_the_operators_shell_does_not_reach_the_demo(places, monkeypatch):
    for name in ("DATABASE_URL", "KIS_APP_KEY_3", "DESK_MODE", "SECRET_KEY"):
        monkeypatch.setenv(name, "of the real desk")
    monkeypatch.setenv("WS_SESSIONS", "2")
    child = environment.DeskFile(places.var / "demo.env", demo=True).child_environment()
    assert "of the real desk" not in child.values()
    assert child["WS_SESSIONS"] == "2", "what only tunes the demo may be given by hand"


def test_the_operators_own_variables_win_over_his_file(places, monkeypatch):
    monkeypatch.setenv("DESK_MODE", "mock")
    child = environment.DeskFile(places.var / "real.env", demo=False).child_environment()
    assert child["DESK_MODE"] == "mock"


def test_reading_the_settings_leaves_no_secret_behind_for_the_programs(places):
    environment.make_demo(places)
    before = dict(os.environ)
    settings = environment.DeskFile(places.var / "demo.env", demo=True).read()
    assert settings.demo
    assert dict(os.environ) == before


def test_a_production_like_check_runs_behind_https_under_a_name(places):
    environment.make_test(places)
    values = environment.values_of(environment.make_production_like(places))
    assert values["DESK_HTTPS"] == "1"
    assert values["ALLOWED_HOSTS"] == "desk.example.com"
    assert len(values["SECRET_KEY"]) >= 50

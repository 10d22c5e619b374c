"""``./desk up`` before anything is started: ports, addresses, what it says when it cannot go on."""

import socket
import threading
import time
from collections.abc import Iterator
from datetime import datetime
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from stockdesk.setup import admin, look, up
from stockdesk.setup.places import Places, Trouble
from stockdesk.setup.screen import Screen
from stockdesk.setup.supervision import Supervisor


@pytest.fixture
def website() -> Iterator[tuple[int, list]]:
    """A server that answers 200 to its own name over https and 400 to others, as Django does."""
    asked = []

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            good = self.headers["Host"] == "desk.example.com" and self.headers["X-Forwarded-Proto"] == "https"
            self.send_response(200 if good else 400)
            self.end_headers()

        def log_message(self, *args: object) -> None:
            asked.append("logged")

    server = HTTPServer(("127.0.0.1", 0), Answers)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server.server_port, asked
    server.shutdown()
    thread.join()
    server.server_close()


def test_the_dashboard_is_asked_under_a_name_that_it_knows(website):
    port, asked = website
    assert up.answers(port, ["desk.example.com"])
    assert asked[0] == "/healthz"
    assert not up.answers(port, ["other.example.com"])


def test_a_dashboard_that_does_not_listen_does_not_answer():
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        assert not up.answers(silent.getsockname()[1], ["127.0.0.1"])


@pytest.mark.parametrize("text", ["eighty", "0", "65536", "-1", "80 ", "8e3"])
def test_a_port_that_is_none_is_refused_by_name(monkeypatch, text):
    monkeypatch.setenv("DESK_PORT", text)
    with pytest.raises(Trouble, match="DESK_PORT"):
        up.web_port()


def test_a_taken_port_is_told_with_its_owner_and_a_way_out(tmp_path, monkeypatch):
    monkeypatch.setattr(up, "DESK", Places(tmp_path / "var"))
    up.DESK.make()
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        monkeypatch.setenv("DESK_PORT", str(other.getsockname()[1]))
        with pytest.raises(Trouble, match=r"is taken by .+ DESK_PORT=\d+ ./desk up"):
            up.Start(Screen(), Supervisor(up.DESK)).settle()


def test_a_password_drawn_by_lot_is_told_only_where_it_is_kept(tmp_path):
    places = Places(tmp_path)
    assert "changepassword" in admin.stored_password(places)
    places.admin_password.write_text("secret\n")
    assert admin.stored_password(places) == "secret"


def test_a_database_on_another_host_is_reached_as_django_would():
    class Settings:
        database = {"USER": "u", "PASSWORD": "p@#$", "NAME": "n", "HOST": "db.example.com", "PORT": "3307",
                    "OPTIONS": {"charset": "utf8mb4", "isolation_level": "read committed"}}  # fmt: skip

    assert admin.arguments(Settings()) == {  # type: ignore[arg-type]
        "user": "u",
        "password": "p@#$",
        "database": "n",
        "host": "db.example.com",
        "port": 3307,
        "charset": "utf8mb4",
    }


def test_a_log_is_named_and_not_pathed(tmp_path, monkeypatch):
    places = Places(tmp_path / "var")
    places.make()
    (places.logs / "web.log").touch()
    (tmp_path / "secret.log").touch()
    monkeypatch.setattr(look, "DESK", places)
    assert look.log_of("web") == places.logs / "web.log"
    with pytest.raises(Trouble, match="there are: web"):
        look.log_of("../../secret")


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(5, "for 0 min 5 s"), (3599, "for 59 min 59 s"), (7260, "for 2 h 1 min"), (-3, "for 0 min 0 s")],
)
def test_how_long_a_program_runs_is_told_in_words(seconds, text):
    assert look.lasted(seconds) == text


MONDAY = datetime(2026, 11, 23, 7, 50)  # noqa: DTZ001  (as the database has it)


@pytest.mark.parametrize(
    ("state", "planned", "text", "well"),
    [
        ("RUNNING", look.Planned(True, "market", MONDAY), "for 0 min 5 s", True),
        (
            "STOPPED",
            look.Planned(False, "weekend", MONDAY),
            "stopped by hours (manager): weekend until Mon 11-23 07:50",
            True,
        ),
        ("STOPPED", look.Planned(False, "stop", None), "stopped by an operator: stop", True),
        ("FATAL", look.Planned(True, "market", MONDAY), "no such file", False),
        ("STOPPED", None, "no such file", False),
    ],
)
def test_who_rests_by_the_hours_is_told_apart_from_who_is_missing(state, planned, text, well):
    going = state == "RUNNING"
    info = {"name": "trading", "statename": state, "pid": 7 if going else 0, "start": time.time() - 5,
            "spawnerr": "no such file"}  # fmt: skip
    plan = {"trading": planned} if planned else {}
    assert look.told(info, plan) == text
    assert look.is_as_planned(info, plan) is well

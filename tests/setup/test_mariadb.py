"""The embedded server, started for real in a folder of its own."""

import subprocess
from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from MySQLdb import OperationalError, ProgrammingError

from stockdesk.setup import mariadb, steps
from stockdesk.setup.mariadb import EmbeddedServer
from stockdesk.setup.places import Places

PASSWORD = r"""it's $5 \ "#%@"""


@pytest.fixture(scope="module")
def server(tmp_path_factory) -> Iterator[EmbeddedServer]:
    places = Places(tmp_path_factory.mktemp("db") / "var")
    places.make()
    made = EmbeddedServer(
        places, PASSWORD, role_passwords={"trading": PASSWORD[::-1], "collecting": PASSWORD.swapcase()}
    )
    assert made.prepare()
    command = [*made.command(), *mariadb.UNSAFE_AND_FAST]
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    mariadb.wait_until_answering(made, ended=lambda: child.poll() is not None)
    yield made
    child.terminate()
    assert child.wait(60) == 0


@pytest.fixture
def ask(server):
    connection = server.connect()

    def asked(query: str):
        cursor = connection.cursor()
        cursor.execute(query)
        return cursor.fetchone()

    yield asked
    connection.close()


def test_it_listens_on_its_socket_alone(ask):
    assert ask("SELECT @@skip_networking") == (1,)


def test_it_is_strict_speaks_utf8mb4_and_runs_events(ask):
    mode, charset, scheduler = ask("SELECT @@global.sql_mode, @@character_set_server, @@event_scheduler")
    assert "STRICT_TRANS_TABLES" in mode
    assert charset == "utf8mb4"
    assert scheduler == "ON"


def test_its_now_is_seoul_wall_time(ask):
    (now,) = ask("SELECT NOW(6)")
    seoul = datetime.now(ZoneInfo("Asia/Seoul")).replace(tzinfo=None)
    assert abs((seoul - now).total_seconds()) < 30


def test_the_desks_user_owns_its_database_and_no_other(ask):
    ask("CREATE TABLE mine (a INT)")
    ask("CREATE EVENT later ON SCHEDULE EVERY 1 HOUR DO SELECT 1")
    with pytest.raises((OperationalError, ProgrammingError), match="denied"):
        ask("SELECT COUNT(*) FROM mysql.global_priv")


def test_the_desks_user_may_make_the_replays_database_and_no_other(ask):
    ask(f"CREATE DATABASE {mariadb.DATABASE}_replay")
    ask(f"CREATE TABLE {mariadb.DATABASE}_replay.mine (a INT)")
    ask(f"DROP DATABASE {mariadb.DATABASE}_replay")
    for other in (f"{mariadb.DATABASE}2replay", "another"):
        with pytest.raises((OperationalError, ProgrammingError), match="denied"):
            ask(f"CREATE DATABASE {other}")


def test_tradings_user_gets_its_rights_from_the_desks_and_has_no_others(server, ask):
    ask("CREATE TABLE theirs (a INT)")
    ask(f"GRANT SELECT ON theirs TO {mariadb.role_user('trading')}@localhost")
    as_trading = {
        "user": mariadb.role_user("trading"),
        "password": server.role_passwords["trading"],
        "unix_socket": str(server.socket),
        "database": mariadb.DATABASE,
    }
    trading = mariadb.connect(as_trading)
    trading.query("SELECT * FROM theirs")
    trading.store_result()
    for statement in ("INSERT INTO theirs VALUES (1)", "CREATE TABLE mine (a INT)"):
        with pytest.raises((OperationalError, ProgrammingError), match="denied"):
            trading.query(statement)
    trading.close()
    with pytest.raises(OperationalError, match="CREATE USER"):
        ask("CREATE USER another")


def test_a_data_folder_that_is_there_is_never_made_again(server):
    before = server.data.stat().st_ino
    assert not server.prepare()
    assert server.data.stat().st_ino == before


def test_the_password_is_on_no_command_line(server):
    assert not [part for part in server.command() if PASSWORD in part]
    assert server.init_file.stat().st_mode & 0o077 == 0


def test_a_half_made_data_folder_does_not_count(tmp_path):
    places = Places(tmp_path / "var")
    places.make()
    made = EmbeddedServer(places, "x")
    (made.home / "data.half-made" / "mysql").mkdir(parents=True)
    assert made.prepare()
    assert (made.data / "mysql").is_dir()
    assert not (made.home / "data.half-made").exists()


def test_waiting_for_a_server_that_ended_says_so(tmp_path):
    places = Places(tmp_path / "var")
    places.make()
    with pytest.raises(steps.Trouble, match="ended while starting"):
        mariadb.wait_until_answering(EmbeddedServer(places, "x"), ended=lambda: True)

"""The trading user on a real server: it does what trading needs, and nothing to what others keep."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from io import StringIO

import pytest
from django.apps import apps
from django.conf import settings as desk_settings
from django.core.management import call_command
from django.db import OperationalError, connection, connections, transaction

from stockdesk import grants, roles
from stockdesk.calls.budget import Budget
from stockdesk.doctor import users
from stockdesk.doctor.findings import Finding
from stockdesk.events import clear_event, raise_event
from stockdesk.fence import fenced
from stockdesk.lease import Lease
from stockdesk.models import Event, Token
from tests.ground.processes import Child
from tests.trading.values import an_order
from trading.database import DatabaseStorage
from trading.desk import desk_row

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "reading"])

DENIED, NEEDS_PRIVILEGE, READ_ONLY, TOO_LONG, TURNED_AWAY = 1142, 1227, 1792, 1969, 1045
TABLES = {model._meta.db_table for model in apps.get_models(include_auto_created=True)}
BOARD = desk_settings.DESK.gnuboard.table
OTHERS = sorted(table for table in TABLES if table.startswith(("market_", "assets_")) or table == BOARD)
SAMPLE = "tests.ground.sample_daemon"


@pytest.fixture
def as_owner() -> Callable[[str], None]:
    """Runs a statement as the desk's own user."""

    def run(statement: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute(statement)

    return run


def refused(statement: str, alias: str = "default") -> int:
    with pytest.raises(OperationalError) as caught, connections[alias].cursor() as cursor:
        cursor.execute(statement)
    return caught.value.args[0]


def a_column(table: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(f"SHOW COLUMNS FROM {table}")
        return cursor.fetchone()[0]


def test_the_board_is_among_what_trading_only_reads():
    assert {BOARD, "market_quote", "market_marketday", "assets_balance"} <= set(OTHERS)


@pytest.mark.parametrize("table", OTHERS)
def test_trading_reads_what_others_keep_and_writes_none_of_it(as_trading, table):
    column = a_column(table)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT COUNT(*) FROM {table}")
    assert refused(f"INSERT INTO {table} () VALUES ()") == DENIED
    assert refused(f"UPDATE {table} SET `{column}` = `{column}`") == DENIED
    assert refused(f"DELETE FROM {table}") == DENIED
    assert refused(f"TRUNCATE TABLE {table}") == DENIED
    assert refused(f"ALTER TABLE {table} ADD COLUMN another INT") == DENIED


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE trading_desk SET mode = 'live', killed_at = NULL",
        "DELETE FROM trading_order",
        "INSERT INTO trading_deskchange (at, who, what) VALUES (NOW(), 'kim', 'lift')",
        "SELECT * FROM auth_user",
        "UPDATE stockdesk_pace SET next_at = NULL",
        "CREATE TABLE mine (a INT)",
        "DROP TABLE trading_order",
    ],
)
def test_what_is_a_persons_or_nobodys_is_not_tradings(as_trading, statement):
    assert refused(statement) == DENIED


def test_trading_reads_no_file(as_trading):
    assert refused("SELECT 1 INTO OUTFILE 'stockdesk-roles-test'") == NEEDS_PRIVILEGE


def test_a_daemons_ground_and_its_ledger_are_tradings_to_write(as_trading):
    lease = Lease("trading")
    lease.look()
    assert lease.take()
    assert lease.renew(counters={"steps": 1}, stepped=True, error="none")
    budget = Budget("roles-test", 20)
    budget.ensure()
    budget.reserve("order")
    Budget("roles-test", 2).ensure()  # other lanes: the old rows go
    budget.slow_down()
    Token.objects.get_or_create(pk="roles-test")
    Token.objects.filter(pk="roles-test").update(sealed="x")
    raise_event("trading", "roles-test")
    assert clear_event("trading", "roles-test")
    desk_row()
    storage = DatabaseStorage(daemon="trading", fence=lease.fence)
    order = storage.add(an_order(condition_id=None))
    assert order is not None
    assert storage.save(order, order).version == order.version + 1
    with fenced("trading", lease.fence), connection.cursor() as cursor:
        cursor.execute("SELECT id FROM trading_order FOR UPDATE")
    lease.release(state="stopped")


def test_the_reading_alias_sees_what_is_committed_and_locks_nothing(as_trading):
    raise_event("trading", "roles-test")
    assert Event.objects.using("reading").filter(code="roles-test").exists()
    assert refused("SELECT * FROM market_quote FOR UPDATE", "reading") == READ_ONLY
    assert refused("INSERT INTO stockdesk_token (key_id, sealed) VALUES ('a', '')", "reading") == READ_ONLY


def test_the_reading_alias_reads_only_for_the_desks_own_user_too():
    assert refused("SELECT * FROM market_quote FOR UPDATE", "reading") == READ_ONLY
    with pytest.raises(OperationalError), transaction.atomic("reading"):
        Token.objects.using("reading").create(pk="a")


def test_a_long_read_is_cut(as_trading):
    assert refused("SELECT SLEEP(30) FROM market_quote RIGHT JOIN (SELECT 1) AS one ON TRUE", "reading") == TOO_LONG


def test_a_transaction_that_idles_on_the_reading_alias_is_ended():
    with connections["reading"].cursor() as cursor:
        cursor.execute("SELECT @@idle_transaction_timeout, @@autocommit, @@innodb_lock_wait_timeout > 0")
        assert cursor.fetchone() == (3, 1, 1)


def test_preparing_twice_changes_nothing(trading_role):
    assert roles.prepare("trading") == []
    assert roles.fault_of("trading") == ""


def test_a_right_too_many_and_one_too_few_are_mended(trading_role, as_owner):
    user = grants.account(trading_role.user, "localhost")
    database = connection.settings_dict["NAME"]
    as_owner(f"GRANT DELETE ON trading_order TO {user}")
    as_owner(f"REVOKE UPDATE ON trading_order FROM {user}")
    assert roles.fault_of("trading") == "missing: UPDATE on trading_order; too much: DELETE on trading_order"
    assert len(roles.prepare("trading")) == 2
    as_owner(f"GRANT ALL ON `{database}`.* TO {user} WITH GRANT OPTION")
    assert f"too much: ALL PRIVILEGES ON `{database}`.*" in roles.fault_of("trading")
    assert roles.prepare("trading")
    assert roles.fault_of("trading") == ""


def test_what_the_server_lets_everyone_do_here_is_told_and_left_to_its_owner(trading_role, as_owner):
    database = f"`{connection.settings_dict['NAME']}`.*"
    as_owner(f"GRANT UPDATE ON {database} TO PUBLIC")
    try:
        with pytest.raises(roles.NotPrepared, match=r"UPDATE ON .+ for everyone"):
            roles.prepare("trading")
    finally:
        as_owner(f"REVOKE UPDATE ON {database} FROM PUBLIC")
    assert roles.fault_of("trading") == ""


def test_rights_on_a_table_that_is_gone_are_taken_back(trading_role, as_owner):
    as_owner("CREATE TABLE roles_gone (a INT)")
    as_owner(f"GRANT SELECT ON roles_gone TO {grants.account(trading_role.user, 'localhost')}")
    as_owner("DROP TABLE roles_gone")
    assert roles.fault_of("trading") == "too much: SELECT on roles_gone"
    roles.prepare("trading")
    assert roles.fault_of("trading") == ""


def test_a_new_password_is_taken_over(trading_role, settings):
    settings.DESK = replace(settings.DESK, trading_password="another'one\\\\%s")
    assert roles.fault_of("trading") == f"{trading_role.user} is not let in"
    assert roles.prepare("trading")
    assert roles.fault_of("trading") == ""


@pytest.fixture
def unprivileged(trading_role, as_owner) -> Iterator[None]:
    """The desk's own user may work in its database, and neither make users nor hand on rights."""
    user = f"{connection.settings_dict['NAME']}_desk"
    who = grants.account(user, "localhost")
    as_owner(f"CREATE USER {who} IDENTIFIED BY 'plain desk user'")
    as_owner(f"GRANT ALL ON `{connection.settings_dict['NAME']}`.* TO {who}")
    owner = dict(connections.settings["default"])
    become(user, "plain desk user")
    yield
    become(owner["USER"], owner["PASSWORD"])
    as_owner(f"DROP USER {who}")


def become(user: str, password: str) -> None:
    connections.close_all()
    connections.settings["default"].update(USER=user, PASSWORD=password)


def test_without_the_right_to_make_users_the_sql_is_told_and_not_the_password(unprivileged, settings):
    settings.DESK = replace(
        settings.DESK, trading_user="stockdesk_test_nobody", trading_password="not to be told", collecting_password=""
    )
    said, complained = StringIO(), StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("database_users", stdout=said, stderr=complained)
    assert ended.value.code == 1
    collecting, *statements = said.getvalue().splitlines()
    assert "DATABASE_COLLECTING_PASSWORD is empty" in collecting
    assert statements[0].startswith("CREATE USER IF NOT EXISTS 'stockdesk_test_nobody'@'localhost'")
    assert sum(line.startswith("GRANT SELECT ON") for line in statements) >= len(OTHERS)
    assert all(line.endswith(";") for line in statements)
    assert "not to be told" not in said.getvalue() + complained.getvalue()
    assert "DATABASE_TRADING_PASSWORD" in said.getvalue()


def test_a_user_without_rights_is_given_them_and_not_made_again(trading_role, as_owner):
    """As the demo's server has it before the first migration; the desk's user there may make no users."""
    who = grants.account(trading_role.user, "localhost")
    as_owner(f"REVOKE ALL PRIVILEGES, GRANT OPTION FROM {who}")
    assert "is not let in" not in roles.fault_of("trading")
    assert all(statement.startswith("GRANT ") for statement in roles.prepare("trading"))
    assert roles.fault_of("trading") == ""


def test_what_an_administrator_has_prepared_is_taken_as_it_is(unprivileged):
    said = StringIO()
    call_command("database_users", stdout=said)
    assert "was as it should be" in said.getvalue()


def test_the_sql_that_is_told_prepares_the_user(trading_role, as_owner):
    """As an administrator would run it, the password put in."""
    as_owner(f"DROP USER {grants.account(trading_role.user, 'localhost')}")
    lacking = grants.Held("localhost", {})
    told = [
        *grants.creation(trading_role.user, "localhost", trading_role.password),
        *grants.statements(
            connection.settings_dict["NAME"], trading_role.user, lacking, roles.ROLES["trading"].rights()
        ),
    ]
    for statement in told:
        as_owner(statement)
    assert roles.fault_of("trading") == ""


def test_without_a_password_the_setting_is_named(settings):
    settings.DESK = replace(settings.DESK, trading_password="")
    with pytest.raises(roles.NotPrepared, match="DATABASE_TRADING_PASSWORD"):
        roles.account_of("trading")


def test_the_user_is_named_after_the_database_unless_the_settings_name_it(settings):
    settings.DESK = replace(settings.DESK, trading_user="", trading_password="something long")
    assert roles.account_of("trading").user == f"{connection.settings_dict['NAME']}_trading"


def test_a_daemon_with_a_role_works_as_its_user_in_every_thread(trading_role, process_environment):
    with Child(SAMPLE, process_environment(ROLE="trading"), "--once") as daemon:
        assert daemon.ends() == 0
    assert f"works as {[trading_role.user, trading_role.user]}" in daemon.lines
    assert "wrote 1" in daemon.lines


@pytest.mark.parametrize(
    ("spoiled", "said"),
    [
        ({"DATABASE_TRADING_PASSWORD": "not the password"}, f"error {TURNED_AWAY}"),
        ({"DATABASE_TRADING_PASSWORD": ""}, "set DATABASE_TRADING_PASSWORD"),
    ],
)
def test_a_daemon_whose_user_is_not_prepared_says_what_prepares_it(trading_role, process_environment, spoiled, said):
    with Child(SAMPLE, process_environment(ROLE="trading", **spoiled)) as daemon:
        assert daemon.ends() == 1
    assert said in daemon.text
    assert "./desk manage database_users" in daemon.text
    assert "Traceback" not in daemon.text
    assert "begin" not in daemon.text


def test_a_daemon_whose_user_may_do_too_much_does_not_start(trading_role, as_owner, process_environment):
    as_owner(f"GRANT UPDATE ON market_quote TO {grants.account(trading_role.user, 'localhost')}")
    with Child(SAMPLE, process_environment(ROLE="trading")) as daemon:
        assert daemon.ends() == 1
    assert "too much: UPDATE on market_quote" in daemon.text


def test_doctor_looks_at_the_trading_user(trading_role, as_owner, settings):
    def looked() -> Finding:
        return next(finding for finding in users.examine(settings.DESK) if finding.subject.startswith("trading"))

    assert looked().grade == "well"
    as_owner(f"REVOKE SELECT ON market_quote FROM {grants.account(trading_role.user, 'localhost')}")
    finding = looked()
    assert (finding.grade, finding.found) == ("bad", "missing: SELECT on market_quote")
    assert "database_users" in finding.remedy
    subjects = [one.subject for one in users.examine(replace(settings.DESK, account=""))]
    assert subjects == ["collecting's database user"], "nothing trades without an account"

"""What every room's tests share."""

import gettext
import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import hypothesis
import pytest
from django.conf import settings
from django.db import connection, connections
from django.utils import translation
from django.utils.translation import trans_real

from stockdesk import grants, roles
from stockdesk.simulator.testing import RunningSimulator, running_simulator
from tests.feed import KEYS, PLACES, SESSIONS, StartFeed
from tests.programs import Running, programs_of

pytest_plugins = ["tests.canaries"]

# A machine that is busy with something else makes examples slowly; that is no news about our code.
hypothesis.settings.register_profile("desk", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("desk")

#: Where tests take many seconds, most of them spent waiting.
LONG = (
    *("tests/faults/", "tests/browser/", "tests/collectors/test_run_", "tests/collectors/test_overseas"),
    *(
        "tests/trading/model/",
        "tests/trading/processes/",
        "tests/ground/test_daemon",
        "tests/setup/",
        "tests/manager/",
    ),
)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--schedules", type=int, default=2_000, help="seeded schedules of the ledger's model checker")
    parser.addoption("--crash-rounds", type=int, default=1, help="kill -9 of run_trading at each commit point")
    parser.addoption("--faults", action="store_true", help="all faults of tests/faults, which take half an hour")
    parser.addoption("--faults-bug", default="-", help="run tests/faults with this deliberate bug in the daemons")


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--faults"):
        from tests.faults.table import FaultTable

        config.pluginmanager.register(FaultTable())


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Without --faults only the gravest faults are made. The long ones come first: where several processes share the
    run, the last to begin is the last to end."""
    left_out = [] if config.getoption("--faults") else [item for item in items if item.get_closest_marker("fault")]
    if left_out:
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]
    items.sort(key=lambda item: not item.nodeid.startswith(LONG))


@pytest.fixture(scope="session")
def schedules(request: pytest.FixtureRequest) -> int:
    """How many seeded schedules the model checker of the ledger runs."""
    asked: int = request.config.getoption("--schedules")
    return asked


@pytest.fixture(scope="session", autouse=True)
def _compiled_catalogue() -> None:
    """Compiled catalogues are not in the repository; setting up makes them, and so does this."""
    for source in Path(settings.BASE_DIR, "locale").glob("*/LC_MESSAGES/*.po"):
        compiled = source.with_suffix(".mo")
        if not compiled.exists() or compiled.stat().st_mtime < source.stat().st_mtime:
            fresh = compiled.with_suffix(f".{os.getpid()}")
            subprocess.run(["msgfmt", "-o", str(fresh), str(source)], check=True)
            fresh.replace(compiled)
    # Both keep what they read, Django by language and Python by file.
    trans_real._translations.clear()  # type: ignore[attr-defined]
    gettext._translations.clear()  # type: ignore[attr-defined]


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix: None) -> None:
    """The EVENT of the bars is in every test's database and switched off: what it does, tests do when they mean it."""
    settings.BAR_EVENT_SECONDS = 0


@pytest.fixture(autouse=True)
def _no_language_of_an_earlier_test() -> None:
    """Middleware activates the visitor's language for the thread, and a test's thread goes on to the next test."""
    translation.deactivate()


@pytest.fixture(autouse=True)
def _static_files_without_a_manifest(settings: Any) -> None:
    """Pages are rendered in tests without collectstatic having run."""
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }


def environment_of_a_child(**variables: str) -> dict[str, str]:
    """The environment for a child process that works on the test's database; further variables by name."""
    at = connection.settings_dict
    url = f"mysql://{at['USER']}@{at['HOST']}{':' if at['PORT'] else ''}{at['PORT']}/{at['NAME']}"
    options = {"unix_socket": at["OPTIONS"].get("unix_socket"), "ssl_ca": at["OPTIONS"].get("ssl", {}).get("ca")}
    query = "&".join(f"{name}={value}" for name, value in options.items() if value)
    database = {
        "DATABASE_URL": f"{url}?{query}" if query else url,
        "DATABASE_PASSWORD": at["PASSWORD"],
        "DATABASE_TRADING_USER": settings.DESK.trading_user,
        "DATABASE_TRADING_PASSWORD": settings.DESK.trading_password,
        "DATABASE_COLLECTING_USER": settings.DESK.collecting_user,
        "DATABASE_COLLECTING_PASSWORD": settings.DESK.collecting_password,
    }
    return {**os.environ, "DJANGO_SETTINGS_MODULE": "stockdesk.settings", "RECORD": "0", **database, **variables}


@pytest.fixture
def process_environment(transactional_db: None) -> Callable[..., dict[str, str]]:
    return environment_of_a_child


@pytest.fixture
def trading_role(transactional_db: None, settings: Any) -> Iterator[roles.Account]:
    """The trading user, prepared on this test's database; child processes hear of it by `process_environment`."""
    yield from prepared("trading", settings)


@pytest.fixture
def as_trading(trading_role: roles.Account) -> Iterator[None]:
    """This test's connections belong to the trading user."""
    with acting_as("trading"):
        yield


def prepared(role: str, settings: Any) -> Iterator[roles.Account]:
    """The database user of a role, for as long as it is asked for."""
    user = f"{connection.settings_dict['NAME']}_{role}"
    named = {f"{role}_user": user, f"{role}_password": "only for this test"}
    settings.DESK = replace(settings.DESK, **named)
    roles.prepare(role)
    yield roles.account_of(role)
    with connection.cursor() as cursor:
        cursor.execute(f"DROP USER {grants.account(user, roles.own_host())}")


@contextmanager
def acting_as(role: str) -> Iterator[None]:
    """Inside, the connections of this process belong to the role's user."""
    before = {alias: dict(connections.settings[alias]) for alias in connections.settings}
    roles.assume(role)
    try:
        yield
    finally:
        connections.close_all()
        for alias, values in before.items():
            connections.settings[alias].update(values)
            connections[alias].settings_dict.update(values)


@pytest.fixture
def english_pages(settings: Any) -> Iterator[None]:
    """The tests read the msgids."""
    settings.LANGUAGE_CODE = "en"
    with translation.override("en"):
        yield


@pytest.fixture
def empty_database(transactional_db: None) -> Iterator[Callable[[], None]]:
    """Call it to work in an empty database from then on; the test's own comes back at the end."""
    own = connection.settings_dict["NAME"]
    other = f"{own}_restored"

    def enter() -> None:
        with connection.cursor() as cursor:
            cursor.execute(f"CREATE DATABASE {grants.name(other)} CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci")
        go_to(other)

    yield enter
    go_to(own)
    with connection.cursor() as cursor:
        cursor.execute(f"DROP DATABASE IF EXISTS {grants.name(other)}")


def go_to(database: str) -> None:
    connections.close_all()
    for alias in connections.settings:
        connections.settings[alias]["NAME"] = database
        connections[alias].settings_dict["NAME"] = database


@pytest.fixture
def simulator() -> Iterator[RunningSimulator]:
    """A stand-in broker with a lively market; a room that wants another one overrides this."""
    with running_simulator(symbols=120, ticks_per_second=60.0, pingpong_seconds=1.0, token_seconds=0.0) as running:
        yield running


@pytest.fixture
def empty_board(transactional_db: None) -> Iterator[None]:
    """The board's table belongs to Gnuboard and is not emptied with the others: do it by hand."""
    yield
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {settings.DESK.gnuboard.table}")


@pytest.fixture
def start_feed(
    process_environment: Callable[..., dict[str, str]], empty_board: None, simulator: RunningSimulator, tmp_path: Path
) -> Iterator[StartFeed]:
    def run(**variables: str) -> Running:
        env = process_environment(
            KIS_REST_URL=simulator.rest_url,
            KIS_WS_URL=simulator.ws_url,
            KIS_APP_KEY=KEYS[0][0],
            KIS_APP_SECRET=KEYS[0][1],
            KIS_APP_KEY_2=KEYS[1][0],
            KIS_APP_SECRET_2=KEYS[1][1],
            KIS_HTS_ID="toyuser",
            WS_SESSIONS=str(SESSIONS),
            WS_SYMBOLS_PER_SESSION=str(PLACES),
            DESK_DEMO="1",
            **variables,
        )
        return programs.start("run_ws_market", env=env)

    with programs_of(tmp_path) as programs:
        yield run

"""The drill: the desk is backed up, its database is lost, the backup is put back, and trading goes on."""

import time
from collections.abc import Callable
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.utils import timezone

from stockdesk import grants, roles
from stockdesk.backup import staging
from stockdesk.simulator.testing import RunningSimulator
from tests.ground.processes import PATIENCE, Child
from tests.trading.processes.world import SETTINGS, World
from trading import desk
from trading.models import Order, Refusal
from trading.values import Stop

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_restored_desk_waits_for_a_person_and_then_trades(
    simulator: RunningSimulator,
    empty_database: Callable[[], None],
    process_environment: Callable[..., dict[str, str]],
    settings: Any,
    tmp_path: Path,
) -> None:
    world = World(simulator)
    condition = world.buy(world.symbols[0])
    settings.BACKUP_DIR = tmp_path
    call_command("backup", stdout=StringIO())
    (path,) = tmp_path.glob("*.sql.gz")
    empty_database()
    call_command("restore", path, yes=True, stdout=StringIO())

    user = roles.default_user("trading")
    settings.DESK = replace(settings.DESK, trading_user=user, trading_password="only for this test")
    roles.prepare("trading")
    addresses = {"KIS_REST_URL": simulator.rest_url, "KIS_WS_URL": simulator.ws_url}
    environment = process_environment(**{**SETTINGS, **addresses, "DESK_MODE": "dry-run"})
    try:
        with Child("manage", environment, "run_trading") as daemon:
            until(lambda: Refusal.objects.filter(condition=condition).exists(), world, daemon)
            assert not Order.objects.exists(), "orders since the backup may stand at the broker"
            desk.set_stop(Stop.NORMAL, "kim", timezone.now())
            until(lambda: Order.objects.filter(condition=condition).exists(), world, daemon)
    finally:
        staging.run(f"DROP USER {grants.account(user, roles.own_host())}")
    assert simulator.control.posts_seen()["posts"] == []


def until(condition: Callable[[], bool], world: World, daemon: Child) -> None:
    ends_at = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < ends_at, daemon.text
        world.beat()
        time.sleep(0.1)

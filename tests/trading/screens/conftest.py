"""An operator with a device, a viewer without rights, and rows of the ledger to look at."""

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone
from django_otp.oath import totp
from django_otp.plugins.otp_totp.models import TOTPDevice

from stockdesk.access import OWNER, VIEWER, give_role
from trading import models

PASSWORD = "a long enough password"


def code_of(device: TOTPDevice, *, steps: int = 0) -> str:
    """What the phone shows now, or so many steps of thirty seconds later."""
    return f"{totp(device.bin_key, step=device.step, t0=device.t0 - steps * device.step, digits=6):06d}"


def wrong_code_of(device: TOTPDevice) -> str:
    near = {code_of(device, steps=steps) for steps in range(-3, 4)}
    return next(code for code in ("000000", "111111", "222222", "333333") if code not in near)


@pytest.fixture(autouse=True)
def _a_step_is_not_about_to_end() -> None:
    """A code read at the very end of its thirty seconds would be an old one when it arrives."""
    if 30 - time.time() % 30 < 2:
        time.sleep(2)


@pytest.fixture
def operator(db: None) -> User:
    """Somebody who may do everything on the desk."""
    kim = User.objects.create_user("kim", password=PASSWORD)
    give_role(kim, OWNER)
    return kim


@pytest.fixture
def device(operator: User) -> TOTPDevice:
    return TOTPDevice.objects.create(user=operator, name="totp", confirmed=True)


@pytest.fixture
def desk_client(operator: User, device: TOTPDevice) -> Client:
    client = Client()
    client.force_login(operator)
    return client


@pytest.fixture
def viewer(db: None) -> Client:
    client = Client()
    lee = User.objects.create_user("lee", password=PASSWORD)
    give_role(lee, VIEWER)
    client.force_login(lee)
    return client


@pytest.fixture
def order(db: None) -> Callable[..., models.Order]:
    def add(**changes: Any) -> models.Order:
        now = timezone.now()
        values: dict[str, Any] = {
            "intent_key": f"key:{models.Order.objects.count()}", "mode": "mock", "source": "condition",
            "ordered_on": timezone.localdate(), "symbol": "005930", "side": "buy", "quantity": 10, "price": 70_000,
            "state": "accepted", "order_no": "0000000123", "created_at": now, "changed_at": now, "sent_at": now,
            **changes,
        }  # fmt: skip
        row = models.Order.objects.create(**values)
        row.refresh_from_db()
        return row

    return add


@pytest.fixture
def listed(db: None) -> Callable[..., models.BrokerOrder]:
    """An order of the broker's list that fits ``order`` unless told otherwise."""

    def add(order: models.Order, order_no: str, **changes: Any) -> models.BrokerOrder:
        assert order.sent_at is not None
        values: dict[str, Any] = {
            "listed_on": order.ordered_on, "order_no": order_no, "branch_no": "06010", "symbol": order.symbol,
            "side": order.side, "quantity": order.quantity, "price": order.price,
            "ordered_at": order.sent_at + timedelta(seconds=1), "seen_at": timezone.now(), **changes,
        }  # fmt: skip
        return models.BrokerOrder.objects.create(**values)

    return add

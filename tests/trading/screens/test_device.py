"""Enrolling a device: scan, first code; the secret is shown once, and only to whom it belongs."""

from base64 import b32decode
from datetime import timedelta
from io import StringIO

import pytest
from django.contrib import admin
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone
from django_otp.plugins.otp_totp.models import TOTPDevice

from stockdesk.codes import CONFIRM_WITHIN, device_of
from trading import models

from .conftest import PASSWORD, code_of, wrong_code_of

ADDRESS = "/trading/device/"


@pytest.fixture
def desk_client(operator):
    """Somebody who has no device yet."""
    client = Client()
    client.force_login(operator)
    return client


def begin(client, **values):
    return client.post(ADDRESS, {"step": "begin", **values})


def confirm(client, code):
    return client.post(ADDRESS, {"step": "confirm", "code": code})


def test_scan_and_first_code_enrol_a_device(desk_client, operator):
    page = begin(desk_client, password=PASSWORD)
    waiting = TOTPDevice.objects.get(user=operator)
    assert not waiting.confirmed
    assert device_of(operator) is None
    secret = page.context["secret"].replace(" ", "")
    assert b32decode(secret) == waiting.bin_key
    assert page.context["qr"].startswith("data:image/svg+xml;base64,")
    assert "등록했습니다" in confirm(desk_client, code_of(waiting)).content.decode()
    assert device_of(operator) == waiting
    assert models.DeskChange.objects.get().what == "device"


def test_the_secret_is_shown_once_and_in_no_other_page(desk_client, operator):
    secret = begin(desk_client, password=PASSWORD).context["secret"]
    waiting = TOTPDevice.objects.get(user=operator)
    wrong = confirm(desk_client, wrong_code_of(waiting)).content.decode()
    again = desk_client.get(ADDRESS).content.decode()
    for page in (wrong, again):
        assert secret not in page
        assert "data:image" not in page
        assert waiting.key not in page


def test_an_open_browser_is_not_enough_for_a_first_device(desk_client, operator):
    for values in ({}, {"password": "guessed"}):
        page = begin(desk_client, **values)
        assert page.status_code == 403
        assert "secret" not in page.context
    assert not TOTPDevice.objects.exists()


def test_a_wrong_first_code_enrols_nothing(desk_client, operator):
    begin(desk_client, password=PASSWORD)
    waiting = TOTPDevice.objects.get(user=operator)
    assert confirm(desk_client, wrong_code_of(waiting)).status_code == 403
    assert device_of(operator) is None


def test_a_device_that_waited_too_long_is_not_confirmed(desk_client, operator):
    begin(desk_client, password=PASSWORD)
    waiting = TOTPDevice.objects.get(user=operator)
    TOTPDevice.objects.update(created_at=timezone.now() - CONFIRM_WITHIN - timedelta(seconds=1))
    assert "10분이 지났습니다" in confirm(desk_client, code_of(waiting)).content.decode()
    assert device_of(operator) is None


def test_another_device_takes_a_code_of_the_one_it_replaces(desk_client, operator, device):
    assert begin(desk_client, password=PASSWORD).status_code == 403
    assert begin(desk_client, code=wrong_code_of(device)).status_code == 403
    assert TOTPDevice.objects.get() == device
    TOTPDevice.objects.update(throttling_failure_count=0, throttling_failure_timestamp=None)
    begin(desk_client, code=code_of(device))
    assert device_of(operator) == device, "the old one counts until the new one has proved itself"
    waiting = TOTPDevice.objects.get(confirmed=False)
    confirm(desk_client, code_of(waiting))
    assert TOTPDevice.objects.get() == waiting
    assert device_of(operator) == waiting


def test_nobody_confirms_the_device_of_another(viewer, desk_client, operator):
    begin(desk_client, password=PASSWORD)
    waiting = TOTPDevice.objects.get(user=operator)
    confirm(viewer, code_of(waiting))
    assert device_of(operator) is None
    assert TOTPDevice.objects.get().confirmed is False


def test_the_admin_has_no_page_of_devices():
    assert not admin.site.is_registered(TOTPDevice)


def test_a_lost_phone_is_forgotten_in_the_shell(device, operator):
    call_command("forget_device", "kim", stdout=StringIO())
    assert device_of(operator) is None
    change = models.DeskChange.objects.get()
    assert (change.who, change.what, change.before) == ("shell", "device", "kim")
    for name in ("kim", "nobody"):
        with pytest.raises(CommandError):
            call_command("forget_device", name, stdout=StringIO())

"""A device for whoever trades, a fresh code for whoever changes rights, and logins that end."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.contrib.sessions.models import Session
from django.db import OperationalError, connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django_otp.plugins.otp_totp.models import TOTPDevice

from stockdesk import codes
from stockdesk.access import OPERATOR, OWNER, TRADER, VIEWER, give_role, make_roles, role_of
from tests.people import PASSWORD, client_of, person, with_device
from tests.trading.screens.conftest import code_of

pytestmark = pytest.mark.django_db
JSON: dict[str, Any] = {"HTTP_ACCEPT": "application/json"}


def test_a_role_opens_the_admin_and_losing_it_shuts_it():
    kim = person("kim", VIEWER)
    assert User.objects.get(pk=kim.pk).is_staff
    give_role(kim, TRADER)
    assert role_of(kim) == TRADER
    assert kim.has_perm("trading.operate_desk")
    give_role(kim, "")
    assert not User.objects.get(pk=kim.pk).is_staff
    assert Client().get("/admin/").status_code == 302
    assert client_of(kim).get("/admin/", follow=True).status_code == 403


def test_a_right_that_the_table_does_not_give_is_taken_from_the_group_again():
    viewers = Group.objects.get(name=VIEWER)
    viewers.permissions.set(Group.objects.get(name=OWNER).permissions.all())
    make_roles("default")
    kim = person("kim", VIEWER)
    assert kim.has_perm("market.view_quote")
    assert not kim.has_perm("trading.operate_desk")


def test_a_trader_without_a_device_is_led_to_enrolment_and_changes_nothing():
    client = client_of(person("kim", TRADER))
    for address in ("/admin/trading/condition/add/", "/trading/limits/", "/trading/mode/"):
        assert client.post(address, {"mode": "mock"})["Location"] == reverse("trading:device")
    answer = client.post("/trading/mode/", {"mode": "mock"}, **JSON)
    assert (answer.status_code, answer.json()["done"]) == (403, False)
    assert client.post("/trading/kill/", **JSON).json()["done"], "whoever is without a phone may still stop the desk"


def test_a_stop_is_made_stricter_by_an_operator_and_looser_by_a_trader():
    operator, trader = client_of(person("kim", OPERATOR)), client_of(with_device(person("lee", TRADER)))
    assert operator.post("/trading/stop/", {"stop": "full"}, **JSON).json()["done"]
    for looser in ("no_new", "normal"):
        assert operator.post("/trading/stop/", {"stop": looser}, **JSON).status_code == 403
    assert trader.post("/trading/stop/", {"stop": "normal"}, **JSON).json()["done"]
    assert operator.post("/trading/lift/", {"code": "000000"}, **JSON).status_code == 403


def test_going_live_is_the_owners_even_with_a_code():
    trader = with_device(person("kim", TRADER))
    code = code_of(codes.device_of(trader))
    answer = client_of(trader).post("/trading/mode/", {"mode": "live", "code": code}, **JSON)
    assert answer.status_code == 403
    assert "소유자" in answer.json()["text"]


def test_rights_are_changed_after_a_fresh_code_only():
    owner, lee = with_device(person("kim", OWNER)), person("lee", VIEWER)
    client, address = client_of(owner), reverse("admin:auth_user_change", args=[lee.pk])
    values = {"username": "lee", "role": TRADER, "is_active": "on"}
    door = client.post(address, values)
    assert door["Location"].startswith(reverse("trading:code"))
    assert role_of(lee) == VIEWER
    assert client.post(door["Location"], {"next": address, "code": "12"}).status_code == 403
    device = codes.device_of(owner)
    TOTPDevice.objects.update(throttling_failure_count=0, throttling_failure_timestamp=None)
    assert client.post(reverse("trading:code"), {"next": address, "code": code_of(device)})["Location"] == address
    assert client.post(address, values)["Location"] == reverse("admin:auth_user_changelist")
    assert role_of(lee) == TRADER
    session = client.session
    session[codes.FRESH_KEY] = (timezone.now() - codes.FRESH_FOR).isoformat()
    session.save()
    assert client.get(address)["Location"].startswith(reverse("trading:code"))


def test_an_owner_neither_sees_nor_makes_a_superuser():
    root = User.objects.create_superuser("root", password=PASSWORD)
    lee = person("lee", VIEWER)
    client = client_of(with_device(person("kim", OWNER)), fresh=True)
    assert client.get(reverse("admin:auth_user_change", args=[root.pk])).status_code == 302
    values = {"username": "lee", "role": OWNER, "is_active": "on", "is_superuser": "on", "is_staff": "on"}
    client.post(reverse("admin:auth_user_change", args=[lee.pk]), values)
    assert role_of(lee) == OWNER
    assert not User.objects.get(pk=lee.pk).is_superuser


def test_the_code_page_leads_nowhere_else():
    kim = with_device(person("kim", OWNER))
    answer = client_of(kim).post(
        reverse("trading:code"), {"next": "https://evil.example/", "code": code_of(codes.device_of(kim))}
    )
    assert answer["Location"] == "/"


def test_a_recovery_code_works_once_in_place_of_the_phone():
    kim = with_device(person("kim", OWNER))
    first, second = codes.make_recovery_codes(kim)[:2]
    codes.check_code(kim, first)
    with pytest.raises(codes.WrongCode, match="이미 사용"):
        codes.check_code(kim, first)
    with pytest.raises(codes.WrongCode, match="초 뒤에"):
        codes.check_code(kim, second)
    assert codes.recovery_codes_left(kim) == codes.RECOVERY_CODES - 1


def test_new_recovery_codes_take_a_code_and_are_shown_once():
    kim = with_device(person("kim", TRADER))
    old = codes.make_recovery_codes(kim)[0]
    client = client_of(kim)
    assert client.post(reverse("trading:recovery")).status_code == 403
    page = client.post(reverse("trading:recovery"), {"code": code_of(codes.device_of(kim))})
    shown = page.context["recovery_codes"]
    assert len(shown) == codes.RECOVERY_CODES
    assert all(code in page.content.decode() for code in shown)
    assert shown[0] not in client.get(reverse("trading:device")).content.decode()
    with pytest.raises(codes.WrongCode):
        codes.check_code(kim, old)


def test_log_out_everywhere_ends_every_login_of_this_person_and_no_other():
    kim, lee = person("kim", VIEWER), person("lee", VIEWER)
    here, there, other = client_of(kim), client_of(kim), client_of(lee)
    here.post(reverse("trading:log-out-everywhere"))
    for client in (here, there):
        assert client.get("/").status_code == 302
    assert other.get("/").status_code == 200


def test_a_login_ends_after_twelve_idle_hours_and_a_script_does_not_keep_it(settings):
    kim = person("kim", VIEWER)
    client = client_of(kim)
    client.get("/")
    row = Session.objects.get()
    assert timedelta(hours=11, minutes=59) < row.expire_date - timezone.now() <= timedelta(hours=12)
    early = timezone.now() + timedelta(hours=1)
    long_ago = (timezone.now() - timedelta(hours=11)).isoformat()
    for headers, moved in ((JSON, False), ({}, True)):
        session = client.session
        session["seen_at"] = long_ago
        session.save()
        Session.objects.update(expire_date=early)
        client.get("/trading/", **headers)
        assert (Session.objects.get().expire_date > early) is moved


def test_pages_of_health_answer_a_logged_in_person_too_while_the_database_is_away(monkeypatch):
    """Who is logged in stands in the database: the one page that says what is wrong was an error itself."""
    client = client_of(person("kim", OWNER))

    def away(*_args: Any) -> None:
        raise OperationalError(2006, "server has gone away")

    monkeypatch.setattr(connection, "ensure_connection", away)
    monkeypatch.setattr("django.contrib.sessions.backends.db.SessionStore.load", away)
    assert client.get("/healthz").status_code == 200
    assert client.get("/metrics").status_code == 200
    answer = client.get("/readyz")
    assert (answer.status_code, answer.json()["reasons"][0]["code"]) == (503, "database")
    with pytest.raises(OperationalError):
        client.post("/trading/mode/", {"mode": "mock"})

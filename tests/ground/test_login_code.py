"""The second step of a login: a code of the device, a recovery code, or enrolling one; before it nothing is open."""

from dataclasses import replace
from datetime import datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from axes.models import AccessAttempt
from django.contrib.auth.models import User
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django_otp.plugins.otp_static.models import StaticDevice
from django_otp.plugins.otp_totp.models import TOTPDevice

from stockdesk import codes, logins
from stockdesk.access import OPERATOR, OWNER, TRADER, VIEWER
from stockdesk.events import raise_event
from tests.people import PASSWORD, client_of, person, with_device
from tests.trading.screens.conftest import code_of, wrong_code_of

pytestmark = pytest.mark.django_db
CODE, ENROL = "/login/code/", "/trading/enrol/"


@pytest.fixture
def kim() -> User:
    return with_device(person("kim", TRADER))


def phone_of(user: User) -> TOTPDevice:
    device = codes.device_of(user)
    assert device is not None
    return device


def with_password(
    name: str = "kim", password: str = PASSWORD, *, address: str = "10.0.0.1", onward: str = ""
) -> Client:
    """A browser in which this password was typed."""
    client = Client(REMOTE_ADDR=address)
    client.post("/login/", {"username": name, "password": password, "next": onward})
    return client


def forget_the_wait() -> None:
    for device in (TOTPDevice, StaticDevice):
        device.objects.update(throttling_failure_count=0, throttling_failure_timestamp=None)


def is_in(client: Client) -> bool:
    return client.get("/").status_code == 200


def test_password_and_code_log_in_and_lead_to_where_one_was_going(kim):
    client = with_password(onward="/trading/")
    assert "kim" in client.get(CODE).content.decode()
    assert not is_in(client)
    assert client.post(CODE, {"code": code_of(phone_of(kim))})["Location"] == "/trading/"
    assert is_in(client)
    assert User.objects.get().last_login is not None
    assert client.get(CODE)["Location"] == "/login/", "nothing is left of the half login"


def test_a_password_alone_tells_no_more_than_no_password(kim):
    raise_event("trading", "order-unknown", "005930", "critical", "005930: 10 shares at 71,900")
    client, outside = with_password(), {"X-Forwarded-For": "203.0.113.9"}
    assert "005930" not in client.get("/readyz", headers=outside).content.decode()
    assert client.get("/metrics", headers=outside).status_code == 403
    assert client.get("/metrics/", headers=outside).status_code == 404
    assert "_auth_user_id" not in client.session
    assert User.objects.get().last_login is None


def test_a_wrong_code_opens_nothing_and_the_next_one_waits(kim):
    client = with_password()
    refused = client.post(CODE, {"code": wrong_code_of(phone_of(kim))})
    assert refused.status_code == 403
    assert "번호가 틀렸거나" in refused.content.decode()
    assert "초 뒤에" in client.post(CODE, {"code": code_of(phone_of(kim))}).content.decode()
    assert not is_in(client)
    assert AccessAttempt.objects.get().failures_since_start == 1, "what was not looked at is no guess"


def test_wrong_codes_count_like_wrong_passwords_and_a_right_password_forgets_none(kim):
    for _ in range(2):
        with_password(password="guessed")
    client = with_password()
    for _ in range(2):
        assert client.post(CODE, {"code": wrong_code_of(phone_of(kim))}).status_code == 403
        forget_the_wait()
        client = with_password()
    fifth = client.post(CODE, {"code": wrong_code_of(phone_of(kim))})
    assert fifth.status_code == 429
    assert "15분 동안" in fifth.content.decode()
    forget_the_wait()
    assert client.post(CODE, {"code": code_of(phone_of(kim))}).status_code == 429
    assert Client(REMOTE_ADDR="10.0.0.1").post("/login/", {"username": "kim", "password": PASSWORD}).status_code == 429
    assert not is_in(client)
    elsewhere = with_password(address="10.0.0.2")
    assert elsewhere.post(CODE, {"code": code_of(phone_of(kim))}).status_code == 302


def test_a_whole_login_forgets_the_wrong_ones(kim):
    client = with_password()
    client.post(CODE, {"code": wrong_code_of(phone_of(kim))})
    forget_the_wait()
    client.post(CODE, {"code": code_of(phone_of(kim))})
    assert not AccessAttempt.objects.exists()


def test_what_was_typed_as_a_code_is_kept_nowhere(kim):
    almost = codes.make_recovery_codes(kim)[0].replace(" ", "")
    almost = f"{almost[:-1]}{(int(almost[-1]) + 1) % 10}"
    with_password().post(CODE, {"code": almost})
    row = AccessAttempt.objects.get()
    assert almost not in f"{row.post_data} {row.get_data}"


def test_a_code_that_was_used_is_refused(kim):
    code = code_of(phone_of(kim))
    assert is_in_after(with_password(), code)
    assert not is_in_after(with_password(), code)


def is_in_after(client: Client, code: str) -> bool:
    client.post(CODE, {"code": code})
    return is_in(client)


def test_a_recovery_code_logs_in_once(kim):
    code = codes.make_recovery_codes(kim)[0]
    assert is_in_after(with_password(), code)
    assert not is_in_after(with_password(), code)


def test_a_code_of_the_login_is_fresh_for_pages_that_change_rights():
    lee, owner = person("lee", VIEWER), with_device(person("kim", OWNER))
    client = with_password()
    client.post(CODE, {"code": code_of(phone_of(owner))})
    assert client.get(reverse("admin:auth_user_change", args=[lee.pk])).status_code == 200


def test_a_password_waits_ten_minutes_for_its_code(kim):
    request: Any = type("Request", (), {"session": {}})
    now = timezone.now()
    request.session = {
        logins.HALF_KEY: {
            "user": kim.pk, "hash": kim.get_session_auth_hash(), "onward": "/trading/", "at": now.isoformat()
        }
    }  # fmt: skip
    for seconds, waits in ((-1, False), (0, True), (599, True), (600, False)):
        assert (logins.half_login(request, now=now + timedelta(seconds=seconds)) is not None) is waits


def grow_old(client: Client, kim: User) -> None:
    session = client.session
    half = session[logins.HALF_KEY]
    session[logins.HALF_KEY] = {**half, "at": (datetime.fromisoformat(half["at"]) - logins.HALF_FOR).isoformat()}
    session.save()


def deactivate(client: Client, kim: User) -> None:
    User.objects.update(is_active=False)


def change_password(client: Client, kim: User) -> None:
    kim.set_password("another long enough one")
    kim.save()


def take_device_away(client: Client, kim: User) -> None:
    codes.forget(kim)


@pytest.mark.parametrize("change", [grow_old, deactivate, change_password, take_device_away])
def test_a_half_login_ends_with_what_it_stood_on(kim, change):
    client, code = with_password(onward="/trading/"), code_of(phone_of(kim))
    change(client, kim)
    back = client.post(CODE, {"code": code})
    assert back["Location"] == "/login/?late=1&next=%2Ftrading%2F"
    assert "다시 로그인" in client.get(back["Location"]).content.decode()
    assert not is_in(client)


def test_whoever_typed_no_password_is_sent_to_it():
    for address in (CODE, ENROL):
        assert Client().get(address)["Location"] == "/login/"
        assert Client().post(address, {"code": "123456", "step": "begin"})["Location"] == "/login/"
    assert not TOTPDevice.objects.exists()


@pytest.mark.parametrize("where", ["https://evil.example/", "//evil.example", "javascript:alert(1)"])
def test_the_code_leads_nowhere_else(kim, where):
    assert with_password(onward=where).post(CODE, {"code": code_of(phone_of(kim))})["Location"] == "/"


@pytest.mark.parametrize("where", ["logout", "foo"])
def test_a_bare_word_is_an_address_and_no_page_of_that_name(kim, where):
    client = with_password(onward=where)
    assert client.post(CODE, {"code": code_of(phone_of(kim))})["Location"] == where
    assert is_in(client)
    person("lee", VIEWER)
    viewer = Client()
    answer = viewer.post("/login/", {"username": "lee", "password": PASSWORD, "next": where})
    assert (answer["Location"], is_in(viewer)) == (where, True)


def test_whoever_has_no_role_can_log_out_where_everything_is_refused():
    client = client_of(person("lee"))
    refused = client.get("/")
    assert refused.status_code == 403
    assert 'action="/logout/"' in refused.content.decode()
    client.post("/logout/")
    assert "_auth_user_id" not in client.session


@pytest.mark.parametrize("role", ["", VIEWER, OPERATOR])
def test_whoever_may_not_trade_and_has_no_device_logs_in_by_the_password(role):
    person("lee", role)
    assert "_auth_user_id" in with_password("lee").session


@pytest.mark.parametrize("role", [TRADER, OWNER])
def test_whoever_may_trade_enrols_a_device_before_anything_opens(role):
    lee = person("lee", role)
    client = with_password("lee", onward="/trading/")
    assert not is_in(client)
    assert "lee" in client.get(ENROL).content.decode()
    secret = client.post(ENROL, {"step": "begin"}).context["secret"]
    waiting = TOTPDevice.objects.get(user=lee)
    assert client.post(ENROL, {"step": "confirm", "code": wrong_code_of(waiting)}).status_code == 403
    assert not is_in(client)
    again = client.get(ENROL).content.decode()
    assert secret not in again
    assert "data:image" not in again
    forget_the_wait()
    page = client.post(ENROL, {"step": "confirm", "code": code_of(waiting)})
    assert len(page.context["recovery_codes"]) == codes.RECOVERY_CODES
    assert page.context["onward"] == "/trading/"
    assert is_in(client)
    assert codes.device_of(lee) == waiting
    assert client.get(ENROL)["Location"] == "/login/"


def test_the_first_login_of_an_owner_leads_from_the_device_to_the_guide():
    User.objects.create_superuser("admin", password=PASSWORD)
    client = with_password("admin", onward="/")
    client.post(ENROL, {"step": "begin"})
    code = code_of(TOTPDevice.objects.get())
    assert client.post(ENROL, {"step": "confirm", "code": code}).context["onward"] == "/guide/"


def test_a_known_password_does_not_replace_a_device(kim):
    client = with_password()
    for values in ({"step": "begin"}, {"step": "confirm", "code": "123456"}):
        assert client.post(ENROL, values)["Location"] == CODE
    assert TOTPDevice.objects.count() == 1


def test_two_who_know_the_password_do_not_both_enrol():
    person("lee", TRADER)
    first, second = with_password("lee"), with_password("lee")
    first.post(ENROL, {"step": "begin"})
    device = TOTPDevice.objects.get()
    first.post(ENROL, {"step": "confirm", "code": code_of(device)})
    assert second.post(ENROL, {"step": "begin"})["Location"] == CODE
    assert TOTPDevice.objects.get() == device


def test_enrolling_a_device_ends_the_logins_that_showed_none():
    lee = person("lee", VIEWER)
    here, there = client_of(lee), client_of(lee)
    here.post("/trading/device/", {"step": "begin", "password": PASSWORD})
    here.post("/trading/device/", {"step": "confirm", "code": code_of(TOTPDevice.objects.get())})
    assert is_in(here)
    assert not is_in(there)


def test_a_lost_phone_taken_away_in_the_shell_ends_its_logins_and_leads_to_another(kim):
    client = client_of(kim)
    call_command("forget_device", "kim", stdout=StringIO())
    assert not is_in(client)
    answer = Client().post("/login/", {"username": "kim", "password": PASSWORD})
    assert answer["Location"] == ENROL


def test_the_demo_asks_for_a_code_only_where_a_device_was_enrolled(settings):
    settings.DESK = replace(settings.DESK, demo=True)
    admin = User.objects.create_superuser("admin", password=PASSWORD)
    form = {"username": "admin", "password": PASSWORD, "next": "/"}
    assert Client().post("/login/", form)["Location"] == "/guide/"
    with_device(admin)
    assert Client().post("/login/", form)["Location"] == CODE

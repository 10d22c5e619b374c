"""Cookies, transport, pages of failure, and what is told to somebody who is not logged in."""

import json
import os
import subprocess
import sys

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.test import Client

from stockdesk.access import VIEWER
from stockdesk.events import raise_event
from tests.people import person

PASSWORD = "a long enough password"
BEHIND_TLS = """
import json, django
django.setup()
from django.conf import settings
from django.test import Client
plain_files = {"staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
settings.STORAGES = {**settings.STORAGES, **plain_files}
seen = {}
for name, secure in (("plain", False), ("tls", True)):
    answer = Client(HTTP_HOST="desk.example.com").get("/login/", secure=secure)
    cookies = {key: dict(morsel) for key, morsel in answer.cookies.items()}
    seen[name] = {"status": answer.status_code, "headers": dict(answer.headers), "cookies": cookies}
seen["session"] = [settings.SESSION_COOKIE_NAME, settings.SESSION_COOKIE_SECURE, settings.SESSION_COOKIE_HTTPONLY]
print(json.dumps(seen))
"""


@pytest.fixture
def trader(db):
    return person("trader", VIEWER)


@pytest.fixture
def client():
    return Client(raise_request_exception=False, enforce_csrf_checks=True)


def log_in(client, **more):
    client.get("/login/")
    token = client.cookies[settings.CSRF_COOKIE_NAME].value
    return client.post("/login/", {"username": "trader", "password": PASSWORD, "csrfmiddlewaretoken": token, **more})


def test_behind_tls_cookies_stay_on_tls_and_browsers_stay_with_it():
    env = {**os.environ, "DJANGO_SETTINGS_MODULE": "stockdesk.settings", "DESK_HTTPS": "1",
           "ALLOWED_HOSTS": "desk.example.com"}  # fmt: skip
    ran = subprocess.run([sys.executable, "-c", BEHIND_TLS], env=env, capture_output=True, text=True, check=True)
    seen = json.loads(ran.stdout)
    assert seen["plain"]["status"] == 301
    assert seen["tls"]["headers"]["Strict-Transport-Security"] == "max-age=31536000"
    (cookie,) = seen["tls"]["cookies"].items()
    assert cookie[0] == "__Host-desk_csrf"  # browsers take it over TLS alone, and from no subdomain
    assert (cookie[1]["secure"], cookie[1]["httponly"], cookie[1]["samesite"]) == (True, True, "Lax")
    assert (cookie[1]["path"], cookie[1]["domain"]) == ("/", "")
    assert seen["session"] == ["__Host-desk_session", True, True]


def test_no_script_reads_our_cookies_and_no_other_site_sends_them(client, trader):
    log_in(client)
    client.post("/i18n/setlang/", {"language": "en"}, headers={"X-CSRFToken": client.cookies["desk_csrf"].value})
    assert set(client.cookies) == {"desk_session", "desk_csrf", "django_language"}
    for cookie in client.cookies.values():
        assert cookie["httponly"], cookie.key
        assert cookie["samesite"] == "Lax", cookie.key


def test_logging_in_takes_a_new_session_and_a_new_token(client, trader):
    client.get("/login/")
    client.cookies[settings.SESSION_COOKIE_NAME] = "chosenbysomebodyelse0123456789ab"
    before = client.cookies[settings.CSRF_COOKIE_NAME].value
    assert log_in(client).status_code == 302
    assert client.cookies[settings.SESSION_COOKIE_NAME].value != "chosenbysomebodyelse0123456789ab"
    assert client.cookies[settings.CSRF_COOKIE_NAME].value != before


@pytest.mark.parametrize(
    "where", ["https://evil.example/", "//evil.example/", "javascript:alert(1)", "\\\\evil.example"]
)
def test_logging_in_and_changing_the_language_lead_nowhere_else(client, trader, where):
    assert log_in(client, next=where)["Location"] == "/"
    token = {"X-CSRFToken": client.cookies[settings.CSRF_COOKIE_NAME].value}
    answer = client.post("/i18n/setlang/", {"language": "ko", "next": where}, headers=token)
    assert "evil" not in answer["Location"]
    assert "javascript" not in answer["Location"]


@pytest.mark.parametrize("poor", ["short-one", "q1w2e3r4t5y6", "a-name-of-some-length"])
def test_passwords_that_are_short_common_or_the_name_are_refused(poor):
    with pytest.raises(ValidationError):
        validate_password(poor, User(username="a-name-of-some-length"))


@pytest.mark.django_db
def test_a_form_from_elsewhere_is_refused_in_korean_and_without_details(client):
    page = client.post("/login/", {"username": "trader", "password": PASSWORD})
    assert page.status_code == 403
    assert "새로 불러온" in page.content.decode()
    assert "Reason given" not in page.content.decode()


def test_a_script_that_sends_json_needs_the_token_too(client, trader):
    log_in(client)
    answer = client.post("/trading/kill/", headers={"Accept": "application/json"})
    assert answer.status_code == 403


@pytest.mark.django_db
def test_an_address_that_is_none_says_so_in_korean_and_lists_no_others(client):
    page = client.get("/no/such/page", headers={"Accept-Language": "ko"})
    assert page.status_code == 404
    assert "이 주소에는 화면이 없습니다." in page.content.decode()
    assert "URLconf" not in page.content.decode()


def test_a_page_that_fails_shows_nothing_of_why(client, trader, monkeypatch):
    def fails():
        raise RuntimeError("what only the log may know")

    monkeypatch.setattr("market.views.quote_columns", fails)
    client.force_login(trader)
    page = client.get("/")
    assert page.status_code == 500
    assert "로그에" in page.content.decode()
    assert "what only the log may know" not in page.content.decode()
    assert "Traceback" not in page.content.decode()
    assert page["Cache-Control"] == "private, no-store"


def test_a_host_that_is_not_ours_is_not_served(client):
    page = Client(HTTP_HOST="evil.example").get("/login/")
    assert page.status_code == 400
    assert "evil.example" not in page.content.decode()


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/static/", "/static/desk/", "/static/../stockdesk/settings.py", "/.env", "/var/"])
def test_no_directory_is_listed_and_no_file_beside_the_static_ones_is_served(client, path):
    assert client.get(path).status_code == 404


def test_search_engines_are_told_to_stay_away(client):
    assert client.get("/robots.txt").content == b"User-agent: *\nDisallow: /\n"


def test_pages_of_errors_have_no_details_outside_of_a_test():
    assert not settings.DEBUG


@pytest.fixture
def trouble(db):
    raise_event("trading", "order-unknown", "005930", "critical", "005930: 10 shares at 71,900")


OUTSIDE = {"X-Forwarded-For": "203.0.113.9"}


def test_readiness_tells_a_stranger_what_kind_of_trouble_there_is_and_not_which_stock(client, trouble):
    answer = client.get("/readyz", headers=OUTSIDE)
    assert answer.status_code == 503
    assert "order_unknown" in [reason["code"] for reason in answer.json()["reasons"]]
    assert "005930" not in answer.content.decode()
    assert {key for reason in answer.json()["reasons"] for key in reason} == {"code"}


def test_readiness_tells_everything_on_this_machine_and_to_whoever_logged_in(client, trouble, trader):
    assert "71,900" in client.get("/readyz").content.decode()
    client.force_login(trader)
    assert "71,900" in client.get("/readyz", headers=OUTSIDE).content.decode()

"""The pages around the prices: who sees them, in which language, and what they may load."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from stockdesk.version import version

STATIC = Path(settings.BASE_DIR, "static", "desk")
SCRIPTS = sorted(STATIC.rglob("*.js"))


def policy(response):
    parts = (part.split() for part in response["Content-Security-Policy"].split(";"))
    return {name: values for name, *values in parts}


@pytest.mark.django_db
def test_the_dashboard_is_for_those_who_logged_in():
    response = Client().get("/")
    assert response.status_code == 302
    assert response["Location"] == f"{reverse('login')}?next=/"


def test_logging_in_leads_to_the_dashboard_and_out_to_the_form(trader):
    client = Client(enforce_csrf_checks=True)
    form = client.get("/login/")
    token = form.context["csrf_token"]
    answer = client.post(
        "/login/", {"username": "trader", "password": "a long enough password", "csrfmiddlewaretoken": token}
    )
    assert answer["Location"] == "/"
    page = client.get("/")
    assert page.status_code == 200
    out = client.post("/logout/", {"csrfmiddlewaretoken": page.context["csrf_token"]})
    assert out["Location"] == "/login/"
    assert client.get("/").status_code == 302


@pytest.mark.django_db
def test_a_wrong_password_says_neither_which_part_was_wrong_nor_repeats_it(trader):
    page = Client().post("/login/", {"username": "trader", "password": "guessed-password"})
    assert "이름 또는 비밀번호가 틀렸습니다." in page.content.decode()
    assert "guessed-password" not in page.content.decode()


def test_pages_allow_nothing_inline_and_nothing_from_elsewhere(logged_in):
    for page in (logged_in.get("/"), Client().get("/login/")):
        allowed = policy(page)
        assert allowed["default-src"] == ["'none'"]
        assert allowed["script-src"] == allowed["style-src"] == allowed["connect-src"] == ["'self'"]
        assert "unsafe" not in page["Content-Security-Policy"]
        html = page.content.decode()
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=", html)
        for script in re.findall(r"<script[^>]*>", html):
            assert "src=" in script or 'type="application/json"' in script
        assert not re.findall(r"""(?:src|href|action)=["'](?:https?:)?//""", html)


def test_neither_scripts_nor_styles_reach_outside_and_data_never_becomes_markup():
    assert SCRIPTS
    for path in [*SCRIPTS, *STATIC.rglob("*.css")]:
        text = path.read_text()
        assert not re.search(r"https?://|url\(|@import", text), path.name
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(|new Function", text), path


def test_every_module_that_is_imported_exists():
    for path in SCRIPTS:
        for name in re.findall(r'from "(\./[^"]+)"', path.read_text()):
            assert (path.parent / name).is_file(), f"{path.name} imports {name}"


def test_every_word_the_scripts_use_is_sent_along(logged_in):
    words = logged_in.get("/").context["words"]
    for path in SCRIPTS:
        for key in re.findall(r'word\("([\w.-]+)"', path.read_text()):
            assert key in words, f"{path.name}: {key}"


@pytest.mark.parametrize(("mode", "badge"), [("dry-run", "연습"), ("mock", "모의"), ("live", "실전")])
def test_the_mode_is_on_the_screen(logged_in, settings, mode, badge):
    settings.DESK = replace(settings.DESK, mode=mode)
    page = logged_in.get("/").content.decode()
    assert f'data-mode="{mode}"' in page
    assert f">{badge}</span>" in page


def test_invented_prices_are_called_so(logged_in, settings):
    settings.DESK = replace(settings.DESK, demo=True)
    assert "데모: 가상 시세" in logged_in.get("/").content.decode()
    settings.DESK = replace(settings.DESK, demo=False)
    assert "데모" not in logged_in.get("/").content.decode()


def test_the_language_can_be_chosen_and_stays_chosen(logged_in):
    assert "현재가" in logged_in.get("/").content.decode()
    answer = logged_in.post(reverse("set_language"), {"language": "en", "next": "/"})
    assert answer["Location"] == "/"
    page = logged_in.get("/")
    assert 'lang="en"' in page.content.decode()
    assert not re.search(r"[가-힣]", page.content.decode().replace("한국어", ""))
    assert page.context["sentences"] == {}


def test_the_korean_page_speaks_no_english_to_the_reader(logged_in):
    page = logged_in.get("/")
    text = re.sub(r"<script.*?</script>|<[^>]+>", " ", page.content.decode(), flags=re.S)
    foot = f"stockdesk {version()}"  # the commit in it is hexadecimal, and may spell three letters in a row
    assert text.count(foot) == 1
    text = text.replace(foot, " ")
    names = {"stockdesk", "KST", "English", "Enter", "Esc"}
    words = set(re.findall(r"[A-Za-z]{3,}", text)) - names
    assert words == set()
    # Placeholders, KIS's own names and what a person types into a terminal may stay; advice is full of the last.
    wordless = re.compile(r"\{\w+\}|\./desk( [a-z-]+)*|MariaDB|[A-Z]{3,}\d*|[^A-Za-z]")
    said = {key: text for key, text in page.context["words"].items() if not key.startswith("advice.")}
    assert {key: text for key, text in said.items() if wordless.sub("", text)} == {}


def test_the_page_keeps_no_secret_and_is_not_kept_by_caches(logged_in):
    page = logged_in.get("/")
    desk = settings.DESK
    secrets = [desk.secret_key, desk.account, desk.hts_id, *(v for k in desk.app_keys for v in (k.key, k.secret))]
    assert not [secret for secret in secrets if secret and secret in page.content.decode()]
    assert "no-store" in page["Cache-Control"]

"""Who may press what: by address, by method, with and without the token of the page."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from trading import models
from trading.values import Stop

BUTTONS = ("kill", "lift", "stop", "mode", "arm", "disarm")
PAGES = ("desk", "limits", "device")


def addresses(order_id):
    buttons = [reverse(f"trading:{name}") for name in BUTTONS] + [reverse("trading:cancel", args=[order_id])]
    forms = [reverse("trading:limits"), reverse("trading:settle", args=[order_id])]
    return buttons, forms


def untouched():
    return not models.Desk.objects.filter(killed_at__isnull=False).exists() and not models.DeskChange.objects.exists()


@pytest.mark.django_db
def test_nobody_who_is_not_logged_in_reaches_any_of_it(order):
    buttons, forms = addresses(order().pk)
    for address in [*buttons, *forms, *(reverse(f"trading:{name}") for name in PAGES)]:
        for answer in (Client().get(address), Client().post(address)):
            assert answer.status_code == 302
            assert answer["Location"].startswith(reverse("login"))
    assert untouched()


def test_a_viewer_sees_the_desk_and_presses_nothing(viewer, order):
    buttons, forms = addresses(order(state="needs_human").pk)
    for address in [*buttons, *forms]:
        assert (
            viewer.post(address, {"stop": "full", "mode": "dry-run", "choice": "absent", "sure": "yes"}).status_code
            == 403
        )
    assert untouched()
    page = viewer.get(reverse("trading:desk"))
    assert page.status_code == 200
    assert "조회만 할 수 있습니다" in page.content.decode()
    assert "모드 변경" not in page.content.decode()


def test_a_viewer_gets_a_dashboard_that_asks_nothing_and_dead_buttons(viewer, desk_client):
    page = viewer.get("/").content.decode()
    assert re.findall('<dialog class="ask" id="([a-z-]+)"', page) == ["help"]
    assert page.count("disabled") == len(Stop)
    assert 'id="kill"' not in page
    operators = desk_client.get("/").content.decode()
    assert 'id="ask-kill"' in operators
    assert "disabled" not in operators


def test_a_button_is_a_post(desk_client, order):
    buttons, _ = addresses(order().pk)
    for address in buttons:
        assert desk_client.get(address).status_code == 405
    assert untouched()


def test_a_form_of_another_site_changes_nothing(operator, order):
    client = Client(enforce_csrf_checks=True)
    client.force_login(operator)
    buttons, forms = addresses(order(state="needs_human").pk)
    for address in [*buttons, *forms, reverse("trading:device")]:
        assert client.post(address, {"stop": "full"}).status_code == 403
    assert untouched()


def test_pages_of_the_desk_are_not_kept_by_caches_and_load_nothing_inline(desk_client, order):
    settle = reverse("trading:settle", args=[order(state="needs_human").pk])
    for address in [settle, *(reverse(f"trading:{name}") for name in PAGES)]:
        page = desk_client.get(address)
        assert "no-store" in page["Cache-Control"]
        assert "unsafe" not in page["Content-Security-Policy"]
        html = page.content.decode()
        assert " style=" not in html
        assert " onclick=" not in html

"""The proposals in the admin: a yes is asked for twice, a no once, and both once only."""

from datetime import date
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.utils import timezone

from stockdesk.confirmation import yes_to
from tests.people import client_of, owner, with_device
from trading.models import Upkeep, UpkeepSetting

LIST = "/admin/trading/upkeep/"


@pytest.fixture
def page(db) -> Client:
    return client_of(with_device(owner("kim")))


@pytest.fixture
def proposal(db) -> Upkeep:
    return Upkeep.objects.create(
        symbol="003530", name="한화투자증권", price=3_120, last_fill_on=date(2026, 8, 28), proposed_at=timezone.now()
    )


def sent(page: Client, proposal: Upkeep, action: str, **more: str) -> Any:
    return page.post(LIST, {"action": action, "_selected_action": proposal.pk, **more}, follow=True)


def test_the_list_tells_what_is_proposed_in_korean(page, proposal):
    text = page.get(LIST).content.decode()
    for word in ("한화투자증권", "3,120", "승인 대기", "2026년 8월 28일"):
        assert word in text


def test_a_yes_is_asked_for_before_it_counts(page, proposal):
    text = sent(page, proposal, "approve").content.decode()
    assert "한화투자증권" in text
    assert Upkeep.objects.get().state == "proposed"
    sent(page, proposal, "approve", confirmed=yes_to([proposal.pk]))
    assert (Upkeep.objects.get().state, Upkeep.objects.get().decided_by) == ("approved", "kim")


def test_a_second_yes_changes_nothing(page, proposal):
    sent(page, proposal, "approve", confirmed=yes_to([proposal.pk]))
    before = Upkeep.objects.get().decided_at
    assert (
        "결정을 기다리는 제안이 없습니다"
        in sent(page, proposal, "approve", confirmed=yes_to([proposal.pk])).content.decode()
    )
    assert Upkeep.objects.get().decided_at == before


def test_a_no_is_kept_with_its_name(page, proposal):
    sent(page, proposal, "decline", confirmed=yes_to([proposal.pk]))
    assert (Upkeep.objects.get().state, Upkeep.objects.get().is_open) == ("declined", None)


def test_who_may_only_look_is_offered_nothing(proposal):
    user = User.objects.create_user("lee", password="a long password", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_upkeep"))
    client = Client()
    client.force_login(user)
    assert 'value="approve"' not in client.get(LIST).content.decode()
    sent(client, proposal, "approve", confirmed=yes_to([proposal.pk]))
    assert Upkeep.objects.get().state == "proposed"


def test_the_setting_is_one_row_that_asks_by_default(page):
    text = page.get("/admin/trading/upkeepsetting/", follow=True).content.decode()
    assert "먼저 묻기" in text
    page.post("/admin/trading/upkeepsetting/1/change/", {"way": "off", "traded_elsewhere_on": "2026-11-02"})
    assert (UpkeepSetting.objects.get().way, UpkeepSetting.objects.get().traded_elsewhere_on) == (
        "off", date(2026, 11, 2),
    )  # fmt: skip

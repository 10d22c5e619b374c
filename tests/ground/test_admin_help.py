"""Every box of the admin that a person fills in says beside it what belongs in it."""

from collections.abc import Iterator
from typing import Any

import pytest
from django import forms
from django.contrib import admin
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from market.gnuboard_post import post
from market.models import Instrument
from stockdesk.access import OWNER
from stockdesk.manager.models import ProgramState
from tests.ground.test_access import PAGES, address
from tests.people import client_of, person, with_device
from trading.models import Condition, UpkeepSetting

pytestmark = pytest.mark.django_db

#: A search box and the choice of an action are no forms of a page; the login has a page of its own, outside the admin.
SELF_EVIDENT = {"action", "select_across", "q"}


#: Boxes that must have been met: a walk that gets nowhere finds nothing wrong.
MET = {
    ("ConditionForm", "trigger"), ("WatchRowForm", "running"), ("SessionWindowForm", "divisions"),
    ("UpkeepSettingForm", "way"), ("BarRuleForm", "keep_days"), ("OverrideForm", "word"), ("ReasonForm", "why"),
    ("ImportForm", "import_file"), ("ExportForm", "format"), ("UserForm", "role"), ("PasswordForm", "password1"),
    ("AdminOwnPasswordChangeForm", "old_password"),
}  # fmt: skip


@pytest.fixture
def owner() -> Client:
    return client_of(with_device(person("kim", OWNER)), fresh=True)


@pytest.fixture(autouse=True)
def _rows(db: None) -> None:
    """A row of what a person may change; tables that are filled when they are made have theirs."""
    Instrument.objects.create(symbol="005930", name="삼성전자", market="KOSPI")
    UpkeepSetting.objects.create(pk=1)
    ProgramState.objects.create(name="trading", state="RUNNING", priority=1, wanted=True)
    post(symbol="005930", name="삼성전자", running=True)
    Condition.objects.create(symbol="005930", side="buy", trigger="at_or_below", strike_price=70_000, quantity=1)


def own_pages() -> Iterator[str]:
    """Pages of the admin beside lists and forms of tables, as the table of addresses has them."""
    asked = {
        "admin:stockdesk_marketday_override": f"?days={timezone.localdate()}",
        "admin:stockdesk_program_order": "?programs=trading",
    }
    rows = {"admin:auth_user_password_change": User.objects.earliest("pk").pk}
    for name in PAGES:
        if name.startswith("admin:"):
            yield address(name).replace("987654", str(rows.get(name, 987654))) + asked.get(name, "")


def pages_of_tables() -> Iterator[str]:
    for model in admin.site._registry:
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        yield reverse(f"{name}_changelist")
        yield reverse(f"{name}_add")
        if (row := model._default_manager.order_by("-pk").first()) is not None:
            yield reverse(f"{name}_change", args=[row.pk])


def forms_of(answer: Any) -> Iterator[forms.BaseForm]:
    """The forms that a page was made of."""
    for layer in answer.context or ():
        for part in layer:
            for value in part.values() if isinstance(part, dict) else ():
                found = getattr(value, "form", value)
                if isinstance(found, forms.BaseForm):
                    yield found


def test_every_box_says_what_belongs_in_it(owner):
    silent, met = set(), set()
    for path in (*own_pages(), *pages_of_tables()):
        for form in forms_of(owner.get(path, headers={"Accept-Language": "ko"})):
            for box in form.visible_fields():
                met.add((type(form).__name__, box.name))
                if box.name not in SELF_EVIDENT and not box.help_text:
                    silent.add((path, type(form).__name__, box.name))
    assert silent == set()
    assert met >= MET

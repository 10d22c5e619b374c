"""Nothing is done to many rows before a page has said what will happen to which, and offered a way back."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.db.models import Model
from django.test import Client, RequestFactory
from django.urls import get_resolver, reverse
from django.utils import timezone

from collectors.models import JobDay, JobItem
from market.gnuboard_post import post
from market.models import Instrument, WatchRow
from stockdesk.confirmation import SENT_ALONG, SHOWN, yes_to
from stockdesk.manager.models import ProgramOverride, ProgramState
from stockdesk.models import MarketDay
from tests.people import client_of, person, with_device
from trading.models import Condition, Upkeep

pytestmark = pytest.mark.django_db
DAY = date(2026, 11, 20)


def a_condition(*, on: bool) -> Condition:
    Instrument.objects.get_or_create(symbol="005930", defaults={"name": "삼성전자", "market": "KOSPI"})
    return Condition.objects.create(
        symbol="005930", side="buy", trigger="at_or_below", strike_price=70_000, quantity=1, enabled=on
    )


def a_watch_row(*, on: bool) -> WatchRow:
    return WatchRow.objects.get(pk=post(symbol="005930", name="삼성전자", running=on))


def a_proposal() -> Upkeep:
    return Upkeep.objects.create(
        symbol="005930", name="삼성전자", price=3_120, last_fill_on=DAY, proposed_at=timezone.now()
    )


def a_failed_item() -> JobItem:
    JobDay.objects.get_or_create(job="short-sales", day=DAY)
    return JobItem.objects.create(job="short-sales", day=DAY, item="005930", state="failed", error="HTTP 500")


def a_failed_day() -> JobDay:
    a_failed_item()
    return JobDay.objects.get()


def a_program() -> ProgramState:
    return ProgramState.objects.create(name="trading", state="RUNNING", priority=1, wanted=True)


#: Every action over rows -> a row to do it to, and by what the page before it names that row.
ACTIONS: dict[tuple[str, str], tuple[Callable[[], Model], str]] = {
    ("auth.user", "delete_selected"): (lambda: person("lee"), "lee"),
    ("market.watchrow", "switch_on"): (lambda: a_watch_row(on=False), "삼성전자"),
    ("market.watchrow", "switch_off"): (lambda: a_watch_row(on=True), "삼성전자"),
    ("trading.condition", "switch_on"): (lambda: a_condition(on=False), "삼성전자"),
    ("trading.condition", "switch_off"): (lambda: a_condition(on=True), "삼성전자"),
    ("trading.condition", "delete_selected"): (lambda: a_condition(on=True), "005930"),
    ("trading.upkeep", "approve"): (a_proposal, "삼성전자"),
    ("trading.upkeep", "decline"): (a_proposal, "삼성전자"),
    ("collectors.jobday", "try_again"): (a_failed_day, "공매도"),
    ("collectors.jobitem", "try_again"): (a_failed_item, "005930"),
    ("stockdesk.marketday", "override_days"): (lambda: MarketDay.objects.get(day=DAY), "2026-11-20"),
    **{
        ("stockdesk.programstate", action): (a_program, "매매")
        for action in ("start", "stop", "hold", "automatic")
    },
}  # fmt: skip
#: Buttons of a list, of a row, of a page: they are links, and what a link leads to asks as well.
LINKS = {
    ("stockdesk.alert", "try_channels"),
    ("stockdesk.marketday", "override_day"),
    *(("stockdesk.programstate", f"{action}_row") for action in ("start", "stop", "hold", "automatic")),
}
TOUCHED = (User, WatchRow, Condition, Upkeep, JobDay, JobItem, MarketDay, ProgramState, ProgramOverride)


@pytest.fixture
def root() -> User:
    return with_device(User.objects.create_superuser("kim", password="a long enough password"))


@pytest.fixture
def client(root: User) -> Client:
    return client_of(root, fresh=True)


def stored() -> dict[Any, Any]:
    return {model: list(model._default_manager.order_by("pk").values()) for model in TOUCHED if model is not User} | {
        User: list(User.objects.order_by("pk").values_list("username", "is_active"))
    }


def chosen(client: Client, row: Model, action: str, **more: Any) -> Any:
    path = reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_changelist")
    said = {"action": action, "_selected_action": [str(row.pk)], "index": 0, **more}
    return client.post(path, said, follow=True, headers={"Accept-Language": "ko"})


def yes_of(asked: Any) -> str:
    """What the page that asks sends along with its yes; "" where it is Django's own page of deletions."""
    found = re.search(r'name="confirmed" value="([^"]+)"', asked.content.decode())
    return found[1] if found else ""


def test_every_action_stands_in_a_table(root):
    get_resolver().url_patterns  # noqa: B018  (loads the admin's pages)
    request = RequestFactory().get("/")
    request.user = root
    actions, links = set(), set()
    for model, page in admin.site._registry.items():
        label = model._meta.label_lower
        actions |= {(label, name) for name in page.get_actions(request)}
        for kind in ("actions_list", "actions_row", "actions_detail", "actions_submit_line"):
            links |= {(label, name) for name in getattr(page, kind, ())}
    assert actions == set(ACTIONS)
    assert links == LINKS


@pytest.mark.parametrize("named", ACTIONS, ids=" ".join)
def test_a_page_names_the_rows_before_anything_is_done(client, named):
    make, name = ACTIONS[named]
    row = make()
    before = stored()
    text = chosen(client, row, named[1]).content.decode()
    asking = text.partition('method="post"')
    assert name in text.partition('id="content"')[2]
    assert "취소" in asking[2]
    assert stored() == before


@pytest.mark.parametrize("named", [name for name in ACTIONS if name[0] not in ("auth.user", "stockdesk.marketday",
                                                                                "stockdesk.programstate")],
                         ids=" ".join)  # fmt: skip
def test_a_yes_does_it(client, named):
    row = ACTIONS[named][0]()
    before = stored()
    chosen(client, row, named[1], confirmed=yes_of(chosen(client, row, named[1])), post="yes")
    assert stored() != before


@pytest.mark.parametrize(("label", "action"), sorted(LINKS))
def test_a_link_does_nothing(client, settings, label, action):
    alerts = replace(settings.DESK.alerts, urls=("json://127.0.0.1:9",))
    settings.DESK = replace(settings.DESK, alerts=alerts)
    row = a_program() if "program" in label else MarketDay.objects.get(day=DAY)
    arguments = [] if action == "try_channels" else [row.pk]
    before = stored()
    answer = client.get(reverse(f"admin:{label.replace('.', '_')}_{action}", args=arguments), follow=True)
    assert 'method="post"' in answer.content.decode()
    assert stored() == before


def test_a_yes_to_other_rows_than_there_are_now_is_asked_again(client):
    first, second = a_failed_item(), JobItem.objects.create(job="short-sales", day=DAY, item="000660", state="failed")
    keys = [str(first.pk), str(second.pk)]
    JobItem.objects.filter(pk=second.pk).update(state="done")
    answer = chosen(client, first, "try_again", _selected_action=keys, confirmed=yes_to(keys))
    assert JobItem.objects.get(pk=first.pk).state == "failed"
    assert "000660" in answer.content.decode()


def test_a_yes_is_not_passed_on_to_a_row_that_was_not_in_the_question(client):
    """As many as before, and not the same."""
    asked, other = a_failed_item(), JobItem.objects.create(job="short-sales", day=DAY, item="000660", state="done")
    keys = [str(asked.pk), str(other.pk)]
    yes = yes_of(chosen(client, asked, "try_again", _selected_action=keys))
    JobItem.objects.filter(pk=asked.pk).update(state="done")
    JobItem.objects.filter(pk=other.pk).update(state="failed")
    again = chosen(client, asked, "try_again", _selected_action=keys, confirmed=yes)
    assert JobItem.objects.get(pk=other.pk).state == "failed"
    chosen(client, asked, "try_again", _selected_action=keys, confirmed=yes_of(again))
    assert JobItem.objects.get(pk=other.pk).state == "waiting"


def test_of_many_rows_some_are_named_and_the_others_counted(client):
    JobDay.objects.create(job="short-sales", day=DAY)
    many = SENT_ALONG + 1
    JobItem.objects.bulk_create(
        [JobItem(job="short-sales", day=DAY, item=f"{n:06d}", state="failed") for n in range(many)]
    )
    row = JobItem.objects.earliest("pk")
    asked = chosen(client, row, "try_again", select_across="1")
    text = asked.content.decode()
    assert f"외 {many - SHOWN}" in text
    assert text.count('name="_selected_action"') == 1
    chosen(client, row, "try_again", select_across="1", confirmed=yes_of(asked))
    assert JobItem.objects.filter(state="waiting").count() == many

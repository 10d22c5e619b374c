"""In every list people find what they look for, and thirty rows cost as many queries as three."""

from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import get_resolver, reverse
from django.utils import timezone

from collectors.overseas.indices import BY_SYMBOL
from collectors.overseas.models import OverseasBar
from market.models import Instrument
from stockdesk.events import raise_event
from tests.ground.admin_rows import DAY, make_rows, name, symbol
from tests.people import client_of, with_device

pytestmark = pytest.mark.django_db

get_resolver().url_patterns  # noqa: B018  (loads the admin's pages)
LISTS = {model._meta.label_lower: model for model in admin.site._registry}
#: Tables whose rows are there from the beginning, a few on a page; and a list that is one row's form.
FIXED = {"market.barrule", "stockdesk.marketday", "trading.upkeepsetting"}
#: Rows of an issue, also where the column has another name.
OF_ISSUES = {
    label for label, model in LISTS.items()
    if label != "collectors.overseasbar" and any(field.name == "symbol" for field in model._meta.fields)
} | {"market.watchrow", "collectors.jobitem", "collectors.filingtext"}  # fmt: skip


@pytest.fixture
def client() -> Client:
    root = with_device(User.objects.create_superuser("kim", password="a long enough password"))
    return client_of(root, fresh=True)


def shown(client: Client, label: str, q: str = "") -> Any:
    """The list behind a page."""
    answer = client.get(reverse(f"admin:{label.replace('.', '_')}_changelist"), {"q": q} if q else {})
    assert answer.status_code == 200
    return answer.context["cl"]


@pytest.mark.parametrize("label", sorted(set(LISTS) - FIXED))
def test_thirty_rows_take_as_many_queries_as_three(client, label):
    counted = []
    for numbers in (range(1, 4), range(4, 31)):
        make_rows(LISTS[label], numbers)
        shown(client, label)  # what is read once a process is read now
        with CaptureQueriesContext(connection) as queries:
            shown(client, label)
        counted.append(len(queries))
    assert counted[1] <= counted[0]


@pytest.mark.parametrize("label", sorted(OF_ISSUES))
def test_a_row_of_an_issue_is_found_by_its_code_and_its_name(client, label):
    make_rows(LISTS[label], [7, 8])
    if label != "market.instrument":
        make_rows(Instrument, [7, 8])
    for word in (symbol(7), name(7)):
        assert shown(client, label, word).result_count == 1, word
    assert shown(client, label, "nothing-like-this").result_count == 0
    assert shown(client, label).search_help_text


def test_an_event_is_found_by_the_words_of_the_page(client):
    raise_event("trading", "killed", level="error")
    raise_event("governor", "key-quarantined", "a1")
    client.defaults["HTTP_ACCEPT_LANGUAGE"] = "ko"
    assert [event.code for event in shown(client, "stockdesk.event", "비상정지").result_list] == ["killed"]
    assert shown(client, "stockdesk.event", "a1").result_count == 1


def test_a_day_of_an_index_is_found_by_the_name_of_the_index(client):
    for index in list(BY_SYMBOL.values())[:2]:
        OverseasBar.objects.create(symbol=index.symbol, on=DAY, fetched_at=timezone.now())
    first = next(iter(BY_SYMBOL.values()))
    for word in (first.name, first.symbol):
        assert [bar.symbol for bar in shown(client, "collectors.overseasbar", word).result_list] == [first.symbol]


def test_days_of_an_index_that_left_the_list_are_shown_still(client):
    OverseasBar.objects.create(symbol="GONE", on=DAY, fetched_at=timezone.now())
    assert [bar.symbol for bar in shown(client, "collectors.overseasbar", "").result_list] == ["GONE"]

"""A list that is empty says why, and a list of programs says their names."""

import pytest
from django.urls import reverse
from django.utils import timezone

from stockdesk.access import OPERATOR, VIEWER
from stockdesk.models import DaemonState
from tests.people import client_of, person, with_device

pytestmark = pytest.mark.django_db


def seen(role, name, query=""):
    client = client_of(with_device(person("kim", role)), fresh=True)
    answer = client.get(reverse(f"admin:{name}_changelist") + query, headers={"Accept-Language": "ko"})
    assert answer.status_code == 200
    return answer.content.decode()


def test_rows_that_programs_write_are_not_asked_of_a_person():
    text = seen(VIEWER, "assets_holding")
    assert "프로그램이 수집·기록하면 표시됩니다" in text
    assert "새로 추가하세요" not in text


def test_a_list_of_troubles_that_is_empty_is_good_news():
    assert "발생한 이상이 없습니다" in seen(VIEWER, "stockdesk_event")


def test_a_search_without_a_hit_can_be_taken_back():
    text = seen(VIEWER, "stockdesk_event", "?q=nothing-like-this")
    assert "조건에 맞는 항목이 없습니다" in text
    assert "필터 초기화" in text


def test_what_a_person_adds_has_its_button_for_those_who_may():
    add = reverse("admin:market_watchrow_add")
    text = seen(OPERATOR, "market_watchrow")
    assert "새로 추가하세요" in text
    assert add in text


def test_programs_have_their_names_and_states_in_korean():
    DaemonState.objects.create(name="ws_market", state="running", heartbeat_at=timezone.now())
    text = seen(VIEWER, "stockdesk_daemonstate")
    assert "실시간 시세" in text
    assert "실행 중" in text
    assert "ws_market" not in text.split("<tbody", 1)[1].split("href", 1)[0]

"""The programs in the admin, in Korean: how each stands, an operator's word with its reason, and who may say it."""

from datetime import timedelta

import pytest
import time_machine
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse

from stockdesk.health import reasons_not_ready
from stockdesk.manager.models import ProgramOverride, ProgramState
from stockdesk.manager.overrides import in_force, say
from stockdesk.models import DaemonState
from stockdesk.unfold import UNFOLD
from tests.ground.calendar import at
from tests.manager.supervisord import FakeSupervisord
from tests.people import client_of, owner

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("real")]

SATURDAY = at("2026-11-21T10:00")
LIST, HISTORY = "/admin/stockdesk/programstate/", "/admin/stockdesk/programoverride/"


@pytest.fixture(autouse=True)
def desk(settings, keeping):
    """A Saturday morning; the manager has just looked."""
    settings.UNFOLD = UNFOLD
    with time_machine.travel(SATURDAY, tick=False):
        round_at = keeping(FakeSupervisord(now=SATURDAY))
        DaemonState.objects.create(name="manager", heartbeat_at=SATURDAY, state="running")
        round_at(SATURDAY)
        yield round_at


@pytest.fixture
def admin() -> Client:
    return client_of(owner("kim"), "ko")


def person(name: str, *codenames: str) -> Client:
    user = User.objects.create_user(name, is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    return client_of(user, "ko")


def order(client: Client, wish: str, programs: str, why: str = "점검"):
    return client.post(f"/admin/stockdesk/programstate/order/{wish}/?programs={programs}", {"why": why})


def test_the_list_tells_who_runs_who_rests_why_and_until_when(admin):
    text = admin.get(LIST).content.decode()
    for said in ("실시간 시세", "중지 (주말)", "월 07:50 시작", "실행 (상시)", "실행 (수집 작업 시간)", "12:00 중지"):
        assert said in text


def test_a_word_asks_for_its_reason_says_what_it_means_and_is_kept(admin, desk):
    chosen = {"action": "hold", "_selected_action": ["reference", "trading"], "index": 0}
    asked = admin.post(LIST, chosen)
    page = admin.get(asked.url)
    assert "05:00부터 다시 시간대로" in page.content.decode()
    assert "12:00까지 실행 (수집 작업 시간)" in page.content.decode()
    assert admin.post(asked.url, {"why": " "}).context["form"].errors.keys() == {"why"}
    assert not ProgramOverride.objects.exists()
    answer = admin.post(asked.url, {"why": "DART 점검"}, follow=True)
    assert "프로그램 2개: 내일까지 중지" in answer.content.decode()
    desk(SATURDAY + timedelta(seconds=3))
    row = ProgramState.objects.get(pk="reference")
    assert (row.wanted, row.reason, row.changes_at) == (False, "hold", at("2026-11-22T05:00"))
    assert "내일까지 중지 · kim: DART 점검" in admin.get(LIST).content.decode()
    history = admin.get(HISTORY).content.decode()
    for said in ("kim", "DART 점검", "내일까지 중지", "11-22 05:00"):
        assert said in history


def test_each_word_does_what_it_says_and_automatic_takes_it_back(admin, desk):
    seconds = 0
    for wish, runs in (("start", True), ("stop", False), ("start", True), ("automatic", False)):
        assert order(admin, wish, "trading").status_code == 302
        seconds += 3
        desk(SATURDAY + timedelta(seconds=seconds))
        assert (ProgramState.objects.get(pk="trading").state == "RUNNING") is runs
    assert in_force(SATURDAY) == {}
    assert ProgramOverride.objects.count() == 4


def test_stopping_trading_says_what_becomes_of_orders(admin):
    page = admin.get("/admin/stockdesk/programstate/order/stop/?programs=trading").content.decode()
    assert "거래소에 접수된 주문은 그대로 남습니다" in page


def test_a_row_has_its_own_orders(admin):
    answer = admin.get(reverse("admin:stockdesk_programstate_stop_row", args=["trading"]))
    assert answer.url == "/admin/stockdesk/programstate/order/stop/?programs=trading"


@pytest.mark.parametrize("name", ["web", "manager", "mariadb", "simulator", "nobody"])
def test_what_the_desk_stands_on_cannot_be_ordered_about(admin, name):
    answer = admin.get(f"/admin/stockdesk/programstate/order/stop/?programs={name}", follow=True)
    assert "직접 시작·중지할 수 없습니다" in answer.content.decode()
    assert say([name], "stop", who="kim", why="by force", now=SATURDAY) == []


def test_who_operates_the_desk_may_and_who_looks_may_not():
    operator = person("lee", "add_programoverride")
    assert order(operator, "stop", "overseas").status_code == 302
    assert ProgramOverride.objects.get().who == "lee"
    viewer = person("park", "view_programstate")
    page = viewer.get(LIST)
    assert page.status_code == 200
    assert "내일까지 중지" not in page.content.decode()
    assert order(viewer, "stop", "trading").status_code == 404
    assert person("choi").get(LIST).status_code == 403
    assert ProgramOverride.objects.count() == 1


@pytest.mark.parametrize(("wish", "who", "why"), [("kill", "kim", "x"), ("stop", "", "x"), ("stop", "kim", "  ")])
def test_a_word_without_sense_person_or_reason_is_refused(wish, who, why):
    with pytest.raises(ValueError, match=r"override|wish"):
        say(["trading"], wish, who=who, why=why, now=SATURDAY)


def test_a_silent_manager_is_told_above_the_list(admin):
    DaemonState.objects.update(heartbeat_at=SATURDAY - timedelta(minutes=2))
    assert "편성 관리가 응답하지 않아" in admin.get(LIST).content.decode()


def codes() -> dict[str, str]:
    return {reason.code: reason.text for reason in reasons_not_ready()}


def test_readiness_names_who_should_run_and_does_not_and_forgives_who_rests():
    assert not {"program_down", "manager_silent", "collector_absent", "assets_absent"} & codes().keys()
    ProgramState.objects.filter(pk="worker").update(state="FATAL")
    assert "worker" in codes()["program_down"]
    ProgramState.objects.filter(pk="ws_market").update(wanted=True)
    assert "collector_absent" in codes()
    DaemonState.objects.update(heartbeat_at=SATURDAY - timedelta(minutes=2))
    assert "manager_silent" in codes()

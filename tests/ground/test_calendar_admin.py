"""The calendar in the admin: a month of days, a person's word with who and why, session windows with their dates."""

from dataclasses import replace
from datetime import date, time

import pytest
import time_machine
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.test import Client

from stockdesk.calendar_models import MarketDay, SessionWindow
from stockdesk.hours import day_of
from stockdesk.models import Event
from stockdesk.unfold import UNFOLD
from tests.ground.calendar import at, at_real_broker, changed, told
from tests.people import client_of, owner

pytestmark = pytest.mark.django_db

LIST, OVERRIDE = "/admin/stockdesk/marketday/", "/admin/stockdesk/marketday/override/"
FRIDAY, CHRISTMAS = date(2026, 11, 20), date(2026, 12, 25)


@pytest.fixture(autouse=True)
def _desk(settings):
    settings.UNFOLD = UNFOLD
    settings.DESK = at_real_broker(settings.DESK)
    with time_machine.travel(at("2026-11-20T10:00")):
        yield


@pytest.fixture
def admin() -> Client:
    return client_of(owner("kim"), "en")


def say(admin, days, word, reason="notice of KRX", timetable=""):
    data = {"word": word, "reason": reason, "timetable": timetable}
    return admin.post(f"{OVERRIDE}?days={days}", data)


def test_the_list_opens_on_this_month(admin):
    answer = admin.get(LIST)
    assert answer.url == f"{LIST}?day__year=2026&day__month=11"
    page = admin.get(answer.url)
    assert [row.day for row in page.context["cl"].result_list] == [date(2026, 11, n) for n in range(1, 31)]
    assert "2026-12" in page.content.decode()


def test_the_list_names_states_and_sources(admin):
    told(FRIDAY, "Y")
    told(date(2026, 11, 27), "N")
    text = admin.get(f"{LIST}?day__year=2026&day__month=11").content.decode()
    for said in ("confirmed", "unconfirmed", "sources disagree", "CSAT day", "KRX list"):
        assert said in text


def test_an_override_is_kept_with_who_and_why_and_in_the_history(admin):
    assert say(admin, "2026-12-25", "open", "KRX opens for once").status_code == 302
    row = MarketDay.objects.get(pk=CHRISTMAS)
    assert (row.override_open, row.override_reason, row.overridden_by) == (True, "KRX opens for once", "kim")
    assert day_of(CHRISTMAS).confirmed
    entry = LogEntry.objects.get()
    assert (entry.object_id, entry.change_message) == ("2026-12-25", "open: KRX opens for once")
    assert "kim: KRX opens for once" in admin.get(f"{LIST}?day__year=2026&day__month=12").content.decode()


def test_many_days_are_confirmed_as_they_stand(admin):
    say(admin, "2026-12-30,2026-12-31", "planned")
    days = [day_of(date(2026, 12, day)) for day in (30, 31)]
    assert [(day.is_open, day.confirmed, day.source) for day in days] == [
        (True, True, "person"),
        (False, True, "person"),
    ]
    assert LogEntry.objects.count() == 2


def test_a_day_gets_hours_and_keeps_them_when_it_is_confirmed(admin):
    on = date(2027, 11, 18)
    say(admin, "2027-11-18", "open", timetable="csat")
    assert day_of(on).regular_from == at("2027-11-18T10:00")
    say(admin, "2027-11-18", "planned")
    assert day_of(on).regular_from == at("2027-11-18T10:00")
    say(admin, "2027-11-18", "none")
    assert day_of(on).regular_from == at("2027-11-18T09:00")
    assert not day_of(on).confirmed


REFUSED = [
    ("2026-12-25", {"word": "open", "reason": ""}, "reason"),
    ("2026-12-25", {"word": "open", "reason": "   "}, "reason"),
    ("2026-12-25", {"word": "maybe", "reason": "why"}, "word"),
    ("2026-12-25", {"word": "closed", "reason": "why", "timetable": "csat"}, "timetable"),
    ("2026-12-25", {"word": "planned", "reason": "why", "timetable": "csat"}, "timetable"),
    ("2026-12-24", {"word": "planned", "reason": "why"}, "word"),
]


@pytest.mark.parametrize(("days", "data", "field"), REFUSED)
def test_a_word_that_makes_no_sense_is_refused_with_a_sentence(admin, days, data, field):
    changed(date(2026, 12, 24), listed_open=None, computed_open=None)
    answer = admin.post(f"{OVERRIDE}?days={days}", data)
    assert answer.status_code == 200
    assert list(answer.context["form"].errors) == [field]
    assert not MarketDay.objects.exclude(override_open=None).exists()
    assert not LogEntry.objects.exists()


@pytest.mark.parametrize("days", ["", "2026-13-01", "2035-01-01", "<script>"])
def test_days_that_are_none_have_no_page(admin, days):
    assert admin.get(OVERRIDE, {"days": days}).status_code == 404


def test_contradicting_the_broker_is_told_of_at_once(admin):
    told(FRIDAY, "Y")
    say(admin, "2026-11-20", "closed")
    event = Event.objects.get(source="calendar", is_open=True)
    assert (event.code, event.subject) == ("day-disputed", "2026-11-20")
    say(admin, "2026-11-20", "none")
    assert not Event.objects.filter(source="calendar", is_open=True).exists()


def test_the_action_leads_to_the_form(admin):
    answer = admin.post(LIST, {"action": "override_days", "_selected_action": ["2026-12-31", "2026-12-30"]})
    assert answer.url == f"{OVERRIDE}?days=2026-12-30,2026-12-31"
    page = admin.get(answer.url)
    assert "2026-12-31" in page.content.decode()
    detail = admin.get(f"{LIST}2026-12-31/change/").content.decode()
    assert "Override or confirm by hand" in detail


def test_who_may_only_look_overrides_nothing():
    user = User.objects.create_user("plain", password="a long password", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_marketday"))
    client = client_of(user, "en")
    assert client.get(f"{LIST}?day__year=2026&day__month=11").status_code == 200
    assert client.get(f"{OVERRIDE}?days=2026-12-25").status_code == 404
    assert say(client, "2026-12-25", "open").status_code == 404
    assert not MarketDay.objects.exclude(override_open=None).exists()


def test_what_the_sources_said_cannot_be_typed_over(admin):
    before = MarketDay.objects.filter(pk=FRIDAY).values().get()
    assert admin.post(f"{LIST}2026-11-20/change/", {"open_flag": "N", "listed_open": "false"}).status_code == 403
    assert admin.get(f"{LIST}add/").status_code == 403
    assert admin.post(f"{LIST}2026-11-20/delete/", {"post": "yes"}).status_code == 403
    assert MarketDay.objects.filter(pk=FRIDAY).values().get() == before


def test_the_demo_says_that_it_does_not_go_by_the_calendar(admin, settings):
    address = f"{LIST}?day__year=2026&day__month=11"
    assert "around the clock" not in admin.get(address).content.decode()
    local = {"kis_rest_url": "http://127.0.0.1:9443", "kis_ws_url": "ws://127.0.0.1:21000"}
    settings.DESK = replace(settings.DESK, demo=True, **local)
    assert "around the clock" in admin.get(address).content.decode()


# Session windows

WINDOWS = "/admin/stockdesk/sessionwindow/"
PRE_MARKET = {
    "timetable": "regular", "venue": "KRX", "code": "pre_market", "hours_from": "07:00", "hours_to": "07:50",
    "divisions": "41  42", "effective_from": "2027-12-27", "effective_to": "", "note": "",
}  # fmt: skip


def test_a_market_that_is_announced_is_a_new_row(admin):
    assert admin.post(f"{WINDOWS}add/", PRE_MARKET).status_code == 302
    told(date(2027, 12, 24), "Y")
    told(date(2027, 12, 28), "Y")
    assert not day_of(date(2027, 12, 24)).may_order(at("2027-12-24T07:10"), "41")
    assert day_of(date(2027, 12, 28)).may_order(at("2027-12-28T07:10"), "42")


BAD_WINDOWS = [
    ({"hours_from": "08:00"}, "hours_to"),
    ({"divisions": "0 1"}, "divisions"),
    ({"divisions": "00,01"}, "divisions"),
    ({"effective_to": "2027-01-01"}, "effective_to"),
    ({"code": "regular"}, "__all__"),
]


@pytest.mark.parametrize(("wrong", "field"), BAD_WINDOWS)
def test_hours_that_make_no_sense_are_refused(admin, wrong, field):
    answer = admin.post(f"{WINDOWS}add/", PRE_MARKET | wrong)
    assert answer.status_code == 200
    assert list(answer.context["adminform"].form.errors) == [field]
    assert SessionWindow.objects.count() == 28


def test_a_window_ends_and_the_next_one_takes_over(admin):
    old = SessionWindow.objects.get(timetable="regular", venue="KRX", code="open_call")
    edited = {"hours_from": "08:30", "hours_to": "09:00", "divisions": "00 01", "effective_to": "2026-12-31"}
    assert admin.post(f"{WINDOWS}{old.pk}/change/", edited | {"code": "regular", "note": ""}).status_code == 302
    new = {**PRE_MARKET, "code": "open_call", "hours_from": "08:20", "hours_to": "09:00", "divisions": "00 01",
           "effective_from": "2027-01-01"}  # fmt: skip
    assert admin.post(f"{WINDOWS}add/", new).status_code == 302
    old.refresh_from_db()
    assert (old.code, old.effective_to) == ("open_call", date(2026, 12, 31))
    starts = [
        window.starts_at.time()
        for on in (date(2026, 12, 30), date(2027, 1, 5))
        for window in day_of(on).windows
        if window.code == "open_call"
    ]
    assert starts == [time(8, 30), time(8, 20)]
    assert admin.post(f"{WINDOWS}{old.pk}/delete/", {"post": "yes"}).status_code == 403

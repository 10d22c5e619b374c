"""Stop states, kill switch, modes and arming: what needs a code, and what is written down."""

from dataclasses import replace
from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import timezone
from django_otp.plugins.otp_totp.models import TOTPDevice

from stockdesk.calendar.models import MarketDay
from stockdesk.codes import use_code
from tests.ground.calendar import ruled
from trading import desk, models
from trading.locks import live_locks
from trading.values import Mode, Stop

from .conftest import code_of, wrong_code_of

JSON = {"HTTP_ACCEPT": "application/json"}


def press(client, name, **values):
    return client.post(reverse(f"trading:{name}"), values, **JSON)


def row():
    return models.Desk.objects.get()


def changes():
    return list(models.DeskChange.objects.order_by("id").values_list("who", "what", "before", "after"))


def test_one_press_kills_and_needs_no_code(desk_client):
    answer = press(desk_client, "kill")
    assert answer.json() == {"done": True, "text": "비상정지했습니다. 주문은 나가지 않고 취소만 나갑니다."}
    assert row().killed_by == "kim"
    press(desk_client, "kill")
    assert changes() == [("kim", "kill", "", "")]


def test_lifting_takes_a_fresh_code(desk_client, device):
    desk.kill("kim", timezone.now())
    for code in ("", "12345", "abcdef", "１２３４５６"):
        assert press(desk_client, "lift", code=code).status_code == 403
    assert row().killed_at is not None
    assert press(desk_client, "lift", code=code_of(device)).json()["done"]
    assert (row().killed_at, row().lifted_by) == (None, "kim")


def test_a_wrong_code_lifts_nothing_and_makes_the_next_one_wait(desk_client, device):
    desk.kill("kim", timezone.now())
    assert "번호가 틀렸거나" in press(desk_client, "lift", code=wrong_code_of(device)).json()["text"]
    answer = press(desk_client, "lift", code=code_of(device))
    assert answer.status_code == 403
    assert "초 뒤에 다시" in answer.json()["text"]
    assert row().killed_at is not None


def test_a_code_that_was_used_is_used_up(desk_client, device):
    desk.kill("kim", timezone.now())
    code = code_of(device)
    press(desk_client, "lift", code=code)
    desk.kill("kim", timezone.now())
    assert press(desk_client, "lift", code=code).status_code == 403
    assert row().killed_at is not None


def test_the_code_of_somebody_else_is_no_code(viewer, desk_client, device, django_user_model):
    desk.kill("kim", timezone.now())
    others = TOTPDevice.objects.create(user=django_user_model.objects.get(username="lee"), name="totp", confirmed=True)
    assert "번호가 틀렸거나" in press(desk_client, "lift", code=code_of(others)).json()["text"]
    assert row().killed_at is not None


def test_a_device_that_was_not_confirmed_gives_no_codes_that_count(desk_client, device):
    device.confirmed = False
    device.save()
    desk.kill("kim", timezone.now())
    assert press(desk_client, "lift", code=code_of(device)).status_code == 403


def test_stop_states_need_no_code_and_keep_who_set_them(desk_client):
    assert press(desk_client, "stop", stop="full").json()["text"] == "정지 상태: 전면정지"
    assert (row().stop, row().stop_by) == (Stop.FULL, "kim")
    assert press(desk_client, "stop", stop="nonsense").status_code == 400
    assert row().stop == Stop.FULL
    assert changes() == [("kim", "stop", "normal", "full")]


def test_live_mode_takes_a_code_and_is_armed_by_it(desk_client, device):
    assert press(desk_client, "mode", mode="live", code=wrong_code_of(device)).status_code == 403
    assert not models.Desk.objects.filter(mode="live").exists()
    models.Desk.objects.all().delete()
    device.throttle_reset()
    assert press(desk_client, "mode", mode="live", code=code_of(device)).json()["done"]
    armed = row().live_armed_until
    assert row().mode == Mode.LIVE
    assert timedelta(hours=11, minutes=59) < armed - timezone.now() <= desk.LIVE_ARMED_FOR
    assert [change[1] for change in changes()] == ["mode", "arm"]


def test_away_from_live_no_code_is_asked_and_nothing_stays_armed(desk_client, operator):
    desk.set_mode(Mode.LIVE, "kim", timezone.now())
    desk.arm_live("kim", timezone.now())
    assert press(desk_client, "mode", mode="dry-run").json()["done"]
    assert (row().mode, row().live_armed_until) == (Mode.DRY_RUN, None)


def test_arming_again_takes_a_code_and_disarming_none(desk_client, device):
    desk.set_mode(Mode.LIVE, "kim", timezone.now())
    assert press(desk_client, "arm").status_code == 403
    assert row().live_armed_until is None
    assert press(desk_client, "arm", code=code_of(device)).json()["done"]
    assert row().live_armed_by == "kim"
    assert press(desk_client, "disarm").json()["done"]
    assert row().live_armed_until is None


def test_without_the_script_a_button_leads_back_to_the_page_with_its_sentence(desk_client):
    page = desk_client.post(reverse("trading:kill"), follow=True)
    assert page.redirect_chain == [(reverse("trading:desk"), 302)]
    assert "비상정지했습니다." in page.content.decode()


def test_the_page_tells_who_changed_what(desk_client):
    press(desk_client, "stop", stop="no_new")
    page = desk_client.get(reverse("trading:desk")).content.decode()
    assert "<td>kim</td><td>정지 상태</td><td>정상</td><td>신규금지</td>" in page


@pytest.fixture
def today(settings):
    """This very date in the calendar, of which only the lists have said anything."""
    settings.DESK = replace(settings.DESK, demo=False)
    on = timezone.localdate()
    MarketDay.objects.filter(pk=on).delete()
    return MarketDay.objects.create(day=on)


@pytest.mark.django_db
def test_each_lock_says_whether_it_is_open_and_what_to_do(settings, today):
    now, the_desk = timezone.now(), desk.desk_row()
    shut = live_locks(the_desk, now)
    assert [lock.is_open for lock in shut] == [False, False, False]
    assert all(lock.todo for lock in shut)
    settings.DESK = replace(settings.DESK, mode="live")
    the_desk.mode, the_desk.live_armed_until, the_desk.live_armed_by = "live", now + timedelta(hours=1), "kim"
    ruled(today.day, True)
    assert [(lock.is_open, lock.todo) for lock in live_locks(the_desk, now)] == [(True, "")] * 3
    the_desk.live_armed_until = now
    assert [lock.is_open for lock in live_locks(the_desk, now)] == [True, False, True]


@pytest.mark.django_db
def test_a_holiday_is_a_closed_lock_however_well_confirmed(today):
    ruled(today.day, False)
    lock = live_locks(desk.desk_row(), timezone.now())[2]
    assert (lock.is_open, lock.says) == (False, "오늘은 휴장일입니다.")


def test_codes_of_neighbouring_steps_pass_once_each_and_never_backwards(device):
    later = code_of(device, steps=1)
    use_code(device, later)
    with pytest.raises(Exception, match="사용되었습니다"):
        use_code(device, code_of(device))

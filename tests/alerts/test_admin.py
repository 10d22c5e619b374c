"""The alerts that were sent, in the admin, and the button that tries the way."""

import pytest
from django.contrib.auth.models import Permission, User

from stockdesk.models import Alert, AlertDelivery

LIST, TRY = "/admin/stockdesk/alert/", "/admin/stockdesk/alert/try/"


@pytest.fixture
def watcher(client, db):
    """Somebody who may look, and not operate."""
    user = User.objects.create_user("lee", password="quiet lake at night", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_alert"))
    client.force_login(user)
    return user


@pytest.fixture
def operator(watcher):
    watcher.user_permissions.add(Permission.objects.get(codename="add_alert"))
    return watcher


def test_the_list_shows_what_went_where_and_no_address(client, watcher, scene):
    scene.set(urls=("json://one.example/hook-3f9c1d77", "tgram://123456789:AAFsecret/1/"))
    scene.open("order-needs-human", "005930 #12", "buy 10: 2 orders")
    scene.passes(10)
    page = client.get(LIST).content.decode()
    for said in ("사람의 확인이 필요한 주문", "json 1 전송됨", "tgram 2 전송됨", "심각"):
        assert said in page
    assert "hook-3f9c1d77" not in page
    assert "AAFsecret" not in page
    one = client.get(f"{LIST}{Alert.objects.get().pk}/change/").content.decode()
    assert "005930 #12" in one
    assert "할 일: " in one
    assert 'name="_save"' not in one


def test_a_test_goes_to_every_channel_by_the_way_of_all_alerts(client, operator, scene):
    scene.set(urls=("json://one.example/hook", "json://two.example/hook"), minimum=("critical",))
    assert "json 2" in client.get(TRY).content.decode()
    assert not Alert.objects.exists(), "looking sends nothing"
    client.post(TRY)
    scene.now = Alert.objects.get().created_at
    scene.passes(4)
    assert scene.outbox.titles == ["[시험] 알림 수신 확인"] * 2
    scene.passes(4)
    assert set(AlertDelivery.objects.values_list("state", flat=True)) == {"sent"}


def test_who_may_only_look_sends_nothing(client, watcher, scene):
    client.post(TRY)
    assert not Alert.objects.exists()


def test_without_channels_the_button_says_so(client, operator, scene):
    scene.set(urls=())
    page = client.get(TRY, follow=True).content.decode()
    assert "ALERT_URLS 가 비어" in page

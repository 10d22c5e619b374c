"""Each cause is told once, its end once; a flood is one message and a flapping state gets quiet."""

from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import OperationalError

from stockdesk.alerts import ledger, registry
from stockdesk.alerts.alerting import Alerts
from stockdesk.alerts.channels import channels
from stockdesk.alerts.registry import News
from stockdesk.alerts.sending import Answer
from stockdesk.models import Alert, AlertDelivery, Event


def test_a_trouble_is_told_once_with_what_to_do(scene):
    scene.open("assets-stale", text="no complete balance for 31 s", level="error")
    assert scene.passes(60) == ["[심각] 잔고가 오래됨"]
    job = scene.outbox.sent[0]
    assert "31초" in job.body
    assert "할 일: " in job.body
    assert job.type == "failure"
    assert scene.passes(600) == []


def test_its_end_is_told_once_with_how_long_it_took(scene):
    scene.open("key-quarantined", "session 1")
    scene.passes(60)
    scene.end("key-quarantined", "session 1")
    assert scene.passes(300) == ["[해소됨] 앱키 접속 보류"]
    assert "10:00:00–10:01:00 (1분 0초) session 1" in scene.outbox.sent[1].body
    assert scene.outbox.sent[1].type == "success"
    assert scene.passes(600) == []


def test_what_mends_itself_before_its_patience_is_over_is_not_told(scene):
    scene.open("session-down", "1")
    assert scene.passes(20) == []
    scene.end("session-down", "1")
    assert scene.passes(300) == []


def test_a_flood_of_one_cause_is_one_message_that_lists_it(scene):
    for n in range(200):
        scene.open("registrations-refused", f"{n:06}", "1 registrations refused (OPSP0007)")
    assert scene.passes(120) == ["[주의] 등록 거부됨 · 200"]
    assert "외 188건" in scene.outbox.sent[0].body


def test_a_flood_that_comes_over_some_seconds_is_one_message_too(scene):
    told = []
    for n in range(3):
        scene.open("key-quarantined", f"key {n}")
        told += scene.passes(2)
    assert told + scene.passes(20) == ["[주의] 앱키 접속 보류 · 3"]


def test_what_is_critical_waits_for_two_seconds_at_most(scene):
    scene.open("order-needs-human", "005930 #12")
    started = scene.now
    scene.passes(4)
    assert Alert.objects.get().created_at - started <= timedelta(seconds=4)


def test_a_state_that_flaps_is_told_less_and_less_often(scene):
    told = []
    for _ in range(40):
        scene.open("key-quarantined", "key 1")
        told += scene.passes(20, step=20)
        told += scene.passes(20, step=10)
        scene.end("key-quarantined", "key 1")
        told += scene.passes(80, step=40)
    opened = [title for title in told if title.startswith("[주의]")]
    assert 3 <= len(opened) <= 5  # in two hours: at once, after a minute, after five, after thirty ...
    assert "지난 알림 뒤" in scene.outbox.sent[-1].body or "지난 알림 뒤" in scene.outbox.sent[-2].body
    assert len(told) - len(opened) <= len(opened)


def test_what_a_person_did_is_told_each_time_and_at_once(scene):
    for _ in range(3):
        scene.open("killed", text="the kill switch was pressed by kim: nothing new is ordered")
        assert scene.passes(6) == ["[심각] 비상정지 켜짐"]
        scene.end("killed")
        assert scene.passes(8) == ["[해소됨] 비상정지 켜짐"]
    assert "kim" in scene.outbox.sent[0].body


def test_an_hour_has_thirty_messages_at_most_and_then_points_to_the_dashboard(scene):
    told = []
    for n in range(40):
        scene.open(f"made-up-{n}", level="error")
        told += scene.passes(4)
    assert len(told) == 31
    assert [title for title in told if "더 있음" in title] == ["[알림] 보내지 않은 알림이 더 있음"]
    assert len(scene.passes(3700)) > 0  # and what still stands is told when the hour has room again


def test_what_is_critical_still_has_room_when_warnings_have_used_theirs(scene):
    for n in range(25):
        scene.open(f"made-up-{n}")
        scene.passes(8, step=8)
    scene.open("orders-halted", level="error")
    assert "[심각] 신규 주문 중단" in scene.passes(6)


def test_a_code_that_nobody_knows_is_told_with_its_text(scene):
    scene.open("moon-full", "M", "the moon is full", level="error")
    assert scene.passes(10) == ["[심각] moon-full"]
    assert "M the moon is full" in scene.outbox.sent[0].body


def test_a_key_that_expires_is_told_of_every_day(scene):
    scene.open("key-expires", "KIS_APP_KEY", "good until 2026-11-20, 7 days from now")
    assert scene.passes(60) == ["[주의] 키 만료 임박"]
    scene.now += timedelta(hours=24)
    assert scene.passes(60) == ["[재알림] 키 만료 임박"]


def test_a_restart_tells_nothing_again(scene):
    scene.open("assets-stale", level="error")
    scene.open("key-quarantined", "1")
    assert len(scene.passes(60)) == 2
    scene.alerts = scene.begun()
    assert scene.passes(60) == []
    scene.end("assets-stale")
    scene.alerts = scene.begun()
    assert scene.passes(120) == ["[해소됨] 잔고가 오래됨"]


def test_an_end_that_nobody_watched_is_told_after_the_restart(scene):
    scene.open("assets-stale", level="error")
    scene.passes(60)
    scene.end("assets-stale")
    scene.now += timedelta(hours=5)
    scene.alerts = scene.begun()
    assert scene.passes(60) == ["[해소됨] 잔고가 오래됨"]


def test_a_restart_remembers_how_quiet_it_was(scene):
    for _ in range(2):
        scene.open("key-quarantined", "1")
        scene.passes(70)
        scene.end("key-quarantined", "1")
        scene.passes(90)
    scene.alerts = scene.begun()
    scene.open("key-quarantined", "1")
    assert scene.passes(30) == []


def test_a_message_that_nobody_confirmed_is_sent_again_after_a_crash(scene):
    scene.open("assets-stale", level="error")
    scene.passes(20)
    AlertDelivery.objects.update(state="waiting", sent_at=None)  # the process died before it heard of it
    scene.alerts = scene.begun()
    assert scene.passes(120) == ["[심각] 잔고가 오래됨"]


def test_an_answer_that_the_database_did_not_take_waits_and_nothing_is_sent_twice(scene, monkeypatch):
    settle, away = ledger.settle, [True]

    def sometimes(*args):
        if away[0]:
            raise OperationalError(2006, "away")
        return settle(*args)

    monkeypatch.setattr(ledger, "settle", sometimes)
    scene.open("assets-stale", level="error")
    for _ in range(60):  # two minutes, twice as long as an unconfirmed message is waited for
        with suppress(OperationalError):
            scene.passes(2)
    away[0] = False
    assert scene.passes(120) == []
    assert scene.outbox.titles == ["[심각] 잔고가 오래됨"]
    assert AlertDelivery.objects.get().state == "sent"


def test_an_answer_about_a_message_that_is_gone_holds_up_no_other(scene):
    scene.outbox.error = "HTTP 500"
    scene.open("assets-stale", level="error")
    scene.passes(8)
    scene.outbox.answers = [Answer(10**9, True)]
    scene.outbox.error = ""
    assert scene.passes(30) == ["[심각] 잔고가 오래됨"]


ONE, TWO = "json://one.example/hook", "json://two.example/hook"


def test_a_message_that_waits_goes_to_its_own_address_whatever_order_the_list_has(scene):
    scene.set(urls=(ONE, TWO), minimum=("critical", "info"))
    scene.outbox.error = "HTTP 500"
    scene.open("key-quarantined", "1")  # a warning, for the second address alone
    scene.passes(300)
    assert Event.objects.filter(code="alerts-undelivered", subject="json 2", is_open=True).exists()
    scene.outbox.error = ""
    scene.set(urls=(TWO, ONE), minimum=("info", "critical"))
    scene.passes(700)
    assert {job.channel for job in scene.outbox.sent if "앱키" in job.title} == {"json 1"}


def test_a_message_for_an_address_that_is_no_longer_listed_goes_to_nobody(scene):
    scene.set(urls=(ONE, TWO))
    scene.outbox.error = "HTTP 500"
    scene.open("assets-stale", level="error")
    scene.passes(300)
    scene.outbox.error = ""
    scene.set(urls=("json://three.example/hook", ONE))
    scene.passes(700)
    assert {job.channel for job in scene.outbox.sent if "잔고" in job.title} == {"json 2"}
    scene.set(urls=(ONE,))
    scene.passes(10)
    assert not Event.objects.filter(code="alerts-undelivered", is_open=True).exists()


def given_up() -> dict[str, str]:
    return dict(Event.objects.filter(code="alerts-given-up", is_open=True).values_list("subject", "text"))


def test_an_address_that_is_corrected_gets_what_waited_for_the_wrong_one(scene):
    """A token revoked overnight: the alert of the night was dropped when the operator entered the new one."""
    scene.set(urls=(ONE, TWO))
    scene.outbox.error = "HTTP 401"
    scene.open("assets-stale", level="error")
    scene.passes(300)
    scene.outbox.error = ""
    scene.set(urls=(ONE, "json://two.example/new"))
    scene.alerts._remember(scene.now)
    assert Event.objects.filter(code="alerts-undelivered", subject="json 2", is_open=True).exists()
    scene.passes(10)
    assert {job.channel for job in scene.outbox.sent if "잔고" in job.title} == {"json 2"}
    assert not Event.objects.filter(code="alerts-undelivered", subject="json 2", is_open=True).exists()
    assert given_up() == {}


def test_a_message_is_corrected_before_anything_new_goes_to_the_address(scene):
    """Its next try may be an hour away: by then the new address has messages of its own."""
    scene.outbox.error = "HTTP 401"
    scene.open("assets-stale", level="error")
    scene.passes(300)
    AlertDelivery.objects.update(next_try_at=scene.now + timedelta(hours=1))
    scene.outbox.error = ""
    scene.open("key-quarantined", "1")
    scene.set(urls=(TWO,))
    assert "[심각] 잔고가 오래됨" in scene.passes(10)


def test_an_address_that_only_moved_up_is_no_correction(scene):
    scene.set(urls=(ONE, TWO), minimum=("info", "critical"))
    scene.outbox.error = "HTTP 401"
    scene.open("key-quarantined", "1")  # a warning, of which the second address is not told
    scene.passes(30)
    scene.outbox.error = ""
    scene.set(urls=(TWO,), minimum=("critical",))
    assert not [title for title in scene.passes(700) if "앱키" in title]
    assert given_up() == {"json 1": "messages that were not sent: 1"}


def test_an_address_that_moved_up_hears_nothing_twice(scene):
    scene.set(urls=(ONE, TWO))
    scene.outbox.error = "HTTP 401"
    scene.open("assets-stale", level="error")
    scene.passes(30)
    scene.outbox.error = ""
    scene.set(urls=(TWO,))
    assert scene.passes(700).count("[심각] 잔고가 오래됨") == 1


def test_how_many_messages_were_given_up_is_said_for_a_day(scene):
    scene.set(urls=(ONE, TWO))
    scene.outbox.error = "HTTP 500"
    scene.open("assets-stale", level="error")
    scene.passes(60)
    scene.outbox.error = ""
    scene.set(urls=(ONE,))
    scene.passes(2)
    Event.objects.filter(code="alerts-given-up").update(started_at=scene.now)
    told = scene.passes(30)
    count = AlertDelivery.objects.filter(state="failed", channel="json 2").count()
    assert given_up() == {"json 2": f"messages that were not sent: {count}"}
    assert "[주의] 보내지 못한 알림 있음" in told
    assert f"전송되지 않은 알림 {count}건" in next(job.body for job in scene.outbox.sent if "보내지 못한" in job.title)
    scene.now += timedelta(hours=25)
    scene.passes(2)
    assert given_up() == {}


def test_a_message_that_no_try_could_deliver_is_counted_as_given_up(scene):
    scene.outbox.error = "HTTP 500"
    scene.open("assets-stale", level="error")
    scene.passes(60)
    AlertDelivery.objects.update(tries=len(ledger.AGAIN), next_try_at=scene.now)
    scene.passes(10)
    assert list(given_up()) == ["json 1"]


def test_what_an_older_program_wrote_goes_by_the_name_of_its_channel(scene):
    """It stored no key: a message that waited while the desk was updated failed for the lack of one."""
    scene.open("assets-stale", level="error")
    scene.passes(20)
    alert = Alert.objects.create(kind="opened", level="warning", title="old", body="", created_at=scene.now)
    AlertDelivery.objects.create(alert=alert, channel="json 1", next_try_at=scene.now)
    assert scene.passes(10) == ["old"]
    assert given_up() == {}


def test_what_is_stored_of_an_address_says_nothing_without_the_secret_key(scene, settings):
    (before,) = channels(replace(settings.DESK.alerts, urls=(ONE,)))
    first = before.key
    assert "one.example" not in first
    settings.SECRET_KEY = "another"
    assert before.key != first


def test_two_processes_tell_it_once(scene):
    other = Alerts(lambda: scene.now, scene.outbox)
    other.step()
    scene.alerts.step()
    scene.open("assets-stale", level="error")
    for _ in range(10):
        scene.passes(2)
        other.step()
    assert len(scene.outbox.titles) == 1


def test_a_channel_that_fails_is_tried_again_less_and_less_often_and_is_an_event(scene):
    scene.outbox.error = "HTTP 500"
    scene.open("assets-stale", level="error")
    scene.passes(300)
    delivery = AlertDelivery.objects.earliest("pk")
    assert (delivery.tries, delivery.state, delivery.error) == (4, "waiting", "HTTP 500")
    assert Event.objects.filter(code="alerts-undelivered", subject="json 1", is_open=True).exists()
    scene.outbox.error = ""
    assert "[심각] 잔고가 오래됨" in scene.passes(700)
    assert not Event.objects.filter(code="alerts-undelivered", is_open=True).exists()


def test_a_channel_hears_from_its_level_on(scene):
    scene.set(urls=("json://one.example/hook", "json://two.example/hook"), minimum=("info", "critical"))
    scene.open("key-quarantined", "1")
    scene.open("assets-stale", level="error")
    scene.passes(30)
    assert sorted((job.channel, job.title) for job in scene.outbox.sent) == [
        ("json 1", "[심각] 잔고가 오래됨"),
        ("json 1", "[주의] 앱키 접속 보류"),
        ("json 2", "[심각] 잔고가 오래됨"),
    ]


def test_without_channels_nothing_is_written(scene):
    scene.set(urls=())
    scene.open("assets-stale", level="error")
    scene.passes(30)
    assert not Alert.objects.exists()


def test_news_are_told_once_and_those_of_one_moment_together(scene, monkeypatch):
    items = [News(f"order-filled:{n}:10", "order-filled", f"삼성전자 매수 {n}") for n in range(3)]
    monkeypatch.setattr(registry, "NEWS", [lambda since: items])
    assert scene.passes(60) == ["[참고] 주문 체결 · 3"]
    scene.alerts = scene.begun()
    assert scene.passes(60) == []


def test_a_look_that_fails_keeps_no_alert_back(scene, monkeypatch, caplog):
    def broken(now):
        raise RuntimeError("no such sensor")

    monkeypatch.setattr(registry, "WATCHES", {"broken": registry.Watch(60, broken)})
    scene.open("assets-stale", level="error")
    assert scene.passes(20) == ["[심각] 잔고가 오래됨"]
    assert "the watch broken failed" in caplog.text


def test_the_heartbeat_is_asked_for_every_five_minutes(scene):
    scene.set(heartbeat_url="https://hc.example/ping-1f3a")
    scene.passes(900)
    assert len(scene.outbox.pings) == 3


def test_a_step_without_news_asks_little(scene, django_assert_max_num_queries):
    scene.open("assets-stale", level="error")
    scene.passes(60)
    with django_assert_max_num_queries(4):
        scene.alerts.step()


@pytest.mark.parametrize(("code", "level"), [("no-room", "info"), ("upkeep", "warning")])
def test_the_end_of_a_mere_note_is_not_told(scene, code, level):
    scene.open(code, level=level)
    scene.passes(30)
    scene.end(code)
    assert len(scene.passes(300)) == (0 if level == "info" else 1)


def test_old_messages_go_but_not_those_of_what_stands(scene):
    scene.open("assets-stale", level="error")
    scene.passes(20)
    Alert.objects.create(kind="test", level="info", title="old", body="", created_at=scene.now - timedelta(days=91))
    Alert.objects.filter(code="assets-stale").update(created_at=scene.now - timedelta(days=91))
    scene.now += timedelta(hours=2)
    scene.passes(2)
    assert [alert.code for alert in Alert.objects.all()] == ["assets-stale"]


def test_what_another_process_told_takes_nothing_along_that_nobody_has_told(scene):
    """The first of two was told already (a commit whose answer got lost, another holder of the lease): both were
    believed told."""
    scene.alerts.step()
    scene.open("key-quarantined", "key 1")
    scene.open("key-quarantined", "key 2")
    scene.now += timedelta(seconds=30)
    scene.alerts._events(scene.now)
    one = Event.objects.get(subject="key 1")
    alert = Alert.objects.create(kind="opened", level="warning", code=one.code, title="told", created_at=scene.now)
    alert.keys.create(key=f"event:{one.pk}:1", event_id=one.pk)
    assert scene.passes(120) == ["[주의] 앱키 접속 보류"]
    assert "key 2" in scene.outbox.sent[0].body
    assert "key 1" not in scene.outbox.sent[0].body


def test_news_of_an_hour_in_which_no_manager_ran_are_told_by_the_next(scene, monkeypatch):
    """A machine that was down for half an hour had an order refused shortly before: nobody was ever told."""
    at = scene.now
    item = News("order-failed:7:rejected", "order-failed", "삼성전자 매수 10주")
    monkeypatch.setattr(registry, "NEWS", [lambda since: [item] if at >= since else []])
    scene.now += timedelta(minutes=30)
    scene.alerts = scene.begun()
    assert len(scene.passes(20)) == 1
    scene.alerts = scene.begun()
    assert scene.passes(120) == []

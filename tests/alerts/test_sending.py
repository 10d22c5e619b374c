"""Messages leave by a process of their own and arrive; what fails says so without its address."""

import os
import socket
import subprocess
import sys
import threading
from dataclasses import replace
from io import StringIO

import pytest
from django.conf import settings as real
from django.core.management import CommandError, call_command

from stockdesk.alerts.channels import channels
from stockdesk.alerts.sending import Batch, Job, send
from stockdesk.env.alerts import AlertSettings
from stockdesk.logs import MASK

SECRET = "hook-3f9c1d77"


def sent(urls, *jobs, ping="", **options):
    found = channels(AlertSettings(urls=tuple(urls)))
    made = [Job(number, channel, title, "본문", "failure") for number, (channel, title) in enumerate(jobs)]
    return {answer.id: answer for answer in send(found, Batch(made, ping), **options)}


@pytest.fixture
def closed_port():
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        yield holder.getsockname()[1]


def test_webhook_mail_and_heartbeat_arrive(receiver, mails):
    mail = f"mailto://127.0.0.1:{mails.port}/?from=desk@example.com&to=me@example.com&mode=insecure"
    ping = f"http://127.0.0.1:{receiver.port}/ping/1f3a"
    answers = sent([receiver.url(), mail], ("json 1", "하나"), ("mailto 2", "둘"), ("json 1", "셋"), ping=ping)
    assert {key: answer.ok for key, answer in answers.items()} == {0: True, 1: True, 2: True, "ping": True}
    assert receiver.titles == ["하나", "셋"]
    assert (receiver.messages[0]["message"], receiver.messages[0]["type"]) == ("본문", "failure")
    assert mails.mails[0][0] == "둘"
    assert "본문" in mails.mails[0][1]
    assert receiver.asked == ["/ping/1f3a"]


def test_a_channel_that_refuses_keeps_no_other_from_being_served(receiver, closed_port):
    answers = sent(
        [f"json://user:passw0rd@127.0.0.1:{closed_port}/{SECRET}", receiver.url(), "tgram://not-a-token"],
        ("json 1", "a"), ("json 1", "b"), ("json 2", "c"), ("tgram 3", "d"),
    )  # fmt: skip
    assert (answers[0].ok, answers[2].ok, answers[3].ok) == (False, True, False)
    assert 1 not in answers, "what stands behind a failure waits"
    assert receiver.titles == ["c"]
    for answer in answers.values():
        assert SECRET not in answer.error
        assert "passw0rd" not in answer.error
        assert "not-a-token" not in answer.error
    assert answers[3].error


def test_an_error_of_the_receiver_says_which(receiver):
    receiver.status = 503
    (answer,) = sent([receiver.url()], ("json 1", "a")).values()
    assert "503" in answer.error
    assert SECRET not in answer.error


def test_a_receiver_that_hangs_costs_a_limited_time(receiver):
    receiver.hold = threading.Event()
    answers = sent([receiver.url()], ("json 1", "a"), ("json 1", "b"), limit=2.5)
    receiver.hold.set()
    assert answers[0].error == "no answer within 2 s"
    assert list(answers) == [0]


def test_neither_proxies_nor_our_secrets_reach_the_sending_process(receiver, monkeypatch, closed_port):
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{closed_port}")
    ping = f"http://127.0.0.1:{receiver.port}/ping"
    answers = sent([receiver.url()], ("json 1", "a"), ping=ping)
    assert [answer.ok for answer in answers.values()] == [True, True]


def test_the_address_is_on_no_command_line(receiver):
    receiver.hold = threading.Event()
    work = threading.Thread(target=sent, args=([receiver.url()], ("json 1", "a")))
    work.start()
    children: list[str] = []
    while work.is_alive() and not children:
        seen = subprocess.run(["ps", "axeww", "-o", "args"], capture_output=True, text=True, check=True).stdout
        children = [line for line in seen.splitlines() if "stockdesk.alerts.post" in line]
    receiver.hold.set()
    work.join()
    assert children
    assert not [line for line in children if SECRET in line]


def test_a_channel_is_known_by_its_scheme_and_place_alone():
    token = "tgram://123456789:AAF-secret_token_of_the_bot_0123456789/987654321/"
    urls = (token, "json://hooks.example.com/T0/aBcDeFgH")
    found = channels(AlertSettings(urls=urls, minimum=("info", "critical")))
    assert [(channel.name, channel.minimum) for channel in found] == [("tgram 1", "info"), ("json 2", "critical")]
    assert "secret_token" not in repr(found)
    said = found[0].cleaned(
        "POST https://api.telegram.org/bot123456789:AAF-secret_token_of_the_bot_0123456789/send 401"
    )
    assert "secret_token" not in said
    assert MASK in said
    assert "401" in said
    assert "hooks.example.com" in found[1].cleaned("hooks.example.com refused")


@pytest.mark.parametrize(
    "url",
    [
        "tgram://123456789:AAFabcdefghijklmnopqrstuvwxyz012345678/987654321/",
        "jsons://hooks.example.com/T000/B000?format=text",
        "mailto://me:app%20password@gmail.com?to=you@example.com",
    ],
)
def test_the_examples_of_the_documentation_are_understood_by_apprise(url):
    code = "import apprise,sys; sys.exit(apprise.Apprise.instantiate(sys.stdin.read()) is None)"
    assert subprocess.run([sys.executable, "-c", code], input=url, text=True, check=False).returncode == 0


def test_no_daemon_carries_apprise():
    """It costs 25 MB, which an always-on process should not have for a message a day."""
    code = "import django; django.setup(); import stockdesk.alerts.alerting, sys; sys.exit('apprise' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], env=os.environ, cwd=real.BASE_DIR, check=False)
    assert done.returncode == 0


def test_the_command_says_what_each_channel_answered(settings, receiver, closed_port):
    urls = (receiver.url(), f"json://127.0.0.1:{closed_port}/{SECRET}")
    settings.DESK = replace(settings.DESK, alerts=AlertSettings(urls=urls))
    out = StringIO()
    with pytest.raises(SystemExit):
        call_command("alert_test", stdout=out)
    first, second = out.getvalue().splitlines()
    assert first == "json 1: sent"
    assert second.startswith("json 2: failed: ")
    assert SECRET not in second
    assert receiver.titles == ["[시험] 알림 수신 확인"]


def test_the_command_without_channels_says_what_to_do(settings):
    settings.DESK = replace(settings.DESK, alerts=AlertSettings())
    with pytest.raises(CommandError, match="ALERT_URLS is empty"):
        call_command("alert_test")

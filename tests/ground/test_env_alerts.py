"""What ``.env`` says of alerts is taken letter by letter, and what is doubtful is refused without being shown."""

from datetime import date, time

import pytest

from stockdesk.logs import secrets_of
from tests.ground.test_env import read, refusal, written

TELEGRAM = "tgram://123456789:AAF-secret_token_of_the_bot_0123456789/987654321/"


def test_nothing_is_sent_unless_it_is_asked_for(tmp_path):
    alerts = read(written(tmp_path)).alerts
    assert (alerts.urls, alerts.minimum, alerts.heartbeat_url, alerts.key_ends) == ((), ("info",), "", {})
    assert (alerts.fills, alerts.summary_at, alerts.language) == (True, time(20, 10), "ko")


def test_addresses_are_cut_before_the_next_scheme_only(tmp_path):
    mail = "mailto://me:p$a#%20ss@gmail.com?to=a@example.com,b@example.com"
    alerts = read(written(tmp_path, ALERT_URLS=f"{TELEGRAM}, {mail}  json://h/x")).alerts
    assert alerts.urls == (TELEGRAM, mail, "json://h/x")


def test_each_channel_may_have_its_own_level(tmp_path):
    alerts = read(written(tmp_path, ALERT_URLS="json://a/1 json://b/2", ALERT_MINIMUM="info, critical")).alerts
    assert [alerts.minimum_of(n) for n in range(2)] == ["info", "critical"]
    assert "one for each of ALERT_URLS" in refusal(
        written(tmp_path, ALERT_URLS="json://a/1 json://b/2", ALERT_MINIMUM="info,critical,info")
    )


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ALERT_URLS", "me@example.com"),
        ("ALERT_MINIMUM", "loud"),
        ("ALERT_LANGUAGE", "fr"),
        ("ALERT_SUMMARY_AT", "25:00"),
        ("ALERT_HEARTBEAT_URL", "hc-ping.com/1f3a-4e2b"),
        ("KIS_APP_KEY_EXPIRES", "2027-02-30"),
        ("KIS_APP_KEY_3_EXPIRES", "next May"),
    ],
)
def test_what_is_doubtful_is_refused_without_being_shown(tmp_path, name, value):
    said = refusal(written(tmp_path, **{name: value}))
    assert f"{name} (length {len(value)})" in said
    assert value not in said


def test_the_days_on_which_keys_end_are_read(tmp_path):
    ends = read(
        written(tmp_path, KIS_APP_KEY_EXPIRES="2027-05-01", KIS_APP_KEY_2_EXPIRES="2027-06-01")
    ).alerts.key_ends
    assert ends == {"KIS_APP_KEY_EXPIRES": date(2027, 5, 1), "KIS_APP_KEY_2_EXPIRES": date(2027, 6, 1)}


def test_no_address_is_shown_or_logged(tmp_path):
    desk = read(written(tmp_path, ALERT_URLS=TELEGRAM, ALERT_HEARTBEAT_URL="https://hc-ping.com/1f3a-4e2b-99"))
    for secret in ("AAF-secret_token_of_the_bot_0123456789", "1f3a-4e2b-99"):
        assert secret not in repr(desk)
        assert secret in secrets_of(desk)
    assert "hc-ping.com" not in secrets_of(desk)

"""The environment: values arrive as written, doubtful ones are named and never shown."""

import stat
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured
from hypothesis import given
from hypothesis import strategies as st

from stockdesk.checks import doubts
from stockdesk.env import Environment
from stockdesk.env_names import example_text
from stockdesk.env_reader import read_environment

ROOT = Path(__file__).resolve().parent.parent.parent
NASTY = "$ab@c#d%e"
KEY, SECRET = "PS" + "k" * 34, "s" * 180
GOOD = {
    "DATABASE_URL": "mysql://desk@localhost/gnuboard",
    "SECRET_KEY": "0123456789abcdefghijklmnopqrstuvwxyz0123456789abcdefghijklmnop",
    "KIS_REST_URL": "http://127.0.0.1:18080",
    "KIS_WS_URL": "ws://127.0.0.1:21000",
    "KIS_APP_KEY": KEY,
    "KIS_APP_SECRET": SECRET,
    "KIS_ACCOUNT": "12345678-01",
    "KIS_HTS_ID": "trader1",
}


def written(folder: Path, **changes: str | None) -> Path:
    """A .env of good lines, with some changed and those of value None left out."""
    values = {**GOOD, **changes}
    path = folder / "desk.env"
    path.write_text("".join(f"{name}={value}\n" for name, value in values.items() if value is not None))
    path.chmod(0o600)
    return path


def read(path: Path, **variables: str) -> Environment:
    return read_environment(path.parent, {"STOCKDESK_ENV": str(path), **variables})


def refusal(path: Path, **variables: str) -> str:
    with pytest.raises(ImproperlyConfigured) as caught:
        read(path, **variables)
    return str(caught.value)


def test_a_good_file_is_read(tmp_path):
    desk = read(written(tmp_path))
    assert (desk.mode, desk.calls_per_second, desk.ws_sessions, desk.flush_seconds) == ("dry-run", 18, 5, 1.0)
    assert (desk.database["HOST"], desk.database["NAME"]) == ("localhost", "gnuboard")
    assert [(pair.number, pair.key) for pair in desk.app_keys] == [(1, KEY)]


@pytest.mark.parametrize("line", [NASTY, f"'{NASTY}'", f'"{NASTY}"'])
def test_signs_that_mean_something_elsewhere_arrive_unchanged(tmp_path, line):
    assert read(written(tmp_path, KIS_HTS_ID=line, DATABASE_PASSWORD=line)).hts_id == NASTY
    assert read(written(tmp_path, KIS_HTS_ID=line, DATABASE_PASSWORD=line)).database["PASSWORD"] == NASTY


@pytest.mark.parametrize(
    ("line", "value"),
    [("'\"ab\"'", '"ab"'), ('"a\\b"', "a\\b"), ("a\\nb", "a\\nb"), ("'it''s'", "it''s"),
     ("$KIS_APP_KEY", "$KIS_APP_KEY"), ("x=y", "x=y"), ("'", "'")],
)  # fmt: skip
def test_one_pair_of_quotes_is_taken_off_and_nothing_else(tmp_path, line, value):
    assert read(written(tmp_path, DART_API_KEY=line)).sources["dart"].key == value


@given(st.text(st.characters(min_codepoint=33, max_codepoint=0x2FF, exclude_characters="\x7f\x85\xa0"), min_size=1))
def test_any_password_survives_the_file(tmp_path_factory, password):
    path = written(tmp_path_factory.mktemp("env"), DATABASE_PASSWORD=f"'{password}'")
    assert read(path).database["PASSWORD"] == password


def test_a_variable_of_the_process_wins_over_the_file(tmp_path):
    assert read(written(tmp_path, WS_SESSIONS="5"), WS_SESSIONS="2").ws_sessions == 2


def test_the_file_does_not_leak_into_the_environment_of_child_processes(tmp_path):
    variables = {"STOCKDESK_ENV": str(written(tmp_path))}
    read_environment(tmp_path, variables)
    assert list(variables) == ["STOCKDESK_ENV"]


def test_everything_missing_is_named_at_once():
    with pytest.raises(ImproperlyConfigured) as caught:
        read_environment(Path("/nonexistent"), {})
    for name in ("DATABASE_URL", "SECRET_KEY", "KIS_REST_URL", "KIS_WS_URL", "KIS_APP_KEY", "KIS_APP_SECRET"):
        assert f"{name}: is missing" in str(caught.value)


def test_a_file_that_is_named_but_absent_is_said(tmp_path):
    assert "No such file" in refusal(tmp_path / "absent.env")


DOUBTFUL = {
    "DESK_MODE": "paper",
    "KIS_CALLS_PER_SECOND": "eighteen",
    "WS_SESSIONS": "6",
    "WS_SYMBOLS_PER_SESSION": "41",
    "FLUSH_SECONDS": "nan",
    "KIS_APP_KEY": "short-key-value",
    "KIS_APP_SECRET": "short-secret-value",
    "KIS_ACCOUNT": "1234567-01",
    "SECRET_KEY": "too-short-a-key",
    "KIS_REST_URL": "openapi.koreainvestment.com",
    "KIS_WS_URL": "http://127.0.0.1:1",
    "DATABASE_URL": "postgres://desk:pass-word@localhost/desk",
    "GNUBOARD_COL_RUN": "x2_run; DROP TABLE",
    "GNUBOARD_TABLE": "write_daemon",
    "DESK_DEMO": "maybe",
    "ALLOWED_HOSTS": "*",
}


@pytest.mark.parametrize("name", DOUBTFUL)
def test_a_doubtful_value_is_refused_by_name_and_length_and_not_shown(tmp_path, name):
    text = refusal(written(tmp_path, **{name: DOUBTFUL[name]}))
    assert f"{name} (length {len(DOUBTFUL[name])}): " in text
    if len(DOUBTFUL[name]) > 6:
        assert DOUBTFUL[name] not in text


def test_all_doubts_come_in_one_answer(tmp_path):
    text = refusal(written(tmp_path, **DOUBTFUL))
    assert all(f"{name} (length" in text for name in DOUBTFUL)


@pytest.mark.parametrize("value", ["０１", "1_0", "1e1", "+5", "٣", ""])
def test_numbers_are_plain_digits(tmp_path, value):
    assert "KIS_CALLS_PER_SECOND" in refusal(written(tmp_path, KIS_CALLS_PER_SECOND=value))


def test_a_secret_with_a_blank_at_its_end_is_doubtful(tmp_path):
    assert "KIS_APP_SECRET (length 181): begins or ends with a blank" in refusal(
        written(tmp_path, KIS_APP_SECRET=SECRET + " ")
    )


def test_a_line_with_blanks_around_the_equals_sign_is_named(tmp_path):
    path = written(tmp_path, KIS_HTS_ID=None)
    path.write_text(path.read_text() + "KIS_HTS_ID = secret-id\n")
    text = refusal(path)
    assert "line 8 (KIS_HTS_ID): not of the form NAME=value" in text
    assert "secret-id" not in text


def test_a_line_that_is_no_setting_is_not_quoted(tmp_path, caplog):
    path = written(tmp_path)
    path.write_text(path.read_text() + "my secret words\n")
    text = refusal(path)
    assert "line 9: not of the form" in text
    assert "secret words" not in text + caplog.text


def test_a_byte_order_mark_does_not_hide_the_first_line(tmp_path):
    path = written(tmp_path)
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert read(path).database["NAME"] == "gnuboard"


def test_windows_line_ends_are_no_part_of_a_value(tmp_path):
    path = written(tmp_path)
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert read(path).hts_id == "trader1"


def test_a_file_in_another_encoding_is_said(tmp_path):
    path = written(tmp_path)
    path.write_bytes(path.read_bytes() + "# 한국투자증권\n".encode("cp949"))
    assert "not UTF-8" in refusal(path)


def test_a_name_given_twice_with_two_values_is_doubtful(tmp_path):
    path = written(tmp_path)
    path.write_text(path.read_text() + "KIS_HTS_ID=another\n")
    assert "KIS_HTS_ID: given twice" in refusal(path)


def test_numbered_keys_make_a_pool_without_gaps(tmp_path):
    pool = {"KIS_APP_KEY_2": "P2" + "k" * 34, "KIS_APP_SECRET_2": "2" * 180}
    assert [pair.number for pair in read(written(tmp_path, **pool)).app_keys] == [1, 2]
    gap = {"KIS_APP_KEY_3": "P3" + "k" * 34, "KIS_APP_SECRET_3": "3" * 180}
    assert "KIS_APP_KEY_2 is missing" in refusal(written(tmp_path, **gap))


def test_half_a_pair_and_the_same_key_twice_are_doubtful(tmp_path):
    assert "is missing beside" in refusal(written(tmp_path, KIS_APP_KEY_2="P2" + "k" * 34))
    twice = {"KIS_APP_KEY_2": KEY, "KIS_APP_SECRET_2": SECRET}
    assert "same key" in refusal(written(tmp_path, **twice))


def test_the_master_files_lie_at_kis_unless_told_otherwise_and_a_demo_asks_its_simulator(tmp_path):
    assert read(written(tmp_path)).kis_master_url == "https://new.real.download.dws.co.kr/common/master"
    assert read(written(tmp_path, KIS_MASTER_URL="http://mirror/a/")).kis_master_url == "http://mirror/a"
    demo = read(written(tmp_path, DESK_DEMO="1"))
    assert demo.kis_master_url == f"{demo.kis_rest_url}/common/master"
    assert "KIS_MASTER_URL" in refusal(written(tmp_path, DESK_DEMO="1", KIS_MASTER_URL="https://files.example"))


REAL = {"KIS_REST_URL": "https://openapi.koreainvestment.com:9443", "KIS_WS_URL": "ws://ops.koreainvestment.com:21000"}
MOCK = {
    "KIS_REST_URL": "https://openapivts.koreainvestment.com:29443",
    "KIS_WS_URL": "ws://ops.koreainvestment.com:31000",
}


@pytest.mark.parametrize(("mode", "places"), [("live", REAL), ("mock", MOCK), ("dry-run", REAL), ("mock", {})])
def test_mode_and_addresses_that_agree_are_taken(tmp_path, mode, places):
    assert read(written(tmp_path, DESK_MODE=mode, **places)).mode == mode


@pytest.mark.parametrize(
    ("mode", "places"),
    [
        ("live", {}),
        ("live", MOCK),
        ("mock", REAL),
        ("mock", {"KIS_REST_URL": REAL["KIS_REST_URL"]}),
        ("dry-run", {**REAL, "KIS_WS_URL": MOCK["KIS_WS_URL"]}),
        ("live", {**REAL, "DESK_DEMO": "1"}),
        ("dry-run", {**REAL, "DESK_DEMO": "1"}),
    ],
)
def test_mode_and_addresses_that_contradict_each_other_are_refused(tmp_path, mode, places):
    assert "KIS_" in refusal(written(tmp_path, DESK_MODE=mode, **places))


def test_trading_modes_need_account_and_hts_id(tmp_path):
    text = refusal(written(tmp_path, DESK_MODE="mock", KIS_ACCOUNT=None, KIS_HTS_ID=None))
    assert "KIS_ACCOUNT: is missing" in text
    assert "KIS_HTS_ID: is missing" in text


def test_the_environment_does_not_show_its_secrets(tmp_path):
    shown = repr(read(written(tmp_path, DATABASE_PASSWORD="open-sesame")))
    assert not [value for value in ("open-sesame", KEY, SECRET, "12345678", "trader1") if value in shown]


def test_more_sessions_than_keys_is_a_warning_only(tmp_path):
    assert "stockdesk.W001" in [doubt.id for doubt in doubts(read(written(tmp_path)))]
    assert "stockdesk.W001" not in [doubt.id for doubt in doubts(read(written(tmp_path, WS_SESSIONS="1")))]


def test_a_slip_in_a_name_and_a_file_open_to_all_are_warned_of(tmp_path):
    path = written(tmp_path, KIS_APPKEY="x", WS_SESSIONS="1")
    path.chmod(path.stat().st_mode | stat.S_IROTH)
    found = {doubt.id: doubt.msg for doubt in doubts(read(path))}
    assert "KIS_APPKEY" in found["stockdesk.W004"]
    assert "stockdesk.W006" in found


def test_the_example_file_shows_every_setting():
    assert (ROOT / ".env.example").read_text() == example_text()


SOURCES = {"DART_URL": "https://opendart.fss.or.kr/api", "DATA_GO_KR_URL": "https://apis.data.go.kr/1160100/service"}


def test_the_public_sources_are_the_real_ones_unless_told_otherwise(tmp_path):
    for empty in ({}, {"DART_URL": "", "DATA_GO_KR_URL": ""}):
        desk = read(written(tmp_path, **empty))
        assert [source.url for source in desk.sources.values()] == list(SOURCES.values())


def test_the_demo_asks_the_simulator_for_the_public_sources(tmp_path):
    desk = read(written(tmp_path, DESK_DEMO="1"))
    assert desk.sources["dart"].url == "http://127.0.0.1:18080/dart/api"
    assert desk.sources["datagokr"].url == "http://127.0.0.1:18080/datagokr/1160100/service"


@pytest.mark.parametrize(("name", "real"), SOURCES.items())
def test_the_demo_never_calls_a_real_source(tmp_path, name, real):
    assert f"{name} (length {len(real)}): the demo talks to the simulator" in refusal(
        written(tmp_path, DESK_DEMO="1", **{name: real})
    )


@pytest.mark.parametrize("name", SOURCES)
def test_a_key_does_not_travel_unencrypted(tmp_path, name):
    assert "must be https" in refusal(written(tmp_path, **{name: "http://mirror.example.com/api"}))


def test_the_demo_keeps_one_recorded_day_and_a_desk_twenty(tmp_path):
    recording = read(written(tmp_path)).recording
    assert (recording.on, recording.days, recording.most_bytes) == (True, 20, 10 * 2**30)
    assert recording.directory == tmp_path / "var" / "recordings"
    assert read(written(tmp_path, DESK_DEMO="1")).recording.days == 1
    other = read(written(tmp_path, DESK_DEMO="1", RECORD="0", RECORD_DAYS="3", RECORD_DIRECTORY="/mnt/ticks"))
    assert (other.recording.on, other.recording.days, other.recording.directory) == (False, 3, Path("/mnt/ticks"))
    assert "RECORD_GB" in refusal(written(tmp_path, RECORD_GB="0"))

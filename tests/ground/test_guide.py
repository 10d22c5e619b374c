"""From the demo to a desk of one's own: tried out over real sockets, written once, and never shown again."""

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import OperationalError
from django.test import Client
from websockets.exceptions import ConnectionClosedError

from stockdesk import codes, guide, guide_file, guide_hts, guide_views
from stockdesk.access import OWNER
from stockdesk.calls.governor import Governor
from stockdesk.calls.keys import key_id
from stockdesk.env.reader import read_environment
from stockdesk.guide_typed import Host, Typed
from stockdesk.kis import wire as wire_module
from stockdesk.kis.account import AccountClient
from stockdesk.kis.errors import Refused
from stockdesk.logs import redacted
from stockdesk.models import Connection, Token
from stockdesk.simulator.testing import RunningSimulator, new_key
from tests.ground.guide_form import HTS_ID, right_values
from tests.people import PASSWORD, client_of, person, with_device
from tests.trading.screens.conftest import code_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def broker(simulator: RunningSimulator, monkeypatch: pytest.MonkeyPatch) -> RunningSimulator:
    """The simulator as KIS's real host, without the pause that the mock host needs."""
    monkeypatch.setattr(guide, "HOSTS", {"real": Host(simulator.rest_url, simulator.ws_url, False, 18)})
    monkeypatch.setattr(guide_file, "HOSTS", guide.HOSTS)
    monkeypatch.setattr(guide, "PAUSE", 0.0)
    monkeypatch.setattr(guide, "_tokens", {})
    return simulator


@pytest.fixture
def root() -> User:
    return with_device(User.objects.create_superuser("root", password=PASSWORD))


@pytest.fixture
def client(root: User) -> Client:
    return client_of(root)


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(guide_views, "place", lambda: tmp_path / ".env")
    return tmp_path / ".env"


@pytest.fixture
def typed() -> dict[str, str]:
    return right_values()


def checked(client: Client, typed: dict[str, str]) -> dict[str, Any]:
    answer = client.post("/guide/check/", typed)
    text = answer.content.decode()
    for name in ("app_key", "app_secret", "account", "hts_id"):
        assert typed[name] not in text, "nothing secret comes back"
    return answer.json()


def states(found: dict[str, Any]) -> dict[str, str]:
    return {look["name"]: look["state"] for look in found["checks"]}


def test_what_is_right_is_written_and_read_back_letter_by_letter(broker, client, root, place, typed):
    found = checked(client, typed)
    told = states(found)
    assert [told[name] for name in ("app_key", "account", "hts_id", "clock", "database", "board")] == ["ok"] * 6
    assert [told[name] for name in ("dart_key", "data_go_kr_key")] == ["later"] * 2
    body = {**typed, "receipt": found["receipt"], "code": code_of(codes.device_of(root))}
    answer = client.post("/guide/write/", body).json()
    assert answer["done"], answer
    assert place.stat().st_mode & 0o777 == 0o600
    desk = read_environment(place.parent, {"STOCKDESK_ENV": str(place)})
    assert (desk.hts_id, desk.account) == (HTS_ID, typed["account"])
    assert desk.sources["datagokr"].key == typed["data_go_kr_key"]
    assert [(pair.key, pair.secret) for pair in desk.app_keys] == [(typed["app_key"], typed["app_secret"])]
    assert (desk.mode, desk.demo) == ("dry-run", False)
    assert len(desk.trading_password) >= 12
    assert list(place.parent.iterdir()) == [place], "no copy is left behind"
    assert not Token.objects.exists(), "the token of the try-out is stored nowhere"


@pytest.mark.parametrize("value", ["$ab@c#d%e", "'quoted'", '"half', "back\\slash", "a=b", "#hash", "%(x)s", "한글"])
def test_every_letter_survives_the_file(value, tmp_path):
    path = tmp_path / ".env"
    path.write_text(f"KIS_HTS_ID={guide_file.spelt(value)}\n")
    assert guide_file.read_file(path)[0]["KIS_HTS_ID"] == value


def test_wrong_keys_say_so_and_open_nothing(broker, client, place, typed):
    checked(client, typed)  # the simulator binds the key to its first secret
    found = checked(client, {**typed, "app_secret": new_key()[1]})
    assert states(found)["app_key"] == "bad"
    assert "EGW00105" in found["checks"][0]["text"]
    assert found["receipt"] == ""
    assert not place.exists()


def test_a_wrong_account_says_so_and_costs_no_second_token(broker, client, typed):
    broker.control.change(token_seconds=60.0)
    assert states(checked(client, typed))["account"] == "ok"  # the simulator binds the key to its first account
    found = checked(client, {**typed, "account": "50999999-01"})
    assert states(found)["account"] == "bad"
    assert found["receipt"] == ""
    assert states(checked(client, typed))["account"] == "ok"


def hts_id_of(found: dict[str, Any]) -> tuple[str, str]:
    return next((look["state"], look["text"]) for look in found["checks"] if look["name"] == "hts_id")


def test_an_hts_id_with_a_wrong_capital_is_refused_by_the_broker_itself(broker, client, place, typed):
    checked(client, typed)  # the simulator binds the key to its first HTS id
    state, text = hts_id_of(found := checked(client, {**typed, "hts_id": HTS_ID.upper()}))
    assert (state, found["receipt"]) == ("bad", "")
    assert "OPSP0017" in text
    assert not place.exists()


def left_open(found: dict[str, Any]) -> str:
    """What is said of an HTS id that could not be judged: that keeps nobody from going on."""
    state, text = hts_id_of(found)
    assert state == "later"
    assert found["receipt"]
    assert "알 수 없습니다" in text
    assert "등록 거부됨" in text, "how a wrong one will be noticed"
    return text


def test_a_broker_that_hangs_up_over_an_hts_id_leaves_it_unproved(broker, client, typed):
    broker.control.mishap_on("wrong-hts-id", value="lost")
    assert "대소문자" in left_open(checked(client, typed))


def test_a_broker_that_says_nothing_leaves_the_hts_id_unproved(broker, client, typed, monkeypatch):
    monkeypatch.setattr(guide_hts, "ANSWER_WITHIN", 0.2)
    broker.control.mishap_on("deaf")
    left_open(checked(client, typed))


def test_a_code_that_speaks_of_something_else_leaves_the_hts_id_unproved(broker, client, typed):
    broker.control.mishap_on("unknown-approval")
    assert "OPSP0011" in left_open(checked(client, typed))


def test_a_broker_without_a_key_for_its_stream_leaves_the_hts_id_unproved(broker, client, typed, monkeypatch):
    async def refused(_client: AccountClient) -> str:
        raise Refused("server error", "EGW00002")

    monkeypatch.setattr(AccountClient, "approval_key", refused)
    assert "EGW00002" in left_open(checked(client, typed))


def test_one_hts_id_costs_one_connection_which_stands_in_the_ledger_and_ends_politely(broker, client, typed):
    for _ in range(3):
        assert hts_id_of(checked(client, typed))[0] == "ok"
    row = Connection.objects.get()
    assert (row.key_id, row.session, row.outcome) == (key_id(typed["app_key"]), guide_hts.NO_SESSION, "guide: known")
    connects = broker.control.seen()["connects"]
    assert [connect["ended"] for connect in connects["list"]] == ["closed"]
    assert HTS_ID not in json.dumps([row.outcome, row.key_id])


def test_whoever_hurries_is_told_when_the_broker_may_be_asked_again(broker, client, typed, monkeypatch):
    monkeypatch.setattr(guide_hts, "PATIENCE", 0.0)
    checked(client, typed)
    assert "초 뒤에" in left_open(checked(client, {**typed, "hts_id": "somebody"}))
    assert broker.control.seen()["connects"]["total"] == 1


def test_a_key_that_is_connected_elsewhere_is_told_and_left_alone(broker, client, typed):
    broker.control.mishap_on("in-use")
    for _ in range(2):
        assert "OPSP8996" in left_open(checked(client, typed))
    assert broker.control.seen()["connects"]["total"] == 1


def test_a_price_stream_that_cannot_be_reached_is_told(broker, client, typed, monkeypatch):
    away = Host(broker.rest_url, "ws://127.0.0.1:9", False, 18)
    monkeypatch.setattr(guide, "HOSTS", {"real": away})
    assert "방화벽" in left_open(checked(client, typed))


def failing(*_arguments: Any) -> Any:
    raise OperationalError(2006, "server has gone away, and text that may quote the data")


def test_without_the_governors_word_nobody_connects(broker, client, typed, monkeypatch):
    monkeypatch.setattr(Governor, "ask", failing)
    text = left_open(checked(client, typed))
    assert "2006" in text
    assert "quote" not in text
    assert broker.control.seen()["connects"]["total"] == 0


def test_what_the_broker_said_holds_though_the_ledger_did_not_take_it(broker, client, typed, monkeypatch, caplog):
    monkeypatch.setattr(Governor, "ended", failing)
    assert hts_id_of(checked(client, typed))[0] == "ok"
    assert "guide: known" in caplog.text
    assert "quote" not in caplog.text


def test_an_attempt_that_broke_off_is_closed_in_the_ledger(broker, client, typed, monkeypatch):
    async def breaks(*_arguments: Any) -> str:
        raise RuntimeError("off")

    monkeypatch.setattr(guide_hts, "ask", breaks)
    with pytest.raises(RuntimeError, match="off"):
        checked(client, typed)
    row = Connection.objects.get()
    assert row.ended_at is not None
    assert row.outcome == "guide: broken off"


def test_an_id_that_was_taken_is_right_though_the_farewell_fails(broker, client, typed, monkeypatch):
    async def open_wire(*arguments: Any) -> Any:
        wire = await wire_module.open_wire(*arguments)
        send = wire.send
        sent: list[str] = []

        async def once(text: str) -> None:
            if sent:
                raise ConnectionClosedError(None, None)
            sent.append(text)
            await send(text)

        monkeypatch.setattr(wire, "send", once)
        return wire

    monkeypatch.setattr(guide_hts, "open_wire", open_wire)
    assert hts_id_of(checked(client, typed))[0] == "ok"
    assert Connection.objects.get().outcome == "guide: known"


def test_the_desks_own_key_is_not_connected_twice(broker, client, typed, settings):
    pair = replace(settings.DESK.app_keys[0], key=typed["app_key"], secret=typed["app_secret"])
    settings.DESK = replace(settings.DESK, app_keys=(pair,))
    assert hts_id_of(checked(client, typed))[0] == "later"
    assert not Connection.objects.exists()


def test_a_second_token_within_the_minute_is_explained(broker, client, typed, monkeypatch):
    broker.control.change(token_seconds=60.0)
    checked(client, typed)
    monkeypatch.setattr(guide, "_tokens", {})
    look = checked(client, typed)["checks"][0]
    assert (look["name"], look["state"]) == ("app_key", "bad")
    assert "1분" in look["text"]


def test_a_wrong_clock_is_told(broker, client, typed):
    broker.control.mishap_on("wrong-date", value=600)
    found = checked(client, typed)
    assert states(found)["clock"] == "bad"
    assert found["receipt"] == ""


def test_a_broker_that_is_not_there_is_told(client, typed, monkeypatch):
    monkeypatch.setattr(guide, "HOSTS", {"real": Host("http://127.0.0.1:9", "ws://127.0.0.1:9", False, 18)})
    assert states(checked(client, typed))["app_key"] == "bad"


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({"app_key": "short"}, "app_key"),
        ({"account": "1234"}, "account"),
        ({"hts_id": "two words"}, "hts_id"),
        ({"database_url": "postgres://x"}, "database"),
        ({"host": "elsewhere"}, "host"),
    ],
)
def test_what_cannot_be_right_asks_nobody(broker, client, typed, change, name):
    found = client.post("/guide/check/", {**typed, **change}).json()
    assert states(found) == {name: "bad"}
    assert broker.control.seen()["keys"] == {}


def test_a_database_that_lets_nobody_in_is_told(broker, client, typed):
    found = checked(client, {**typed, "database_url": typed["database_url"].replace("mysql://", "mysql://nobody-")})
    assert states(found)["database"] == "bad"
    assert found["receipt"] == ""


def test_nothing_is_written_without_a_code_a_receipt_or_the_right(broker, client, root, place, typed):
    receipt = checked(client, typed)["receipt"]
    body = {**typed, "receipt": receipt}
    assert client.post("/guide/write/", body).status_code == 403
    code = code_of(codes.device_of(root))
    other = {**body, "account": "50999999-01", "code": code}
    assert "확인하지 않았거나" in client.post("/guide/write/", other).json()["text"]
    owner = client_of(with_device(person("kim", OWNER)))
    assert owner.post("/guide/write/", {**body, "code": code}).status_code == 403
    assert not place.exists()


def test_a_file_that_is_there_stays_and_the_names_that_differ_are_told(broker, client, root, place, typed):
    place.write_text(f"KIS_HTS_ID={HTS_ID}\nKIS_ACCOUNT=11111111-01\n")
    body = {**typed, "receipt": checked(client, typed)["receipt"], "code": code_of(codes.device_of(root))}
    answer = client.post("/guide/write/", body)
    assert answer.status_code == 409
    assert "KIS_ACCOUNT" in answer.json()["text"]
    assert "KIS_HTS_ID" not in answer.json()["text"]
    assert typed["account"] not in answer.content.decode()
    assert "11111111" in place.read_text()


def test_a_place_that_cannot_be_written_is_told(typed, tmp_path):
    with pytest.raises(guide_file.NotWritten, match="system"):
        guide_file.write(tmp_path / "missing" / ".env", Typed.of(typed))
    assert os.listdir(tmp_path) == []


def test_what_was_typed_reaches_no_log_and_no_session(broker, client, typed):
    checked(client, typed)
    assert typed["app_key"] not in repr(Typed.of(typed))
    for name in ("app_key", "app_secret", "account", "hts_id"):
        assert typed[name] not in redacted(f"an error quotes {typed[name]} here")
        assert typed[name] not in str(dict(client.session))


def test_a_first_login_of_whoever_may_set_up_leads_to_the_guide(settings):
    settings.DESK = replace(settings.DESK, demo=True)
    User.objects.create_superuser("admin", password=PASSWORD)
    form = {"username": "admin", "password": PASSWORD, "next": "/"}
    assert Client().post("/login/", form)["Location"] == "/guide/"
    assert Client().post("/login/", form)["Location"] == "/"
    page = client_of(User.objects.get()).get("/guide/").content.decode()
    assert "데모에서 해 보기" in page
    assert " style=" not in page


def test_the_account_is_kept_out_of_the_log_in_the_form_in_which_a_call_carries_it(typed):
    """CANO is the first eight digits alone."""
    assert "50123456" in Typed.of(typed).secrets()

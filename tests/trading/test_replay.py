"""A recorded day through conditions and checks: the same twice, the desk's own tables untouched, a result to read."""

import csv
import io
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, connections

from assets.accounts import own_account
from assets.models import Account, Balance, Holding
from market.models import FeedSession, Instrument, Quote
from market.playback import Playback
from market.recorder import Recorder
from market.recording import open_recording
from stockdesk import grants, roles
from stockdesk.kis.messages import KST
from stockdesk.simulator.testing import RunningSimulator
from tests.collectors.test_run_ws_market import counter, fresh, symbols, watch
from tests.feed import StartFeed
from tests.market.ticks import frame, record
from tests.trading.conftest import HYNIX, SAMSUNG, needs_account, stored
from trading.condition_file import header as file_header
from trading.database import DatabaseStorage
from trading.models import Condition, Desk, Order, Refusal
from trading.replay import NoBroker, Replay
from trading.replay_database import NoDatabase, own_database
from trading.replay_report import Line, digest, lines
from trading.replay_tables import Storage

pytestmark = [pytest.mark.django_db(transaction=True), needs_account]

OPENING = datetime(2026, 11, 20, 10, 0, tzinfo=KST).timestamp()
# Prices of Samsung, one a second; the base price is 70,000.
NAMED = ("id", "symbol", "side", "enabled", "trigger", "strike_price", "quantity")
DIP_AND_RISE = [70_000, 69_500, 69_000, 68_900, 68_900, 69_500, 70_500, 71_500, 72_000, 71_000, 70_000]


@pytest.fixture(autouse=True)
def _always_open(settings: Any) -> None:
    """The market of the demo: the calendar is not what is tested here."""
    local = {"kis_rest_url": "http://127.0.0.1:9", "kis_ws_url": "ws://127.0.0.1:9"}
    settings.DESK = replace(settings.DESK, demo=True, mode="mock", **local)


@pytest.fixture
def desk() -> None:
    """Two issues, a desk in mode mock and 10,000,000 KRW; what the replay finds and must not change."""
    for symbol, name in ((SAMSUNG, "삼성전자"), (HYNIX, "SK하이닉스")):
        Instrument.objects.create(symbol=symbol, name=name, market="KOSPI", base_price=70_000)
    Desk.objects.update_or_create(pk=1, defaults={"mode": "mock"})
    account = Account.objects.create(id=own_account(), updated_at=datetime(2026, 11, 20, 15, tzinfo=KST), stale=False)
    Balance.objects.create(account=account, deposit_d2=10_000_000, total_value=10_000_000, previous_total=10_000_000)


def recorded(directory: Path, prices: list[int], *, seconds_each: int = 1) -> Path:
    """A recording of Samsung at these prices, and of Hynix at 70,000 all the time."""
    now = OPENING
    recorder = Recorder(directory, days=5, most_bytes=1 << 40, clock=lambda: now, free=lambda _: 1 << 40)
    take = recorder.tap(1, lambda text, session, at: None)
    recorder.watch({SAMSUNG: 1, HYNIX: 1})
    for number, price in enumerate(price for price in prices for _ in range(seconds_each)):
        second: dict[str, Any] = {
            "STCK_CNTG_HOUR": f"{datetime.fromtimestamp(now, KST):%H%M%S}",
            "ACML_VOL": 1000 + number,
        }
        take(frame(record(SAMSUNG, STCK_PRPR=price, PRDY_VRSS=price - 70_000, **second)))
        take(frame(record(HYNIX, STCK_PRPR=70_000, PRDY_VRSS=0, **second)))
        now += 0.4
        recorder.flushed(now, [1])
        now += 0.6
        recorder.hand_over()
    recorder.close()
    return directory / "2026-11-20.frames.gz"


def replayed(path: Path) -> tuple[Replay, list[Line], str, list[dict[str, Any]]]:
    recording = open_recording(path)
    with own_database():
        replay = Replay(Playback(), began_at=recording.first_at)
        replay.prepare()
        replay.run(recording.records())
        replay.store()
        return replay, lines(replay), digest(replay), quotes()


def quotes() -> list[dict[str, Any]]:
    return [dict(row) for row in Quote.objects.order_by("symbol").values()]


def told(path: Path, *args: str, **options: Any) -> str:
    out = io.StringIO()
    call_command("replay", str(path), *args, stdout=out, stderr=io.StringIO(), **options)
    return out.getvalue()


@pytest.fixture
def databases() -> Iterator[Callable[[], set[str]]]:
    """The replay's database, as long as it is there."""
    own = f"{connection.settings_dict['NAME']}_replay"

    def found() -> set[str]:
        with connection.cursor() as cursor:
            cursor.execute("SELECT schema_name FROM information_schema.schemata WHERE schema_name = %s", (own,))
            return {row[0] for row in cursor.fetchall()}

    yield found
    with connection.cursor() as cursor:
        for name in found():
            cursor.execute(f"DROP DATABASE `{name}`")


def test_the_same_day_gives_the_same_twice_and_leaves_the_desk_alone(
    desk: None, tmp_path: Path, databases: Callable[[], set[str]]
) -> None:
    stored(strike_price=69_000, quantity=10)
    stored(side="sell", trigger="take_profit", strike_price=None, rate=Decimal(3), sizing="all", quantity=None)
    stored(symbol=HYNIX, strike_price=60_000, quantity=1)
    before = [list(model.objects.order_by("pk").values()) for model in (Condition, Desk, Account, Balance, Holding)]
    path = recorded(tmp_path, DIP_AND_RISE, seconds_each=12)
    first, found, told_first, rows = replayed(path)
    second, again, told_second, rows_again = replayed(path)
    assert (told_first, found, rows) == (told_second, again, rows_again)
    assert first.playback.bars == second.playback.bars
    assert len(first.playback.bars) == 4
    one = path.parent / "other"
    one.mkdir()
    assert replayed(recorded(one, [70_000, 69_900]))[2] != told_first
    after = [list(model.objects.order_by("pk").values()) for model in (Condition, Desk, Account, Balance, Holding)]
    assert before == after
    for model in (Quote, FeedSession, Order, Refusal):
        assert not model.objects.exists()
    assert databases() == set()


class ByRows(Storage):
    """Every question and every note goes to the tables, as in run_trading."""

    desk = DatabaseStorage.desk
    conditions = DatabaseStorage.conditions
    orders = DatabaseStorage.orders
    orders_of = DatabaseStorage.orders_of
    note_best = DatabaseStorage.note_best
    note_refusal = DatabaseStorage.note_refusal


def test_what_is_kept_in_memory_is_what_the_tables_would_have_said(
    desk: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored(strike_price=69_000, quantity=10, repeat=3, cool_down=3)
    stored(side="sell", trigger="trailing", strike_price=None, rate=Decimal(1), sizing="all", quantity=None)
    stored(symbol=HYNIX, strike_price=75_000, quantity=1_000_000)
    path = recorded(tmp_path, DIP_AND_RISE, seconds_each=4)
    by_memory = replayed(path)
    monkeypatch.setattr("trading.replay.Storage", ByRows)
    monkeypatch.setattr("trading.replay_tables.READ_AGAIN", 0.0)
    by_rows = replayed(path)
    assert by_memory[1:] == by_rows[1:]
    assert len(by_memory[0].fills.all) > 3


def test_conditions_buy_and_take_profit_on_assumed_fills(desk: None, tmp_path: Path) -> None:
    buy = stored(strike_price=69_000, quantity=10)
    take = stored(side="sell", trigger="take_profit", strike_price=None, rate=Decimal(3), sizing="all", quantity=None)
    idle = stored(symbol=HYNIX, strike_price=60_000, quantity=1)
    replay, found, _, rows = replayed(recorded(tmp_path, DIP_AND_RISE))
    bought, sold = replay.fills.all
    assert (bought.order.condition_id, bought.order.price, bought.price) == (buy.pk, 69_000, 68_900)
    assert bought.at is not None
    assert bought.at > bought.order.created_at
    assert bought.order.mode == "dry-run"
    assert (sold.order.condition_id, sold.order.quantity, sold.price) == (take.pk, 10, 72_000)
    assert sold.profit == 10 * (72_000 - 68_900)
    assert (bought.order.created_at - datetime.fromtimestamp(OPENING, KST)).total_seconds() == 2.5
    assert [row["last_price"] for row in rows] == [70_000, 70_000]
    why = {line.condition.split()[0]: line for line in found if line.profit is None}
    assert why[f"#{idle.pk}"].fill == ""
    assert [line.profit for line in found if line.profit is not None] == [10 * (70_000 - 68_900), 31_000]


def test_a_trailing_condition_follows_the_price_of_then(desk: None, tmp_path: Path) -> None:
    Holding.objects.create(
        id=f"{own_account()}:{SAMSUNG}", account_id=own_account(), symbol=SAMSUNG, quantity=5, orderable_quantity=5,
        average_price=Decimal(60_000),
    )  # fmt: skip
    row = stored(
        side="sell", trigger="trailing", strike_price=None, rate=Decimal(2), sizing="all", quantity=None,
        pricing="market",
    )  # fmt: skip
    Condition.objects.filter(pk=row.pk).update(best_price=500_000)
    replay, _, _, _ = replayed(recorded(tmp_path, [70_000, 71_000, 72_000, 71_500, 70_000, 70_100]))
    (sold,) = replay.fills.all
    assert (sold.order.quote_price, sold.price, sold.profit) == (70_000, 70_100, 5 * 10_100)
    assert Condition.objects.get().best_price == 500_000


def test_an_order_whose_money_is_gone_by_then_stays_unfilled(desk: None, tmp_path: Path) -> None:
    Balance.objects.update(deposit_d2=700_000)
    stored(strike_price=69_000, quantity=10)
    stored(strike_price=69_000, quantity=9)
    replay, _, _, _ = replayed(recorded(tmp_path, DIP_AND_RISE))
    assert [(one.price, one.short_of) for one in replay.fills.all] == [(68_900, ""), (None, "cash")]


def test_the_command_tells_a_trader_in_korean_and_in_a_file(desk: None, tmp_path: Path) -> None:
    stored(strike_price=69_000, quantity=10, note="=danger")
    Instrument.objects.filter(pk=SAMSUNG).update(name="=cmd()")
    path = recorded(tmp_path, DIP_AND_RISE)
    text = told(path, "--out", str(tmp_path / "out"), "--digest")
    head, order, *_ = text.splitlines()
    assert head.split() == ["조건", "종목코드", "종목명", "시각", "가격", "판단", "가상", "체결가", "손익"]
    assert "10:00:02" in order
    assert "주문" in order
    assert "68,900 (10:00:03)" in order
    assert "+11,000" in order
    assert "수수료" in text
    assert "그날의 것이 아니라 지금의 것" in text
    assert "sha256 " in text
    written = tmp_path / "out" / "replay-2026-11-20.csv"
    assert (written.stat().st_mode & 0o777, written.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    rows = list(csv.reader(io.StringIO(written.read_bytes().decode("utf-8-sig"))))
    assert (rows[1][1], rows[1][2], rows[1][7]) == (SAMSUNG, "'=cmd()", "11000")


def test_parts_of_a_day_other_conditions_and_another_account(desk: None, tmp_path: Path) -> None:
    kept = stored(strike_price=69_000, quantity=10)
    path = recorded(tmp_path, DIP_AND_RISE)
    assert "주문 0건" in told(path, "--to", "10:00:02")
    assert "가상 체결 0건" not in told(path, "--from", "10:00:02")
    assert "주문 0건" in told(path, "--cash", "1000")
    assert "주문 0건" in told(path, "--symbols", HYNIX)
    conditions = tmp_path / "conditions.csv"
    header = ",".join(file_header(name) for name in NAMED)
    conditions.write_text(f"{header}\n,{SAMSUNG},sell,켬,at_or_above,70500,3\n", encoding="utf-8")
    text = told(path, "--conditions", str(conditions), "--holdings", f"{SAMSUNG}:3:65000", "--cash", "0")
    assert "매도 3" in text
    assert f"+{3 * (71_500 - 65_000):,}" in text
    assert "명령에서 준" in text
    assert list(Condition.objects.values_list("pk", "strike_price")) == [(kept.pk, 69_000)]


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--from", "9"], "9"),
        (["--speed", "fast"], "fast"),
        (["--from", "11:00"], "manage.py recordings"),
        (["--holdings", "005930:x"], "005930:10:65000"),
        (["--conditions", "/nowhere.csv"], "/nowhere.csv"),
    ],
)
def test_what_cannot_be_read_is_refused_with_a_sentence(
    desk: None, tmp_path: Path, options: list[str], sentence: str, databases: Callable[[], set[str]]
) -> None:
    path = recorded(tmp_path, [70_000])
    with pytest.raises(CommandError, match=sentence):
        told(path, *options)
    assert databases() == set()


def test_a_file_that_was_cut_is_played_as_far_as_it_goes_and_says_so(desk: None, tmp_path: Path) -> None:
    path = recorded(tmp_path, DIP_AND_RISE)
    path.write_bytes(path.read_bytes()[:-30])
    text = told(path)
    assert "+69,500" not in text
    assert "읽을 수 없어 뺀 부분" in text
    path.write_bytes(b"nothing of ours")
    with pytest.raises(CommandError, match="녹화 파일이 아니거나"):
        told(path)


def test_a_database_that_no_replay_made_is_left_alone(databases: Callable[[], set[str]]) -> None:
    own = f"{connection.settings_dict['NAME']}_replay"
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE `{own}`")
        cursor.execute(f"CREATE TABLE `{own}`.treasure (id INT)")
    with pytest.raises(NoDatabase, match="재생이 만든 것이 아닙니다"), own_database():
        pass
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT COUNT(*) FROM `{own}`.treasure")


def test_without_the_right_to_make_a_database_it_says_which_grant(databases: Callable[[], set[str]]) -> None:
    name = str(connection.settings_dict["NAME"])
    user, live = "replay_poor", dict(connection.settings_dict)
    account = grants.account(user, roles.own_host())
    with connection.cursor() as cursor:
        cursor.execute(f"DROP USER IF EXISTS {account}")
        cursor.execute(f"CREATE USER {account}")
        cursor.execute(f"GRANT ALL ON `{name}`.* TO {account}")
    try:
        connection.close()
        connection.settings_dict.update(USER=user, PASSWORD="")
        pattern = name.replace("_", r"\_") + r"\_replay"
        with pytest.raises(NoDatabase) as refused, own_database():
            pass
        assert f"GRANT ALL ON `{pattern}`.* TO '{user}'@" in str(refused.value)
    finally:
        connection.close()
        connection.settings_dict.update(USER=live["USER"], PASSWORD=live["PASSWORD"])
        with connection.cursor() as cursor:
            cursor.execute(f"DROP USER {account}")


def test_afterwards_every_connection_is_back_at_the_desk(desk: None) -> None:
    name = connection.settings_dict["NAME"]

    def break_off() -> None:
        with own_database() as own:
            assert connection.settings_dict["NAME"] == own == f"{name}_replay"
            raise RuntimeError("in the middle")

    with pytest.raises(RuntimeError, match="in the middle"):
        break_off()
    assert {connections.settings[alias]["NAME"] for alias in connections.settings} == {name}
    assert Instrument.objects.count() == 2


def test_there_is_no_broker_to_send_anything_to() -> None:
    with pytest.raises(AssertionError, match="asked the broker: place"):
        NoBroker().place()


def test_a_day_recorded_by_the_daemon_itself_ends_in_the_same_rows(
    simulator: RunningSimulator, start_feed: StartFeed, tmp_path: Path
) -> None:
    """From the broker's socket to the disk and back into the tables: every field of every quote is the same."""
    wanted = symbols(simulator, 5)
    watch(*wanted)
    feed = start_feed(RECORD="1", RECORD_DIRECTORY=str(tmp_path))
    feed.until(lambda: fresh(*wanted))
    begun = time.monotonic()
    feed.until(lambda: time.monotonic() - begun > 4 and counter("recorded") > 100)
    assert feed.stop() == 0
    live = {row["symbol"]: row for row in quotes()}
    (path,) = tmp_path.glob("*.frames.gz")
    recording = open_recording(path)
    assert (recording.dropped, recording.lost_bytes) == (0, 0)
    assert recording.ticks >= counter("recorded") > 100
    with own_database():
        replay = Replay(Playback(), began_at=recording.first_at)
        replay.prepare()
        replay.run(recording.records())
        played = {row["symbol"]: row for row in quotes()}
    assert played.keys() == live.keys() == set(wanted)
    for symbol in wanted:
        for own in ("name", "updated_at"):  # the master's name; when the database wrote it
            live[symbol].pop(own)
            played[symbol].pop(own)
        assert live[symbol]["source"] == "ws"
        assert played[symbol] == live[symbol]

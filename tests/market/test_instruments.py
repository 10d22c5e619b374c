"""The master of listed issues against the file host of the stand-in, whole and damaged."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from market.instruments import listed_symbols, load_instruments, make_missing_quotes
from market.models import Instrument, Quote
from stockdesk.kis.master import LAYOUTS, unzipped
from stockdesk.kis.masterfiles import MasterFiles
from stockdesk.models import Event
from stockdesk.simulator.testing import RunningSimulator, running_simulator

pytestmark = pytest.mark.django_db

SYMBOLS = 300


@pytest.fixture(scope="module")
def world() -> Iterator[RunningSimulator]:
    with running_simulator(symbols=SYMBOLS, ticks_per_second=0.0) as running:
        yield running


@pytest.fixture
def simulator(world: RunningSimulator) -> RunningSimulator:
    world.control.reset()
    return world


@pytest.fixture
def files(simulator: RunningSimulator) -> MasterFiles:
    return MasterFiles(f"{simulator.rest_url}/common/master")


def everything() -> list[dict[str, Any]]:
    return [dict(row) for row in Instrument.objects.order_by("symbol").values()]


def refused() -> set[str]:
    return set(
        Event.objects.filter(source="reference", code="master-refused", is_open=True).values_list("subject", flat=True)
    )


def test_every_listed_issue_becomes_a_row(files: MasterFiles, simulator: RunningSimulator) -> None:
    simulator.control.halt("005930")
    loaded = load_instruments(files)
    simulator.control.resume("005930")
    assert sum(loaded.listed.values()) == len(loaded.joined) == Instrument.objects.count() == SYMBOLS
    stored = {row.symbol: row for row in Instrument.objects.all()}
    for listed in simulator.world:
        row = stored[listed.symbol]
        assert (row.name, row.market, row.kind, row.base_price) == (
            listed.name, listed.market, listed.kind, listed.base_price
        )  # fmt: skip
    assert [symbol for symbol, row in stored.items() if row.halted] == ["005930"]
    assert (stored["005930"].isin, stored["005930"].group) == ("KR7005930003", "ST")


def test_loading_again_changes_nothing_but_the_time(files: MasterFiles) -> None:
    load_instruments(files)
    before = everything()
    assert load_instruments(files).joined == []
    after = everything()
    assert [{**row, "updated_at": None} for row in after] == [{**row, "updated_at": None} for row in before]
    assert after[0]["updated_at"] > before[0]["updated_at"]


@pytest.mark.parametrize("mishap", ["html-body", "empty-body", "cut-body", "no-answer", "short-master"])
def test_a_list_that_did_not_come_whole_changes_nothing(
    files: MasterFiles, simulator: RunningSimulator, mishap: str
) -> None:
    load_instruments(files)
    before = everything()
    simulator.control.mishap_on(mishap, tr_id="master")
    loaded = load_instruments(files)
    assert set(loaded.refused) >= {"KOSPI", "KOSDAQ"}
    assert everything() == before
    assert refused() >= {"KOSPI", "KOSDAQ"}
    simulator.control.mishap_off(mishap)
    assert load_instruments(files).refused == {}
    assert refused() == set()


def test_an_empty_list_is_not_believed_even_when_nothing_is_stored(
    files: MasterFiles, simulator: RunningSimulator
) -> None:
    simulator.control.mishap_on("short-master", tr_id="master", value=0)
    assert set(load_instruments(files).refused) == {"KOSPI", "KOSDAQ"}  # a world without KONEX issues is one
    assert Instrument.objects.count() == 0


def test_an_empty_list_delists_no_market_even_where_a_shorter_one_is_believed(
    files: MasterFiles, simulator: RunningSimulator
) -> None:
    load_instruments(files)
    before = everything()
    simulator.control.mishap_on("short-master", tr_id="master", value=0)
    loaded = load_instruments(files, even_if_shorter=True)
    assert (set(loaded.refused), loaded.delisted) == ({"KOSPI", "KOSDAQ"}, [])
    assert everything() == before


def test_an_issue_that_is_listed_no_more_is_marked_and_kept(files: MasterFiles) -> None:
    load_instruments(files)
    Instrument.objects.create(symbol="999990", name="떠난 종목", market="KOSDAQ", base_price=1_000)
    loaded = load_instruments(files)
    assert loaded.delisted == ["999990"]
    gone = Instrument.objects.get(symbol="999990")
    assert gone.delisted_at is not None
    assert gone.halted  # nothing is ordered in it
    assert (gone.name, gone.base_price) == ("떠난 종목", 1_000)
    assert "999990" not in listed_symbols()
    assert load_instruments(files).delisted == []  # once


def test_an_issue_that_is_listed_again_is_as_any_other(files: MasterFiles, simulator: RunningSimulator) -> None:
    load_instruments(files)
    symbol = simulator.world.instruments[0].symbol
    Instrument.objects.filter(symbol=symbol).update(delisted_at="2026-11-01T00:00+09:00", halted=True)
    assert load_instruments(files).joined == [symbol]
    row = Instrument.objects.get(symbol=symbol)
    assert (row.delisted_at, row.halted) == (None, False)


def test_an_issue_that_moves_to_another_market_is_never_delisted(
    files: MasterFiles, simulator: RunningSimulator
) -> None:
    load_instruments(files)
    moved = next(listed for listed in simulator.world if listed.market == "KOSPI")
    Instrument.objects.filter(symbol=moved.symbol).update(market="KOSDAQ")
    loaded = load_instruments(files)
    assert (loaded.joined, loaded.delisted) == ([], [])
    assert Instrument.objects.get(symbol=moved.symbol).market == "KOSPI"


def test_while_one_list_is_missing_nothing_is_delisted_and_the_others_are_taken(
    files: MasterFiles, simulator: RunningSimulator
) -> None:
    load_instruments(files)
    Instrument.objects.create(symbol="999990", name="옮긴 종목", market="KOSDAQ")
    Instrument.objects.update(base_price=1)
    simulator.control.mishap_on("html-body", tr_id="master", count=1)
    loaded = load_instruments(files)
    assert (set(loaded.refused), loaded.delisted) == ({"KOSPI"}, [])
    assert set(Instrument.objects.filter(market="KOSPI").values_list("base_price", flat=True)) == {1}
    assert Instrument.objects.filter(market="KOSDAQ", base_price=1).count() == 1


def test_a_list_without_a_base_price_keeps_the_stored_one(
    files: MasterFiles, simulator: RunningSimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    load_instruments(files)
    lines = _lines(files, "KOSPI")
    assert lines[0].startswith(b"005930")
    lines[0] = lines[0][: 61 + 41] + b"000000000" + lines[0][61 + 50 :]
    monkeypatch.setattr("stockdesk.kis.master.unzipped", lambda content, name: b"\n".join(lines))
    monkeypatch.setattr("market.instruments.LAYOUTS", {"KOSPI": LAYOUTS["KOSPI"]})
    load_instruments(files)
    assert Instrument.objects.get(symbol="005930").base_price == 98_500


def test_elws_and_rights_are_no_instruments_of_the_desk(files: MasterFiles, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = _lines(files, "KOSPI")
    others = {b"58J001   ": b"EW", b"0126401G ": b"SR", b"123450   ": b"RT", b"123460   ": b"BC"}
    lines += [code + lines[0][9:61] + group + lines[0][63:] for code, group in others.items()]
    monkeypatch.setattr("stockdesk.kis.master.unzipped", lambda content, name: b"\n".join(lines))
    monkeypatch.setattr("market.instruments.LAYOUTS", {"KOSPI": LAYOUTS["KOSPI"]})
    load_instruments(files)
    kinds = dict(Instrument.objects.filter(group__in=["EW", "SR", "RT", "BC"]).values_list("symbol", "kind"))
    assert kinds == {"123450": "stock", "123460": "other"}  # whose price steps nobody guesses


def _lines(files: MasterFiles, market: str) -> list[bytes]:
    file = LAYOUTS[market].file  # type: ignore[index]
    return unzipped(files.fetch(file), file).split(b"\n")[:-1]


def test_the_command_says_what_was_loaded_and_fails_when_a_list_was_refused(
    simulator: RunningSimulator, settings: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.DESK = replace(settings.DESK, kis_master_url=f"{simulator.rest_url}/common/master")
    call_command("load_instruments")
    assert f"{SYMBOLS} new, 0 delisted" in capsys.readouterr().out
    simulator.control.mishap_on("short-master", tr_id="master", value=60)
    with pytest.raises(CommandError, match=r"KOSPI lacks \d+ of \d+ issues.*--even-if-shorter"):
        call_command("load_instruments")
    assert Instrument.objects.listed().count() == SYMBOLS
    call_command("load_instruments", "--even-if-shorter")
    assert Instrument.objects.listed().count() == pytest.approx(SYMBOLS * 0.6, abs=2)
    assert Instrument.objects.count() == SYMBOLS


def test_every_listed_issue_gets_a_quote_row_and_those_that_are_there_keep_theirs(files: MasterFiles) -> None:
    load_instruments(files)
    Instrument.objects.create(symbol="999990", name="떠난 종목", market="KOSPI", delisted_at="2026-11-01T00:00+09:00")
    Quote.objects.create(symbol="005930", last_price=71_900)
    assert make_missing_quotes() == SYMBOLS - 1
    assert make_missing_quotes() == 0
    assert Quote.objects.count() == SYMBOLS
    assert Quote.objects.get(symbol="005930").last_price == 71_900
    assert Quote.objects.get(symbol="000660").name == "SK하이닉스"

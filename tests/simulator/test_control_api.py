"""The control API as a script or a person at a shell uses it."""

import json

import pytest

from stockdesk.simulator.mishaps import MISHAPS
from tests.simulator.clients import Caller, watching


async def test_every_mishap_is_listed_with_what_it_does(shell):
    state = (await shell.get("/")).json()
    assert state["mishaps"] == MISHAPS
    assert all(state["mishaps"].values())
    assert all(state["actions"].values())
    assert state["on"] == {}


async def test_every_mishap_can_be_switched_on_and_off(shell):
    for name in MISHAPS:
        assert (await shell.post(f"/mishaps/{name}", json={"count": 3})).status_code == 200
    on = (await shell.get("/")).json()["on"]
    assert on.keys() == MISHAPS.keys()
    assert on["silent"][0]["count"] == 3
    for name in MISHAPS:
        await shell.delete(f"/mishaps/{name}")
    assert (await shell.get("/")).json()["on"] == {}


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("/mishaps/no-such", {}, 400),
        ("/mishaps/silent", {"count": 0}, 400),
        ("/mishaps/silent", {"share": 2}, 400),
        ("/mishaps/silent", {"colour": "red"}, 400),
        ("/mishaps/records", {"value": "many"}, 400),
        ("/mishaps/html-body", {"value": 7}, 400),
        ("/mishaps/silent", {"key": "nobody"}, 404),
        ("/move", {"symbol": "999999", "price": 100}, 400),
        ("/move", {}, 400),
        ("/options", {"columns": 48}, 400),
        ("/options", {"columns": "47"}, 400),
        ("/options", {"seed": 2}, 400),
        ("/no-such-action", {}, 404),
    ],
)
async def test_nonsense_is_refused_with_a_reason(shell, path, body, status):
    answer = await shell.post(path, json=body)
    assert answer.status_code == status
    assert answer.json()["error"]


async def test_a_price_moves_where_it_is_told_and_watchers_see_it_at_once(simulator, shell):
    simulator.control.change(ticks_per_second=0.0)
    async with Caller(simulator) as caller, watching(simulator, caller) as watcher:
        await watcher.register("005930")
        assert (await shell.post("/move", json={"symbol": "005930", "price": 91_300})).json() == 91_300
        assert (await watcher.frame())[3].split("^")[2] == "91300"
        assert (await shell.post("/move", json={"symbol": "005930", "price": 1})).json() == 69_000
        assert (await watcher.frame())[3].split("^")[2:4] == ["69000", "4"]


async def test_a_halted_symbol_trades_no_more_until_it_is_resumed(simulator, shell):
    async with Caller(simulator) as caller, watching(simulator, caller) as watcher:
        await watcher.register("005930")
        await shell.post("/halt", json={"symbol": "005930"})
        ticks = simulator.control.seen()["ticks"]
        await shell.post("/tick", json={"symbol": "005930"})
        assert simulator.control.seen()["ticks"] == ticks
        await shell.post("/resume", json={"symbol": "005930"})
        await shell.post("/tick", json={"symbol": "005930", "records": 4})
        assert simulator.control.seen()["ticks"] >= ticks + 4


async def test_text_and_notices_reach_a_session_and_it_can_be_closed(simulator, shell):
    simulator.control.change(ticks_per_second=0.0)
    async with Caller(simulator) as caller, watching(simulator, caller) as watcher:
        await watcher.register("someone", "H0STCNI0")
        assert (await shell.post("/send", json={"text": "0|anything"})).json() == 1
        assert await watcher.next(lambda text: True) == "0|anything"
        assert (await shell.post("/notice", json={"fields": {"CNTG_QTY": "5"}, "key": 1})).json() == 1
        assert (await watcher.frame())[:3] == ["1", "H0STCNI0", "001"]
        assert (await shell.post("/close", json={"how": "cut", "key": caller.key})).json() == 1
        assert (await shell.post("/close", json={"how": "sideways"})).status_code == 400


async def test_what_was_seen_counts_sessions_and_calls(simulator, shell):
    async with Caller(simulator) as caller, watching(simulator, caller) as watcher:
        await watcher.register("005930")
        await caller.ask_token()
        await caller.price("005930")
        seen = (await shell.get("/seen")).json()
    key = next(iter(seen["keys"]))
    assert seen["keys"] == {key: 1}
    assert seen["calls"][key]["by_tr_id"] == {"tokenP": 1, "FHKST01010100": 1}
    assert seen["calls"][key]["most_in_a_second"] <= 2
    assert [session["registered"] for session in seen["sessions"]] == [["H0STCNT0 005930"]]
    assert len(seen["connects"]["by_key"][key]["times"]) == 1
    assert len(seen["token_issues"][key]) == 1
    assert len(seen["calls"][key]["arrivals"]) == 2
    shorter = (await shell.get("/seen", params={"arrivals": 1})).json()["calls"][key]
    assert [tr_id for _, tr_id in shorter["arrivals"]] == ["FHKST01010100"]


async def test_a_reset_leaves_the_simulator_as_it_started(simulator, shell):
    async with Caller(simulator) as caller:
        await caller.ask_token()
        await shell.post("/mishaps/slow", json={"value": 1})
        await shell.post("/options", json={"columns": 46, "ticks_per_second": 5})
        await shell.post("/reset")
        state, seen = (await shell.get("/")).json(), (await shell.get("/seen")).json()
        assert (state["on"], state["options"]["columns"], state["options"]["ticks_per_second"]) == ({}, 47, 1000.0)
        assert (seen["calls"], seen["connects"]["total"]) == ({}, 0)
        assert (await caller.price("005930")).json()["rt_cd"] == "0"
        await shell.post("/reset", json={"keys": True})
        assert (await caller.price("005930")).json()["msg_cd"] == "EGW00121"


async def test_the_instruments_are_listed(simulator, shell):
    rows = (await shell.get("/instruments")).json()
    assert len(rows) == 300
    assert rows[0] == {
        "symbol": "005930",
        "name": "삼성전자",
        "market": "KOSPI",
        "kind": "stock",
        "base_price": 98_500,
    }


async def test_a_web_page_cannot_reach_the_switches(shell):
    answer = await shell.post("/reset", headers={"Origin": "http://elsewhere.example"})
    assert answer.status_code == 403


def test_waiting_for_something_that_does_not_come_ends(simulator):
    with pytest.raises(TimeoutError):
        simulator.control.wait_until(lambda seen: seen["sessions"], seconds=0.2)
    assert json.dumps(simulator.control.wait_until(lambda seen: not seen["sessions"]))

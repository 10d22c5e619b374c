"""Registrations and ticks at the socket."""

import asyncio
import json

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosedError

from stockdesk.kis.fields import H0STCNT0
from tests.simulator.clients import Caller, watching


@pytest.fixture
async def caller(simulator):
    async with Caller(simulator) as caller:
        yield caller


@pytest.fixture
async def watcher(simulator, caller):
    async with watching(simulator, caller) as watcher:
        yield watcher


def code(reply):
    return reply["body"]["msg_cd"]


async def test_a_registration_is_answered_with_key_and_iv_and_then_ticks_come(watcher):
    reply = await watcher.register("005930")
    assert reply["header"] == {"tr_id": "H0STCNT0", "tr_key": "005930", "encrypt": "N"}
    assert (reply["body"]["rt_cd"], reply["body"]["msg1"]) == ("0", "SUBSCRIBE SUCCESS")
    assert (len(reply["body"]["output"]["key"]), len(reply["body"]["output"]["iv"])) == (32, 16)
    encrypted, tr_id, count, body = await watcher.frame()
    assert (encrypted, tr_id, len(count)) == ("0", "H0STCNT0", 3)
    fields = body.split("^")
    assert len(fields) == int(count) * len(H0STCNT0)
    assert {fields[place] for place in range(0, len(fields), len(H0STCNT0))} == {"005930"}


@pytest.mark.parametrize("path", ["/", "/tryitout", "/tryitout/H0STCNT0", "/any/other?path=1"])
async def test_any_path_will_do(simulator, caller, path):
    async with watching(simulator, caller, path) as watcher:
        assert code(await watcher.register("005930")) == "OPSP0000"


async def test_some_frames_carry_several_records_and_totals_never_fall(watcher):
    await watcher.register("005930")
    counts: set[int] = set()
    volume = 0
    while not counts >= {1, 2, 3, 4, 5}:
        _, _, count, body = await watcher.frame()
        fields = body.split("^")
        counts.add(int(count))
        for start in range(0, len(fields), len(H0STCNT0)):
            assert int(fields[start + 13]) > volume
            volume = int(fields[start + 13])


async def test_a_symbol_is_registered_once(watcher):
    await watcher.register("005930")
    assert code(await watcher.register("005930")) == "OPSP0002"
    assert code(await watcher.unregister("005930")) == "OPSP0001"
    assert code(await watcher.unregister("005930")) == "OPSP0003"


async def test_an_unregistered_symbol_falls_silent_while_others_go_on(simulator, watcher):
    await watcher.register("005930")
    await watcher.register("000660")
    await watcher.unregister("005930")
    seen = {(await watcher.frame())[3][:6] for _ in range(50)}
    assert seen == {"000660"}


async def test_the_42nd_registration_is_one_too_many_and_the_session_goes_on(simulator, watcher):
    symbols = [instrument.symbol for instrument in simulator.world][:41]
    replies = [await watcher.register(symbol) for symbol in symbols[:40]]
    replies.append(await watcher.register("my-hts-id", "H0STCNI0"))
    assert {code(reply) for reply in replies} == {"OPSP0000"}
    assert code(await watcher.register(symbols[40])) == "OPSP0008"
    assert (await watcher.frame())[1] == "H0STCNT0"
    assert simulator.control.seen()["sessions"][0]["registrations"] == 41


@pytest.mark.parametrize(
    ("tr_id", "tr_key", "expected"),
    [
        ("H0NOSUCH", "005930", "OPSP8991"),
        ("", "005930", "OPSP8991"),
        ("H0STCNT0", "A005930", "OPSP8992"),
        ("H0STCNT0", "5930", "OPSP8992"),
        ("H0STCNT0", "", "OPSP9990"),
    ],
)
async def test_streams_and_keys_that_do_not_exist_are_refused(watcher, tr_id, tr_key, expected):
    assert code(await watcher.register(tr_key, tr_id)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{not json", "OPSP9999"),
        ('"text"', "OPSP9999"),
        ("{}", "OPSP9998"),
        ('{"header":{}}', "OPSP9992"),
        ('{"header":{},"body":{}}', "OPSP9991"),
        ('{"header":{},"body":{"input":{}}}', "OPSP9997"),
        ('{"header":{"custtype":"X"},"body":{"input":{}}}', "OPSP8998"),
        ('{"header":{"custtype":"P","tr_type":"3"},"body":{"input":{}}}', "OPSP8997"),
    ],
)
async def test_a_message_that_makes_no_sense_gets_its_code_and_the_session_goes_on(watcher, text, expected):
    await watcher.socket.send(text)
    reply = await watcher.reply()
    assert (reply["body"]["rt_cd"], code(reply)) == ("9", expected)
    assert {"tr_id", "tr_key", "encrypt"} <= reply["header"].keys()
    assert code(await watcher.register("005930")) == "OPSP0000"


async def test_a_wrong_approval_key_is_refused_by_name(watcher):
    watcher.approval_key = "00000000-0000-4000-8000-000000000000"
    reply = await watcher.register("005930")
    assert (code(reply), reply["body"]["rt_cd"]) == ("OPSP0011", "1")


async def test_a_client_may_send_a_new_approval_key_with_every_message(caller, watcher):
    await watcher.register("005930")
    watcher.approval_key = await caller.approval_key()
    assert code(await watcher.register("000660")) == "OPSP0000"


async def test_a_second_session_of_a_key_is_told_so_and_dropped_without_a_close_frame(simulator, caller, watcher):
    await watcher.register("005930")
    async with watching(simulator, caller) as second:
        reply = await second.register("000660")
        assert reply["header"]["tr_id"] == "(null)"
        assert (reply["body"]["rt_cd"], code(reply)) == ("9", "OPSP8996")
        with pytest.raises(ConnectionClosedError) as caught:
            await second.socket.recv()
    assert caught.value.rcvd is None
    assert (await watcher.frame())[3].startswith("005930")
    by_key = next(iter(simulator.control.seen()["connects"]["by_key"].values()))
    assert by_key["total"] == 2


async def test_a_second_session_may_push_out_the_first_instead(start):
    simulator = start(second_session="replace")
    async with Caller(simulator) as caller, watching(simulator, caller) as first:
        await first.register("005930")
        async with watching(simulator, caller) as second:
            assert code(await second.register("005930")) == "OPSP0000"
            with pytest.raises(ConnectionClosedError):
                await first.next(lambda text: False)
            assert (await second.frame())[3].startswith("005930")


async def test_a_key_is_free_again_once_its_session_has_ended(simulator, caller):
    for _ in range(2):
        async with watching(simulator, caller) as watcher:
            assert code(await watcher.register("005930")) == "OPSP0000"
        await asyncio.to_thread(simulator.control.wait_until, lambda seen: not seen["sessions"])
    ends = [connect["ended"] for connect in simulator.control.seen()["connects"]["list"]]
    assert ends == ["closed", "closed"]


async def test_two_keys_watch_the_same_symbol_and_see_the_same_trades(start):
    simulator = start(ticks_per_second=0.0)
    async with (
        Caller(simulator) as one,
        Caller(simulator) as other,
        watching(simulator, one) as first,
        watching(simulator, other) as second,
    ):
        await first.register("005930")
        await second.register("005930", "H0UNCNT0")
        simulator.control.tick("005930", records=2)
        frames = [await first.frame(), await second.frame()]
    assert [frame[1] for frame in frames] == ["H0STCNT0", "H0UNCNT0"]
    assert frames[0][2:] == frames[1][2:]


async def test_the_width_of_a_record_can_be_switched_while_it_runs(start):
    simulator = start(ticks_per_second=0.0, columns=46)
    async with Caller(simulator) as caller, watching(simulator, caller) as watcher:
        await watcher.register("005930")
        widths = []
        for columns in (46, 47):
            simulator.control.change(columns=columns)
            simulator.control.tick("005930")
            widths.append(len((await watcher.frame())[3].split("^")))
    assert widths == [46, 47]


async def test_the_mock_flavour_offers_fewer_streams(start):
    simulator = start(mock=True)
    async with Caller(simulator) as caller, watching(simulator, caller) as watcher:
        assert code(await watcher.register("0001", "H0UPCNT0")) == "OPSP8991"
        assert code(await watcher.register("005930")) == "OPSP0000"


async def test_every_registered_symbol_moves_within_seconds(simulator, watcher):
    symbols = [instrument.symbol for instrument in simulator.world][-40:]
    for symbol in symbols:
        await watcher.register(symbol)
    simulator.control.change(ticks_per_second=20.0)
    waiting = set(symbols)
    async with asyncio.timeout(30):
        while waiting:
            waiting.discard((await watcher.frame())[3].split("^")[0])


async def test_binary_and_broken_text_do_not_stop_the_others(simulator, caller, watcher):
    await watcher.register("005930")
    async with connect(simulator.ws_url, ping_interval=None) as stranger:
        await stranger.send(b"\x00\x01")
        assert json.loads(await stranger.recv())["body"]["msg_cd"] == "OPSP9999"
    async with connect(simulator.ws_url, ping_interval=None) as stranger:
        await stranger.send(b"\xff\xfe", text=True)
        with pytest.raises(ConnectionClosedError):
            await stranger.recv()
    assert (await watcher.frame())[3].startswith("005930")

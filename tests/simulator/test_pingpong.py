"""PINGPONG: asked now and then, answered by an echo or by a pong frame."""

import asyncio

import pytest
from websockets.exceptions import ConnectionClosedError

from tests.simulator.clients import Caller, watching


@pytest.fixture
def simulator(start):
    return start(pingpong_seconds=0.1, unanswered_seconds=1.0, ticks_per_second=0.0)


@pytest.fixture
async def watcher(simulator):
    async with Caller(simulator) as caller, watching(simulator, caller) as watcher:
        await watcher.register("005930")
        yield watcher


def echoes(seen):
    return seen["sessions"][0]["echoes"] if seen["sessions"] else 0


@pytest.mark.parametrize("blanks", ["", " "])
async def test_an_echo_is_an_answer_also_with_other_blanks(simulator, watcher, blanks):
    for _ in range(15):
        await watcher.socket.send((await watcher.pingpong()).replace(": ", ":" + blanks))
    seen = await asyncio.to_thread(simulator.control.wait_until, lambda seen: echoes(seen) >= 15)
    assert 0 <= seen["sessions"][0]["echo_last_ms"] <= seen["sessions"][0]["echo_longest_ms"]


async def test_a_pong_frame_with_the_text_is_an_answer(simulator, watcher):
    for _ in range(15):
        await watcher.socket.pong(await watcher.pingpong())
    await asyncio.to_thread(simulator.control.wait_until, lambda seen: echoes(seen) >= 15)


async def test_a_session_that_never_answers_is_cut(simulator, watcher):
    with pytest.raises(ConnectionClosedError) as caught:
        await watcher.next(lambda text: False)
    assert caught.value.rcvd is None
    seen = await asyncio.to_thread(simulator.control.wait_until, lambda seen: not seen["sessions"])
    assert seen["connects"]["list"][0]["ended"] == "no answer to PINGPONG"


async def test_a_session_without_registrations_is_asked_too(simulator):
    async with Caller(simulator) as caller, watching(simulator, caller) as watcher:
        assert '"tr_id": "PINGPONG"' in await watcher.pingpong()

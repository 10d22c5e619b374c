"""The feed's own tasks, apart from sockets and tables."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

from collectors.feed import Feed
from market.buffer import Buffer
from market.gaps import Coverage
from market.recorder import Recorder
from tests.market.ticks import frame, record


class NoDatabase:
    async def run(self, function: Callable[..., Any], *args: Any, **kwargs: Any) -> None:
        return None


def test_a_recording_that_stops_is_an_event_and_ticks_go_on_into_the_buffer(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path, days=1, most_bytes=1 << 40, free=lambda _: 0)
    feed = Feed(
        daemon="ws_market", keepers=[], missed=None, capacity=40, notices=None, buffer=Buffer(),  # type: ignore[arg-type]
        writer=NoDatabase(), board=NoDatabase(), stopping=asyncio.Event(), coverage=Coverage(None), recorder=recorder,  # type: ignore[arg-type]
    )  # fmt: skip
    assert dict(feed._troubles()) == {}
    feed.buffer.keep(["005930"])
    feed.on_ticks(1)(frame(record("005930", STCK_CNTG_HOUR="", BSOP_DATE="")))
    recorder.close()
    assert dict(feed._troubles()) == {
        ("recording-stopped", ""): "Recording has stopped: less than 1 GB of disk is free"
    }
    assert feed.buffer.counts.records == 1
    assert list(tmp_path.iterdir()) == []

"""How a long run is judged: what grows, what waits in the kernel, and which rows are older than their ticks."""

import socket
import time

import pytest

from bench.broker import Stand
from bench.listener import LAG, Listener
from bench.processes import Memory, queued_bytes
from bench.soak import NEVER, Soak
from bench.trend import Series

HOUR = 3600.0
CALM = {"dropped_frames": 0, "ticks": 0, "connects": {"total": 5}, "sessions": []}


def sampled(values: list[float], every: float = 10.0) -> Series:
    return Series([100.0 + every * number for number in range(len(values))], values)


def test_memory_that_creeps_shows_as_a_slope_and_noise_does_not():
    noise = [0.3, -0.2, 0.1, -0.4, 0.2] * 60
    creeping = sampled([80 + 3 * number * 10 / HOUR + bit for number, bit in enumerate(noise)])
    flat = sampled([80 + bit for bit in noise])
    assert creeping.per_hour() == pytest.approx(3.0, abs=0.3)
    assert abs(flat.per_hour()) < 0.3


def test_memory_that_is_given_back_after_a_busy_moment_is_no_growth_and_memory_that_is_kept_is():
    busy = [80.0] * 180 + [*[81.5] * 40, 80.1] * 4
    assert sampled(busy).per_hour() > 1.5
    assert sampled(busy).lows().per_hour() < 0.5
    creeping = sampled([80 + 3 * number * 10 / HOUR for number in range(360)])
    assert creeping.lows().per_hour() == pytest.approx(3.0, abs=0.1)
    assert (sampled([]).lows().per_hour(), sampled([80.0]).lows().values) == (0.0, [80.0])


def test_the_warm_up_is_left_out_of_the_slope():
    assert sampled([50.0, 70.0, 80.0, 80.0, 80.0]).after(20.0).per_hour() == 0.0


def test_a_peak_moves_no_third_and_a_queue_that_grows_moves_the_last():
    assert sampled([1, 1, 1, 1, 900, 1, 1, 1, 1]).thirds() == (1, 1)
    assert sampled([1, 2, 3, 4, 5, 6, 7, 8, 9]).thirds() == (2, 8)


def test_bytes_that_nobody_reads_are_seen_on_their_way():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with socket.create_connection(("127.0.0.1", port)) as reader:
            sender, _ = server.accept()
            with sender:
                assert queued_bytes(port) == 0
                sender.sendall(b"x" * 5_000)
                assert queued_bytes(port) == 5_000
                assert len(reader.recv(5_000, socket.MSG_WAITALL)) == 5_000
                assert queued_bytes(port) == 0


def test_a_row_is_late_when_it_lacks_a_tick_of_longer_ago_than_a_beat_and_a_half():
    listener = Listener()
    frame = "0|H0STCNT0|001|" + "^".join(["005930", "090000", "70000", *["0"] * 10, "500", *["0"] * 33])
    listener._take(frame.encode())
    now = time.monotonic()
    assert listener.late({"005930": 499}, now) == [], "the beat may still come"
    assert listener.late({"005930": 499}, now + LAG + 1) == ["005930"]
    assert listener.late({"005930": None}, now + LAG + 1) == ["005930"]
    assert listener.late({"005930": 500}, now + LAG + 1) == []


@pytest.fixture
def soak(monkeypatch) -> Soak:
    """Of one process that takes no CPU, and with nothing in the kernel."""
    monkeypatch.setattr("bench.soak.cpu_seconds", lambda _group: 0.0)
    monkeypatch.setattr("bench.queues.queued_bytes", lambda _port: 0)
    return Soak(Stand("http://127.0.0.1:1", "ws://127.0.0.1:2/", {}), {"ws_market": 1}, 3)


def missed(soak: Soak, monkeypatch, *, megabytes: float = 0.0, waiting: float = 0.0, **seen: int) -> str:
    """Titles of the claims that do not hold after an hour in which memory and a queue grew by so much."""
    for number in range(61):
        monkeypatch.setattr("time.monotonic", lambda at=60.0 * number: at)
        taken = Memory(80.0 + megabytes * number / 60, 0.0, 0.0)
        monkeypatch.setattr("bench.soak.largest", lambda _group, taken=taken: taken)
        waits = {"minutes not yet written": waiting * number / 60}
        soak.look(CALM | ({} if number < 60 else seen), waits, {"frames not recorded": 0, "minutes lost": 0})
    return "; ".join(row.title for row in soak.rows() if not row.holds)


def test_an_hour_in_which_nothing_grows_is_kept(soak, monkeypatch):
    assert missed(soak, monkeypatch) == ""


def test_an_hour_in_which_memory_grows_is_not(soak, monkeypatch):
    assert "ws_market: growth" in missed(soak, monkeypatch, megabytes=4.0)


def test_an_hour_in_which_a_queue_grows_is_not(soak, monkeypatch):
    assert "minutes not yet written" in missed(soak, monkeypatch, waiting=2_000.0)


def test_an_hour_in_which_a_tick_was_lost_is_not(soak, monkeypatch):
    assert missed(soak, monkeypatch, dropped_frames=1) == "ticks the broker could not send"
    assert set(NEVER) <= set(soak.happened)

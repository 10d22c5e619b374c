"""Recording to disk and reading it back: what was whole stays readable, and a disk that fails costs frames alone."""

import gzip
import io
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command

from market import recorder as recorder_module
from market.recorder import Recorder, purge
from market.recording import OURS, Record, RecordingError, open_recording
from stockdesk.kis.messages import KST
from tests.market.ticks import frame, record

OPENING = datetime(2026, 11, 20, 9, 0, tzinfo=KST).timestamp()
NAME = "2026-11-20.frames.gz"


class Desk:
    """A recorder on a clock of its own, and what passed through it."""

    def __init__(self, directory: Path, *, most_bytes: int = 1 << 40, free: int = 1 << 40) -> None:
        self.now = OPENING
        self.free = free
        self.passed: list[Record] = []
        self.recorder = Recorder(
            directory, days=3, most_bytes=most_bytes, clock=lambda: self.now, free=lambda _: self.free
        )
        self.take = self.recorder.tap(2, lambda text, session, at: self.passed.append((at, session, text)))

    def second(self, ticks: int = 3) -> None:
        """A second of the market: ticks, a flush, and the hand-over."""
        for number in range(ticks):
            self.now += 0.1
            self.take(frame(record(STCK_PRPR=str(70_000 + 10 * number))))
        self.now += 1 - 0.1 * ticks
        self.recorder.flushed(self.now, [2])
        self.recorder.hand_over()
        self.wait()

    def wait(self) -> None:
        ends_at = time.monotonic() + 20
        while self.recorder._done < self.recorder._handed:
            assert time.monotonic() < ends_at
            time.sleep(0.002)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Desk]]:
    started: list[Desk] = []

    def begin(**options: Any) -> Desk:
        started.append(Desk(tmp_path, **options))
        return started[-1]

    yield begin
    for desk in started:
        desk.recorder.close()


def ticks(path: Path, **limits: float) -> list[Record]:
    return [one for one in open_recording(path).records(**limits) if one[1] != OURS]


def test_what_was_recorded_is_read_back_byte_by_byte_with_its_times(
    tmp_path: Path, start: Callable[..., Desk]
) -> None:
    desk = start()
    desk.recorder.watch({"005930": 2})
    for _ in range(4):
        desk.second()
    desk.recorder.close()
    found = open_recording(tmp_path / NAME)
    assert [one for one in found.records() if one[1] != OURS] == desk.passed
    assert (found.ticks, found.dropped, found.lost_bytes, found.gaps(5.0)) == (12, 0, 0, [])
    assert (found.header["date"], found.header["columns"]) == ("2026-11-20", {"H0STCNT0": 47})
    assert b"0|H0STCNT0|001|005930^093000^70020" in gzip.decompress((tmp_path / NAME).read_bytes())
    told = [one[2] for one in found.records() if one[1] == OURS]
    assert told[1] == b'{"watch": {"005930": 2}}'
    assert told.count(b'{"flush": true, "live": [2]}') == 4


@pytest.mark.parametrize("cut", [1, 20, 60, 200])
def test_a_file_that_was_cut_is_readable_up_to_its_last_whole_block_and_goes_on_after_it(
    tmp_path: Path, start: Callable[..., Desk], cut: int
) -> None:
    desk = start()
    desk.second()
    desk.second()
    desk.recorder.close()
    path = tmp_path / NAME
    path.write_bytes(path.read_bytes()[:-cut])
    found = open_recording(path)
    assert found.lost_bytes > 0
    assert [one for one in found.records() if one[1] != OURS] == desk.passed[:3]
    later = start()
    later.now = OPENING + 60
    later.second()
    later.recorder.close()
    whole = open_recording(path)
    assert [one for one in whole.records() if one[1] != OURS] == desk.passed[:3] + later.passed
    assert whole.lost_bytes == 0
    assert [round(end - begin) for begin, end in whole.gaps(5.0)] == [59]


def test_damage_in_the_middle_costs_the_blocks_it_hit(tmp_path: Path, start: Callable[..., Desk]) -> None:
    desk = start()
    for _ in range(3):
        desk.second()
    desk.recorder.close()
    path = tmp_path / NAME
    blocks = open_recording(path).blocks
    data = bytearray(path.read_bytes())
    data[blocks[2].offset + 60] ^= 0xFF  # inside the content of the second block of ticks
    path.write_bytes(data)
    found = open_recording(path)
    assert [one for one in found.records() if one[1] != OURS] == desk.passed[:3] + desk.passed[6:]
    assert found.damaged == 1
    data[blocks[1].offset : blocks[1].offset + 40] = bytes(40)  # and the start of the first is gone
    path.write_bytes(data)
    found = open_recording(path)
    assert [one for one in found.records() if one[1] != OURS] == desk.passed[6:]
    assert found.lost_bytes == blocks[1].size


def test_a_part_of_the_day_is_found_with_the_watch_list_of_then(tmp_path: Path, start: Callable[..., Desk]) -> None:
    desk = start()
    desk.recorder.watch({"005930": 2})
    desk.second()
    desk.recorder.watch({"005930": 2, "000660": 1})
    for _ in range(3):
        desk.second()
    desk.recorder.close()
    found = list(open_recording(tmp_path / NAME).records(OPENING + 2, OPENING + 3))
    assert found[0][1:] == (OURS, b'{"watch": {"005930": 2, "000660": 1}}')
    assert [one for one in found if one[1] != OURS] == desk.passed[6:9]


def test_a_strange_or_newer_file_is_refused_with_a_sentence_that_helps(tmp_path: Path) -> None:
    path = tmp_path / NAME
    with pytest.raises(RecordingError, match="열 수 없습니다"):
        open_recording(path)
    path.write_bytes(gzip.compress(b"something else" * 100))
    with pytest.raises(RecordingError, match="녹화 파일이 아니거나"):
        open_recording(path)
    path.write_bytes(b"")
    with pytest.raises(RecordingError, match="녹화 파일이 아니거나"):
        open_recording(path)


def test_a_file_of_a_newer_version_is_refused(tmp_path: Path, start: Callable[..., Desk]) -> None:
    desk = start()
    desk.second()
    desk.recorder.close()
    path = tmp_path / NAME
    data = bytearray(path.read_bytes())
    data[16] = 2
    path.write_bytes(data)
    with pytest.raises(RecordingError, match=r"새 버전.*형식 2, 이 프로그램은 1까지"):
        open_recording(path)


def test_a_file_of_that_name_that_is_not_ours_is_left_alone(tmp_path: Path, start: Callable[..., Desk]) -> None:
    path = tmp_path / NAME
    path.write_bytes(b"x" * 5000)
    desk = start()
    desk.second()
    assert "no recording" in desk.recorder.trouble
    assert path.read_bytes() == b"x" * 5000
    assert (desk.recorder.recorded, desk.recorder.dropped) == (0, 3)


def test_a_disk_without_room_stops_the_recording_and_nothing_else(tmp_path: Path, start: Callable[..., Desk]) -> None:
    desk = start()
    desk.second()
    desk.free = 1000
    for _ in range(12):
        desk.second()
    assert desk.recorder.trouble == "Recording has stopped: less than 1 GB of disk is free"
    assert len(desk.passed) == 39
    assert desk.recorder.recorded + desk.recorder.dropped == 39
    desk.free = 1 << 40
    desk.now += 60
    dropped = desk.recorder.dropped
    desk.second()
    assert desk.recorder.trouble == ""
    desk.recorder.close()
    found = open_recording(tmp_path / NAME)
    assert (found.dropped, found.ticks) == (dropped, 42 - dropped)


def test_a_disk_that_takes_half_a_block_leaves_a_whole_file(
    tmp_path: Path, start: Callable[..., Desk], monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = start()
    desk.second()
    write = recorder_module.os.write
    monkeypatch.setattr(recorder_module.os, "write", lambda file, data: write(file, data[: len(data) // 2]))
    desk.second()
    assert desk.recorder.trouble == "Recording has stopped: No space left on device"
    monkeypatch.undo()
    desk.now += 61
    desk.second()
    desk.recorder.close()
    found = open_recording(tmp_path / NAME)
    assert [one for one in found.records() if one[1] != OURS] == desk.passed[:3] + desk.passed[6:]
    assert (found.lost_bytes, found.dropped) == (0, 3)


def test_what_is_not_on_disk_yet_is_counted(start: Callable[..., Desk]) -> None:
    desk = start()
    desk.take(frame(record()))
    assert desk.recorder.waiting == 1
    desk.recorder.hand_over()
    desk.wait()
    assert desk.recorder.waiting == 0


def test_a_disk_that_is_too_slow_costs_frames_that_are_counted(
    tmp_path: Path, start: Callable[..., Desk], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recorder_module, "MOST_WAITING", 3)
    desk = start()
    desk.recorder.watch({"005930": 2})
    desk.second(ticks=5)
    assert desk.recorder.trouble == "The disk is too slow: 5 frames are missing so far"
    monkeypatch.undo()
    desk.second()
    desk.recorder.close()
    found = open_recording(tmp_path / NAME)
    assert (found.ticks, found.dropped) == (3, 5)
    assert b'{"watch": {"005930": 2}}' in [text for _, _, text in found.records()]


def test_every_day_has_its_file_and_the_oldest_go(tmp_path: Path, start: Callable[..., Desk]) -> None:
    (tmp_path / "notes.txt").write_text("not ours")
    desk = start()
    desk.recorder.watch({"005930": 2})
    for _ in range(5):
        desk.second()
        desk.now += 86_400
    desk.recorder.close()
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == [f"2026-11-{day}.frames.gz" for day in (22, 23, 24)] + ["notes.txt"]
    assert next(text for _, _, text in open_recording(tmp_path / names[2]).records()) == b'{"watch": {"005930": 2}}'


def test_beyond_the_ceiling_the_oldest_go_and_never_today(tmp_path: Path) -> None:
    for day in (18, 19, 20):
        (tmp_path / f"2026-11-{day}.frames.gz").write_bytes(bytes(100))
    purge(tmp_path, 20, 150, today=date(2026, 11, 20))
    assert [path.name for path in tmp_path.iterdir()] == [NAME]
    purge(tmp_path, 20, 50, today=date(2026, 11, 20))
    assert [path.name for path in tmp_path.iterdir()] == [NAME]


def test_a_damaged_frame_with_a_line_feed_is_left_out_and_counted(tmp_path: Path, start: Callable[..., Desk]) -> None:
    desk = start()
    desk.take(b"0|H0STCNT0|001|half\na frame")
    desk.second()
    desk.recorder.close()
    assert ticks(tmp_path / NAME) == desk.passed[1:]
    assert desk.recorder.dropped == 1


def test_the_list_of_days_tells_size_times_gaps_and_what_is_missing(
    tmp_path: Path, start: Callable[..., Desk], settings: Any
) -> None:
    settings.DESK = replace(settings.DESK, recording=replace(settings.DESK.recording, directory=tmp_path))
    out = io.StringIO()
    call_command("recordings", stdout=out)
    assert "아직 녹화된 것이 없습니다" in out.getvalue()
    desk = start()
    desk.second()
    desk.now += 600
    desk.second()
    desk.recorder.close()
    with (tmp_path / NAME).open("ab") as file:
        file.write(b"half a block")
    (tmp_path / "2026-11-21.frames.gz").write_bytes(b"something else")
    out = io.StringIO()
    call_command("recordings", stdout=out)
    first, gap, second = out.getvalue().splitlines()
    assert NAME in first
    assert "체결 6건  09:00:00 - 09:10:02" in first
    assert "읽을 수 없음: 12바이트" in first
    assert gap.strip() == "공백 09:00:01 - 09:10:01"
    assert "2026-11-21.frames.gz" in second
    assert "녹화 파일이 아니거나" in second

"""What the desk writes is its owner's alone, whatever the umask, and goes through nobody's link."""

import os
import stat
import zlib
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from market import recording
from market.recorder import Recorder
from stockdesk import guide_file, private
from stockdesk.backup import writing
from stockdesk.backup.dump import BackupError
from stockdesk.guide import Typed
from stockdesk.kis.messages import KST
from stockdesk.setup.places import Places, write_private

pytestmark = pytest.mark.django_db(transaction=True)

NOW = datetime(2026, 11, 20, 20, 30, tzinfo=UTC)
OPENING = datetime(2026, 11, 20, 9, 0, tzinfo=KST).timestamp()
RECORDING = f"2026-11-20{recording.SUFFIX}"
VICTIM = b"what somebody else's link led to"


@pytest.fixture(autouse=True)
def _a_careless_umask() -> Iterator[None]:
    before = os.umask(0)
    yield
    os.umask(before)


def back_up(folder: Path) -> None:
    writing.write(folder, NOW)


def record(folder: Path) -> None:
    recorder = Recorder(folder, days=3, most_bytes=1 << 40, clock=lambda: OPENING, free=lambda _: 1 << 40)
    recorder.watch({"005930": 1})
    recorder.flushed(OPENING, [1])
    recorder.close()
    if recorder.trouble:
        raise OSError(recorder.trouble)


def set_up(folder: Path) -> None:
    private.make_folder(folder)
    typed = Typed(
        "mock", "k" * 36, "s" * 180, "44445555-01", "toyuser", "mysql://desk@localhost:3306/desk", "a password"
    )
    guide_file.write(folder / ".env", typed)


def supervise(folder: Path) -> None:
    places = Places(folder)
    places.make()
    write_private(places.admin_password, "a password")
    write_private(places.supervisor_config, "[supervisord]")


def replay(folder: Path) -> None:
    private.make_folder(folder)
    private.write(folder / "replay-2026-11-20.csv", b"005930,10")


@dataclass(frozen=True)
class Kept:
    """What is made in a folder, and the most that others may do with a file of it."""

    make: Callable[[Path], None]
    files: int = 0o600


TABLE = {
    "backup": Kept(back_up),
    "recording": Kept(record, 0o640),
    "settings": Kept(set_up),
    "a run of the desk": Kept(supervise),
    "result of a replay": Kept(replay),
}


@pytest.mark.parametrize("name", TABLE)
def test_nobody_else_reads_it(name: str, tmp_path: Path) -> None:
    folder = tmp_path / "made" / "here"
    folder.parent.mkdir(mode=0o755)
    TABLE[name].make(folder)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert files
    for path in files:
        assert not stat.S_IMODE(path.stat().st_mode) & ~TABLE[name].files, path
    for path in folder.rglob("*"):
        assert not path.is_dir() or stat.S_IMODE(path.stat().st_mode) == 0o700, path


@pytest.mark.parametrize(
    ("make", "link", "refuses"),
    [
        (back_up, ".lock", BackupError),
        (record, RECORDING, OSError),
        (set_up, ".env", guide_file.NotWritten),
        (replay, "replay-2026-11-20.csv", None),
    ],
)
def test_a_link_that_lies_in_its_place_leads_nowhere(
    tmp_path: Path, make: Callable[[Path], None], link: str, refuses: type[Exception] | None
) -> None:
    victim = tmp_path / "victim"
    victim.write_bytes(VICTIM)
    folder = tmp_path / "open to all"
    folder.mkdir()
    (folder / link).symlink_to(victim)
    with pytest.raises(refuses) if refuses else nullcontext():
        make(folder)
    assert victim.read_bytes() == VICTIM


def test_a_backup_elsewhere_throws_away_nothing_of_others(tmp_path: Path) -> None:
    mine = tmp_path / ".download.partial"
    mine.touch()
    killed = tmp_path / ".stockdesk-desk-20261120-052000.sql.gz.partial"
    killed.touch()
    writing.write(tmp_path, NOW)
    assert mine.exists()
    assert not killed.exists()


def test_a_write_that_fails_leaves_the_old_file_and_nothing_beside_it(tmp_path: Path, monkeypatch) -> None:
    path = tmp_path / "state"
    private.write(path, b"old")

    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        private.write(path, b"new")
    assert [(found.name, found.read_bytes()) for found in tmp_path.iterdir()] == [("state", b"old")]


def test_a_small_recording_does_not_unpack_into_all_memory(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(recording, "MOST_UNPACKED", 1 << 20)
    bomb = recording.member(
        recording.Kind.TICKS, bytes(64 << 20), ticks=1, dropped=0, first_at=OPENING, last_at=OPENING
    )
    unpacked: list[int] = []
    real = zlib.crc32
    monkeypatch.setattr(zlib, "crc32", lambda content: unpacked.append(len(content)) or real(content))
    path = tmp_path / RECORDING
    path.write_bytes(bomb)
    found = recording.open_recording(path)
    assert list(found.records()) == []
    assert found.damaged == 1
    assert max(unpacked) <= (1 << 20) + 1

"""Where things are kept, above all sockets: their paths have room for 107 bytes."""

import stat

import pytest

from stockdesk.setup import places
from stockdesk.setup.places import Places, Trouble


def test_sockets_live_beside_the_rest_where_the_path_is_short(tmp_path):
    assert places.socket_directory(tmp_path) == tmp_path or len(str(tmp_path)) > 80


def test_a_long_path_gets_a_short_directory_of_its_own(tmp_path):
    deep = tmp_path / ("x" * 60) / ("y" * 60)
    chosen = places.socket_directory(deep)
    assert len(str(chosen / "supervisor.sock.4194304")) <= 107
    assert chosen == places.socket_directory(deep), "another terminal comes to the same answer"
    assert chosen != places.socket_directory(deep / "other")


def test_korean_letters_count_as_bytes(tmp_path):
    assert places.socket_directory(tmp_path / ("가" * 35)) != tmp_path / ("가" * 35)


def test_a_short_directory_that_others_can_open_is_refused(tmp_path):
    open_to_all = tmp_path / "open"
    open_to_all.mkdir()
    open_to_all.chmod(0o755)
    with pytest.raises(Trouble, match="not a private directory"):
        places.make_private(open_to_all)


def test_a_link_put_in_the_place_of_the_short_directory_is_refused(tmp_path):
    target = tmp_path / "target"
    target.mkdir(mode=0o700)
    link = tmp_path / "link"
    link.symlink_to(target)
    with pytest.raises(Trouble, match="not a private directory"):
        places.make_private(link)


def test_everything_made_is_its_owners_alone(tmp_path):
    made = Places(tmp_path / "var")
    made.make()
    for directory in (made.var, made.run, made.logs):
        assert stat.S_IMODE(directory.stat().st_mode) == 0o700


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path, monkeypatch):
    path = tmp_path / "kept"
    places.write_private(path, "old")

    def full_disk(handle: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(places.os, "fsync", full_disk)
    with pytest.raises(OSError, match="No space"):
        places.write_private(path, "new")
    assert path.read_text() == "old"

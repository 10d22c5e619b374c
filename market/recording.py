"""The tick frames of a day as they came, in one file: its format, and how it is read.

``2026-11-20.frames.gz`` is a gzip file of many small members, so any gzip program unpacks it and what was whole
before a crash stays readable. Each member says in its gzip extra field, subfield ``SD``, what it holds:

    <BBIIIdd    version, kind, bytes of the whole member, ticks, ticks dropped before it, first and last time

Version 1. Times are Unix seconds, numbers little-endian. The kinds:

    0 HEADER    JSON: format, version, date, columns known of each stream, program, the watch list (symbol: session).
                Written whenever recording begins, after a trouble too; in a gap before it nobody recorded.
    1 TICKS     <I records, their times (f64 each), their sessions (u8 each), their texts with a line feed between
    2 CHANGE    the same, with a change of the watch list among its records

A record of session 1 to 5 is a tick frame, byte by byte as the broker sent it (H0STCNT0 and its kin). One of session 0
is JSON of ours: ``watch`` is the watch list from here on; ``flush`` says that the latest values went to the tables at
this moment, with the sessions that were ``live``. Nothing else is ever recorded: no execution notice, which
tells of the account, and no answer to a registration, which carries keys.
"""

import enum
import json
import mmap
import struct
import zlib
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from django.utils.translation import gettext as _

FORMAT, VERSION = "stockdesk frames", 1
SUFFIX = ".frames.gz"
OURS = 0
"""The session number of records that are not the broker's."""

_ABOUT = struct.Struct("<BBIIIdd")
# Magic and deflate, FEXTRA, no time, fastest, unknown system; length of the extra field, SD and its length.
_START = b"\x1f\x8b\x08\x04\x00\x00\x00\x00\x04\xff" + struct.pack("<H2sH", _ABOUT.size + 4, b"SD", _ABOUT.size)
_BODY = len(_START) + _ABOUT.size
_TAIL = struct.Struct("<II")
_COUNT = struct.Struct("<I")
#: Bytes of one block, unpacked: the recorder hands over some 40 MB at most.
MOST_UNPACKED = 1 << 28

Record = tuple[float, int, bytes]
"""Time of receipt (Unix, seconds), session, text."""


class RecordingError(Exception):
    """The file cannot be played; the text says why and what to do."""


class Kind(enum.IntEnum):
    HEADER = 0
    TICKS = 1
    CHANGE = 2


class Block(NamedTuple):
    """What one member says of itself, and where it lies."""

    offset: int
    kind: int
    size: int
    ticks: int
    dropped: int
    first_at: float
    last_at: float


def member(kind: Kind, content: bytes, *, ticks: int, dropped: int, first_at: float, last_at: float) -> bytes:
    """One gzip member, ready to be appended."""
    squeeze = zlib.compressobj(1, zlib.DEFLATED, -zlib.MAX_WBITS)
    body = squeeze.compress(content) + squeeze.flush()
    size = _BODY + len(body) + _TAIL.size
    about = _ABOUT.pack(VERSION, kind, size, ticks, dropped, first_at, last_at)
    return _START + about + body + _TAIL.pack(zlib.crc32(content), len(content))


def packed(times: Sequence[float], sessions: Sequence[int], texts: Sequence[bytes]) -> bytes:
    """The content of a block; no text may hold a line feed."""
    return _COUNT.pack(len(texts)) + array("d", times).tobytes() + bytes(sessions) + b"\n".join(texts)


def unpacked(content: bytes) -> Iterator[Record]:
    """The other way; what is no block of ours raises struct.error or ValueError."""
    (count,) = _COUNT.unpack_from(content)
    sessions_from = _COUNT.size + 8 * count
    texts = content[sessions_from + count :].split(b"\n")
    return zip(
        array("d", content[_COUNT.size : sessions_from]),
        content[sessions_from : sessions_from + count],
        texts,
        strict=True,
    )


@dataclass(slots=True)
class Recording:
    """A recording's blocks, found without unpacking them, and what of the file cannot be read."""

    path: Path
    blocks: list[Block]
    whole_bytes: int
    """Up to the end of the last whole block; what follows is a block that was cut."""
    lost_bytes: int
    """Bytes that belong to no whole block."""
    header: dict[str, Any] = field(default_factory=dict)
    damaged: int = 0
    """Blocks whose content proved unreadable so far, while it was read."""

    @property
    def ticks(self) -> int:
        return sum(block.ticks for block in self.blocks)

    @property
    def dropped(self) -> int:
        """Tick frames that were not recorded: the disk was slow or full."""
        return sum(block.dropped for block in self.blocks)

    @property
    def first_at(self) -> float:
        return self.blocks[0].first_at

    @property
    def last_at(self) -> float:
        return max(block.last_at for block in self.blocks)

    def gaps(self, longer_than: float) -> list[tuple[float, float]]:
        """Stretches (Unix seconds) in which nothing was recorded, not even that a flush was made."""
        pairs = zip(self.blocks, self.blocks[1:], strict=False)
        return [(one.last_at, two.first_at) for one, two in pairs if two.first_at - one.last_at > longer_than]

    def records(self, from_at: float = 0.0, to_at: float = float("inf")) -> Iterator[Record]:
        """All records from ``from_at`` up to ``to_at`` (Unix seconds), after the watch list that was in force then."""
        watch, begun = b"", False
        with self.path.open("rb") as file:
            for block in self.blocks:
                early = block.last_at < from_at
                if block.first_at >= to_at or (early and block.kind == Kind.TICKS):
                    continue
                file.seek(block.offset)
                content = _content(file.read(block.size))
                if content is None:
                    self.damaged += 1
                    continue
                if block.kind == Kind.HEADER:
                    found: Iterator[Record] = iter([(block.first_at, OURS, _watch_of(json.loads(content)))])
                else:
                    found = unpacked(content)
                for record in found:
                    if record[0] >= to_at:
                        break
                    if record[0] >= from_at:
                        if not begun and watch:
                            yield record[0], OURS, watch
                        begun = True
                        yield record
                    elif record[1] == OURS and b'"watch"' in record[2]:
                        watch = _watch_of(json.loads(record[2]))


def open_recording(path: Path) -> Recording:
    """Find the blocks of a recording. Raises RecordingError where there is nothing to play."""
    try:
        recording = scan(path)
    except OSError as exc:
        text = _("%(path)s cannot be opened (%(why)s). manage.py recordings lists what there is.")
        raise RecordingError(text % {"path": path, "why": exc.strerror}) from exc
    if not recording.blocks:
        text = _("%(path)s is no recording of this desk, or nothing readable is left of it. "
                 "manage.py recordings lists those that can be played.")  # fmt: skip
        raise RecordingError(text % {"path": path})
    header = next((block for block in recording.blocks if block.kind == Kind.HEADER), None)
    if header is not None:
        with path.open("rb") as file:
            file.seek(header.offset)
            content = _content(file.read(header.size))
        recording.header = json.loads(content) if content is not None else {}
    return recording


def scan(path: Path) -> Recording:
    """Hop from block to block. Raises OSError, and RecordingError for a file of a newer version."""
    blocks: list[Block] = []
    with path.open("rb") as file:
        size = file.seek(0, 2)
        if not size:
            return Recording(path, blocks, 0, 0)
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            at = lost = end = 0
            while at + _BODY <= size:
                block = _block(data, at, path)
                if block is None or at + block.size > size:
                    # Overwritten or cut: the next start of a block, if there is one, is where it goes on.
                    found = data.find(_START, at + 1)
                    lost, at = lost + (found if found >= 0 else size) - at, found if found >= 0 else size
                    continue
                blocks.append(block)
                at = end = at + block.size
            lost += max(size - at, 0)
    return Recording(path, blocks, end, lost)


def _block(data: mmap.mmap, at: int, path: Path) -> Block | None:
    if data[at : at + len(_START)] != _START:
        return None
    version, kind, size, ticks, dropped, first_at, last_at = _ABOUT.unpack_from(data, at + len(_START))
    if version > VERSION:
        text = _("%(path)s was recorded by a newer program (format %(theirs)d, this one reads up to %(ours)d). Update "
                 "this desk, or play the file where it was recorded.")  # fmt: skip
        raise RecordingError(text % {"path": path, "theirs": version, "ours": VERSION})
    return Block(at, kind, size, ticks, dropped, first_at, last_at) if size > _BODY else None


def _content(raw: bytes) -> bytes | None:
    """The content of a member; None where it is damaged."""
    crc, size = _TAIL.unpack_from(raw, len(raw) - _TAIL.size)
    try:
        # Not more than the block says of itself: a small file may not fill the memory.
        content = zlib.decompressobj(-zlib.MAX_WBITS).decompress(
            raw[_BODY : -_TAIL.size], min(size, MOST_UNPACKED) + 1
        )
    except zlib.error:
        return None
    return content if zlib.crc32(content) == crc else None


def _watch_of(told: dict[str, Any]) -> bytes:
    return json.dumps({"watch": told.get("watch", {})}).encode()

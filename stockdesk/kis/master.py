"""KIS's master files, the lists of everything that is listed: zip, one file, cp949, columns of fixed width in bytes.

``kospi_code.mst``, ``kosdaq_code.mst`` and ``konex_code.mst``. A line is a head (short code 9, ISIN 12, name) and a
tail of plain ASCII. The tail is cut off the end: how wide the name is does not matter then.
"""

import io
import re
import zipfile
import zlib
from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

from stockdesk.kis.errors import KisError
from stockdesk.kis.frames import MAX_PRICE

Market = Literal["KOSPI", "KOSDAQ", "KONEX"]

CODE, ISIN = slice(0, 9), slice(9, 21)
NAME_FROM = 21
#: Unzipped; the real ones are below 2 MB.
MOST_BYTES = 64 << 20
#: Of a hundred lines so many may be unreadable; with more the layout is another one, and nothing can be believed.
MOST_BAD_PERCENT = 1

# Some rights have longer codes than the six characters of a share and the seven of an ETN.
_is_code = re.compile(r"[0-9A-Z]{6,9}").fullmatch
_is_isin = re.compile(r"[A-Z]{2}[0-9A-Z]{9}[0-9]").fullmatch
_is_group = re.compile(r"[A-Z]{2}").fullmatch
_YES_NO = {"Y": True, "N": False}
_UNZIP_ERRORS = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError, OSError)


class MasterError(KisError):
    """A master file that is cut, empty, or something else altogether: none of it is used."""


@dataclass(frozen=True, slots=True)
class Listed:
    """One listed issue as its master file has it. ``base_price`` in KRW, None where KIS has none."""

    symbol: str
    isin: str
    name: str
    group: str
    """scrt_grp_cls_code: ST share, RT REIT, EF ETF, EN ETN, EW ELW ..."""
    base_price: int | None
    halted: bool
    liquidating: bool
    """정리매매: the last days before it is delisted, without price limits."""
    administrative: bool
    alert: int
    """시장경고: 0 none, 1 투자주의, 2 투자경고, 3 투자위험."""
    overheated: bool
    """단기과열 지정: traded in call auctions only. False on KONEX, whose file does not say."""
    listed_on: date | None


@dataclass(frozen=True, slots=True)
class MasterFile:
    """What a file lists, in its own order, and how many lines made no sense."""

    listed: tuple[Listed, ...]
    bad: int


@dataclass(frozen=True, slots=True)
class Layout:
    """Where the columns of one market's tail begin, in bytes (the widths are the same everywhere)."""

    file: str
    width: int
    base_price: int
    halted: int
    alert: int
    listed_on: int
    overheated: int | None


LAYOUTS: dict[Market, Layout] = {
    "KOSPI": Layout("kospi_code.mst", 227, base_price=41, halted=60, alert=63, listed_on=105, overheated=32),
    "KOSDAQ": Layout("kosdaq_code.mst", 221, base_price=36, halted=55, alert=58, listed_on=100, overheated=27),
    "KONEX": Layout("konex_code.mst", 184, base_price=2, halted=21, alert=24, listed_on=66, overheated=None),
}


def parse_master(content: bytes, market: Market) -> MasterFile:
    """Read a downloaded file. Raises MasterError when it is no whole zip, or when more than a few lines make no sense.

    An issue that is listed twice counts as a line without sense, so that the first one stands.
    """
    layout = LAYOUTS[market]
    lines = [line for line in unzipped(content, layout.file).split(b"\n") if line.strip()]
    found: dict[str, Listed] = {}
    problems: Counter[str] = Counter()
    for line in lines:
        try:
            listed = listed_from(line.rstrip(b"\r"), layout)
            if listed.symbol in found:
                raise ValueError("symbol twice")
        except ValueError as exc:
            problems[str(exc)] += 1
        else:
            found[listed.symbol] = listed
    bad = problems.total()
    if bad * 100 > len(lines) * MOST_BAD_PERCENT:
        raise MasterError(
            f"{layout.file}: {bad} of {len(lines)} lines make no sense ({problems.most_common(1)[0][0]})"
        )
    return MasterFile(tuple(found.values()), bad)


def unzipped(content: bytes, name: str) -> bytes:
    """The one file of a zip. Raises MasterError for HTML, for an empty answer and for a zip that was cut."""
    if not content:
        raise MasterError(f"{name}: an empty answer")
    if not content.startswith(b"PK\x03\x04"):
        raise MasterError(f"{name}: no zip file")
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if name not in archive.namelist():
                raise MasterError(f"{name}: not in the zip file")
            if archive.getinfo(name).file_size > MOST_BYTES:
                raise MasterError(f"{name}: too large to be a list of issues")
            return archive.read(name)  # looks at its checksum
    except _UNZIP_ERRORS as exc:
        raise MasterError(f"{name}: a damaged zip file ({type(exc).__name__})") from None


def listed_from(line: bytes, layout: Layout) -> Listed:
    """One line; ValueError names the column that makes no sense."""
    if len(line) <= NAME_FROM + layout.width:
        raise ValueError("line too short")
    head, tail = line[: -layout.width], line[-layout.width :]
    text = tail.decode("ascii", "replace")
    symbol, isin = head[CODE].decode("ascii", "replace").strip(), head[ISIN].decode("ascii", "replace").strip()
    if not _is_code(symbol):
        raise ValueError("short code")
    if not _is_isin(isin):
        raise ValueError("standard code")
    name = head[NAME_FROM:].decode("cp949").strip()  # UnicodeDecodeError is a ValueError
    if not name:
        raise ValueError("name")
    at = layout.halted
    return Listed(
        symbol=symbol,
        isin=isin,
        name=name,
        group=_group(text[:2]),
        base_price=_base_price(text[layout.base_price : layout.base_price + 9]),
        halted=_yes(text[at], "trht_yn"),
        liquidating=_yes(text[at + 1], "sltr_yn"),
        administrative=_yes(text[at + 2], "mang_issu_yn"),
        alert=_alert(text[layout.alert : layout.alert + 2]),
        overheated=layout.overheated is not None and text[layout.overheated] in "23",
        listed_on=_day(text[layout.listed_on : layout.listed_on + 8]),
    )


def _group(text: str) -> str:
    if not _is_group(text):
        raise ValueError("scrt_grp_cls_code")
    return text


def _base_price(text: str) -> int | None:
    """Zero or blank padded; zero is KIS's way to say that there is none."""
    digits = text.strip() or "0"
    if not (digits.isascii() and digits.isdigit()) or int(digits) > MAX_PRICE:
        raise ValueError("stck_sdpr")
    return int(digits) or None


def _yes(text: str, name: str) -> bool:
    if text not in _YES_NO:
        raise ValueError(name)
    return _YES_NO[text]


def _alert(text: str) -> int:
    if text not in ("00", "01", "02", "03"):
        raise ValueError("mrkt_alrm_cls_code")
    return int(text)


def _day(text: str) -> date | None:
    try:
        return datetime.strptime(text, "%Y%m%d").date()
    except ValueError:
        return None

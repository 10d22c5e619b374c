"""Data frames of the socket: wire text -> records -> ticks. Nothing is awaited, nothing is kept.

Every function gives values or raises FrameError, whatever text it meets. Error texts name the TR id, counts and
field names, never contents: a frame may be an execution notice.
"""

import re
from collections.abc import Sequence
from datetime import date, datetime, time
from functools import lru_cache
from typing import NamedTuple

from stockdesk.kis.control import PingPong, parse_control, subscribe_message
from stockdesk.kis.errors import FrameError, UnknownStream
from stockdesk.kis.fields import COLUMNS, H0STCNT0, MINIMUM_WIDTH
from stockdesk.kis.messages import KST, Tick
from stockdesk.kis.numbers import wire_amount, wire_change, wire_decimal, wire_rate

__all__ = [
    "Frame",
    "PingPong",
    "is_symbol",
    "parse_control",
    "parse_ticks",
    "record_width",
    "records",
    "split_frame",
    "subscribe_message",
    "tick_from",
]

MAX_PRICE = 100_000_000  # KRW
MAX_TICK_VOLUME = 2_000_000_000  # shares
MAX_DAY_VOLUME = 10**13  # shares
MAX_DAY_AMOUNT = 10**17  # KRW
MAX_STRENGTH = 10_000_000  # percent

# Stocks and ETFs (0001A0 has a letter), ETNs.
is_symbol = re.compile(r"[0-9][0-9A-Z]{5}|Q[0-9]{6}").fullmatch


def checked_symbol(symbol: str) -> str:
    """The symbol, or ValueError: it goes into addresses and frames."""
    if not is_symbol(symbol):
        raise ValueError("not a symbol")
    return symbol


_is_tr_id = re.compile(r"[0-9A-Z]{4,10}").fullmatch
_HALTED = {"Y": True, "N": False, "": None, "(null)": None}
_PHASES = {"": None, "(null)": None} | {code: code for code in "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"}
_is_date = re.compile(r"20[0-9]{6}").fullmatch
_is_time = re.compile(r"[0-9]{6}").fullmatch


class Frame(NamedTuple):
    """One data frame, cut at its bars only. The body of an encrypted one is base64."""

    encrypted: bool
    tr_id: str
    count: int  # type: ignore[assignment]  # not the method of tuples
    body: str

    def __repr__(self) -> str:
        return f"Frame({self.tr_id}, encrypted={self.encrypted}, count={self.count}, {len(self.body)} characters)"


def split_frame(text: str) -> Frame:
    """Cut ``0|H0STCNT0|003|f0^f1^...``; only the first three bars separate, a name in the body may hold one."""
    try:
        mark, tr_id, count_text, body = text.split("|", 3)
    except ValueError:
        raise FrameError("data frame: fewer than three bars") from None
    if tr_id not in MINIMUM_WIDTH:
        if _is_tr_id(tr_id):
            raise UnknownStream("no columns known", tr_id=tr_id)
        raise FrameError("data frame: no TR id")
    if mark not in ("0", "1"):
        raise FrameError("neither plain nor encrypted", tr_id=tr_id)
    if not (count_text.isascii() and count_text.isdigit() and len(count_text) <= 3):
        raise FrameError("the record count is not a number", tr_id=tr_id)
    count = int(count_text)
    if not count:
        raise FrameError("0 records", tr_id=tr_id)
    return Frame(mark == "1", tr_id, count, body)


def record_width(frame: Frame) -> int:
    """Fields per record of a plain frame: whole, and at least the narrowest KIS ever sent."""
    if frame.encrypted:
        raise FrameError("encrypted", tr_id=frame.tr_id)
    fields = frame.body.count("^") + 1
    width, rest = divmod(fields, frame.count)
    if rest or width < MINIMUM_WIDTH[frame.tr_id]:
        raise FrameError(f"{fields} fields for {frame.count} records", tr_id=frame.tr_id)
    return width


def records(frame: Frame) -> list[list[str]]:
    """The records of a plain frame, each a list of its fields."""
    width = record_width(frame)
    values = frame.body.split("^")
    return [values[i : i + width] for i in range(0, len(values), width)]


def parse_ticks(frame: Frame, refused: list[FrameError] | None = None) -> list[Tick]:
    """The trades of one H0STCNT0 (H0UNCNT0, H0NXCNT0) frame, in the order in which they were made.

    A bad record does not stop the others: it is left out, and its error appended to ``refused``.
    """
    if COLUMNS[frame.tr_id] is not H0STCNT0:
        raise FrameError("carries no ticks", tr_id=frame.tr_id)
    ticks = []
    for record in records(frame):
        try:
            ticks.append(tick_from(record))
        except FrameError as exc:
            if refused is not None:
                refused.append(exc)
    return ticks


def tick_from(values: Sequence[str]) -> Tick:
    """Read one record of H0STCNT0; FrameError names the first field that is wrong.

    Symbol, price, date and time must be there; every other field may be empty, but not nonsense.
    """
    # By position, and without a loop over the columns: this runs for every symbol in every second.
    if len(values) < len(H0STCNT0) - 1:
        raise FrameError(f"{len(values)} fields in a record", tr_id="H0STCNT0")
    (
        symbol, hour, price_text, sign_text, change_text, rate_text, _, open_text, high_text, low_text,
        ask_text, bid_text, volume_text, day_volume_text, day_amount_text, _, _, _, strength_text,
    ) = values[:19]  # fmt: skip
    field = "MKSC_SHRN_ISCD"
    try:
        if not is_symbol(symbol):
            raise ValueError
        field = "STCK_PRPR"
        price = wire_amount(price_text, MAX_PRICE)
        if price is None:
            raise ValueError
        field = "BSOP_DATE"
        business_date = date_on(values[33])
        field = "STCK_CNTG_HOUR"
        traded_at = moment(values[33], hour)
        field = "STCK_OPRC"
        open_price = wire_amount(open_text, MAX_PRICE)
        field = "STCK_HGPR"
        high_price = wire_amount(high_text, MAX_PRICE)
        field = "STCK_LWPR"
        low_price = wire_amount(low_text, MAX_PRICE)
        field = "ASKP1"
        ask_price = wire_amount(ask_text, MAX_PRICE)
        field = "BIDP1"
        bid_price = wire_amount(bid_text, MAX_PRICE)
        field = "CNTG_VOL"
        volume = wire_amount(volume_text, MAX_TICK_VOLUME)
        field = "ACML_VOL"
        day_volume = wire_amount(day_volume_text, MAX_DAY_VOLUME)
        field = "ACML_TR_PBMN"
        day_amount = wire_amount(day_amount_text, MAX_DAY_AMOUNT)
        field = "PRDY_VRSS"
        change, sign = wire_change(change_text, sign_text, MAX_PRICE)
        field = "PRDY_CTRT"
        change_rate = wire_rate(rate_text, sign)
        field = "CTTR"
        strength = wire_decimal(strength_text)
        if strength is not None and not 0 <= strength <= MAX_STRENGTH:
            raise ValueError
        field = "TRHT_YN"
        halted = _HALTED[values[35].strip()]
        field = "MARKET_CLS_CODE"
        market_phase = _PHASES[values[46].strip()] if len(values) > 46 else None
    except (ValueError, KeyError):
        error = FrameError(f"{field} is wrong or missing", tr_id="H0STCNT0")
        error.field = field
        raise error from None
    return Tick(
        symbol, price, volume, traded_at, business_date, change, sign, change_rate, open_price, high_price,
        low_price, ask_price, bid_price, day_volume, day_amount, strength, halted, market_phase,
    )  # fmt: skip


REQUIRED = frozenset({"MKSC_SHRN_ISCD", "STCK_PRPR", "BSOP_DATE", "STCK_CNTG_HOUR"})


def tick_with_gaps(values: Sequence[str]) -> tuple[Tick, list[str]]:
    """As ``tick_from``, but an optional field that is nonsense counts as empty and is named in the second part.

    KIS adds codes and columns without notice; a new letter in a flag must not cost the price beside it.
    """
    odd: list[str] = []
    while True:
        try:
            return tick_from(values), odd
        except FrameError as exc:
            if not exc.field or exc.field in REQUIRED:
                raise
            odd.append(exc.field)
            values = list(values)
            values[H0STCNT0.index(exc.field)] = ""


@lru_cache(maxsize=16)
def date_on(text: str) -> date:
    """``20261120`` as a date, else ValueError."""
    if not _is_date(text):
        raise ValueError("not a date")
    return date(int(text[:4]), int(text[4:6]), int(text[6:]))


def time_of_day(text: str) -> time:
    """``093005`` as a time, else ValueError."""
    if not _is_time(text):
        raise ValueError("not a time of day")
    return time(int(text[:2]), int(text[2:4]), int(text[4:]))


# The trades of one second, of however many symbols, share one moment.
@lru_cache(maxsize=1024)
def moment(date_text: str, time_text: str) -> datetime:
    """``20261120`` and ``093005`` as a moment in KST, else ValueError."""
    return datetime.combine(date_on(date_text), time_of_day(time_text), KST)

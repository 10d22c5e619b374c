"""Execution notices (H0STCNI0, mock H0STCNI9): decrypt and read them.

AES-CBC carries no checksum: a wrong key passes the padding check about once in 250 times, hence the look at what
came out. Error texts hold nothing of the content.
"""

import base64
import binascii
import hashlib
import re
from datetime import date, time

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from stockdesk.kis.errors import NoticeError
from stockdesk.kis.fields import H0STCNI0, H0STCNI0_DOCUMENTED
from stockdesk.kis.frames import MAX_PRICE, MAX_TICK_VOLUME, date_on, is_symbol, time_of_day
from stockdesk.kis.messages import ExecutionNotice
from stockdesk.kis.numbers import NO_VALUE, wire_amount

_BLOCK = 16
_REFUSED = {"": False, "0": False, "N": False, "1": True, "Y": True}

_is_account = re.compile(r"[0-9]{8,10}").fullmatch
_is_order_no = re.compile(r"(?!0+$)[0-9]{1,10}").fullmatch
_is_code = re.compile(r"[0-9A-Za-z]{0,5}").fullmatch
_is_exchange = re.compile(r"([1-4])[YN]?").fullmatch


def decrypt(key: str, iv: str, body: str) -> str:
    """The text of an encrypted body; ``key`` (32 bytes) and ``iv`` (16) are those of this session's registration."""
    key_bytes, iv_bytes = key.encode(errors="replace"), iv.encode(errors="replace")
    if len(key_bytes) != 32 or len(iv_bytes) != _BLOCK:
        raise NoticeError("the key of the registration has the wrong length")
    try:
        secret = base64.b64decode(body, validate=True)
    except (binascii.Error, ValueError):
        raise NoticeError("not base64") from None
    if not secret or len(secret) % _BLOCK:
        raise NoticeError("not whole blocks")
    decryptor = Cipher(algorithms.AES(key_bytes), modes.CBC(iv_bytes)).decryptor()
    padded = decryptor.update(secret) + decryptor.finalize()
    padding = padded[-1]
    if not 1 <= padding <= _BLOCK or padded[-padding:] != bytes([padding]) * padding:
        raise NoticeError("does not decrypt: padding")
    try:
        return padded[:-padding].decode("utf-8")
    except UnicodeDecodeError:
        raise NoticeError("does not decrypt: not UTF-8") from None


def parse_notices(text: str, count: int = 1) -> list[ExecutionNotice]:
    """Read the ``count`` notices of one decrypted frame; any nonsense among them refuses the frame.

    KIS documents 26 fields and sends 23: the tail is read by the width. A record of twice that is two of them.
    """
    values = text.split("^")
    width, rest = divmod(len(values), count) if count > 0 else (0, 1)
    if rest or not len(H0STCNI0) <= width < 2 * len(H0STCNI0):
        raise NoticeError(f"{len(values)} fields for {count} notices")
    return [_notice_from(values[i : i + width]) for i in range(0, len(values), width)]


def _notice_from(record: list[str]) -> ExecutionNotice:
    columns = H0STCNI0_DOCUMENTED if len(record) >= len(H0STCNI0_DOCUMENTED) else H0STCNI0
    values = {name: _clean(value) for name, value in zip(columns, record, strict=False)}

    def need(field: str, good: object) -> str:
        if not good:
            raise NoticeError(f"{field} is wrong or missing")
        return values[field]

    def amount(field: str, limit: int) -> int | None:
        try:
            return wire_amount(values[field], limit)
        except ValueError:
            raise NoticeError(f"{field} is wrong") from None

    def code(field: str, *known: str) -> str:
        return need(field, values[field] in known if known else _is_code(values[field]))

    filled = code("CNTG_YN", "1", "2") == "2"
    quantity, price = amount("CNTG_QTY", MAX_TICK_VOLUME) or 0, amount("CNTG_UNPR", MAX_PRICE) or 0
    need("CNTG_QTY", quantity or not filled)
    need("CNTG_UNPR", price or not filled)
    original = values["OODER_NO"].strip("0") and values["OODER_NO"]
    return ExecutionNotice(
        customer_id=values["CUST_ID"],
        account=need("ACNT_NO", _is_account(values["ACNT_NO"])),
        order_no=need("ODER_NO", _is_order_no(values["ODER_NO"])),
        original_order_no=original and need("OODER_NO", _is_order_no(original)),
        side=code("SELN_BYOV_CLS", "01", "02"),
        correction=code("RCTF_CLS", "", "0", "1", "2") or "0",
        order_kind=code("ODER_KIND"),
        order_condition=code("ODER_COND"),
        symbol=need("STCK_SHRN_ISCD", is_symbol(values["STCK_SHRN_ISCD"])),
        name=values["CNTG_ISNM40"][:40],
        quantity=quantity,
        price=price,
        order_quantity=amount("ODER_QTY", MAX_TICK_VOLUME),
        order_price=amount("ODER_PRC", MAX_PRICE),
        clock_time=_clock_time(values["STCK_CNTG_HOUR"]),
        refused=_REFUSED[code("RFUS_YN", *_REFUSED)],
        filled=filled,
        acceptance=code("ACPT_YN"),
        branch_no=code("BRNC_NO"),
        exchange=_exchange(values),
        credit_class=code("CRDT_CLS"),
        credit_loan_on=_loan_date(values["CRDT_LOAN_DATE"]),
        digest=hashlib.sha256("^".join(record).encode(errors="replace")).hexdigest(),
    )


def _clean(value: str) -> str:
    value = value.strip()
    return "" if value in NO_VALUE else value


def _clock_time(text: str) -> time:
    try:
        return time_of_day(text)
    except ValueError:
        raise NoticeError("STCK_CNTG_HOUR is wrong or missing") from None


def _loan_date(text: str) -> date | None:
    if not text.strip("0"):
        return None
    try:
        return date_on(text)
    except ValueError:
        raise NoticeError("CRDT_LOAN_DATE is wrong") from None


def _exchange(values: dict[str, str]) -> str:
    """``1Y`` (23 fields) or ``1`` (26); before NXT a stock's name stood in that place, which is no exchange."""
    known = _is_exchange(values.get("ORD_EXG_GB_POPUP_YN", "") or values.get("ORD_EXG_GB", ""))
    return known[1] if known else ""

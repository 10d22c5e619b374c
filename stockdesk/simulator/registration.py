"""What a client's socket message asks for, and the OPSP code for one that cannot be understood."""

import re
from dataclasses import dataclass, field
from typing import Any

from stockdesk.kis.fields import COLUMNS
from stockdesk.simulator.notices import NOTICE_TR_IDS

TICK_TR_IDS = ("H0STCNT0", "H0UNCNT0", "H0NXCNT0")
MOCK_TR_IDS = ("H0STCNT0", "H0STASP0", *NOTICE_TR_IDS, "H0GSCNI9")
OVERSEAS_NOTICE_TR_IDS = ("H0GSCNI0", "H0GSCNI9")
# Streams that KIS has and that stay quiet here: registered like any other, never a frame.
QUIET_TR_IDS = ("H0UNASP0", "H0NXASP0", "H0STANC0", "H0NXMKO0", "H0UNMKO0", "HDFSASP0", *OVERSEAS_NOTICE_TR_IDS)
SYMBOL_TR_IDS = (*TICK_TR_IDS, "H0STASP0", "H0STMKO0")
SYMBOL = re.compile(r"Q?[0-9][0-9A-HJ-NP-TV-Z]{5}")


@dataclass(frozen=True, slots=True)
class Wish:
    """A registration (or its end) that a client asks for."""

    approval_key: str = field(repr=False)
    register: bool
    tr_id: str
    tr_key: str = field(repr=False)  # may be an HTS id

    @property
    def encrypt(self) -> str:
        return "Y" if self.tr_id in NOTICE_TR_IDS + OVERSEAS_NOTICE_TR_IDS else "N"


class Misunderstood(Exception):
    """The message makes no sense; ``code`` is the OPSP code of the answer."""

    def __init__(self, code: str, tr_id: str = "(null)", tr_key: str = "") -> None:
        super().__init__(code)
        self.code = code
        self.tr_id = tr_id
        self.tr_key = tr_key


def read_wish(message: Any) -> Wish:
    """The wish in a decoded message; fields may come in any order, unknown ones are ignored."""
    if not isinstance(message, dict):
        raise Misunderstood("OPSP9999")
    header, body = message.get("header"), message.get("body")
    if not isinstance(header, dict):
        raise Misunderstood("OPSP9998")
    if not isinstance(body, dict):
        raise Misunderstood("OPSP9992")
    wanted = body.get("input")
    if not isinstance(wanted, dict):
        raise Misunderstood("OPSP9991")
    tr_id, tr_key = str(wanted.get("tr_id") or ""), str(wanted.get("tr_key") or "")
    if "custtype" not in header:
        raise Misunderstood("OPSP9997", tr_id, tr_key)
    if header["custtype"] not in ("P", "B"):
        raise Misunderstood("OPSP8998", tr_id, tr_key)
    if header.get("tr_type") not in ("1", "2"):
        raise Misunderstood("OPSP8997", tr_id, tr_key)
    return Wish(str(header.get("approval_key") or ""), header["tr_type"] == "1", tr_id, tr_key)


def check_stream(wish: Wish, mock: bool, listed: bool) -> None:
    """Refuse streams we do not know and keys they cannot have. ``listed``: tr_key is a symbol of the world."""
    if wish.tr_id not in (MOCK_TR_IDS if mock else (*COLUMNS, *QUIET_TR_IDS)):
        raise Misunderstood("OPSP8991", wish.tr_id, wish.tr_key)
    if not wish.tr_key:
        raise Misunderstood("OPSP9990", wish.tr_id, wish.tr_key)
    if wish.tr_id in SYMBOL_TR_IDS and not (listed and SYMBOL.fullmatch(wish.tr_key)):
        raise Misunderstood("OPSP8992", wish.tr_id, wish.tr_key)

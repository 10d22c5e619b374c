"""Execution notices (체결통보, H0STCNI0 and H0STCNI9): the 23 fields, encrypted as KIS encrypts them."""

import base64
import secrets
from collections.abc import Mapping
from datetime import datetime

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.padding import PKCS7

from stockdesk.kis.fields import H0STCNI0

NOTICE_TR_IDS = ("H0STCNI0", "H0STCNI9")


def new_key_pair() -> dict[str, str]:
    """``output`` of a registration reply: key of 32 and iv of 16 characters, used as their own bytes."""
    return {"iv": secrets.token_hex(8), "key": secrets.token_hex(16)}


def encrypt(key: str, iv: str, text: str) -> str:
    """AES-256-CBC with PKCS#7 padding, in base64."""
    padder = PKCS7(128).padder()
    padded = padder.update(text.encode()) + padder.finalize()
    encryptor = Cipher(algorithms.AES(key.encode()), modes.CBC(iv.encode())).encryptor()
    return base64.b64encode(encryptor.update(padded) + encryptor.finalize()).decode()


def notice_text(fields: Mapping[str, str], hts_id: str, now: datetime) -> str:
    """The clear text of one notice: a fill of one share of 005930, with ``fields`` in place of its own.

    Names are those of the column table; an unknown one raises ValueError.
    """
    values = {
        "CUST_ID": hts_id,
        "ACNT_NO": "5000123401",
        "ODER_NO": "0000000001",
        "SELN_BYOV_CLS": "02",
        "RCTF_CLS": "0",
        "ODER_KIND": "00",
        "ODER_COND": "0",
        "STCK_SHRN_ISCD": "005930",
        "CNTG_QTY": "0000000001",
        "CNTG_UNPR": "000098500",
        "STCK_CNTG_HOUR": now.strftime("%H%M%S"),
        "RFUS_YN": "0",
        "CNTG_YN": "2",
        "ACPT_YN": "2",
        "BRNC_NO": "91252",
        "ODER_QTY": "000000001",
        "ACNT_NAME": "홍길동",
        "ORD_EXG_GB_POPUP_YN": "1Y",
        "CRDT_CLS": "10",
        "CNTG_ISNM40": "삼성전자",
        "ODER_PRC": "000098500",
    }
    for name, value in fields.items():
        if name not in H0STCNI0:
            raise ValueError(f"no column {name} in a notice")
        values[name] = str(value)
    return "^".join(values.get(name, "") for name in H0STCNI0)

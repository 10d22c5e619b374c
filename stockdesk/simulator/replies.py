"""Control messages of the socket: how KIS words them, by OPSP code."""

import json
from datetime import datetime
from typing import Any

# code: (rt_cd, text)
TEXTS = {
    "OPSP0000": ("0", "SUBSCRIBE SUCCESS"),
    "OPSP0001": ("0", "UNSUBSCRIBE SUCCESS"),
    "OPSP0002": ("1", "ALREADY IN SUBSCRIBE"),
    "OPSP0003": ("1", "UNSUBSCRIBE ERROR(not found!)"),
    "OPSP0008": ("1", "MAX SUBSCRIBE OVER"),
    "OPSP0011": ("1", "invalid approval : "),
    "OPSP0017": ("9", "ERROR : htsid가잘못되었습니다"),
    "OPSP8991": ("9", "JSON PARSING ERROR : invalid tr_id"),
    "OPSP8992": ("9", "JSON PARSING ERROR : invalid tr_key"),
    "OPSP8993": ("9", "JSON PARSING ERROR : invalid tr_key"),
    "OPSP8996": ("9", "ALREADY IN USE appkey"),
    "OPSP8997": ("9", "JSON PARSING ERROR : invalid tr_type"),
    "OPSP8998": ("9", "JSON PARSING ERROR : invalid custtype"),
    "OPSP9990": ("9", "JSON PARSING ERROR : tr_key not found"),
    "OPSP9991": ("9", "JSON PARSING ERROR : input not found"),
    "OPSP9992": ("9", "JSON PARSING ERROR : body not found"),
    "OPSP9997": ("9", "JSON PARSING ERROR : custtype not found"),
    "OPSP9998": ("9", "JSON PARSING ERROR : header not found"),
    "OPSP9999": ("9", "JSON PARSING ERROR : invalid json format"),
}


def reply(code: str, tr_id: str = "(null)", tr_key: str = "", *, encrypt: str = "N", output=None, more="") -> str:
    """One control reply. Official clients look every one of these names up, so all are always there."""
    rt_cd, text = TEXTS[code]
    body: dict[str, Any] = {"rt_cd": rt_cd, "msg_cd": code, "msg1": text + more}
    if output is not None:
        body["output"] = output
    header = {"tr_id": tr_id, "tr_key": tr_key, "encrypt": encrypt}
    return json.dumps({"header": header, "body": body}, ensure_ascii=False)


def pingpong(now: datetime) -> str:
    return json.dumps({"header": {"tr_id": "PINGPONG", "datetime": now.strftime("%Y%m%d%H%M%S")}})

"""What the answer to an order means. Only what is known to be a refusal counts as one."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from stockdesk.kis.answers import Answer, object_of, text_of
from stockdesk.kis.errors import OutcomeUnknown, RateLimited, Refused, TokenRejected
from stockdesk.kis.messages import KST, OrderAck

#: With one of these and ``rt_cd`` not 0, the order was not taken in. The text is for where KIS sends none: its own
#: says more, for one code stands for several reasons.
KNOWN_REFUSALS = {
    "APBK0656": "주문가능금액을 초과했습니다",
    "APBK0918": "장운영시간 또는 잔고 때문에 거부되었습니다",
    "APBK0919": "장운영일자가 주문일과 다릅니다",
    "APBK0986": "주문가능금액을 초과했습니다",
    "APBK1234": "주문가능수량이 부족합니다",
    "APBK1744": "IRP 계좌는 주문할 수 없습니다",
    "APBK1943": "시장가 주문을 낼 수 없습니다",
    "APBK3013": "시장가 주문을 낼 수 없습니다",
    "40070000": "모의투자 매매 불가",
    "40330000": "모의투자 정정/취소할 수량이 없습니다",
    "90000000": "모의투자 미지원 TR",
    "EGW00213": "모의투자 TR 이 아닙니다",
    "EGW02004": "실전투자 도메인은 모의투자 앱키로 호출할 수 없습니다",
    "EGW02006": "모의투자 TR 이 아닙니다",
}
#: Refused at the gateway whatever the HTTP status: the order never got further.
_AT_THE_GATE: dict[str, type[Refused]] = {
    "EGW00121": TokenRejected,
    "EGW00123": TokenRejected,
    "EGW00201": RateLimited,
    "EGW00215": RateLimited,
}
_is_order_no = re.compile(r"(?=.*[1-9])[0-9]{1,20}").fullmatch
_is_time = re.compile(r"([01][0-9]|2[0-3])[0-5][0-9][0-5][0-9]").fullmatch


def judge_order(tr_id: str, status: int, content: bytes, *, now: datetime, clean: Callable[[str], str]) -> OrderAck:
    """The acknowledgement in an answer to a POST of an order, or what else is sure; the rest is OutcomeUnknown.

    Stricter than `answers.judge`, which takes any no for a no: that is right for a read, and would be a guess here.
    """
    fields = object_of(content)
    if fields is None:
        raise OutcomeUnknown(f"HTTP {status} without a JSON object", tr_id=tr_id)
    code = text_of(fields, "msg_cd") or text_of(fields, "error_code")
    told = clean(text_of(fields, "msg1") or text_of(fields, "error_description"))
    verdict = text_of(fields, "rt_cd")
    if status == 200 and verdict == "0":
        ack = ack_of(fields, now)
        if ack is None:
            raise OutcomeUnknown("taken in without an order number", code, tr_id)
        return ack
    if verdict != "0" and not 300 <= status < 400 and code in _AT_THE_GATE:
        raise _AT_THE_GATE[code](told or f"HTTP {status}", code, tr_id)
    if status == 200 and verdict and code in KNOWN_REFUSALS:
        raise Refused(told or KNOWN_REFUSALS[code], code, tr_id)
    raise OutcomeUnknown(told or f"HTTP {status}", clean(code), tr_id)


def ack_of(fields: dict[str, Any], now: datetime) -> OrderAck | None:
    """The order number in ``output``, an object on the wire and an array in the document; None without one."""
    rows = Answer(fields).rows("output")
    if len(rows) != 1 or not _is_order_no(order_no := text_of(rows[0], "odno")):
        return None
    return OrderAck(
        order_no=order_no,
        branch_no=text_of(rows[0], "krx_fwdg_ord_orgno"),
        accepted_at=_moment(text_of(rows[0], "ord_tmd"), now.astimezone(KST)),
    )


def _moment(clock: str, now: datetime) -> datetime | None:
    """KIS's time of day as the moment nearest to ``now``."""
    if not _is_time(clock):
        return None
    told = now.replace(hour=int(clock[:2]), minute=int(clock[2:4]), second=int(clock[4:]), microsecond=0)
    if told - now > timedelta(hours=12):
        return told - timedelta(days=1)
    return told + timedelta(days=1) if now - told > timedelta(hours=12) else told

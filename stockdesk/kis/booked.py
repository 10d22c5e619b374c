"""Orders as the broker has them: rows of the order inquiries -> BrokerOrder, OpenOrder."""

import re
from datetime import datetime
from typing import Literal

from stockdesk.kis.frames import MAX_PRICE
from stockdesk.kis.messages import KST, BrokerOrder, OpenOrder, Side, order_key
from stockdesk.kis.values import MAX_MONEY, FieldError, Row, decimal_or_none, shares, text, whole

_SIDES: dict[str, Side] = {"01": "sell", "02": "buy"}
_is_product = re.compile(r"[0-9A-Z]{1,12}").fullmatch
_is_moment = re.compile(r"[0-9]{14}").fullmatch


def order_from(row: Row) -> BrokerOrder:
    """One row of TTTC0081R or CTSC9215R; FieldError names the field that cannot be read."""
    quantity = shares(row, "ord_qty", least=1)
    filled = shares(row, "tot_ccld_qty")
    remaining = shares(row, "rmn_qty")
    cancelled_quantity = shares(row, "cnc_cfrm_qty")
    if filled > quantity:
        raise FieldError("tot_ccld_qty is more than ord_qty")
    if remaining > quantity:
        raise FieldError("rmn_qty is more than ord_qty")
    original = _original(row)
    says_cancel = text(row, "cncl_yn") == "Y"
    kind: Literal["new", "amend", "cancel"] = "new"
    if original:
        kind = "cancel" if says_cancel or "취소" in text(row, "ord_dvsn_name") else "amend"
    return BrokerOrder(
        order_no=_order_no(row),
        original_order_no=original,
        branch_no=text(row, "ord_gno_brno"),
        symbol=product(row),
        name=text(row, "prdt_name"),
        side=_side(row),
        quantity=quantity,
        price=_price(row),
        filled_quantity=filled,
        filled_amount=whole(row, "tot_ccld_amt", MAX_MONEY),
        average_price=decimal_or_none(row, "avg_prvs", MAX_PRICE) or None,
        remaining_quantity=remaining,
        cancelled=kind != "cancel" and not remaining and (says_cancel or cancelled_quantity > 0),
        rejected_quantity=shares(row, "rjct_qty"),
        ordered_at=_moment(row),
        division=text(row, "ord_dvsn_cd"),
        kind=kind,
        cancelled_quantity=cancelled_quantity,
        exchange=text(row, "excg_id_dvsn_cd"),
    )


def open_order_from(row: Row) -> OpenOrder:
    """One row of TTTC0084R; FieldError as above."""
    clock = text(row, "ord_tmd")
    try:
        clock_time = datetime.strptime(clock if len(clock) == 6 else "", "%H%M%S").time()
    except ValueError:
        raise FieldError("ord_tmd is not a time") from None
    quantity, filled = shares(row, "ord_qty", least=1), shares(row, "tot_ccld_qty")
    if filled > quantity:
        raise FieldError("tot_ccld_qty is more than ord_qty")
    return OpenOrder(
        order_no=_order_no(row),
        original_order_no=_original(row),
        branch_no=text(row, "ord_gno_brno"),
        symbol=product(row),
        name=text(row, "prdt_name"),
        side=_side(row),
        quantity=quantity,
        price=_price(row),
        filled_quantity=filled,
        filled_amount=whole(row, "tot_ccld_amt", MAX_MONEY),
        cancellable_quantity=shares(row, "psbl_qty"),
        clock_time=clock_time,
        division=text(row, "ord_dvsn_cd"),
        exchange=text(row, "excg_id_dvsn_cd"),
    )


def product(row: Row) -> str:
    """The short code, wider than `is_symbol`: an account may hold and trade what the desk does not."""
    symbol = text(row, "pdno")
    if not _is_product(symbol):
        raise FieldError("pdno is not a symbol" if symbol else "pdno is missing")
    return symbol


def _order_no(row: Row) -> str:
    order_no = text(row, "odno")
    if not (order_no.isascii() and order_no.isdigit() and len(order_no) <= 20 and order_key(order_no)):
        raise FieldError("odno is not an order number")
    return order_no


def _original(row: Row) -> str:
    """The order referred to; KIS writes none as blanks or as zeros."""
    original = text(row, "orgn_odno")
    return original if order_key(original) else ""


def _side(row: Row) -> Side:
    try:
        return _SIDES[text(row, "sll_buy_dvsn_cd")]
    except KeyError:
        raise FieldError("sll_buy_dvsn_cd is neither 01 nor 02") from None


def _price(row: Row) -> int | None:
    return whole(row, "ord_unpr", MAX_PRICE) or None


def _moment(row: Row) -> datetime:
    digits = text(row, "ord_dt") + text(row, "ord_tmd")
    try:
        return datetime.strptime(digits if _is_moment(digits) else "", "%Y%m%d%H%M%S").replace(tzinfo=KST)
    except ValueError:
        raise FieldError("ord_dt and ord_tmd are not a moment") from None

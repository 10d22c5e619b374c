"""Price rows of the REST answers: KIS's field names -> PriceRow."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from stockdesk.kis.frames import MAX_DAY_AMOUNT, MAX_DAY_VOLUME, MAX_PRICE
from stockdesk.kis.messages import PriceRow
from stockdesk.kis.numbers import wire_amount, wire_change, wire_rate
from stockdesk.kis.values import text

HALTED = "58"
"""iscd_stat_cls_code: trading is halted."""


def row_from_list(symbol: str, row: Mapping[str, Any]) -> PriceRow:
    """One row of FHKST11300006; ValueError names the field that is not a number."""
    price = _amount(row, "inter2_prpr", MAX_PRICE)
    change, sign, rate = _change(row, price, "inter2_prdy_vrss")
    return PriceRow(
        symbol=symbol,
        price=price,
        name=text(row, "inter_kor_isnm") or None,
        market=text(row, "kospi_kosdaq_cls_name") or None,
        change=change,
        sign=sign,
        change_rate=rate,
        open_price=_amount(row, "inter2_oprc", MAX_PRICE),
        high_price=_amount(row, "inter2_hgpr", MAX_PRICE),
        low_price=_amount(row, "inter2_lwpr", MAX_PRICE),
        ask_price=_amount(row, "inter2_askp", MAX_PRICE),
        bid_price=_amount(row, "inter2_bidp", MAX_PRICE),
        day_volume=_amount(row, "acml_vol", MAX_DAY_VOLUME),
        day_amount=_amount(row, "acml_tr_pbmn", MAX_DAY_AMOUNT),
        base_price=_amount(row, "inter2_sdpr", MAX_PRICE),
        upper_limit=_amount(row, "inter2_mxpr", MAX_PRICE),
        lower_limit=_amount(row, "inter2_llam", MAX_PRICE),
    )


def row_from_inquiry(symbol: str, row: Mapping[str, Any]) -> PriceRow:
    """The answer of FHKST01010100, which has neither name nor best ask and bid; ValueError as above."""
    price = _amount(row, "stck_prpr", MAX_PRICE)
    change, sign, rate = _change(row, price, "prdy_vrss")
    return PriceRow(
        symbol=symbol,
        price=price,
        market=text(row, "rprs_mrkt_kor_name") or None,
        change=change,
        sign=sign,
        change_rate=rate,
        open_price=_amount(row, "stck_oprc", MAX_PRICE),
        high_price=_amount(row, "stck_hgpr", MAX_PRICE),
        low_price=_amount(row, "stck_lwpr", MAX_PRICE),
        day_volume=_amount(row, "acml_vol", MAX_DAY_VOLUME),
        day_amount=_amount(row, "acml_tr_pbmn", MAX_DAY_AMOUNT),
        base_price=_amount(row, "stck_sdpr", MAX_PRICE),
        upper_limit=_amount(row, "stck_mxpr", MAX_PRICE),
        lower_limit=_amount(row, "stck_llam", MAX_PRICE),
        status=text(row, "iscd_stat_cls_code") or None,
        stopped=text(row, "iscd_stat_cls_code") == HALTED or _any_marked(row, "temp_stop_yn"),
        single_price=_any_marked(row, "vi_cls_code", "short_over_yn"),
    )


def _any_marked(row: Mapping[str, Any], *names: str) -> bool | None:
    """Whether one of these marks is anything but N; None where none is and one is blank, which says nothing."""
    marks = [text(row, name) for name in names]
    if any(mark not in ("", "N") for mark in marks):
        return True
    return None if "" in marks else False


def _amount(row: Mapping[str, Any], name: str, limit: int) -> int | None:
    try:
        return wire_amount(text(row, name), limit)
    except ValueError as exc:
        raise ValueError(f"{name} is {exc}") from None


def _change(
    row: Mapping[str, Any], price: int | None, change_name: str
) -> tuple[int | None, str | None, Decimal | None]:
    """Change, sign code and rate; nothing of them without a price, for the zeros then mean "no data"."""
    if price is None:
        return None, None, None
    name = change_name
    try:
        change, sign = wire_change(text(row, name), text(row, "prdy_vrss_sign"), MAX_PRICE)
        name = "prdy_ctrt"
        return change, sign, wire_rate(text(row, name), sign)
    except ValueError as exc:
        raise ValueError(f"{name} is {exc}") from None

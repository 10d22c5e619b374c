"""inquire-daily-ccld and inquire-psbl-rvsecncl: the orders of an account, the record of truth."""

from collections.abc import Iterable
from datetime import date, timedelta

from stockdesk.simulator.asking import Asking
from stockdesk.simulator.order_calls import branch
from stockdesk.simulator.orders import Order
from stockdesk.simulator.pages import NO_ROWS, page_of
from stockdesk.simulator.prices import Price
from stockdesk.simulator.quotes import STOCK_TYPE
from stockdesk.simulator.responses import Answer
from stockdesk.simulator.tr import input_error

ROWS, ROWS_MOCK = 100, 15
OPEN_ROWS = 50
RECENT = timedelta(days=92)  # three months: older orders have a TR id of their own
OLDER_IDS = ("CTSC9215R", "CTSC9115R")
OLD_IDS = ("TTTC8001R", "CTSC9115R")  # without an exchange parameter: KRX only
SIDES = {"01": "sell", "02": "buy"}


def daily_orders(asking: Asking) -> Answer:
    """TTTC0081R (CTSC9215R for what is older than three months; old ids TTTC8001R, CTSC9115R)."""
    try:
        start, end = _day(asking.text("INQR_STRT_DT")), _day(asking.text("INQR_END_DT"))
    except ValueError:
        return input_error("INVALID_CHECK_FIELD_LENGTH")
    asking.exchange.keep_time()
    chosen = [order for order in _of_account(asking) if start <= order.at.date() <= end and _wanted(order, asking)]
    if asking.text("INQR_DVSN") != "01":
        chosen.reverse()
    rows = [] if asking.strikes("no-rows") else chosen
    size = ROWS_MOCK if asking.mock else ROWS
    page = page_of(rows, lambda order: str(order.number), asking.fields, asking.continued, size)
    outputs = {"output1": [_daily_row(order, asking) for order in page.rows], "output2": _totals(chosen)}
    return page.answer(outputs, mock=asking.mock, empty=NO_ROWS)


def open_orders(asking: Asking) -> Answer:
    """TTTC0084R (old id TTTC8036R): what can still be amended and cancelled."""
    asking.exchange.keep_time()
    side = {"1": "sell", "2": "buy"}.get(asking.text("INQR_DVSN_2"))
    chosen = [order for order in asking.account.working.values() if side in (None, order.side)]
    if asking.tr_id == "TTTC8036R":
        chosen = [order for order in chosen if order.venue == "KRX"]
    by_symbol = asking.text("INQR_DVSN_1") == "1"
    chosen.sort(key=lambda order: (order.symbol if by_symbol else "", order.number))
    rows = [] if asking.strikes("no-rows") else chosen
    page = page_of(rows, lambda order: str(order.number), asking.fields, asking.continued, OPEN_ROWS)
    return page.answer({"output": [_open_row(order, asking) for order in page.rows]}, mock=asking.mock)


def _of_account(asking: Asking) -> Iterable[Order]:
    return [order for order in asking.exchange.orders.values() if order.key == asking.key]


def _day(text: str) -> date:
    if len(text) != 8 or not text.isdecimal():
        raise ValueError(text)
    return date(int(text[:4]), int(text[4:6]), int(text[6:]))


def _wanted(order: Order, asking: Asking) -> bool:
    """Whether the filters of inquire-daily-ccld let the order through; an empty one lets all through."""
    older = order.at.date() < asking.exchange.options.now().date() - RECENT
    venue = "KRX" if asking.tr_id in OLD_IDS else asking.text("EXCG_ID_DVSN_CD")
    filled = {"01": order.filled > 0, "02": order.remaining > 0}
    return (
        older == (asking.tr_id in OLDER_IDS)
        and SIDES.get(asking.text("SLL_BUY_DVSN_CD"), order.side) == order.side
        and asking.text("PDNO") in ("", order.symbol)
        and (not asking.text("ODNO") or asking.number("ODNO") == order.number)
        and filled.get(asking.text("CCLD_DVSN"), True)
        and asking.text("INQR_DVSN_3") in ("", "00", "01")
        and (asking.mock or venue in ("", "ALL", order.venue))
    )


def _daily_row(order: Order, asking: Asking) -> dict[str, str]:
    cancel, at = order.kind == "cancel", order.at.strftime("%H%M%S")
    return {
        "ord_dt": order.at.strftime("%Y%m%d"),
        "ord_gno_brno": branch(asking),
        "odno": f"{order.number:010d}",
        "orgn_odno": f"{order.original:010d}" if order.original else "",
        "ord_dvsn_name": "취소" if cancel else order.rules.name,
        "sll_buy_dvsn_cd": "01" if order.side == "sell" else "02",
        "sll_buy_dvsn_cd_name": ("현금매도" if order.side == "sell" else "현금매수")
        + ("정정" if order.kind == "amend" else ""),
        "pdno": order.symbol,
        "prdt_name": _price(order, asking).instrument.name,
        "ord_qty": str(order.quantity),
        "ord_unpr": str(order.price),
        "ord_tmd": at,
        "tot_ccld_qty": str(order.filled),
        "avg_prvs": _average(order.filled_amount, order.filled),
        "cncl_yn": "Y" if cancel else "N",
        "tot_ccld_amt": str(order.filled_amount),
        "loan_dt": "",
        "ordr_empno": "",
        "ord_dvsn_cd": order.division,
        "cnc_cfrm_qty": str(order.cancelled),
        "rmn_qty": str(order.remaining),
        "rjct_qty": str(order.rejected),
        "ccld_cndt_name": {"0": "없음", "1": "IOC", "2": "FOK"}[order.rules.condition],
        "inqr_ip_addr": "000.000.000.000",
        "cpbc_ordp_ord_rcit_dvsn_cd": "",
        "cpbc_ordp_infm_mthd_dvsn_cd": "",
        "infm_tmd": order.fills[-1].at.strftime("%H%M%S") if order.fills else at,
        "ctac_tlno": "",
        "prdt_type_cd": STOCK_TYPE,
        "excg_dvsn_cd": _board(order, asking),
        "cpbc_ordp_mtrl_dvsn_cd": "",
        "ord_orgno": branch(asking),
        "rsvn_ord_end_dt": "",
        "excg_id_dvsn_Cd": order.venue,  # so on the wire
        "stpm_cndt_pric": str(order.stop_price),
        "stpm_efct_occr_dtmd": "",
    }


def _totals(orders: list[Order]) -> dict[str, str]:
    """``output2``: over all pages, cancels not counted."""
    placed = [order for order in orders if order.kind != "cancel"]
    quantity, amount = sum(order.filled for order in placed), sum(order.filled_amount for order in placed)
    costs = sum(fill.fee + fill.tax for order in placed for fill in order.fills)
    return {
        "tot_ord_qty": str(sum(order.quantity for order in placed)),
        "tot_ccld_qty": str(quantity),
        "tot_ccld_amt": str(amount),
        "prsm_tlex_smtl": str(costs),
        "pchs_avg_pric": f"{amount / quantity:.4f}" if quantity else "0.0000",
    }


def _open_row(order: Order, asking: Asking) -> dict[str, str]:
    return {
        "ord_gno_brno": branch(asking),
        "odno": f"{order.number:010d}",
        "orgn_odno": f"{order.original:010d}" if order.original else "",
        "ord_dvsn_name": order.rules.name,
        "pdno": order.symbol,
        "prdt_name": _price(order, asking).instrument.name,
        "rvse_cncl_dvsn_name": "정정" if order.kind == "amend" else "",
        "ord_qty": str(order.quantity),
        "ord_unpr": str(order.price),
        "ord_tmd": order.at.strftime("%H%M%S"),
        "tot_ccld_qty": str(order.filled),
        "tot_ccld_amt": str(order.filled_amount),
        "psbl_qty": str(order.remaining),
        "sll_buy_dvsn_cd": "01" if order.side == "sell" else "02",
        "ord_dvsn_cd": order.division,
        "mgco_aptm_odno": "",
        "excg_dvsn_cd": _board(order, asking),
        "excg_id_dvsn_cd": order.venue,
        "excg_id_dvsn_name": order.venue,
        "stpm_cndt_pric": f"{order.stop_price:.2f}",
        "stpm_efct_occr_yn": "Y" if order.rules.stop and not order.asleep else "N",
    }


def _price(order: Order, asking: Asking) -> Price:
    price = asking.exchange.prices.get(order.symbol)
    assert price is not None  # an order without an issue is not booked
    return price


def _board(order: Order, asking: Asking) -> str:
    return "03" if _price(order, asking).instrument.market == "KOSDAQ" else "02"


def _average(amount: int, quantity: int) -> str:
    if not quantity:
        return "0"
    return f"{amount / quantity:.4f}" if amount % quantity else str(amount // quantity)

"""inquire-psbl-order and inquire-psbl-sell: what an account can still buy and sell."""

from stockdesk.simulator.account import Holding
from stockdesk.simulator.asking import Asking
from stockdesk.simulator.checks import price_of
from stockdesk.simulator.divisions import DIVISIONS
from stockdesk.simulator.money import most_shares, rate
from stockdesk.simulator.orders import NewOrder, OrderRefused
from stockdesk.simulator.pages import DONE, DONE_MOCK
from stockdesk.simulator.responses import Answer
from stockdesk.simulator.tr import input_error

MARGIN = 5  # max_buy_amt: with 20 % of the price paid, which automatic trading must not use


def orderable(asking: Asking) -> Answer:
    """TTTC8908R. A market order is reckoned at the upper limit; without a symbol only the amounts are given."""
    asking.exchange.keep_time()
    cash, unit = max(asking.account.orderable_cash, 0), 0
    symbol = asking.text("PDNO")
    if symbol:
        price, division = asking.exchange.prices.get(symbol), asking.text("ORD_DVSN")
        if price is None or division not in DIVISIONS:
            return input_error("INVALID_CHECK_FIELD_LENGTH")
        asked = asking.number("ORD_UNPR")
        if DIVISIONS[division].pricing == "limit":
            unit = asked if asked > 0 else price.last
        else:
            try:
                unit = price_of(NewOrder(symbol, "buy", 1, asked, division), price)
            except OrderRefused as exc:
                return Answer({"rt_cd": "1", "msg_cd": exc.code, "msg1": exc.text})
    output = {
        "ord_psbl_cash": cash,
        "ord_psbl_sbst": 0,
        "ruse_psbl_amt": 0,
        "fund_rpch_chgs": 0,
        "psbl_qty_calc_unpr": unit,
        "nrcvb_buy_amt": cash,
        "nrcvb_buy_qty": most_shares(cash, unit),
        "max_buy_amt": cash * MARGIN,
        "max_buy_qty": most_shares(cash * MARGIN, unit),
        "cma_evlu_amt": 0,
        "ovrs_re_use_amt_wcrc": 0,
        "ord_psbl_frcr_amt_wcrc": 0,
    }
    code, text = DONE_MOCK if asking.mock else DONE
    shown = {name: str(value) for name, value in output.items()}
    return Answer({"output": shown, "rt_cd": "0", "msg_cd": code, "msg1": text})


def sellable(asking: Asking) -> Answer:
    """TTTC8408R. The document says ``output1``."""
    today = asking.exchange.keep_time().date()
    symbol = asking.text("PDNO")
    price = asking.exchange.prices.get(symbol)
    if price is None:
        return input_error("FIELD NOT FOUND [PDNO]")
    holding = asking.account.holdings.get(symbol) or Holding()
    worth = holding.quantity * price.last
    output = {
        "pdno": symbol,
        "prdt_name": price.instrument.name,
        "buy_qty": str(holding.bought.get(today, 0)),
        "sll_qty": str(holding.sold.get(today, 0)),
        "cblc_qty": str(holding.quantity),
        "nsvg_qty": "0",
        "ord_psbl_qty": str(asking.account.orderable_quantity(symbol)),
        "pchs_avg_pric": f"{holding.cost / holding.quantity:.4f}" if holding.quantity else "0.0000",
        "pchs_amt": str(holding.cost),
        "now_pric": str(price.last),
        "evlu_amt": str(worth),
        "evlu_pfls_amt": str(worth - holding.cost),
        "evlu_pfls_rt": rate(worth - holding.cost, holding.cost),
    }
    return Answer({"output1": output, "rt_cd": "0", "msg_cd": DONE[0], "msg1": DONE[1]})

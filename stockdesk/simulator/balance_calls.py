"""What an account owns and what it is worth now: inquire-balance, inquire-balance-rlz-pl, inquire-account-balance."""

from datetime import date

from stockdesk.simulator.account import Account, Day, Holding
from stockdesk.simulator.asking import Asking
from stockdesk.simulator.money import rate
from stockdesk.simulator.pages import page_of
from stockdesk.simulator.prices import Price
from stockdesk.simulator.responses import Answer
from stockdesk.simulator.tr import input_error
from stockdesk.simulator.trading_days import settled_on, trading_day_before

ROWS, ROWS_MOCK = 50, 20
# output1 of CTRP6548R has a row for each class of assets and one for all together; shares and cash are ours.
ASSET_CLASSES, STOCKS, CASH = 19, 0, 16


def balance(asking: Asking) -> Answer:
    """TTTC8434R. An issue that was sold out stays with quantity 0 until the sale is settled."""
    if asking.text("INQR_DVSN") not in ("01", "02"):
        return input_error("FIELD NOT FOUND [INQR_DVSN]")
    exchange, account = asking.exchange, asking.account
    today = exchange.keep_time().date()
    held = [(symbol, holding) for symbol, holding in sorted(account.holdings.items()) if holding.quantity]
    gone = [
        (symbol, holding)
        for symbol, holding in sorted(account.holdings.items())
        if not holding.quantity and any(settled_on(day) >= today for day in holding.sold)
    ]
    rows = sorted(held + gone) if asking.text("PRCS_DVSN") != "01" else held
    if asking.strikes("no-rows"):
        rows = []
    size = ROWS_MOCK if asking.mock else ROWS
    page = page_of(rows, lambda row: row[0], asking.fields, asking.continued, size)
    outputs = {
        "output1": [_row(account, symbol, holding, asking, today) for symbol, holding in page.rows],
        "output2": [_totals(asking, today)],
    }
    return page.answer(outputs, mock=asking.mock)


def realised(asking: Asking) -> Answer:
    """TTTC8494R: the balance, and what today's sales earned, with COST_ICLD_YN Y less their fees and tax."""
    today = asking.exchange.keep_time().date()
    with_costs = asking.text("COST_ICLD_YN")
    if with_costs not in ("Y", "N"):
        return input_error("FIELD NOT FOUND [COST_ICLD_YN]")
    account = asking.account
    held = sorted((symbol, holding) for symbol, holding in account.holdings.items() if holding.quantity)
    page = page_of(held, lambda row: row[0], asking.fields, asking.continued, ROWS)
    day, unrealised = account.days.get(today, Day()), _worth(asking) - _cost(account)
    earned = day.realized - (day.sale_costs if with_costs == "Y" else 0)
    totals = {
        **_totals(asking, today),
        "rlzt_pfls": str(earned),
        "rlzt_erng_rt": rate(earned, day.sold - day.realized),
        "real_evlu_pfls": str(earned + unrealised),
        "real_evlu_pfls_erng_rt": rate(earned + unrealised, _cost(account)),
    }
    rows = [_row(account, symbol, holding, asking, today) for symbol, holding in page.rows]
    return page.answer({"output1": rows, "output2": [totals]}, mock=asking.mock)


def _row(account: Account, symbol: str, holding: Holding, asking: Asking, today: date) -> dict[str, str]:
    price, quantity, before = _price(asking, symbol), holding.quantity, trading_day_before(today)
    base, worth = price.instrument.base_price, quantity * price.last
    return {
        "pdno": symbol,
        "prdt_name": price.instrument.name,
        "trad_dvsn_name": "현금",
        "bfdy_buy_qty": str(holding.bought.get(before, 0)),
        "bfdy_sll_qty": str(holding.sold.get(before, 0)),
        "thdt_buyqty": str(holding.bought.get(today, 0)),
        "thdt_sll_qty": str(holding.sold.get(today, 0)),
        "hldg_qty": str(quantity),
        "ord_psbl_qty": str(account.orderable_quantity(symbol)),
        "pchs_avg_pric": f"{holding.cost / quantity:.4f}" if quantity else "0.0000",
        "pchs_amt": str(holding.cost),
        "prpr": str(price.last),
        "evlu_amt": str(worth),
        "evlu_pfls_amt": str(worth - holding.cost),
        "evlu_pfls_rt": rate(worth - holding.cost, holding.cost),
        "evlu_erng_rt": "0.00000000",
        "loan_dt": "",
        "loan_amt": "0",
        "stln_slng_chgs": "0",
        "expd_dt": "",
        "fltt_rt": f"{(price.last - base) * 100 / base:.8f}",
        "bfdy_cprs_icdc": str(abs(price.last - base)),  # seen without its sign
        "item_mgna_rt_name": "20%",
        "grta_rt_name": "",
        "sbst_pric": str(base * 8 // 10),
        "stck_loan_unpr": "0.0000",
    }


def _totals(asking: Asking, today: date) -> dict[str, str]:
    account, before = asking.account, trading_day_before(today)
    cost, worth = _cost(account), _worth(asking)
    now, earlier = account.days.get(today, Day()), account.days.get(before, Day())
    total = worth + account.cash
    opening = _opening(asking, today, total)
    return {
        "dnca_tot_amt": str(account.deposit(today)),
        "nxdy_excc_amt": str(account.deposit(today, 1)),
        "prvs_rcdl_excc_amt": str(account.deposit(today, 2)),
        "cma_evlu_amt": "0",
        "bfdy_buy_amt": str(earlier.bought),
        "thdt_buy_amt": str(now.bought),
        "nxdy_auto_rdpt_amt": "0",
        "bfdy_sll_amt": str(earlier.sold),
        "thdt_sll_amt": str(now.sold),
        "d2_auto_rdpt_amt": "0",
        "bfdy_tlex_amt": str(earlier.costs),
        "thdt_tlex_amt": str(now.costs),
        "tot_loan_amt": "0",
        "scts_evlu_amt": str(worth),
        "tot_evlu_amt": str(total),
        "nass_amt": str(total),
        "fncg_gld_auto_rdpt_yn": "",
        "pchs_amt_smtl_amt": str(cost),
        "evlu_amt_smtl_amt": str(worth),
        "evlu_pfls_smtl_amt": str(worth - cost),
        "tot_stln_slng_chgs": "0",
        "bfdy_tot_asst_evlu_amt": str(opening),
        "asst_icdc_amt": str(total - opening),
        "asst_icdc_erng_rt": "0.00000000",
    }


def _opening(asking: Asking, today: date, total: int) -> int:
    """What everything was worth when the account was first looked at today: it stands for yesterday's close."""
    account = asking.account
    if account.opening is None or account.opening[0] != today:
        account.opening = (today, total)
    return account.opening[1]


def account_assets(asking: Asking) -> Answer:
    """CTRP6548R: one row per class of assets, nameless, in KIS's order; the last one sums them up."""
    asking.exchange.keep_time()
    account = asking.account
    cost, worth = _cost(account), _worth(asking)
    total = worth + account.cash
    rows = [_assets(0, 0, total) for _ in range(ASSET_CLASSES)]
    rows[STOCKS] = _assets(cost, worth, total)
    rows[CASH] = _assets(account.cash, account.cash, total)
    rows[-1] = _assets(cost + account.cash, total, total)
    names = (
        "loan_amt_smtl tot_lnda_tot_ulst_lnda cma_auto_loan_amt tot_mgln_amt stln_evlu_amt crdt_fncg_amt "
        "ocl_apl_loan_amt pldg_stup_amt frcr_evlu_tota cma_evlu_amt tot_sbst_amt thdt_rcvb_amt ovrs_stck_evlu_amt1 "
        "ovrs_bond_evlu_amt mmf_cma_mgge_loan_amt sbsc_dncl_amt pbst_sbsc_fnds_loan_use_amt etpr_crdt_grnt_loan_amt"
    )
    totals = {
        **dict.fromkeys(names.split(), "0"),
        "pchs_amt_smtl": str(cost),
        "nass_tot_amt": str(total),
        "evlu_pfls_amt_smtl": str(worth - cost),
        "evlu_amt_smtl": str(worth),
        "tot_asst_amt": str(total),
        "tot_dncl_amt": str(account.cash),
        "dncl_amt": str(account.cash),
    }
    return Answer(
        {"output1": rows, "output2": totals, "rt_cd": "0", "msg_cd": "MCA00000", "msg1": "정상처리 되었습니다."}
    )


def _assets(cost: int, worth: int, whole: int) -> dict[str, str]:
    return {
        "pchs_amt": str(cost),
        "evlu_amt": str(worth),
        "evlu_pfls_amt": str(worth - cost),
        "crdt_lnd_amt": "0",
        "real_nass_amt": str(worth),
        "whol_weit_rt": rate(worth, whole),
    }


def _cost(account: Account) -> int:
    return sum(holding.cost for holding in account.holdings.values())


def _worth(asking: Asking) -> int:
    holdings = asking.account.holdings.items()
    return sum(holding.quantity * _price(asking, symbol).last for symbol, holding in holdings)


def _price(asking: Asking, symbol: str) -> Price:
    price = asking.exchange.prices.get(symbol)
    assert price is not None  # only listed issues are held
    return price

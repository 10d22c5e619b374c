"""The calls about what is borrowed and what is paid out: short sales, credit balances, dividends."""

from collections.abc import Mapping
from datetime import date, timedelta

from stockdesk.simulator.history import dice
from stockdesk.simulator.quotes import OK
from stockdesk.simulator.reference_calls import BARS, asked, day_fields, day_of, head_of, record, sessions, told
from stockdesk.simulator.responses import Answer
from stockdesk.simulator.tr import Market, input_error
from stockdesk.simulator.trading_days import trading_day_after, trading_day_before

CREDITS = 30
TEN_THOUSAND = 10_000
NOT_OF_CREDIT = ("stck_bsop_date", "stck_clpr", "acml_tr_pbmn")


def short_sales(market: Market, query: Mapping[str, str]) -> Answer:
    """FHPST04830000."""
    instrument = asked(market, query)
    if isinstance(instrument, Answer):
        return instrument
    today = market.options.now().date()
    to = day_of(query.get("FID_INPUT_DATE_2", ""))
    since = day_of(query.get("FID_INPUT_DATE_1", "")) or today - timedelta(days=100)
    if to is None:
        return input_error("INVALID FID_INPUT_DATE_2")
    rows = []
    for on in sessions(market, to, BARS, since=since):
        found = record(market, instrument, on) if told(market, on) else None
        if found is None:
            continue
        part = dice(market.prices.world.seed, instrument.symbol, on, "short").uniform(0.001, 0.08)
        day, average = day_fields(found), (found.high + found.low) // 2
        sold = int(found.volume * part)
        rows.append(
            {
                **day,
                "stnd_vol_smtn": str(found.volume),
                "ssts_cntg_qty": str(sold),
                "ssts_vol_rlim": f"{part * 100:.2f}",
                "acml_ssts_cntg_qty": str(sold),
                "acml_ssts_cntg_qty_rlim": f"{part * 100:.2f}",
                "stnd_tr_pbmn_smtn": str(found.amount),
                "ssts_tr_pbmn": str(sold * average),
                "ssts_tr_pbmn_rlim": f"{sold * average * 100 / found.amount:.2f}",
                "acml_ssts_tr_pbmn": str(sold * average),
                "acml_ssts_tr_pbmn_rlim": f"{sold * average * 100 / found.amount:.2f}",
                "avrg_prc": str(average),
            }
        )
    return Answer({"output1": head_of(market, instrument), "output2": rows, **OK})


def credit_balances(market: Market, query: Mapping[str, str]) -> Answer:
    """FHPST04760000: by settlement day, so the newest trade is two trading days old; amounts in 10,000 KRW."""
    instrument = asked(market, query)
    if isinstance(instrument, Answer):
        return instrument
    settled = day_of(query.get("FID_INPUT_DATE_1", ""))
    if settled is None or query.get("FID_COND_SCR_DIV_CODE") != "20476":
        return input_error("INVALID FID_INPUT_DATE_1")
    rows = []
    for settlement in sessions(market, settled, CREDITS):
        on = trading_day_before(trading_day_before(settlement))
        found = record(market, instrument, on)
        if found is None:
            continue
        rng = dice(market.prices.world.seed, instrument.symbol, on, "credit")
        balance = int(instrument.listed_shares * rng.uniform(0.001, 0.004))
        new, repaid = int(balance * rng.uniform(0.02, 0.1)), int(balance * rng.uniform(0.02, 0.1))
        lent = balance // 200
        day = {name: value for name, value in day_fields(found).items() if name not in NOT_OF_CREDIT}
        amounts = {
            "whol_loan_new_amt": new,
            "whol_loan_rdmp_amt": repaid,
            "whol_loan_rmnd_amt": balance,
            "whol_stln_rmnd_amt": lent,
        }
        rows.append(
            {
                "deal_date": f"{on:%Y%m%d}",
                "stck_prpr": str(found.close),
                **day,
                "stlm_date": f"{trading_day_after(on, 2):%Y%m%d}",
                "whol_loan_new_stcn": str(new),
                "whol_loan_rdmp_stcn": str(repaid),
                "whol_loan_rmnd_stcn": str(balance),
                "whol_loan_rmnd_rate": f"{balance * 100 / instrument.listed_shares:.2f}",
                "whol_loan_gvrt": "0.32",
                "whol_stln_new_stcn": "0",
                "whol_stln_rdmp_stcn": "0",
                "whol_stln_rmnd_stcn": str(lent),
                "whol_stln_new_amt": "0",
                "whol_stln_rdmp_amt": "0",
                "whol_stln_rmnd_rate": f"{lent * 100 / instrument.listed_shares:.2f}",
                "whol_stln_gvrt": "0.00",
                **{name: str(shares * found.close // TEN_THOUSAND) for name, shares in amounts.items()},
            }
        )
    return Answer({"output": rows, **OK})


def dividends(market: Market, query: Mapping[str, str]) -> Answer:
    """HHKDB669102C0: one dividend a year of every ordinary share; that of the running year is not decided yet."""
    since, to = day_of(query.get("F_DT", "")), day_of(query.get("T_DT", ""))
    if since is None or to is None:
        return input_error("INVALID F_DT")
    wanted = query.get("SHT_CD", "").strip()
    chosen = [one for one in market.prices.world if one.symbol == wanted or not wanted]
    rows = []
    for year in range(since.year, to.year + 1):
        on = trading_day_before(date(year, 12, 31))
        if not since <= on <= to:
            continue
        decided = on < market.options.now().date()
        for instrument in chosen:
            if instrument.kind != "stock":
                continue
            rng = dice(market.prices.world.seed, instrument.symbol, year, "dividend")
            amount = int(instrument.base_price * rng.uniform(0.005, 0.03)) if decided else 0
            rows.append(
                {
                    "record_date": f"{on:%Y%m%d}",
                    "sht_cd": instrument.symbol,
                    "isin_name": instrument.name,
                    "divi_kind": "결산",
                    "face_val": "100",
                    "per_sto_divi_amt": str(amount),
                    "divi_rate": f"{amount:.2f}",
                    "stk_divi_rate": "0.00",
                    "divi_pay_dt": f"{year + 1}/04/16" if decided else "",
                    "stk_div_pay_dt": "",
                    "odd_pay_dt": "",
                    "stk_kind": "우선" if instrument.symbol.endswith("5") else "보통",
                    "high_divi_gb": "",
                }
            )
    return Answer({"output1": rows[:100], **OK})

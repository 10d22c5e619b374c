"""Bodies of the quotation calls: inquire-price (FHKST01010100), intstock-multprice (FHKST11300006), search-info."""

from stockdesk.simulator.frames import sign
from stockdesk.simulator.money import rate
from stockdesk.simulator.prices import Price
from stockdesk.simulator.rules import tick_size
from stockdesk.simulator.world import Instrument

STOCK_TYPE = "300"  # PRDT_TYPE_CD of Korean stocks, ETF and ETN
OK = {"rt_cd": "0", "msg_cd": "MCA00000", "msg1": "정상처리 되었습니다."}

# inquire-price in the order of the wire, as it looks for a code nobody knows: everything empty or zero
_TEXT = ""
_ZERO = "0"
_RATE = "0.00"
UNKNOWN_PRICE = {
    "iscd_stat_cls_code": _TEXT,
    "marg_rate": _RATE,
    "rprs_mrkt_kor_name": _TEXT,
    "new_hgpr_lwpr_cls_code": _TEXT,
    "bstp_kor_isnm": _TEXT,
    "temp_stop_yn": "N",
    "oprc_rang_cont_yn": "N",
    "clpr_rang_cont_yn": "N",
    "crdt_able_yn": "N",
    "grmn_rate_cls_code": _TEXT,
    "elw_pblc_yn": "N",
    "stck_prpr": _ZERO,
    "prdy_vrss": _ZERO,
    "prdy_vrss_sign": _TEXT,
    "prdy_ctrt": _RATE,
    "acml_tr_pbmn": _ZERO,
    "acml_vol": _ZERO,
    "prdy_vrss_vol_rate": _RATE,
    "stck_oprc": _ZERO,
    "stck_hgpr": _ZERO,
    "stck_lwpr": _ZERO,
    "stck_mxpr": _ZERO,
    "stck_llam": _ZERO,
    "stck_sdpr": _ZERO,
    "wghn_avrg_stck_prc": _RATE,
    "hts_frgn_ehrt": _RATE,
    "frgn_ntby_qty": _ZERO,
    "pgtr_ntby_qty": _ZERO,
    "pvt_scnd_dmrs_prc": _ZERO,
    "pvt_frst_dmrs_prc": _ZERO,
    "pvt_pont_val": _ZERO,
    "pvt_frst_dmsp_prc": _ZERO,
    "pvt_scnd_dmsp_prc": _ZERO,
    "dmrs_val": _ZERO,
    "dmsp_val": _ZERO,
    "cpfn": _ZERO,
    "rstc_wdth_prc": _ZERO,
    "stck_fcam": _ZERO,
    "stck_sspr": _ZERO,
    "aspr_unit": _ZERO,
    "hts_deal_qty_unit_val": _ZERO,
    "lstn_stcn": _ZERO,
    "hts_avls": _ZERO,
    "per": _RATE,
    "pbr": _RATE,
    "stac_month": _TEXT,
    "vol_tnrt": _RATE,
    "eps": _RATE,
    "bps": _RATE,
    "d250_hgpr": _ZERO,
    "d250_hgpr_date": _TEXT,
    "d250_hgpr_vrss_prpr_rate": _RATE,
    "d250_lwpr": _ZERO,
    "d250_lwpr_date": _TEXT,
    "d250_lwpr_vrss_prpr_rate": _RATE,
    "stck_dryy_hgpr": _ZERO,
    "dryy_hgpr_vrss_prpr_rate": _RATE,
    "dryy_hgpr_date": _TEXT,
    "stck_dryy_lwpr": _ZERO,
    "dryy_lwpr_vrss_prpr_rate": _RATE,
    "dryy_lwpr_date": _TEXT,
    "w52_hgpr": _ZERO,
    "w52_hgpr_vrss_prpr_ctrt": _RATE,
    "w52_hgpr_date": _TEXT,
    "w52_lwpr": _ZERO,
    "w52_lwpr_vrss_prpr_ctrt": _RATE,
    "w52_lwpr_date": _TEXT,
    "whol_loan_rmnd_rate": _RATE,
    "ssts_yn": "N",
    "stck_shrn_iscd": _TEXT,
    "fcam_cnnm": _TEXT,
    "cpfn_cnnm": _TEXT,
    "apprch_rate": _RATE,
    "frgn_hldn_qty": _ZERO,
    "vi_cls_code": _TEXT,
    "ovtm_vi_cls_code": _TEXT,
    "last_ssts_cntg_qty": _ZERO,
    "invt_caful_yn": "N",
    "mrkt_warn_cls_code": _TEXT,
    "short_over_yn": "N",
    "sltr_yn": "N",
    "mang_issu_cls_code": _TEXT,
}


def price_output(price: Price) -> dict[str, str]:
    """``output`` of inquire-price for one listed issue."""
    instrument, last = price.instrument, price.last
    base, shares = instrument.base_price, instrument.listed_shares
    par = 100 if instrument.kind == "stock" else 0
    high, low = max(price.high, base * 6 // 5), min(price.low, base * 7 // 10)
    known = {
        "iscd_stat_cls_code": "58" if price.halted else "55",
        "marg_rate": "20.00",
        "rprs_mrkt_kor_name": instrument.market,
        "bstp_kor_isnm": instrument.sector,
        "crdt_able_yn": "N" if price.halted else "Y",
        "stck_prpr": str(last),
        "prdy_vrss": str(last - base),
        "prdy_vrss_sign": sign(price),
        "prdy_ctrt": rate(last - base, base),
        "acml_tr_pbmn": str(price.amount),
        "acml_vol": str(price.volume),
        "prdy_vrss_vol_rate": rate(price.volume, price.yesterday_volume),
        "stck_oprc": str(price.open),
        "stck_hgpr": str(price.high),
        "stck_lwpr": str(price.low),
        "stck_mxpr": str(price.upper),
        "stck_llam": str(price.lower),
        "stck_sdpr": str(base),
        "wghn_avrg_stck_prc": f"{price.amount / price.volume:.2f}",
        "hts_frgn_ehrt": "31.20",
        "rstc_wdth_prc": str(price.upper - base),
        "stck_fcam": str(par),
        "aspr_unit": str(tick_size(last, instrument.kind)),
        "hts_deal_qty_unit_val": "1",
        "lstn_stcn": str(shares),
        "hts_avls": str(last * shares // 100_000_000),
        "per": "15.32",
        "pbr": "1.21",
        "stac_month": "12",
        "vol_tnrt": rate(price.volume, shares),
        "eps": f"{base / 15.32:.2f}",
        "bps": f"{base / 1.21:.2f}",
        "w52_hgpr": str(high),
        "w52_hgpr_vrss_prpr_ctrt": rate(last - high, high),
        "w52_hgpr_date": "20260811",
        "w52_lwpr": str(low),
        "w52_lwpr_vrss_prpr_ctrt": rate(last - low, low),
        "w52_lwpr_date": "20251202",
        "stck_shrn_iscd": instrument.symbol,
        "fcam_cnnm": str(par),
        "cpfn_cnnm": f"{shares * par // 100_000_000:,} 억",
        "vi_cls_code": "Y" if price.vi else "N",
        "ovtm_vi_cls_code": "N",
        "mrkt_warn_cls_code": "00",
    }
    return {**UNKNOWN_PRICE, **known}


def multi_row(symbol: str, price: Price | None) -> dict[str, str]:
    """One row of intstock-multprice; a halted issue shows zeros, an unknown code has no name either."""
    instrument = price.instrument if price else None
    trading = price if price and not price.halted else None
    base = instrument.base_price if instrument else 0

    def number(name: str) -> str:
        return str(getattr(trading, name)) if trading else "0"

    return {
        "kospi_kosdaq_cls_name": {"KOSPI": "코스피", "KOSDAQ": "코스닥"}[instrument.market] if instrument else "",
        "mrkt_trtm_cls_name": "",
        "hour_cls_code": "0",
        "inter_shrn_iscd": symbol,
        "inter_kor_isnm": instrument.name if instrument else "",
        "inter2_prpr": number("last"),
        "inter2_prdy_vrss": str(trading.last - base) if trading else "0",
        "prdy_vrss_sign": sign(trading) if trading else "3",
        "prdy_ctrt": rate(trading.last - base, base) if trading else "0.00",
        "acml_vol": number("volume"),
        "inter2_oprc": number("open"),
        "inter2_hgpr": number("high"),
        "inter2_lwpr": number("low"),
        "inter2_llam": str(price.lower) if price else "0",
        "inter2_mxpr": str(price.upper) if price else "0",
        "inter2_askp": number("ask"),
        "inter2_bidp": number("bid"),
        "seln_rsqn": number("ask_rest"),
        "shnu_rsqn": number("bid_rest"),
        "total_askp_rsqn": str(trading.ask_rest * 9) if trading else "0",
        "total_bidp_rsqn": str(trading.bid_rest * 9) if trading else "0",
        "acml_tr_pbmn": number("amount"),
        "inter2_prdy_clpr": str(base),
        "oprc_vrss_hgpr_rate": rate(trading.high - trading.open, trading.open) if trading else "0.00",
        "intr_antc_cntg_vrss": "0",
        "intr_antc_cntg_vrss_sign": "3",
        "intr_antc_cntg_prdy_ctrt": "0.00",
        "intr_antc_vol": "0",
        "inter2_sdpr": str(base),
    }


def instrument_output(instrument: Instrument) -> dict[str, str]:
    """``output`` of search-info: what python-kis asks before anything else."""
    symbol, name = instrument.symbol, instrument.name
    return {
        "pdno": symbol.rjust(12, "0"),
        "prdt_type_cd": STOCK_TYPE,
        "prdt_name": name,
        "prdt_name120": name,
        "prdt_abrv_name": name,
        "prdt_eng_name": symbol,
        "prdt_eng_name120": symbol,
        "prdt_eng_abrv_name": symbol,
        "std_pdno": f"KR7{symbol[-6:]}000",
        "shtn_pdno": symbol,
        "prdt_sale_stat_cd": "",
        "prdt_risk_grad_cd": "",
        "prdt_clsf_cd": "",
        "prdt_clsf_name": "",
        "sale_strt_dt": "",
        "sale_end_dt": "",
        "wrap_asst_type_cd": "06",
        "ivst_prdt_type_cd": "0011",
        "ivst_prdt_type_cd_name": "주권",
        "frst_erlm_dt": "",
    }

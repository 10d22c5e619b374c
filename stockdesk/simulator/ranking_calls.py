"""The calls that rank the whole market: by volume, by gain and loss, by what foreigners and institutions bought."""

from collections.abc import Mapping

from stockdesk.simulator.prices import Price
from stockdesk.simulator.quotes import OK
from stockdesk.simulator.reference_calls import IRREGULAR, MILLION, net_purchases
from stockdesk.simulator.responses import Answer
from stockdesk.simulator.tr import Market, input_error

PLACES = 30
#: The investors that FHPTJ04400000 tells of.
TOLD = ("frgn", "orgn", "ivtr", "bank", "insu", "mrbn", "fund", "etc_orgt", "etc_corp")


def _all(market: Market) -> list[Price]:
    found = [market.prices.get(instrument.symbol) for instrument in market.prices.world]
    return [price for price in found if price is not None]


def _rate(price: Price) -> float:
    base = price.instrument.base_price
    return (price.last - base) * 100 / base


def _row(price: Price, place: int) -> dict[str, str]:
    rate = _rate(price)
    return {
        "hts_kor_isnm": price.instrument.name,
        "data_rank": str(place),
        "stck_prpr": str(price.last),
        "prdy_vrss_sign": "2" if rate > 0 else "5" if rate < 0 else "3",
        "prdy_vrss": str(price.last - price.instrument.base_price),
        "prdy_ctrt": f"{rate:.2f}",
        "acml_vol": str(price.volume),
    }


def volume_rank(market: Market, query: Mapping[str, str]) -> Answer:
    """FHPST01710000: at most 30 rows."""
    if query.get("FID_COND_MRKT_DIV_CODE") not in ("J", "NX") or query.get("FID_COND_SCR_DIV_CODE") != "20171":
        return input_error("INVALID_CHECK_MRKT_DIV_CODE")
    rows = [
        {
            **_row(price, place),
            "mksc_shrn_iscd": price.instrument.symbol,
            "prdy_vol": str(price.yesterday_volume),
            "lstn_stcn": str(price.instrument.listed_shares),
            "avrg_vol": str(price.volume),
            "n_befr_clpr_vrss_prpr_rate": f"{_rate(price):.2f}",
            "nday_vol_tnrt": "0.00",
            "avrg_tr_pbmn": str(price.amount),
            "tr_pbmn_tnrt": "0.00",
            "nday_tr_pbmn_tnrt": "0.00",
            "vol_inrt": f"{price.volume * 100 / price.yesterday_volume:.2f}",
            "vol_tnrt": f"{price.volume * 100 / price.instrument.listed_shares:.2f}",
            "acml_tr_pbmn": str(price.amount),
        }
        for place, price in enumerate(sorted(_all(market), key=lambda one: -one.volume)[:PLACES], start=1)
    ]
    return Answer({"output": rows, **OK})


def fluctuation(market: Market, query: Mapping[str, str]) -> Answer:
    """FHPST01700000 (parameters in lower case): 0 the largest gains first, 1 the largest losses."""
    order = query.get("FID_RANK_SORT_CLS_CODE")
    if query.get("FID_COND_MRKT_DIV_CODE") not in ("J", "NX") or query.get("FID_COND_SCR_DIV_CODE") != "20170":
        return input_error("INVALID_CHECK_MRKT_DIV_CODE")
    if order not in ("0", "1"):
        return input_error("INVALID FID_RANK_SORT_CLS_CODE")
    ordered = sorted(_all(market), key=_rate, reverse=order == "0")
    rows = [
        {
            **_row(price, place),
            "stck_shrn_iscd": price.instrument.symbol,
            "stck_hgpr": str(price.high),
            "hgpr_hour": price.high_at,
            "stck_lwpr": str(price.low),
            "lwpr_hour": price.low_at,
            "oprc_vrss_prpr": str(price.last - price.open),
            "oprc_vrss_prpr_sign": "2" if price.last > price.open else "5" if price.last < price.open else "3",
            "oprc_vrss_prpr_rate": f"{(price.last - price.open) * 100 / price.open:.2f}",
            "hgpr_vrss_prpr_rate": f"{(price.last - price.high) * 100 / price.high:.2f}",
            "lwpr_vrss_prpr_rate": f"{(price.last - price.low) * 100 / price.low:.2f}",
            "dsgt_date_clpr_vrss_prpr_rate": "0.00",
            "prd_rsfl_rate": "0.00",
            **dict.fromkeys(("acml_hgpr_date", "acml_lwpr_date", "cnnt_ascn_dynu", "cnnt_down_dynu", "prd_rsfl"), ""),
        }
        for place, price in enumerate(ordered[:PLACES], start=1)
    ]
    return Answer({"output": rows, **OK})


def net_buyers(market: Market, query: Mapping[str, str]) -> Answer:
    """FHPTJ04400000: FID_ETC_CLS_CODE 1 foreigners, 2 institutions; FID_RANK_SORT_CLS_CODE 0 bought, 1 sold."""
    who = {"1": "frgn", "2": "orgn"}.get(query.get("FID_ETC_CLS_CODE", ""))
    if query.get("FID_COND_MRKT_DIV_CODE") != "V" or query.get("FID_COND_SCR_DIV_CODE") != "16449":
        return input_error("INVALID_CHECK_MRKT_DIV_CODE")
    if who is None:
        return input_error("INVALID FID_ETC_CLS_CODE")
    today, seed = market.options.now().date(), market.prices.world.seed
    nets = [(price, net_purchases(seed, price.instrument.symbol, today, price.volume)) for price in _all(market)]
    bought = query.get("FID_RANK_SORT_CLS_CODE") == "0"
    ordered = sorted(nets, key=lambda pair: pair[1][who] * pair[0].last, reverse=bought)
    rows = []
    for place, (price, net) in enumerate(ordered[:PLACES], start=1):
        row = _row(price, place)
        del row["data_rank"]  # this call numbers nothing
        figures = {f"{one}_ntby_{IRREGULAR.get(one, 'qty')}": str(net[one]) for one in TOLD}
        amounts = {f"{one}_ntby_tr_pbmn": str(net[one] * price.last // MILLION) for one in TOLD}
        rows.append(
            {**row, "mksc_shrn_iscd": price.instrument.symbol, "ntby_qty": str(net[who]), **figures, **amounts}
        )
    return Answer({"output": rows, **OK})

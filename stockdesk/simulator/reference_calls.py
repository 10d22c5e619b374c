"""The calls about past days: bars of an issue, and the investors of an issue or of a market."""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta

from stockdesk.simulator.history import DayRecord, dice, record_of
from stockdesk.simulator.quotes import OK
from stockdesk.simulator.responses import Answer
from stockdesk.simulator.tr import MARKET_CODES, Market, input_error
from stockdesk.simulator.trading_days import is_trading_day, trading_day_before
from stockdesk.simulator.world import Instrument

BARS, FLOWS = 100, 30
#: When the investors' figures of a day are there (KST), where the stand-in keeps real hours.
TOLD_AT = time(15, 45)
MILLION = 1_000_000
INVESTORS = ("frgn", "prsn", "orgn", "scrt", "ivtr", "pe_fund", "bank", "insu", "mrbn", "fund", "etc", "etc_corp",
             "etc_orgt")  # fmt: skip
#: The fields of a kind of investor that do not go by the common pattern.
IRREGULAR = {"pe_fund": "vol", "etc_corp": "vol", "etc_orgt": "vol"}
#: What KIS tells of an investor besides his net purchases; the stand-in leaves it at zero, as KIS does at times.
_GROSS = [f"{who}_{side}_{what}" for who in INVESTORS for side in ("seln", "shnu")
          for what in ("vol", "tr_pbmn")]  # fmt: skip
_REGISTERED = [f"frgn_{kind}_{side}_{what}" for kind in ("reg", "nreg") for side in ("askp", "bidp")
               for what in ("qty", "pbmn")]  # fmt: skip
GROSS = dict.fromkeys((*_GROSS, *_REGISTERED), "0")
INDEX_BASE = {"KSP": 2_600.0, "KSQ": 800.0}


def day_of(text: str) -> date | None:
    try:
        return datetime.strptime(text.strip(), "%Y%m%d").date()
    except ValueError:
        return None


def is_session(market: Market, on: date) -> bool:
    """Whether that day is one of trading; without real hours the floor is never closed, so today always is."""
    return is_trading_day(on) or (on == market.options.now().date() and not market.options.real_hours)


def sessions(market: Market, newest: date, count: int, *, since: date = date.min) -> list[date]:
    """Days of trading up to ``newest``, the last one first; none that is yet to come."""
    found: list[date] = []
    on = min(newest, market.options.now().date())
    while len(found) < count and on >= since:
        if is_session(market, on):
            found.append(on)
        on -= timedelta(days=1)
    return found


def record(market: Market, instrument: Instrument, on: date) -> DayRecord | None:
    """A day of trading of an issue; today's is the one in the making."""
    today = market.options.now().date()
    if on < today:
        return record_of(market.prices.world.seed, instrument, on, today=today)
    price = market.read(instrument.symbol)
    if price is None:
        return None
    return DayRecord(
        on, price.open, price.high, price.low, price.last, instrument.base_price, price.volume, price.amount
    )


def told(market: Market, on: date) -> bool:
    """Whether the figures that come after the close are there."""
    now = market.options.now()
    return on < now.date() or not market.options.real_hours or now.time() >= TOLD_AT


def asked(market: Market, query: Mapping[str, str]) -> Instrument | Answer:
    if query.get("FID_COND_MRKT_DIV_CODE", "") not in MARKET_CODES:
        return input_error("INVALID_CHECK_MRKT_DIV_CODE")
    instrument = market.prices.world.get(query.get("FID_INPUT_ISCD", "").strip())
    return instrument or input_error("INVALID FID_INPUT_ISCD")


def head_of(market: Market, instrument: Instrument) -> dict[str, str]:
    price = market.read(instrument.symbol)
    assert price is not None
    change = price.last - instrument.base_price
    return {
        "stck_prpr": str(price.last),
        "prdy_vrss": str(change),
        "prdy_vrss_sign": "2" if change > 0 else "5" if change < 0 else "3",
        "prdy_ctrt": f"{change * 100 / instrument.base_price:.2f}",
        "acml_vol": str(price.volume),
        "prdy_vol": str(price.yesterday_volume),
    }


def day_fields(row: DayRecord) -> dict[str, str]:
    return {
        "stck_bsop_date": f"{row.on:%Y%m%d}",
        "stck_clpr": str(row.close),
        "prdy_vrss": str(row.change),
        "prdy_vrss_sign": row.sign,
        "prdy_ctrt": row.rate,
        "acml_vol": str(row.volume),
        "acml_tr_pbmn": str(row.amount),
        "stck_oprc": str(row.open),
        "stck_hgpr": str(row.high),
        "stck_lwpr": str(row.low),
    }


def daily_bars(market: Market, query: Mapping[str, str]) -> Answer:
    """FHKST03010100, by the day: at most 100 rows, newest first."""
    instrument = asked(market, query)
    if isinstance(instrument, Answer):
        return instrument
    since, to = day_of(query.get("FID_INPUT_DATE_1", "")), day_of(query.get("FID_INPUT_DATE_2", ""))
    if since is None or to is None or query.get("FID_PERIOD_DIV_CODE") != "D":
        return input_error("INVALID FID_INPUT_DATE_1")
    rows = []
    for on in sessions(market, to, BARS, since=since):
        found = record(market, instrument, on)
        if found is not None:
            day = day_fields(found)
            del day["prdy_ctrt"]  # this call alone has none
            rows.append({**day, "flng_cls_code": "00", "prtt_rate": "0.00", "mod_yn": "N", "revl_issu_reas": ""})
    lower, upper = instrument.limits
    price = market.read(instrument.symbol)
    assert price is not None
    yesterday = record(market, instrument, trading_day_before(market.options.now().date()))
    assert yesterday is not None
    head = {
        **head_of(market, instrument),
        "stck_prdy_clpr": str(instrument.base_price),
        "acml_tr_pbmn": str(price.amount),
        "hts_kor_isnm": instrument.name,
        "stck_shrn_iscd": instrument.symbol,
        "stck_mxpr": str(upper),
        "stck_llam": str(lower),
        "stck_oprc": str(price.open),
        "stck_hgpr": str(price.high),
        "stck_lwpr": str(price.low),
        "askp": str(price.ask),
        "bidp": str(price.bid),
        "stck_prdy_oprc": str(yesterday.open),
        "stck_prdy_hgpr": str(yesterday.high),
        "stck_prdy_lwpr": str(yesterday.low),
        "prdy_vrss_vol": str(price.volume - price.yesterday_volume),
        "vol_tnrt": f"{price.volume * 100 / instrument.listed_shares:.2f}",
        "stck_fcam": "100",
        "lstn_stcn": str(instrument.listed_shares),
        "cpfn": str(instrument.listed_shares // MILLION),
        "hts_avls": str(instrument.listed_shares * price.last // 10**8),
        "per": "15.32",
        "eps": f"{price.last / 15.32:.2f}",
        "pbr": "1.21",
        "itewhol_loan_rmnd_ratem name": "0.21",
    }
    return Answer({"output1": head, "output2": rows, **OK})


def net_purchases(seed: int, name: str, on: date, volume: int) -> dict[str, int]:
    """Who bought more than he sold, in shares: foreigners, individuals, institutions and their kinds; sums to zero."""
    rng = dice(seed, name, on, "investors")
    kinds = ("scrt", "ivtr", "pe_fund", "bank", "insu", "fund")
    net = dict.fromkeys(INVESTORS, 0)
    for kind in kinds:
        net[kind] = int(volume * rng.gauss(0, 0.008))
    net["orgn"] = sum(net[kind] for kind in kinds)
    net["frgn"] = int(volume * rng.gauss(0, 0.05))
    net["etc_corp"] = int(volume * rng.gauss(0, 0.003))
    net["prsn"] = -(net["orgn"] + net["frgn"] + net["etc_corp"])
    return net


def investor_flows(market: Market, query: Mapping[str, str]) -> Answer:
    """FHPTJ04160001: days up to the one asked for; today's only after the close, until then with empty figures."""
    instrument = asked(market, query)
    if isinstance(instrument, Answer):
        return instrument
    newest = day_of(query.get("FID_INPUT_DATE_1", ""))
    if newest is None:
        return input_error("INVALID FID_INPUT_DATE_1")
    rows = []
    for on in sessions(market, newest, FLOWS):
        found = record(market, instrument, on)
        if found is None:
            continue
        net = net_purchases(market.prices.world.seed, instrument.symbol, on, found.volume)
        figures = {}
        for who, quantity in net.items():
            figures[f"{who}_ntby_{IRREGULAR.get(who, 'qty')}"] = str(quantity)
            figures[f"{who}_ntby_tr_pbmn"] = str(quantity * found.close // MILLION)
        figures |= {"frgn_reg_ntby_qty": str(net["frgn"]), "frgn_nreg_ntby_qty": "0"}
        figures |= {"frgn_reg_ntby_pbmn": figures["frgn_ntby_tr_pbmn"], "frgn_nreg_ntby_pbmn": "0"}
        if not told(market, on):
            figures = dict.fromkeys(figures, "")
        day = day_fields(found)
        day["acml_tr_pbmn"] = str(found.amount // MILLION)
        rows.append({**day, **figures, **GROSS, "bold_yn": "N"})
    head = {**head_of(market, instrument), "rprs_mrkt_kor_name": instrument.market}
    return Answer({"output1": head, "output2": rows, **OK})


def market_flows(market: Market, query: Mapping[str, str]) -> Answer:
    """FHPTJ04040000: the investors of a whole market."""
    name, newest = query.get("FID_INPUT_ISCD_1", ""), day_of(query.get("FID_INPUT_DATE_1", ""))
    if query.get("FID_COND_MRKT_DIV_CODE") != "U":
        return input_error("INVALID_CHECK_MRKT_DIV_CODE")
    if name not in INDEX_BASE or newest is None:
        return input_error("INVALID FID_INPUT_ISCD_1")
    seed, rows = market.prices.world.seed, []
    for on in sessions(market, newest, FLOWS):
        points, before = (INDEX_BASE[name] * (1 + dice(seed, name, day).gauss(0, 0.01)) for day in
                          (on, trading_day_before(on)))  # fmt: skip
        figures = {
            f"{who}_ntby_tr_pbmn": str(quantity)
            for who, quantity in net_purchases(seed, name, on, 9_000_000 if name == "KSP" else 6_000_000).items()
        }
        if not told(market, on):
            figures = dict.fromkeys(figures, "")
        rows.append(
            {
                "stck_bsop_date": f"{on:%Y%m%d}",
                "bstp_nmix_prpr": f"{points:.2f}",
                "bstp_nmix_prdy_vrss": f"{points - before:.2f}",
                "prdy_vrss_sign": "2" if points > before else "5",
                "bstp_nmix_prdy_ctrt": f"{(points - before) * 100 / before:.2f}",
                **figures,
            }
        )
    return Answer({"output": rows, **OK})

"""Indices and rates of other countries (FHKST03030100): their days by the exchange's own date, the last one open."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from stockdesk.simulator.history import dice, wave
from stockdesk.simulator.quotes import OK
from stockdesk.simulator.reference_calls import day_of
from stockdesk.simulator.responses import Answer
from stockdesk.simulator.tr import Market, input_error
from stockdesk.simulator.trading_days import SATURDAY

ROWS = 100


@dataclass(frozen=True, slots=True)
class Foreign:
    """One index: its middle, and the hours of its exchange."""

    name: str
    division: str
    middle: float
    zone: str
    opens: time
    closes: time


_NY = ("America/New_York", time(9, 30), time(16, 0))
FOREIGN = {
    "SPX": Foreign("S&P500", "N", 6500.0, *_NY),
    "COMP": Foreign("나스닥 종합", "N", 21500.0, *_NY),
    "NDX": Foreign("나스닥 100", "N", 24000.0, *_NY),
    ".DJI": Foreign("다우존스 산업", "N", 46500.0, *_NY),
    "SOX": Foreign("필라델피아 반도체", "N", 6200.0, *_NY),
    "VIX": Foreign("VIX 변동성지수", "N", 18.0, *_NY),
    "JP#NI225": Foreign("니케이 225", "N", 45000.0, "Asia/Tokyo", time(9, 0), time(15, 30)),
    "HK#HS": Foreign("항셍지수", "N", 26000.0, "Asia/Hong_Kong", time(9, 30), time(16, 0)),
    "HSCE": Foreign("항셍 H지수", "N", 9400.0, "Asia/Hong_Kong", time(9, 30), time(16, 0)),
    "SHANG": Foreign("상해종합", "N", 3850.0, "Asia/Shanghai", time(9, 30), time(15, 0)),
    "GR#DAX": Foreign("독일 DAX", "N", 24000.0, "Europe/Berlin", time(9, 0), time(17, 30)),
    "FX@KRW": Foreign("원/달러 환율", "X", 1400.0, "Asia/Seoul", time(9, 0), time(23, 59)),
    "Y0202": Foreign("미국 국채 10년", "I", 4.1, *_NY),
    "Y0101": Foreign("국고채 3년", "I", 2.6, "Asia/Seoul", time(9, 0), time(15, 30)),
}


def overseas(market: Market, query: Mapping[str, str]) -> Answer:
    """Figure and days of one index; the day in the making moves with the clock."""
    symbol = query.get("FID_INPUT_ISCD", "").strip()
    index = FOREIGN.get(symbol)
    if index is None or index.division != query.get("FID_COND_MRKT_DIV_CODE"):
        return input_error("INVALID_CHECK_MRKT_DIV_CODE")
    since, to = day_of(query.get("FID_INPUT_DATE_1", "")), day_of(query.get("FID_INPUT_DATE_2", ""))
    if since is None or to is None:
        return input_error("INVALID FID_INPUT_DATE_1")
    seed = market.prices.world.seed
    now = market.options.now().astimezone(ZoneInfo(index.zone))
    newest = now.date() if now.time() >= index.opens else now.date() - timedelta(days=1)
    days = [bar(seed, symbol, index, on, now) for on in _days(min(newest, to), since)]
    last = bar(seed, symbol, index, _days(newest, newest - timedelta(days=9))[0], now)
    before = level(seed, symbol, index, _before(day_of(last["stck_bsop_date"]) or newest))
    price, previous = float(last["ovrs_nmix_prpr"]), round(before, 4)
    change = round(price - previous, 4)
    head = {
        "ovrs_nmix_prdy_vrss": f"{change:.4f}",
        "prdy_vrss_sign": "2" if change > 0 else "5" if change < 0 else "3",
        "prdy_ctrt": f"{change * 100 / previous:.2f}",
        "ovrs_nmix_prdy_clpr": f"{previous:.4f}",
        "acml_vol": last["acml_vol"],
        "hts_kor_isnm": index.name,
        "ovrs_nmix_prpr": f"{price:.4f}",
        "stck_shrn_iscd": symbol,
        "prdy_vol": "0",
        "ovrs_prod_oprc": last["ovrs_nmix_oprc"],
        "ovrs_prod_hgpr": last["ovrs_nmix_hgpr"],
        "ovrs_prod_lwpr": last["ovrs_nmix_lwpr"],
    }
    return Answer({"output1": head, "output2": days, **OK})


def level(seed: int, symbol: str, index: Foreign, on: date) -> float:
    """The close of a day."""
    return index.middle * (1 + wave(seed, symbol, on))


def bar(seed: int, symbol: str, index: Foreign, on: date, now: datetime) -> dict[str, str]:
    """One day; while its market is open it has come only part of the way."""
    opened, close = level(seed, symbol, index, _before(on)), level(seed, symbol, index, on)
    if on == now.date() and now.time() < index.closes:
        part = _seconds(now.time(), index.opens) / _seconds(index.closes, index.opens)
        close = opened + (close - opened) * part + index.middle * 0.002 * math.sin(_seconds(now.time(), index.opens))
    rng = dice(seed, symbol, on, "day")
    high = max(opened, close) * (1 + rng.random() * 0.004)
    low = min(opened, close) * (1 - rng.random() * 0.004)
    return {
        "stck_bsop_date": f"{on:%Y%m%d}",
        "ovrs_nmix_prpr": f"{close:.4f}",
        "ovrs_nmix_oprc": f"{opened:.4f}",
        "ovrs_nmix_hgpr": f"{high:.4f}",
        "ovrs_nmix_lwpr": f"{low:.4f}",
        "acml_vol": "0" if index.division != "N" else str(int(2_000_000 * rng.uniform(0.7, 1.4))),
        "mod_yn": "N",
    }


def _seconds(until: time, since: time) -> float:
    on = date(2000, 1, 1)
    return max((datetime.combine(on, until) - datetime.combine(on, since)).total_seconds(), 0.0)


def _days(newest: date, since: date) -> list[date]:
    found: list[date] = []
    on = newest
    while on >= since and len(found) < ROWS:
        if on.weekday() < SATURDAY:
            found.append(on)
        on -= timedelta(days=1)
    return found


def _before(on: date) -> date:
    on -= timedelta(days=1)
    while on.weekday() >= SATURDAY:
        on -= timedelta(days=1)
    return on

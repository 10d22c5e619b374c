"""Tick frames as KIS sends them, built here from the column table alone.

The desk's own parser is not used, so that a mistake in it is not made twice and hidden.
"""

from stockdesk.kis.fields import H0STCNT0
from stockdesk.simulator.prices import Price

COLUMNS_SINCE_SEPTEMBER_2026 = len(H0STCNT0)  # 47, with MARKET_CLS_CODE at the end
COLUMNS_BEFORE = COLUMNS_SINCE_SEPTEMBER_2026 - 1  # 46

CONTINUOUS = "20"  # NEW_MKOP_CLS_CODE: in session, ordinary
REGULAR = "2"  # MARKET_CLS_CODE


def sign(price: Price) -> str:
    """PRDY_VRSS_SIGN: 1 at the upper limit, 2 up, 3 unchanged, 4 at the lower limit, 5 down."""
    last, base = price.last, price.instrument.base_price
    if last == base:
        return "3"
    if last > base:
        return "1" if last == price.upper else "2"
    return "4" if last == price.lower else "5"


def _against(last: int, other: int) -> str:
    """Two columns, sign and difference of the last price against another one."""
    return f"{'2' if last > other else '5' if last < other else '3'}^{last - other}"


def tick_record(price: Price, hhmmss: str, yyyymmdd: str, columns: int = COLUMNS_SINCE_SEPTEMBER_2026) -> str:
    """One H0STCNT0 record. One expression in column order: this runs for every tick."""
    p, last, volume, instrument = price, price.last, price.volume, price.instrument
    base, shares, earlier = instrument.base_price, instrument.listed_shares, price.yesterday_volume
    sold = price.sell_volume or 1
    text = (
        f"{instrument.symbol}^{hhmmss}^{last}^{sign(p)}^{last - base}^{(last - base) * 100 / base:.2f}"
        f"^{p.amount / volume:.2f}^{p.open}^{p.high}^{p.low}^{p.ask}^{p.bid}^{p.last_volume}^{volume}^{p.amount}"
        f"^{p.sell_count}^{p.buy_count}^{p.buy_count - p.sell_count}^{p.buy_volume * 100 / sold:.2f}"
        f"^{p.sell_volume}^{p.buy_volume}^{p.last_side}^{p.buy_volume / volume:.2f}^{volume * 100 / earlier:.2f}"
        f"^{p.open_at}^{_against(last, p.open)}^{p.high_at}^{_against(last, p.high)}"
        f"^{p.low_at}^{_against(last, p.low)}"
        f"^{yyyymmdd}^{CONTINUOUS}^{'Y' if p.halted else 'N'}^{p.ask_rest}^{p.bid_rest}"
        f"^{p.ask_rest * 9}^{p.bid_rest * 9}^{volume * 100 / shares:.2f}^{earlier >> 1}^{volume * 200 / earlier:.2f}"
        f"^0^^{base}"
    )
    return text if columns == COLUMNS_BEFORE else f"{text}^{REGULAR}"


def data_frame(tr_id: str, records: list[str], encrypted: bool = False) -> str:
    """The text frame that carries ``records`` back to back; the count is padded to three digits."""
    return f"{'1' if encrypted else '0'}|{tr_id}|{len(records):03d}|{'^'.join(records)}"


def older(record: str, hhmmss: str) -> str:
    """The same trade as an earlier print: an older time, a smaller running volume, another price."""
    fields = record.split("^")
    fields[1] = hhmmss
    fields[2] = fields[7]  # the opening price, so that a reader who takes it shows it
    fields[13] = str(max(int(fields[13]) // 2, 1))
    return "^".join(fields)

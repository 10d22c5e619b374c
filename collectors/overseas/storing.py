"""One answer about an index into its two tables, never back in time."""

from datetime import date, datetime

from django.db import connection
from django.db.models import Max

from collectors.overseas.indices import INDICES, Index
from collectors.overseas.models import OverseasBar, OverseasQuote
from collectors.rows import keep_rows
from stockdesk.fence import fenced
from stockdesk.kis.messages import KST
from stockdesk.kis.overseas import OverseasAnswer

# A quote of an earlier day than the stored one changes nothing; what the answer leaves out stays as it was.
_QUOTE = """
    INSERT INTO collectors_overseasquote
        (stck_shrn_iscd, place, hts_kor_isnm, ovrs_nmix_prpr, ovrs_nmix_prdy_vrss, prdy_ctrt, ovrs_nmix_prdy_clpr,
         stck_bsop_date, is_open, read_at)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
    ON DUPLICATE KEY UPDATE
        place = VALUES(place), hts_kor_isnm = VALUES(hts_kor_isnm), is_open = VALUES(is_open),
        ovrs_nmix_prpr = VALUES(ovrs_nmix_prpr),
        ovrs_nmix_prdy_vrss = COALESCE(VALUES(ovrs_nmix_prdy_vrss), ovrs_nmix_prdy_vrss),
        prdy_ctrt = COALESCE(VALUES(prdy_ctrt), prdy_ctrt),
        ovrs_nmix_prdy_clpr = COALESCE(VALUES(ovrs_nmix_prdy_clpr), ovrs_nmix_prdy_clpr),
        stck_bsop_date = VALUES(stck_bsop_date), read_at = VALUES(read_at)
"""
_STORED_DAY = "SELECT stck_bsop_date FROM collectors_overseasquote WHERE stck_shrn_iscd = %s FOR UPDATE"


def newest_final() -> dict[str, date]:
    """The newest day of each index whose bar can change no more."""
    found = OverseasBar.objects.filter(final=True).order_by().values_list("symbol").annotate(Max("on"))
    return {symbol: on for symbol, on in found if on is not None}


def store(index: Index, answer: OverseasAnswer, asked_at: datetime, *, daemon: str, fence: int) -> date | None:
    """Keep figure and bars; returns the newest day that is final. Raises LeaseLost when another copy took over.

    ``asked_at`` is aware. Days that have not begun at the exchange are left out: no answer knows them. Raises
    ``django.db.Error``.
    """
    today = index.exchange.local(asked_at).date()
    bars = [bar for bar in answer.bars if bar.on <= today]
    final = [bar for bar in bars if index.exchange.is_final(bar.on, asked_at)]
    unfinished = [bar for bar in bars if bar not in final]
    on = max((bar.on for bar in bars), default=None)
    with fenced(daemon, fence):
        keep_rows(OverseasBar, final, ("symbol", "on"), final=True)
        keep_rows(OverseasBar, unfinished, ("symbol", "on"), final=False)
        with connection.cursor() as cursor:
            cursor.execute(_STORED_DAY, (index.symbol,))
            stored = cursor.fetchone()
            if on is not None and not (stored and stored[0] and stored[0] > on):
                values = (answer.price, answer.change, answer.change_rate, answer.previous_close)
                read_at = asked_at.astimezone(KST).replace(tzinfo=None)
                is_open = index.exchange.is_open(asked_at) and on == today
                place = INDICES.index(index)
                cursor.execute(_QUOTE, (index.symbol, place, index.name, *values, on, is_open, read_at))
    return max((bar.on for bar in final), default=None)


def close_quotes(open_symbols: set[str]) -> None:
    """Take the mark of an open market off those that are not, though nobody asks for them any more."""
    OverseasQuote.objects.filter(is_open=True).exclude(symbol__in=open_symbols).update(is_open=False)

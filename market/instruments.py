"""The master of listed issues, taken from KIS's files; and which of them have a quote row."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import connection, transaction
from django.utils import timezone

from market.models import Instrument
from stockdesk.events import clear_event, raise_event
from stockdesk.kis.errors import KisError
from stockdesk.kis.frames import is_symbol
from stockdesk.kis.master import LAYOUTS, Listed, Market, MasterError, parse_master
from stockdesk.kis.masterfiles import MasterFiles

log = logging.getLogger(__name__)

#: As whom events are raised: the nightly reference run is what loads the lists.
SOURCE, REFUSED = "reference", "master-refused"
#: In one night so many of a market's issues may go, in per cent, and a few where the market is small.
GONE_PERCENT, GONE_FEW = 3, 5

#: Security group of KIS -> the kind whose price steps it has. ELWs, warrants and rights are not here: no rows.
KINDS = {
    **dict.fromkeys(("ST", "FS", "DR", "RT", "MF", "SC", "IF"), Instrument.Kind.STOCK),
    **dict.fromkeys(("EF", "FE"), Instrument.Kind.ETF),
    "EN": Instrument.Kind.ETN,
    "BC": Instrument.Kind.OTHER,
}
_WRITTEN = [f.name for f in Instrument._meta.concrete_fields if not f.primary_key]

_MISSING_QUOTES = """
    INSERT IGNORE INTO market_quote (stck_shrn_iscd, hts_kor_isnm)
    SELECT i.symbol, i.name FROM market_instrument i LEFT JOIN market_quote q ON q.stck_shrn_iscd = i.symbol
    WHERE q.stck_shrn_iscd IS NULL AND i.delisted_at IS NULL
"""


@dataclass(slots=True)
class Loaded:
    """What a load did: issues by market, the symbols that came and went, and why a market's list was not taken."""

    listed: dict[str, int] = field(default_factory=dict)
    joined: list[str] = field(default_factory=list)
    delisted: list[str] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)


def load_instruments(files: MasterFiles, *, even_if_shorter: bool = False) -> Loaded:
    """Read all markets' lists and bring the table in line with them; the nightly run and the command call this.

    A list that cannot be fetched or read, or that lacks more than a few per cent of what we have, changes nothing
    and is an event; ``even_if_shorter`` believes the latter, but never an empty list. Only when all lists are there
    is an issue that none of them names marked delisted: it may have moved to the market whose list is missing.
    Raises ``django.db.Error``.
    """
    loaded = Loaded()
    lists: dict[Market, list[Listed]] = {}
    for market, layout in LAYOUTS.items():
        try:
            master = parse_master(files.fetch(layout.file), market)
            wanted = [listed for listed in master.listed if listed.group in KINDS and is_symbol(listed.symbol)]
            _check_length(market, wanted, even_if_shorter=even_if_shorter)
        except KisError as exc:
            log.warning("the list of %s stays as it is: %s", market, exc)
            loaded.refused[market] = str(exc)
            raise_event(SOURCE, REFUSED, market, text=str(exc))
        else:
            lists[market] = wanted
            loaded.listed[market] = len(wanted)
            clear_event(SOURCE, REFUSED, market)
    _save(lists, loaded, timezone.now())
    return loaded


def _check_length(market: Market, wanted: Sequence[Listed], *, even_if_shorter: bool) -> None:
    """MasterError for a list that lacks too much of what is stored; an empty one is right where KONEX has none."""
    stored = set(Instrument.objects.listed().filter(market=market).values_list("symbol", flat=True))
    if not wanted and (stored or market != "KONEX"):
        raise MasterError(f"the list of {market} names no issue")
    gone = stored - {listed.symbol for listed in wanted}
    if not even_if_shorter and len(gone) > max(GONE_FEW, len(stored) * GONE_PERCENT // 100):
        raise MasterError(f"the list of {market} lacks {len(gone)} of {len(stored)} issues")


def _save(lists: Mapping[Market, Sequence[Listed]], loaded: Loaded, now: datetime) -> None:
    with transaction.atomic():
        stored = {row.symbol: row for row in Instrument.objects.all()}
        rows = {
            listed.symbol: _row(listed, market, stored.get(listed.symbol), now)
            for market, wanted in lists.items()
            for listed in wanted
        }
        Instrument.objects.bulk_create(
            [rows[symbol] for symbol in sorted(rows)],
            batch_size=1000,
            update_conflicts=True,
            update_fields=_WRITTEN,
        )
        known = {symbol for symbol, row in stored.items() if row.delisted_at is None}
        loaded.joined = sorted(rows.keys() - known)
        if not loaded.refused:
            loaded.delisted = sorted(known - rows.keys())
            gone = Instrument.objects.filter(symbol__in=loaded.delisted)
            gone.update(delisted_at=now, halted=True, updated_at=now)


def _row(listed: Listed, market: Market, before: Instrument | None, now: datetime) -> Instrument:
    return Instrument(
        symbol=listed.symbol,
        isin=listed.isin,
        name=listed.name,
        market=market,
        kind=KINDS[listed.group],
        group=listed.group,
        base_price=listed.base_price or (before.base_price if before is not None else None),
        halted=listed.halted,
        liquidating=listed.liquidating,
        administrative=listed.administrative,
        alert_level=listed.alert,
        alerted=listed.alert >= Instrument.Alert.WARNING,
        overheated=listed.overheated,
        listed_on=listed.listed_on or (before.listed_on if before is not None else None),
        delisted_at=None,
        updated_at=now,
    )


def listed_symbols() -> list[str]:
    """Every issue that is listed now, in the order of the codes."""
    return list(Instrument.objects.listed().order_by("symbol").values_list("symbol", flat=True))


def make_missing_quotes() -> int:
    """An empty, named quote row for every listed issue that has none, in one statement; how many were made."""
    with connection.cursor() as cursor:
        cursor.execute(_MISSING_QUOTES)
        return int(cursor.rowcount)

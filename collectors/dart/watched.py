"""Which companies the watch list means."""

from collectors.dart.client import SOURCE
from collectors.dart.models import Corp
from collectors.errors import SourceError
from market.watchlist import read_watch_list

CODE_LENGTH = 6


def watched_symbols() -> set[str]:
    """The symbols of the watch list, a preferred share (005935) as its common one (005930): DART knows companies.

    Raises a ``django.db.Error`` when the board cannot be read: that is no empty list.
    """
    return {common_share(item.symbol) for item in read_watch_list().symbols}


def watched_corps() -> list[str]:
    """The DART codes of the watched companies, sorted; funds and notes have none.

    Raises SourceError while no company is known at all.
    """
    symbols = watched_symbols()
    if symbols:
        listed_corps()
    return list(Corp.objects.filter(symbol__in=symbols).order_by("corp_code").values_list("corp_code", flat=True))


def listed_corps() -> list[str]:
    """The DART codes of all companies with a stock code, sorted. Raises SourceError while none is known."""
    codes = list(Corp.objects.listed().order_by("corp_code").values_list("corp_code", flat=True))
    if not codes:
        raise SourceError("no companies are known yet; the list of companies (corpCode) comes first", source=SOURCE)
    return codes


def common_share(symbol: str) -> str:
    """The common share of the same company: 005930 for the preferred 005935; DART files under that one."""
    return f"{symbol[:5]}0" if len(symbol) == CODE_LENGTH else symbol

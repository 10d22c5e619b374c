"""The list of listed issues (금융위원회_KRX상장종목정보, getItemInfo); once a week is enough."""

from datetime import date
from typing import Any

from collectors import cells
from collectors.datagokr import values
from collectors.datagokr.answers import SOURCE, read_page
from collectors.datagokr.days import fetch_day, items
from collectors.datagokr.models import ListedIssue
from collectors.errors import SourceError
from collectors.raw import Body, parser
from collectors.upsert import store
from market.models import NAME_LENGTH

__all__ = ["fetch", "items"]

SERVICE, KIND = "GetKrxListedInfoService/getItemInfo", "listed"


def fetch(day: date, item: str) -> int:
    """Store the issues listed on the day; their number. Raises NotYet before the list is published."""
    return fetch_day(day, SERVICE, KIND)


@parser(SOURCE, KIND, version=1)
def store_listed(body: Body) -> int:
    """Store the issues of one page; one that is no longer listed keeps its row, with the day it was last seen."""
    return store([_issue(row, body) for row in read_page(200, body.data, SERVICE).rows])


def _issue(row: dict[str, Any], body: Body) -> ListedIssue:
    symbol, on = values.symbol(row), cells.day(row, "basDt")
    if not symbol or on is None or not body.key.startswith(f"{on:%Y%m%d}/"):
        raise SourceError(f"{SERVICE}: a row of another day or symbol; nothing was stored", source=SOURCE)
    return ListedIssue(
        symbol=symbol,
        on=on,
        isin=cells.text(row, "isinCd", 12),
        name=cells.text(row, "itmsNm", NAME_LENGTH),
        market=cells.text(row, "mrktCtg", 10),
        corp_no=cells.text(row, "crno", 13),
        corp_name=cells.text(row, "corpNm", 100),
        fetched_at=body.fetched_at,
    )

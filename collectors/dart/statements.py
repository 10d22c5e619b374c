"""Full financial statements of the watched companies in the reporting seasons (fnlttSinglAcntAll.json)."""

from datetime import date

from django.db import transaction

from collectors import cells, raw
from collectors.dart import values
from collectors.dart.client import SOURCE, client, read, rows_in
from collectors.dart.figures import figure
from collectors.dart.models import Corp, Figure, StatementLine
from collectors.dart.seasons import Season
from collectors.dart.watched import watched_corps
from collectors.errors import NoData
from collectors.raw import Body, parser
from collectors.upsert import store

ENDPOINT, KIND = "fnlttSinglAcntAll.json", "statements"


def items(day: date) -> list[str]:
    """2026/11014/00126380: a season and a watched company; none out of season.

    Raises a ``django.db.Error`` when the watch list cannot be read, SourceError while no company is known.
    """
    season = Season.of(day)
    return [] if season is None else [f"{season}/{corp}" for corp in watched_corps()]


def fetch(day: date, item: str) -> int:
    """Store one company's statements, consolidated or, where it has none, separate ones; the number of lines.

    Raises NoData when it has neither yet.
    """
    season, corp = Season.split(item)
    try:
        body = _asked(season, corp, Figure.Basis.CONSOLIDATED)
    except NoData:
        body = _asked(season, corp, Figure.Basis.SEPARATE)
    with transaction.atomic():
        return raw.parse(body)


def _asked(season: Season, corp: str, basis: str) -> Body:
    data = client().json(ENDPOINT, corp_code=corp, bsns_year=season.year, reprt_code=season.report, fs_div=basis)
    # The rows do not say which set they are of; the key does.
    return raw.keep(SOURCE, KIND, f"{season}/{corp}/{basis}", data)


@parser(SOURCE, KIND, version=1)
def store_statements(body: Body) -> int:
    """Store the lines of one answer. Neither account id nor name tells two lines apart: all parts together do."""
    season, rest = Season.split(body.key)
    corp, _, basis = rest.partition("/")
    symbol = Corp.objects.filter(corp_code=corp).values_list("symbol", flat=True).first() or ""
    lines = {}
    for row in rows_in(read(body.data, ENDPOINT), ENDPOINT):
        of = figure(row, body) | {"basis": basis, "symbol": symbol}
        account_id, detail = cells.text(row, "account_id", 300), cells.text(row, "account_detail", 300)
        told = (of["rcept_no"], corp, season, basis, of["sheet"], account_id, of["name"], detail, of["position"])
        key = values.row_id(*told)
        lines[key] = StatementLine(id=key, account_id=account_id, detail=detail, **of)
    return store(list(lines.values()))

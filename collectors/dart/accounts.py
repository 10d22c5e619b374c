"""Key accounts of all listed companies in the reporting seasons (fnlttMultiAcnt.json), a hundred companies a call."""

from datetime import date

from django.db import transaction

from collectors import raw
from collectors.dart import values
from collectors.dart.client import SOURCE, client, read, rows_in
from collectors.dart.figures import figure
from collectors.dart.models import Corp, KeyAccount
from collectors.dart.seasons import Season
from collectors.dart.watched import listed_corps
from collectors.errors import BadCall, NoData
from collectors.raw import Body, parser
from collectors.upsert import store

ENDPOINT, KIND = "fnlttMultiAcnt.json", "accounts"
COMPANIES = 100  # of one call; more is refused with 021


def items(day: date) -> list[str]:
    """2026/11014/00126380-00164742: a season and a hundred companies from first to last; none out of season.

    Raises SourceError while no company is known.
    """
    season = Season.of(day)
    if season is None:
        return []
    corps = listed_corps()
    blocks = (corps[start : start + COMPANIES] for start in range(0, len(corps), COMPANIES))
    return [f"{season}/{block[0]}-{block[-1]}" for block in blocks]


def fetch(day: date, item: str) -> int:
    """Store the key accounts of one block of companies; the number of rows.

    Raises NoData when none has reported yet, BadCall for a block without companies.
    """
    season, block = Season.split(item)
    first, _, last = block.partition("-")
    corps = Corp.objects.listed().filter(corp_code__range=(first, last)).order_by("corp_code")
    codes = list(corps.values_list("corp_code", flat=True))
    if not codes:
        raise BadCall(f"{item}: no listed company is in this block", source=SOURCE)
    bodies, nothing = [], None
    # More than a hundred only if companies were listed since the blocks were made.
    for start in range(0, len(codes), COMPANIES):
        try:
            bodies.append(_asked(season, codes[start : start + COMPANIES]))
        except NoData as exc:
            nothing = exc
    if nothing is not None and not bodies:
        raise nothing
    with transaction.atomic():
        return sum(raw.parse(body) for body in bodies)


def _asked(season: Season, codes: list[str]) -> Body:
    data = client().json(ENDPOINT, corp_code=",".join(codes), bsns_year=season.year, reprt_code=season.report)
    return raw.keep(SOURCE, KIND, f"{season}/{codes[0]}-{codes[-1]}", data)


@parser(SOURCE, KIND, version=1)
def store_accounts(body: Body) -> int:
    """Store the key accounts of one answer, consolidated and separate ones beside each other."""
    rows = {}
    for row in rows_in(read(body.data, ENDPOINT), ENDPOINT):
        of = figure(row, body)
        key = values.row_id(
            *(of[name] for name in ("rcept_no", "corp_code", "year", "report", "basis", "sheet", "name")),
            of["position"],
        )
        rows[key] = KeyAccount(id=key, **of)
    return store(list(rows.values()))

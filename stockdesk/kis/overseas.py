"""Indices and rates of other countries over REST: the figure of now and the bars of the days before."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from stockdesk.kis.errors import OutcomeUnknown
from stockdesk.kis.reference import ReferenceClient
from stockdesk.kis.reference_rows import day
from stockdesk.kis.values import FieldError, Row, decimal, decimal_or_none, text, whole_or_none

TR_ID = "FHKST03030100"
PATH = "/uapi/overseas-price/v1/quotations/inquire-daily-chartprice"
MAX_POINTS = 10**7
MAX_VOLUME = 10**15
#: What the broker's own rounding may leave between price, change and previous close.
ROUNDING = Decimal("0.02")


class WrongInstrument(OutcomeUnknown):
    """The answer is about another index than the one asked for: a neighbouring code answers without a word."""


@dataclass(frozen=True, slots=True)
class OverseasBar:
    """One day, dated as at the exchange; points, a rate or percent."""

    symbol: str
    on: date
    open_price: Decimal | None
    high_price: Decimal | None
    low_price: Decimal | None
    close_price: Decimal
    volume: int | None


@dataclass(frozen=True, slots=True)
class OverseasAnswer:
    """What FHKST03030100 tells: the newest figure, and bars, newest first; the first may be unfinished."""

    symbol: str
    name: str
    price: Decimal
    change: Decimal | None
    change_rate: Decimal | None
    previous_close: Decimal | None
    bars: tuple[OverseasBar, ...]


class OverseasClient(ReferenceClient):
    """A client that reads indices, currencies and bonds."""

    async def overseas(
        self, symbol: str, division: str, names: tuple[str, ...], since: date, to: date, *, lane: str
    ) -> OverseasAnswer:
        """Figure and bars of ``symbol`` (FHKST03030100, ``division`` N index, X currency, I bond).

        Raises `WrongInstrument` unless the name in the answer, blanks aside, holds one of ``names``; with ``=`` in
        front it must be that name.
        """
        params = {
            "FID_COND_MRKT_DIV_CODE": division,
            "FID_INPUT_ISCD": symbol,
            "FID_INPUT_DATE_1": f"{since:%Y%m%d}",
            "FID_INPUT_DATE_2": f"{to:%Y%m%d}",
            "FID_PERIOD_DIV_CODE": "D",
        }
        answer = await self._ask(TR_ID, PATH, lane, params)
        heads = answer.rows("output1")
        if not heads or not answer.has_rows("output2"):
            raise OutcomeUnknown(f"{symbol}: an answer without output1 and output2", tr_id=TR_ID)
        check_name(symbol, names, heads[0])
        try:
            return read(symbol, heads[0], answer.rows("output2"))
        except FieldError as exc:
            raise OutcomeUnknown(f"{symbol}: {exc}", tr_id=TR_ID) from None


def check_name(symbol: str, names: tuple[str, ...], head: Row) -> None:
    """WrongInstrument where the answer names none of ``names`` (= before one: exactly so), or another symbol."""
    told, code = text(head, "hts_kor_isnm"), text(head, "stck_shrn_iscd")
    plain = told.casefold().replace(" ", "")
    wanted = [name.casefold() for name in names]
    if not any(plain == name[1:] if name.startswith("=") else name in plain for name in wanted):
        raise WrongInstrument(f"{symbol} was asked for, {told[:40] or 'nothing'} answered", tr_id=TR_ID)
    if code and code != symbol:
        raise WrongInstrument(f"{symbol} was asked for, {code[:16]} answered", tr_id=TR_ID)


def read(symbol: str, head: Row, rows: list[Row] | list[dict[str, object]]) -> OverseasAnswer:
    """One answer, checked against itself: price less change must be the previous close."""
    price = decimal(head, "ovrs_nmix_prpr", MAX_POINTS)
    if not price:
        raise FieldError("ovrs_nmix_prpr is zero")
    change = decimal_or_none(head, "ovrs_nmix_prdy_vrss", MAX_POINTS, least=-MAX_POINTS)
    previous = decimal_or_none(head, "ovrs_nmix_prdy_clpr", MAX_POINTS) or None
    if change is not None and previous is not None and abs(price - change - previous) > ROUNDING:
        raise FieldError("ovrs_nmix_prpr less ovrs_nmix_prdy_vrss is not ovrs_nmix_prdy_clpr")
    rate = decimal_or_none(head, "prdy_ctrt", 1000, least=-100)
    if rate is not None and change is not None and change < 0 < rate:
        rate = -rate
    bars = tuple(bar(symbol, row) for row in rows if text(row, "stck_bsop_date"))
    newest_first = tuple(sorted(bars, key=lambda one: one.on, reverse=True))
    return OverseasAnswer(symbol, text(head, "hts_kor_isnm")[:40], price, change, rate, previous, newest_first)


def bar(symbol: str, row: Row) -> OverseasBar:
    """A day of ``output2``, in points; FieldError without its close."""

    def points(name: str) -> Decimal | None:
        return decimal_or_none(row, name, MAX_POINTS) or None

    close = points("ovrs_nmix_prpr")
    if close is None:
        raise FieldError("ovrs_nmix_prpr of a day is missing")
    return OverseasBar(
        symbol,
        day(row, "stck_bsop_date"),
        points("ovrs_nmix_oprc"),
        points("ovrs_nmix_hgpr"),
        points("ovrs_nmix_lwpr"),
        close,
        whole_or_none(row, "acml_vol", MAX_VOLUME),
    )

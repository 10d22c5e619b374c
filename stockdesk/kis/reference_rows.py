"""Rows of the reference calls: KIS's field names -> frozen messages. Pure; FieldError names what cannot be read.

KIS writes some amounts in millions or ten thousands of KRW; here every amount is KRW.
"""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from stockdesk.kis.frames import MAX_DAY_AMOUNT, MAX_DAY_VOLUME, MAX_PRICE, is_symbol
from stockdesk.kis.numbers import wire_change, wire_rate
from stockdesk.kis.values import (
    MAX_MONEY,
    MAX_QUANTITY,
    MAX_RATE,
    FieldError,
    Row,
    decimal_or_none,
    text,
    whole_or_none,
)

MILLION, TEN_THOUSAND = 1_000_000, 10_000
MAX_INDEX = 10**7


@dataclass(frozen=True, slots=True)
class DailyBar:
    """One day of an issue (FHKST03010100), adjusted prices. A day without trades has a close alone."""

    symbol: str
    on: date
    open_price: int | None
    high_price: int | None
    low_price: int | None
    close_price: int
    volume: int | None
    amount: int | None


@dataclass(frozen=True, slots=True)
class InvestorFlow:
    """Who bought more than he sold on one day (FHPTJ04160001), shares and KRW; negative: sold more."""

    symbol: str
    on: date
    person_quantity: int | None
    foreign_quantity: int | None
    institution_quantity: int | None
    person_amount: int | None
    foreign_amount: int | None
    institution_amount: int | None
    securities_quantity: int | None
    trust_quantity: int | None
    private_fund_quantity: int | None
    bank_quantity: int | None
    insurance_quantity: int | None
    pension_quantity: int | None
    corporation_quantity: int | None


@dataclass(frozen=True, slots=True)
class MarketFlow:
    """The same for a whole market (FHPTJ04040000), with its index at the close; amounts in KRW."""

    market: str
    on: date
    index: Decimal | None
    person_amount: int | None
    foreign_amount: int | None
    institution_amount: int | None


@dataclass(frozen=True, slots=True)
class ShortSale:
    """Short sales of one day (FHPST04830000): shares, KRW, and their part of all trades in percent."""

    symbol: str
    on: date
    quantity: int
    volume_rate: Decimal | None
    amount: int | None
    amount_rate: Decimal | None
    average_price: int | None


@dataclass(frozen=True, slots=True)
class CreditBalance:
    """Shares bought on credit (융자) and borrowed to sell (대주), by trade date (FHPST04760000); shares and KRW."""

    symbol: str
    on: date
    settled_on: date | None
    loan_new: int | None
    loan_repaid: int | None
    loan_balance: int | None
    loan_amount: int | None
    loan_rate: Decimal | None
    lending_balance: int | None
    lending_amount: int | None
    lending_rate: Decimal | None


@dataclass(frozen=True, slots=True)
class Dividend:
    """One dividend of the depository's schedule (HHKDB669102C0); None where it is not decided. KRW a share."""

    symbol: str
    record_on: date
    kind: str
    stock_kind: str
    name: str
    face_value: int | None
    amount: Decimal | None
    rate: Decimal | None
    stock_rate: Decimal | None
    paid_on: date | None


@dataclass(frozen=True, slots=True)
class Ranked:
    """One place of a ranking; ``net_quantity`` and ``net_amount`` only where investors are ranked."""

    place: int
    symbol: str
    name: str
    price: int | None
    change: int | None
    sign: str | None
    change_rate: Decimal | None
    volume: int | None
    net_quantity: int | None = None
    net_amount: int | None = None


def day_or_none(row: Row, name: str) -> date | None:
    """A date, written 20261118 or 2026/11/18; None where there is none."""
    written = text(row, name).replace("/", "").replace("-", "")
    if not written.strip("0"):
        return None
    try:
        return datetime.strptime(written, "%Y%m%d").date()
    except ValueError:
        raise FieldError(f"{name} is no date") from None


def day(row: Row, name: str) -> date:
    found = day_or_none(row, name)
    if found is None:
        raise FieldError(f"{name} is missing")
    return found


def daily_bar(symbol: str, row: Row) -> DailyBar:
    """A day of FHKST03010100; FieldError without its close, and where high and low do not enclose the prices."""
    price = [_price(row, name) for name in ("stck_oprc", "stck_hgpr", "stck_lwpr", "stck_clpr")]
    opened, high, low, close = price
    if close is None:
        raise FieldError("stck_clpr is missing")
    known = [value for value in price if value is not None]
    if (high is not None and high < max(known)) or (low is not None and low > min(known)):
        raise FieldError("stck_hgpr and stck_lwpr do not enclose the prices")
    volume = whole_or_none(row, "acml_vol", MAX_DAY_VOLUME)
    amount = whole_or_none(row, "acml_tr_pbmn", MAX_DAY_AMOUNT)
    return DailyBar(symbol, day(row, "stck_bsop_date"), opened, high, low, close, volume, amount)


def investor_flow(symbol: str, row: Row) -> InvestorFlow:
    """A day of FHPTJ04160001; its amounts are told in millions of KRW and given in KRW."""
    return InvestorFlow(
        symbol,
        day(row, "stck_bsop_date"),
        person_quantity=_net(row, "prsn_ntby_qty"),
        foreign_quantity=_net(row, "frgn_ntby_qty"),
        institution_quantity=_net(row, "orgn_ntby_qty"),
        person_amount=_net(row, "prsn_ntby_tr_pbmn", MILLION),
        foreign_amount=_net(row, "frgn_ntby_tr_pbmn", MILLION),
        institution_amount=_net(row, "orgn_ntby_tr_pbmn", MILLION),
        securities_quantity=_net(row, "scrt_ntby_qty"),
        trust_quantity=_net(row, "ivtr_ntby_qty"),
        private_fund_quantity=_net(row, "pe_fund_ntby_vol"),
        bank_quantity=_net(row, "bank_ntby_qty"),
        insurance_quantity=_net(row, "insu_ntby_qty"),
        pension_quantity=_net(row, "fund_ntby_qty"),
        corporation_quantity=_net(row, "etc_corp_ntby_vol"),
    )


def market_flow(market: str, row: Row) -> MarketFlow:
    """A day of FHPTJ04040000; amounts as of `investor_flow`."""
    index = decimal_or_none(row, "bstp_nmix_prpr", MAX_INDEX) or None
    amounts = [_net(row, f"{who}_ntby_tr_pbmn", MILLION) for who in ("prsn", "frgn", "orgn")]
    return MarketFlow(market, day(row, "stck_bsop_date"), index, *amounts)


def short_sale(symbol: str, row: Row) -> ShortSale:
    """A day of FHPST04830000; FieldError without the quantity."""
    quantity = whole_or_none(row, "ssts_cntg_qty", MAX_DAY_VOLUME)
    if quantity is None:
        raise FieldError("ssts_cntg_qty is missing")
    return ShortSale(
        symbol,
        day(row, "stck_bsop_date"),
        quantity,
        decimal_or_none(row, "ssts_vol_rlim", 100),
        whole_or_none(row, "ssts_tr_pbmn", MAX_DAY_AMOUNT),
        decimal_or_none(row, "ssts_tr_pbmn_rlim", 100),
        _price(row, "avrg_prc"),
    )


def credit_balance(symbol: str, row: Row) -> CreditBalance:
    """A day of FHPST04760000; its amounts are told in units of KRW 10,000 and given in KRW."""

    def shares(name: str) -> int | None:
        return whole_or_none(row, name, MAX_QUANTITY)

    def won(name: str) -> int | None:
        amount = whole_or_none(row, name, MAX_MONEY // TEN_THOUSAND)
        return None if amount is None else amount * TEN_THOUSAND

    return CreditBalance(
        symbol,
        day(row, "deal_date"),
        day_or_none(row, "stlm_date"),
        loan_new=shares("whol_loan_new_stcn"),
        loan_repaid=shares("whol_loan_rdmp_stcn"),
        loan_balance=shares("whol_loan_rmnd_stcn"),
        loan_amount=won("whol_loan_rmnd_amt"),
        loan_rate=decimal_or_none(row, "whol_loan_rmnd_rate", 100),
        lending_balance=shares("whol_stln_rmnd_stcn"),
        lending_amount=won("whol_stln_rmnd_amt"),
        lending_rate=decimal_or_none(row, "whol_stln_rmnd_rate", 100),
    )


def dividend(row: Row) -> Dividend:
    """One row of HHKDB669102C0; what is 0 is not decided yet, and None here."""
    return Dividend(
        symbol=_symbol(row, "sht_cd"),
        record_on=day(row, "record_date"),
        kind=text(row, "divi_kind")[:20],
        stock_kind=text(row, "stk_kind")[:20],
        name=text(row, "isin_name")[:100],
        face_value=whole_or_none(row, "face_val", MAX_PRICE) or None,
        amount=decimal_or_none(row, "per_sto_divi_amt", MAX_PRICE) or None,
        rate=decimal_or_none(row, "divi_rate", MAX_RATE) or None,
        stock_rate=decimal_or_none(row, "stk_divi_rate", MAX_RATE) or None,
        paid_on=day_or_none(row, "divi_pay_dt"),
    )


def ranked(row: Row, place: int, *, symbol: str, who: str = "") -> Ranked:
    """One row of a ranking: ``symbol`` is its field's name, ``who`` (frgn, orgn) whose purchases are ranked."""
    try:
        change, sign = wire_change(text(row, "prdy_vrss"), text(row, "prdy_vrss_sign"), MAX_PRICE)
        rate = wire_rate(text(row, "prdy_ctrt"), sign)
    except ValueError as exc:
        raise FieldError(f"the change is {exc}") from None
    return Ranked(
        place=whole_or_none(row, "data_rank", 10_000) or place,
        symbol=_symbol(row, symbol),
        name=text(row, "hts_kor_isnm")[:100],
        price=_price(row, "stck_prpr"),
        change=change,
        sign=sign,
        change_rate=rate,
        volume=whole_or_none(row, "acml_vol", MAX_DAY_VOLUME),
        net_quantity=_net(row, f"{who}_ntby_qty") if who else None,
        net_amount=_net(row, f"{who}_ntby_tr_pbmn", MILLION) if who else None,
    )


def _symbol(row: Row, name: str) -> str:
    symbol = text(row, name)
    if not is_symbol(symbol):
        raise FieldError(f"{name} is no symbol")
    return symbol


def _price(row: Row, name: str) -> int | None:
    """A price in KRW; KIS writes 0 where there was none."""
    return whole_or_none(row, name, MAX_PRICE) or None


def _net(row: Row, name: str, unit: int = 1) -> int | None:
    limit = MAX_MONEY // unit if unit > 1 else MAX_DAY_VOLUME
    number = whole_or_none(row, name, limit, least=-limit)
    return None if number is None else number * unit

"""What the account owns: the answers of the account inquiries -> Balance, Orderable, Sellable, AccountAssets."""

from collections.abc import Iterable, Sequence
from decimal import Decimal

from stockdesk.kis.booked import product
from stockdesk.kis.frames import MAX_PRICE
from stockdesk.kis.messages import (
    AccountAssets,
    AssetClass,
    Balance,
    HoldingRow,
    Orderable,
    RealisedProfit,
    Sellable,
)
from stockdesk.kis.values import (
    MAX_QUANTITY,
    MAX_RATE,
    FieldError,
    Row,
    decimal,
    decimal_or_none,
    shares,
    text,
    whole_or_none,
    won,
    won_or_none,
)

_FOUR_PLACES, _TWO_PLACES = Decimal("0.0001"), Decimal("0.01")


def balance_from(rows: Iterable[Row], totals: Row) -> Balance:
    """All rows of TTTC8434R and its totals; FieldError where they cannot be read or cannot be all.

    An empty list beside securities of some value is a failed inquiry, not an empty account.
    """
    holdings = holdings_from(rows)
    securities, evaluated = won(totals, "scts_evlu_amt"), won(totals, "evlu_amt_smtl_amt")
    if not holdings and (securities > 0 or evaluated > 0):
        raise FieldError("no holdings, and scts_evlu_amt above zero")
    return Balance(
        deposit=won(totals, "dnca_tot_amt"),
        deposit_d1=won(totals, "nxdy_excc_amt"),
        deposit_d2=won(totals, "prvs_rcdl_excc_amt"),
        purchase_amount=won(totals, "pchs_amt_smtl_amt"),
        evaluation_amount=evaluated,
        profit_loss=won(totals, "evlu_pfls_smtl_amt"),
        securities_value=securities,
        total_value=won(totals, "tot_evlu_amt"),
        net_assets=won(totals, "nass_amt"),
        holdings=holdings,
        previous_total=won_or_none(totals, "bfdy_tot_asst_evlu_amt"),
        bought_today=won_or_none(totals, "thdt_buy_amt"),
        sold_today=won_or_none(totals, "thdt_sll_amt"),
        costs_today=won_or_none(totals, "thdt_tlex_amt"),
        loans=won_or_none(totals, "tot_loan_amt"),
    )


def holdings_from(rows: Iterable[Row]) -> tuple[HoldingRow, ...]:
    """One row for each symbol. What was sold out is left out: KIS lists it with 0 shares until it is settled.

    A symbol held both with cash and on credit comes in several rows and becomes one. The same kind of row twice is
    a page that moved while we read, and to add those up would invent shares: FieldError.
    """
    parts: dict[str, dict[tuple[str, str], HoldingRow]] = {}
    for row in rows:
        if not text(row, "pdno") and not whole_or_none(row, "hldg_qty", MAX_QUANTITY):
            continue
        symbol = product(row)
        try:
            if not shares(row, "hldg_qty"):
                continue
            same = parts.setdefault(symbol, {})
            kind = (text(row, "trad_dvsn_name"), text(row, "loan_dt"))
            if kind in same:
                raise FieldError("listed twice")
            same[kind] = _holding(symbol, row)
        except FieldError as exc:
            raise FieldError(f"{symbol}: {exc}") from None
    return tuple(_merged([*same.values()]) for same in parts.values())


def realised_from(totals: Row) -> RealisedProfit:
    """The totals of TTTC8494R."""
    return RealisedProfit(won(totals, "rlzt_pfls"), won(totals, "thdt_sll_amt"))


def orderable_from(row: Row, symbol: str | None) -> Orderable:
    """The answer of TTTC8908R."""
    return Orderable(
        cash=won(row, "ord_psbl_cash"),
        amount=won(row, "nrcvb_buy_amt"),
        quantity=shares(row, "nrcvb_buy_qty") if symbol else 0,
        unit_price=whole_or_none(row, "psbl_qty_calc_unpr", MAX_PRICE) or None,
    )


def sellable_from(row: Row, symbol: str) -> Sellable:
    """The answer of TTTC8408R."""
    if (told := text(row, "pdno")) and told != symbol:
        raise FieldError("pdno is another symbol")
    return Sellable(symbol, shares(row, "cblc_qty"), shares(row, "ord_psbl_qty"))


def assets_from(rows: Iterable[Row], totals: Row) -> AccountAssets:
    """The answer of CTRP6548R."""
    classes = tuple(
        AssetClass(
            purchase_amount=won(row, "pchs_amt"),
            evaluation_amount=won(row, "evlu_amt"),
            profit_loss=won(row, "evlu_pfls_amt"),
            credit_amount=won(row, "crdt_lnd_amt"),
            net_assets=won(row, "real_nass_amt"),
            share=decimal_or_none(row, "whol_weit_rt", MAX_RATE, least=-MAX_RATE),
        )
        for row in rows
    )
    return AccountAssets(
        classes=classes,
        purchase_amount=won(totals, "pchs_amt_smtl"),
        evaluation_amount=won(totals, "evlu_amt_smtl"),
        profit_loss=won(totals, "evlu_pfls_amt_smtl"),
        net_assets=won(totals, "nass_tot_amt"),
        total_assets=won(totals, "tot_asst_amt"),
        deposit=won(totals, "tot_dncl_amt"),
        loans=won(totals, "loan_amt_smtl"),
    )


def _holding(symbol: str, row: Row) -> HoldingRow:
    loan = won_or_none(row, "loan_amt")
    # What was bought on credit, or sold short, takes an order of another kind.
    on_credit = loan or won_or_none(row, "stln_slng_chgs")
    orderable = shares(row, "ord_psbl_qty")
    return HoldingRow(
        symbol=symbol,
        name=text(row, "prdt_name"),
        quantity=shares(row, "hldg_qty"),
        orderable_quantity=0 if on_credit else orderable,
        average_price=decimal(row, "pchs_avg_pric", MAX_PRICE),
        last_price=whole_or_none(row, "prpr", MAX_PRICE) or None,
        purchase_amount=won(row, "pchs_amt"),
        evaluation_amount=won(row, "evlu_amt"),
        profit_loss=won(row, "evlu_pfls_amt"),
        profit_rate=decimal_or_none(row, "evlu_pfls_rt", MAX_RATE, least=-MAX_RATE),
        bought_today=whole_or_none(row, "thdt_buyqty", MAX_QUANTITY),
        sold_today=whole_or_none(row, "thdt_sll_qty", MAX_QUANTITY),
        loan_amount=loan,
    )


def _merged(parts: Sequence[HoldingRow]) -> HoldingRow:
    if len(parts) == 1:
        return parts[0]
    quantity = sum(part.quantity for part in parts)
    purchase, profit = sum(part.purchase_amount for part in parts), sum(part.profit_loss for part in parts)
    return HoldingRow(
        symbol=parts[0].symbol,
        name=parts[0].name,
        quantity=quantity,
        orderable_quantity=sum(part.orderable_quantity for part in parts),
        average_price=(Decimal(purchase) / quantity).quantize(_FOUR_PLACES),
        last_price=parts[0].last_price,
        purchase_amount=purchase,
        evaluation_amount=sum(part.evaluation_amount for part in parts),
        profit_loss=profit,
        profit_rate=(Decimal(profit) * 100 / purchase).quantize(_TWO_PLACES) if purchase else None,
        bought_today=_sum(part.bought_today for part in parts),
        sold_today=_sum(part.sold_today for part in parts),
        loan_amount=_sum(part.loan_amount for part in parts),
    )


def _sum(numbers: Iterable[int | None]) -> int | None:
    """None where one of them is not known."""
    total = 0
    for number in numbers:
        if number is None:
            return None
        total += number
    return total

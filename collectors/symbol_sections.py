"""The tables of the symbol page: which rows each shows, in which columns, and the job that fetches them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import Any

from django.db.models import Case, Exists, IntegerField, Model, OuterRef, Value, When
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from collectors import symbol_texts as show
from collectors.dart.models import Figure, Filing, FilingText, KeyAccount, StatementLine
from collectors.dart.watched import common_share
from collectors.datagokr.models import DailyPrice
from collectors.reference.models import CreditBalance, DailyBar, Dividend, InvestorFlow, ShortSale
from collectors.symbol_texts import Cell

ROWS = 20
DART_VIEWER = "https://dart.fss.or.kr/dsaf001/main.do?rcpNo="
#: What a trader asks first of a statement is what the company earned.
SHEETS = (Figure.Sheet.INCOME, Figure.Sheet.COMPREHENSIVE, Figure.Sheet.BALANCE, Figure.Sheet.CASH_FLOW)
SEASONS = (Figure.Report.Q1, Figure.Report.HALF, Figure.Report.Q3, Figure.Report.YEAR)

Rows = list[Any]


@dataclass(frozen=True, slots=True)
class Section:
    """One table. ``rows`` reads the newest rows of a symbol, ``cells`` writes them under ``heads``.

    ``watched``: its job asks for the symbols of the watch list only. ``of`` is the symbol that its rows go by.
    """

    name: str
    title: Any
    model: type[Model]
    job: str
    heads: Sequence[Any]
    rows: Callable[[str], Rows]
    cells: Callable[[Rows, bool], list[list[Cell]]]
    watched: bool = True
    of: Callable[[str], str] = str
    words: int = 1  # so many columns from the left are words, the others numbers

    @property
    def permission(self) -> str:
        meta = self.model._meta
        return f"{meta.app_label}.view_{meta.model_name}"

    def admin_list(self, symbol: str) -> str:
        """The address of the admin's list of this table, searched for the symbol."""
        meta = self.model._meta
        return f"{reverse(f'admin:{meta.app_label}_{meta.model_name}_changelist')}?q={self.of(symbol)}"


def newest(model: type[Model], by: str = "-on", count: int = ROWS) -> Callable[[str], Rows]:
    return lambda symbol: list(model._default_manager.filter(symbol=symbol).order_by(by)[:count])


def each(cells: Callable[[Any], list[Cell]]) -> Callable[[Rows, bool], list[list[Cell]]]:
    """Rows that are written one by one."""
    return lambda rows, may_read: [cells(row) for row in rows[:ROWS]]


def bars(rows: Rows, may_read: bool) -> list[list[Cell]]:
    """Daily bars, each coloured against the close of the day before: hence one row more is read than shown."""
    lines = []
    for row, before in pairwise([*rows, None]):
        close, previous = row.close_price, before.close_price if before else None
        change = close - previous if close is not None and previous else None
        rate = Decimal(change * 100) / previous if change is not None and previous else None
        prices = (row.open_price, row.high_price, row.low_price)
        lines.append([
            show.day(row.on), Cell(show.whole(close), show.way_of(change)), show.gain(change),
            Cell(show.change_percent(rate), show.way_of(change)),
            *(Cell(show.whole(price), show.against(price, previous)) for price in prices),
            show.number(row.volume), Cell(show.hundred_millions(row.amount)),
        ])  # fmt: skip
    return lines[:ROWS]


def prices(row: DailyPrice) -> list[Cell]:
    base = row.close_price - row.change if row.close_price is not None and row.change is not None else None
    way = show.way_of(row.change)
    return [
        show.day(row.on), Cell(show.whole(row.close_price), way), show.gain(row.change),
        Cell(show.change_percent(row.change_rate), way),
        *(Cell(show.whole(price), show.against(price, base))
          for price in (row.open_price, row.high_price, row.low_price)),
        show.number(row.volume), Cell(show.hundred_millions(row.amount)), Cell(show.amount(row.market_cap)),
    ]  # fmt: skip


def flows(row: InvestorFlow) -> list[Cell]:
    amounts = (row.foreign_amount, row.institution_amount, row.person_amount)
    quantities = (row.foreign_quantity, row.institution_quantity, row.person_quantity)
    return [show.day(row.on), *map(show.gain_in_hundred_millions, amounts), *map(show.gain, quantities)]


def shorts(row: ShortSale) -> list[Cell]:
    return [
        show.day(row.on), show.number(row.quantity), Cell(show.percent(row.volume_rate)),
        Cell(show.hundred_millions(row.amount)), Cell(show.percent(row.amount_rate)), show.number(row.average_price),
    ]  # fmt: skip


def credit(row: CreditBalance) -> list[Cell]:
    return [
        show.day(row.on), show.number(row.loan_balance), Cell(show.hundred_millions(row.loan_amount)),
        Cell(show.percent(row.loan_rate)), show.number(row.loan_new), show.number(row.loan_repaid),
        show.number(row.lending_balance), Cell(show.percent(row.lending_rate)),
    ]  # fmt: skip


def dividends(row: Dividend) -> list[Cell]:
    return [
        show.day(row.record_on), show.plain(row.kind), show.plain(row.stock_kind), Cell(show.exact(row.amount)),
        Cell(show.percent(row.rate)), show.day(row.paid_on),
    ]  # fmt: skip


def filings_of(symbol: str) -> Rows:
    text = FilingText.objects.filter(pk=OuterRef("pk"), body__isnull=False)
    return list(Filing.objects.filter(symbol=symbol).annotate(has_text=Exists(text)).order_by("-rcept_no")[:ROWS])


def filings(rows: Rows, may_read: bool) -> list[list[Cell]]:
    """The report leads to the text that is stored here; only where there is none to DART's own viewer."""
    lines = []
    for row in rows:
        ours = row.has_text and may_read
        link = reverse("admin:collectors_filingtext_change", args=[row.pk]) if ours else f"{DART_VIEWER}{row.pk}"
        title = Cell(row.report.strip(), link=link, outside=not ours)
        lines.append([show.day(row.received_on), title, show.plain(row.filer), show.plain(row.remarks)])
    return lines


def latest_report(model: type[Figure]) -> Callable[[str], Rows]:
    """Lines of the newest report of a company: of the last season, consolidated where there is such."""
    order = Case(*(When(sheet=sheet, then=Value(n)) for n, sheet in enumerate(SHEETS)), default=Value(len(SHEETS)),
                 output_field=IntegerField())  # fmt: skip

    def season(found: tuple[int, str, str, str]) -> tuple[int, int, str, bool]:
        year, report, receipt, basis = found
        return year, SEASONS.index(report) if report in SEASONS else -1, receipt, basis == Figure.Basis.CONSOLIDATED

    def rows(symbol: str) -> Rows:
        lines = model._default_manager.filter(symbol=symbol)
        reports = lines.order_by().values_list("year", "report", "rcept_no", "basis").distinct()
        if not (last := max(reports, key=season, default=None)):
            return []
        _year, _report, receipt, basis = last
        return list(lines.filter(rcept_no=receipt, basis=basis).order_by(order, "position", "pk")[:ROWS])

    return rows


def figures(row: Figure) -> list[Cell]:
    money = show.amount if row.currency in ("KRW", "") else show.exact
    term = f"{row.year} {row.get_report_display()}"
    kind = f"{row.get_basis_display()} {row.get_sheet_display()}"
    return [
        show.plain(row.name), show.plain(term), show.plain(kind),
        *(Cell(money(value), "down" if value is not None and value < 0 else "")
          for value in (row.amount, row.amount_to_date, row.previous)),
    ]  # fmt: skip


DAY_HEADS = (
    _("day"), _("close"), _("change"), _("change rate"), _("open"), _("high"), _("low"), _("volume"),
    _("amount (KRW 100m)"),
)  # fmt: skip
FLOW_HEADS = (
    _("day"), _("foreigners (KRW 100m)"), _("institutions (KRW 100m)"), _("individuals (KRW 100m)"),
    _("foreigners, shares"), _("institutions, shares"), _("individuals, shares"),
)  # fmt: skip
SHORT_HEADS = (
    _("day"), _("short sold, shares"), _("part of volume"), _("short sold (KRW 100m)"), _("part of amount"),
    _("average price"),
)  # fmt: skip
CREDIT_HEADS = (
    _("day"), _("credit balance, shares"), _("credit balance (KRW 100m)"), _("credit rate"),
    _("new credit, shares"), _("repaid credit, shares"), _("stock loan balance, shares"), _("stock loan rate"),
)  # fmt: skip
DIVIDEND_HEADS = (
    _("record date"), _("kind"), _("kind of share"), _("a share (KRW)"), _("cash rate"), _("paid on"),
)  # fmt: skip
FILING_HEADS = (_("received on"), _("report"), _("filer"), _("remarks"))
FIGURE_HEADS = (_("account name"), _("term"), _("statement and basis"), _("this term"), _("to date"), _("last term"))

SECTIONS = (
    Section("bars", _("Daily bars"), DailyBar, "daily-bars", DAY_HEADS, newest(DailyBar, count=ROWS + 1), bars),
    Section("flows", _("Investor flows"), InvestorFlow, "investor-flows", FLOW_HEADS, newest(InvestorFlow),
            each(flows)),
    Section("shorts", _("Short sales"), ShortSale, "short-sales", SHORT_HEADS, newest(ShortSale), each(shorts)),
    Section("credit", _("Credit balances"), CreditBalance, "credit", CREDIT_HEADS, newest(CreditBalance),
            each(credit)),
    Section("filings", _("filings"), Filing, "filings", FILING_HEADS, filings_of, filings, watched=False,
            of=common_share, words=4),
    Section("dividends", _("Dividends"), Dividend, "dividends", DIVIDEND_HEADS, newest(Dividend, "-record_on"),
            each(dividends), words=3),
    Section("accounts", _("key accounts"), KeyAccount, "key-accounts", FIGURE_HEADS, latest_report(KeyAccount),
            each(figures), watched=False, of=common_share, words=3),
    Section("statements", _("financial statements"), StatementLine, "statements", FIGURE_HEADS,
            latest_report(StatementLine), each(figures), of=common_share, words=3),
    Section("prices", _("Daily prices of data.go.kr"), DailyPrice, "open-prices", (*DAY_HEADS, _("market cap")),
            newest(DailyPrice), each(prices), watched=False),
)  # fmt: skip

"""What DART publishes: companies, filings, their texts, and the figures of their reports.

PHP pages may read these tables, hence DART's own column names. Amounts are in the currency of their row, mostly KRW;
NULL is "not told", and never 0.
"""

import zlib
from decimal import Decimal

from django.db import models
from django.utils.translation import gettext_lazy as _

from collectors.dart.values import DECIMALS, WHOLE_DIGITS
from market.models import SYMBOL_LENGTH

CORP_LENGTH, RECEIPT_LENGTH, ID_LENGTH = 8, 14, 40
CORP_NAME, REPORT_NAME, ACCOUNT_NAME = 150, 300, 300


def money(title: object, column: str, meaning: str) -> "models.DecimalField[Decimal | None, Decimal | None]":
    """An amount in the row's currency, signed."""
    return models.DecimalField(
        title,  # type: ignore[arg-type]
        max_digits=WHOLE_DIGITS + DECIMALS,
        decimal_places=DECIMALS,
        null=True,
        db_column=column,
        help_text=meaning,
    )


def code(title: object, length: int, column: str, **options: object) -> "models.CharField[str, str]":
    """A short text of DART's own, compared letter by letter."""
    given = {} if options.get("primary_key") else {"default": "", "db_default": ""}
    return models.CharField(
        title,  # type: ignore[arg-type]
        max_length=length,
        db_column=column,
        db_collation="utf8mb4_bin",
        **{**given, **options},  # type: ignore[arg-type]
    )


def words(title: object, length: int, column: str) -> "models.CharField[str, str]":
    """A text for people."""
    return models.CharField(title, max_length=length, db_column=column, default="", db_default="")  # type: ignore[arg-type]


def fetched() -> "models.DateTimeField[object, object]":
    return models.DateTimeField(_("fetched at"), help_text="when the answer came that this row was made of")


class CorpQuerySet(models.QuerySet["Corp"]):
    def listed(self) -> "CorpQuerySet":
        """Companies that have a stock code: those on a market, and those that once were."""
        return self.exclude(symbol="")


class Corp(models.Model):
    """A company that files reports (corpCode.xml), listed or not."""

    corp_code = code(_("DART code"), CORP_LENGTH, "corp_code", primary_key=True)
    symbol = code(_("symbol"), SYMBOL_LENGTH, "stock_code", db_index=True)
    name = words(_("company"), CORP_NAME, "corp_name")
    english_name = words(_("English name"), CORP_NAME, "corp_eng_name")
    modified_on = models.DateField(_("changed on"), null=True, db_column="modify_date")
    fetched_at = fetched()

    objects = CorpQuerySet.as_manager()

    class Meta:
        verbose_name = _("company")
        verbose_name_plural = _("companies")
        ordering = ["corp_code"]

    def __str__(self) -> str:
        return f"{self.name} ({self.symbol or self.corp_code})"


class Filing(models.Model):
    """One filing (list.json). A correction is a filing of its own, with a receipt number of its own."""

    class Market(models.TextChoices):
        KOSPI = "Y", _("KOSPI")
        KOSDAQ = "K", _("KOSDAQ")
        KONEX = "N", _("KONEX")
        OTHER = "E", _("other market")

    rcept_no = code(_("receipt no."), RECEIPT_LENGTH, "rcept_no", primary_key=True)
    received_on = models.DateField(_("received on"), db_column="rcept_dt", db_index=True)
    symbol = code(_("symbol"), SYMBOL_LENGTH, "stock_code")
    corp_code = code(_("DART code"), CORP_LENGTH, "corp_code")
    corp_name = words(_("company"), CORP_NAME, "corp_name")
    market = code(_("market"), 1, "corp_cls", choices=Market.choices)
    report = words(_("report"), REPORT_NAME, "report_nm")
    filer = words(_("filer"), CORP_NAME, "flr_nm")
    remarks = words(_("remarks"), 40, "rm")
    fetched_at = fetched()

    class Meta:
        verbose_name = _("filing")
        verbose_name_plural = _("filings")
        ordering = ["-rcept_no"]
        indexes = [models.Index(fields=["symbol", "received_on"], name="collectors_filing_symbol")]

    def __str__(self) -> str:
        return f"{self.corp_name} {self.report}"


class FilingText(models.Model):
    """The full text of a filing of a watched symbol (document.xml), compressed; its markup is left out."""

    filing = models.OneToOneField(
        Filing,
        models.DO_NOTHING,
        primary_key=True,
        db_column="rcept_no",
        db_constraint=False,
        related_name="full_text",
        verbose_name=_("filing"),
    )
    body = models.BinaryField(null=True, help_text="zlib, UTF-8")
    characters = models.PositiveIntegerField(_("characters"), null=True)
    encoding = code(_("encoding"), 16, "encoding")
    missing_at = models.DateTimeField(_("missing"), null=True, help_text="when DART last said that it has no text")
    fetched_at = fetched()

    class Meta:
        verbose_name = _("text of a filing")
        verbose_name_plural = _("texts of filings")
        ordering = ["-filing_id"]

    def __str__(self) -> str:
        return str(self.filing_id)

    @property
    def text(self) -> str:
        """The text in plain lines; "" where there is none yet."""
        return zlib.decompress(self.body).decode() if self.body else ""


class Figure(models.Model):
    """One line of the figures of a periodic report, as it stood in one receipt: a correction makes new lines.

    In the income statement of a quarter ``amount`` is the three months and ``amount_to_date`` the year so far.
    """

    class Report(models.TextChoices):
        Q1 = "11013", _("first quarter")
        HALF = "11012", _("half year")
        Q3 = "11014", _("third quarter")
        YEAR = "11011", _("annual report")

    class Basis(models.TextChoices):
        CONSOLIDATED = "CFS", _("consolidated")
        SEPARATE = "OFS", _("separate")

    class Sheet(models.TextChoices):
        BALANCE = "BS", _("balance sheet")
        INCOME = "IS", _("income statement")
        COMPREHENSIVE = "CIS", _("comprehensive income")
        CASH_FLOW = "CF", _("cash flow")
        EQUITY = "SCE", _("changes in equity")

    # What a line is known by is too long for an index: its hash is the key.
    id = models.CharField(primary_key=True, max_length=ID_LENGTH, db_collation="utf8mb4_bin", editable=False)
    symbol = code(_("symbol"), SYMBOL_LENGTH, "stock_code")
    corp_code = code(_("DART code"), CORP_LENGTH, "corp_code")
    rcept_no = code(_("receipt no."), RECEIPT_LENGTH, "rcept_no")
    year = models.PositiveSmallIntegerField(_("business year"), db_column="bsns_year")
    report = code(_("report"), 5, "reprt_code", choices=Report.choices)
    basis = code(_("basis"), 3, "fs_div", choices=Basis.choices)
    sheet = code(_("statement"), 3, "sj_div", choices=Sheet.choices)
    name = words(_("account name"), ACCOUNT_NAME, "account_nm")
    position = models.PositiveIntegerField(_("position"), null=True, db_column="ord")
    period = words(_("period"), 40, "thstrm_nm")
    amount = money(_("this term"), "thstrm_amount", "of the period; the balance on its last day")
    amount_to_date = money(_("to date"), "thstrm_add_amount", "since the year began")
    previous = money(_("last term"), "frmtrm_amount", "of the period before, or of its last year's twin")
    previous_to_date = money(_("last term to date"), "frmtrm_add_amount", "of the year before")
    before_previous = money(_("term before last"), "bfefrmtrm_amount", "annual reports only")
    currency = code(_("currency"), 3, "currency")
    fetched_at = fetched()

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.symbol or self.corp_code} {self.year} {self.get_report_display()} {self.name}"


class KeyAccount(Figure):
    """A key account of a listed company (fnlttMultiAcnt.json): some fifteen lines a report, for all companies."""

    class Meta:
        db_table = "collectors_account"
        verbose_name = _("key account")
        verbose_name_plural = _("key accounts")
        ordering = ["symbol", "-year", "-rcept_no", "basis", "position"]
        indexes = [
            models.Index(fields=["symbol", "year", "report"], name="collectors_account_symbol"),
            models.Index(fields=["year", "report"], name="collectors_account_report"),
        ]


class StatementLine(Figure):
    """A line of a full financial statement of a watched symbol (fnlttSinglAcntAll.json)."""

    account_id = code(_("account id"), 300, "account_id", help_text="of the taxonomy; not unique in a statement")
    detail = words(_("detail"), 300, "account_detail")

    class Meta:
        db_table = "collectors_statement"
        verbose_name = _("statement line")
        verbose_name_plural = _("financial statements")
        ordering = ["symbol", "-year", "-rcept_no", "basis", "sheet", "position"]
        indexes = [models.Index(fields=["symbol", "year", "report"], name="collectors_statement_symbol")]

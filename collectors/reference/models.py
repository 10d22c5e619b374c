"""What the broker tells about a day after it: one row per symbol (or market) and day, columns by KIS's names.

A fetch writes what it learned and never blanks what was known (`collectors.rows`). Amounts are KRW, quantities
shares; a negative net figure means that more was sold than bought.
"""

from typing import Any

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from market.models import SYMBOL_LENGTH


def symbol_column() -> Any:
    return models.CharField(
        _("symbol"), max_length=SYMBOL_LENGTH, db_column="stck_shrn_iscd", db_collation="utf8mb4_bin"
    )


def fetched_column() -> Any:
    return models.DateTimeField(_("fetched at"), db_default=Now())


def number(label: Any, column: str, **options: Any) -> Any:
    return models.BigIntegerField(label, null=True, db_column=column, **options)


def percent(label: Any, column: str) -> Any:
    return models.DecimalField(label, max_digits=11, decimal_places=4, null=True, db_column=column)


class DailyBar(models.Model):
    """One day's prices of one issue, adjusted (FHKST03010100)."""

    symbol = symbol_column()
    on = models.DateField(_("day"), db_column="stck_bsop_date")
    open_price = number(_("open"), "stck_oprc")
    high_price = number(_("high"), "stck_hgpr")
    low_price = number(_("low"), "stck_lwpr")
    close_price = number(_("close"), "stck_clpr", help_text=_("with the evening's trades"))
    regular_close = number(_("regular close"), "regular_close", help_text=_("at 15:30"))
    volume = number(_("volume"), "acml_vol")
    amount = number(_("amount"), "acml_tr_pbmn")
    fetched_at = fetched_column()

    class Meta:
        db_table = "collectors_dailybar"
        verbose_name = _("daily bar")
        verbose_name_plural = _("daily bars")
        ordering = ["-on", "symbol"]
        constraints = [models.UniqueConstraint(fields=["symbol", "on"], name="collectors_dailybar_key")]

    def __str__(self) -> str:
        return f"{self.symbol} {self.on}"


class InvestorFlow(models.Model):
    """Net purchases of one issue by kind of investor (FHPTJ04160001)."""

    symbol = symbol_column()
    on = models.DateField(_("day"), db_column="stck_bsop_date")
    person_quantity = number(_("individuals, shares"), "prsn_ntby_qty")
    foreign_quantity = number(_("foreigners, shares"), "frgn_ntby_qty")
    institution_quantity = number(_("institutions, shares"), "orgn_ntby_qty")
    person_amount = number(_("individuals"), "prsn_ntby_tr_pbmn", help_text="KRW")
    foreign_amount = number(_("foreigners"), "frgn_ntby_tr_pbmn", help_text="KRW")
    institution_amount = number(_("institutions"), "orgn_ntby_tr_pbmn", help_text="KRW")
    securities_quantity = number(_("securities firms"), "scrt_ntby_qty")
    trust_quantity = number(_("investment trusts"), "ivtr_ntby_qty")
    private_fund_quantity = number(_("private funds"), "pe_fund_ntby_vol")
    bank_quantity = number(_("banks"), "bank_ntby_qty")
    insurance_quantity = number(_("insurers"), "insu_ntby_qty")
    pension_quantity = number(_("pension funds"), "fund_ntby_qty")
    corporation_quantity = number(_("other corporations"), "etc_corp_ntby_vol")
    fetched_at = fetched_column()

    class Meta:
        db_table = "collectors_investorflow"
        verbose_name = _("investor flow")
        verbose_name_plural = _("investor flows")
        ordering = ["-on", "symbol"]
        constraints = [models.UniqueConstraint(fields=["symbol", "on"], name="collectors_investorflow_key")]

    def __str__(self) -> str:
        return f"{self.symbol} {self.on}"


class MarketFlow(models.Model):
    """Net purchases in a whole market by kind of investor (FHPTJ04040000)."""

    market = models.CharField(_("market"), max_length=8)
    on = models.DateField(_("day"), db_column="stck_bsop_date")
    index = models.DecimalField(_("index"), max_digits=12, decimal_places=2, null=True, db_column="bstp_nmix_prpr")
    person_amount = number(_("individuals"), "prsn_ntby_tr_pbmn", help_text="KRW")
    foreign_amount = number(_("foreigners"), "frgn_ntby_tr_pbmn", help_text="KRW")
    institution_amount = number(_("institutions"), "orgn_ntby_tr_pbmn", help_text="KRW")
    fetched_at = fetched_column()

    class Meta:
        db_table = "collectors_marketflow"
        verbose_name = _("market flow")
        verbose_name_plural = _("market flows")
        ordering = ["-on", "market"]
        constraints = [models.UniqueConstraint(fields=["market", "on"], name="collectors_marketflow_key")]

    def __str__(self) -> str:
        return f"{self.market} {self.on}"


class ShortSale(models.Model):
    """Short sales of one issue (FHPST04830000)."""

    symbol = symbol_column()
    on = models.DateField(_("day"), db_column="stck_bsop_date")
    quantity = number(_("short sold, shares"), "ssts_cntg_qty")
    volume_rate = percent(_("part of volume"), "ssts_vol_rlim")
    amount = number(_("short sold"), "ssts_tr_pbmn", help_text="KRW")
    amount_rate = percent(_("part of amount"), "ssts_tr_pbmn_rlim")
    average_price = number(_("average price"), "avrg_prc")
    fetched_at = fetched_column()

    class Meta:
        db_table = "collectors_shortsale"
        verbose_name = _("short sale")
        verbose_name_plural = _("short sales")
        ordering = ["-on", "symbol"]
        constraints = [models.UniqueConstraint(fields=["symbol", "on"], name="collectors_shortsale_key")]

    def __str__(self) -> str:
        return f"{self.symbol} {self.on}"


class CreditBalance(models.Model):
    """Shares of one issue bought on credit, and borrowed to be sold, by trade date (FHPST04760000)."""

    symbol = symbol_column()
    on = models.DateField(_("day"), db_column="deal_date")
    settled_on = models.DateField(_("settled on"), null=True, db_column="stlm_date")
    loan_new = number(_("new credit, shares"), "whol_loan_new_stcn")
    loan_repaid = number(_("repaid credit, shares"), "whol_loan_rdmp_stcn")
    loan_balance = number(_("credit balance, shares"), "whol_loan_rmnd_stcn")
    loan_amount = number(_("credit balance"), "whol_loan_rmnd_amt", help_text="KRW")
    loan_rate = percent(_("credit rate"), "whol_loan_rmnd_rate")
    lending_balance = number(_("stock loan balance, shares"), "whol_stln_rmnd_stcn")
    lending_amount = number(_("stock loan balance"), "whol_stln_rmnd_amt", help_text="KRW")
    lending_rate = percent(_("stock loan rate"), "whol_stln_rmnd_rate")
    fetched_at = fetched_column()

    class Meta:
        db_table = "collectors_creditbalance"
        verbose_name = _("credit balance")
        verbose_name_plural = _("credit balances")
        ordering = ["-on", "symbol"]
        constraints = [models.UniqueConstraint(fields=["symbol", "on"], name="collectors_creditbalance_key")]

    def __str__(self) -> str:
        return f"{self.symbol} {self.on}"


class Dividend(models.Model):
    """One dividend of the depository's schedule (HHKDB669102C0); blank where nothing is decided yet."""

    symbol = symbol_column()
    record_on = models.DateField(_("record date"), db_column="record_date")
    kind = models.CharField(_("kind"), max_length=20, db_column="divi_kind")
    stock_kind = models.CharField(_("kind of share"), max_length=20, db_column="stk_kind")
    name = models.CharField(_("name"), max_length=100, null=True, db_column="isin_name")
    face_value = number(_("face value"), "face_val")
    amount = models.DecimalField(
        _("a share"), max_digits=14, decimal_places=4, null=True, db_column="per_sto_divi_amt", help_text="KRW"
    )
    rate = percent(_("cash rate"), "divi_rate")
    stock_rate = percent(_("stock rate"), "stk_divi_rate")
    paid_on = models.DateField(_("paid on"), null=True, db_column="divi_pay_dt")
    fetched_at = fetched_column()

    class Meta:
        db_table = "collectors_dividend"
        verbose_name = _("dividend")
        verbose_name_plural = _("dividends")
        ordering = ["-record_on", "symbol"]
        constraints = [
            models.UniqueConstraint(
                fields=["symbol", "record_on", "kind", "stock_kind"], name="collectors_dividend_key"
            )
        ]

    def __str__(self) -> str:
        return f"{self.symbol} {self.record_on}"


class Ranking(models.Model):
    """One place of one of the day's rankings (FHPST01710000, FHPST01700000, FHPTJ04400000).

    A newer answer replaces the whole ranking of that day.
    """

    class By(models.TextChoices):
        VOLUME = "volume", _("volume")
        UP = "up", _("gainers")
        DOWN = "down", _("losers")
        FOREIGN_BUY = "foreign-buy", _("bought by foreigners")
        FOREIGN_SELL = "foreign-sell", _("sold by foreigners")
        INSTITUTION_BUY = "institution-buy", _("bought by institutions")
        INSTITUTION_SELL = "institution-sell", _("sold by institutions")

    by = models.CharField(_("ranked by"), max_length=16, choices=By.choices)
    on = models.DateField(_("day"))
    place = models.PositiveSmallIntegerField(_("place"), db_column="data_rank")
    symbol = symbol_column()
    name = models.CharField(_("name"), max_length=100, db_default="", db_column="hts_kor_isnm")
    price = number(_("price"), "stck_prpr")
    change = number(_("change"), "prdy_vrss")
    sign = models.CharField(_("sign"), max_length=1, null=True, db_column="prdy_vrss_sign")
    change_rate = percent(_("change rate"), "prdy_ctrt")
    volume = number(_("volume"), "acml_vol")
    net_quantity = number(_("net, shares"), "ntby_qty")
    net_amount = number(_("net amount"), "ntby_tr_pbmn", help_text="KRW")
    fetched_at = fetched_column()

    class Meta:
        db_table = "collectors_ranking"
        verbose_name = _("ranking")
        verbose_name_plural = _("rankings")
        ordering = ["-on", "by", "place"]
        constraints = [models.UniqueConstraint(fields=["by", "on", "place"], name="collectors_ranking_key")]

    def __str__(self) -> str:
        return f"{self.by} {self.on} {self.place}"

"""What the account owns, as the broker last told it; run_assets overwrites these rows in place.

PHP pages read the tables, hence KIS's column names. The three change together in one transaction, and only by a
complete answer: ``updated_at`` is when the broker was asked for it, so age tells whether the rows may be used.
"""

from datetime import datetime

from django.db import models
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

ACCOUNT_LENGTH = 12
SYMBOL_LENGTH = 12  # PDNO: six for a stock, seven for an ETN, twelve for a right or a fund
NAME_LENGTH = 60
ERROR_LENGTH = 500


def won(words: object, column: str, meaning: object) -> "models.BigIntegerField[int | None, int | None]":
    """An amount in KRW, signed (cash can be owed); NULL is "never told", and never 0."""
    return models.BigIntegerField(words, null=True, db_column=column, help_text=format_lazy("KRW, {}", meaning))  # type: ignore[arg-type]


class AccountQuerySet(models.QuerySet["Account"]):
    def fresh(self, since: datetime) -> "AccountQuerySet":
        """Accounts whose balance was asked for at ``since`` or later; one never read is not fresh."""
        return self.filter(updated_at__gte=since)


class Account(models.Model):
    """One securities account. The number itself is not here: ``id`` is a keyed hash, ``number`` a mask."""

    id = models.CharField(
        _("account"),
        primary_key=True,
        max_length=ACCOUNT_LENGTH,
        db_collation="utf8mb4_bin",
        help_text="keyed hash of the account number",
    )
    number = models.CharField(_("number"), max_length=11, default="", db_default="", help_text="1234****-01")
    updated_at = models.DateTimeField(
        _("updated at"), null=True, help_text="when the last complete balance was asked for; NULL before the first"
    )
    stale = models.BooleanField(
        _("stale"), default=True, db_default=True, help_text="the last attempt brought no complete balance"
    )
    stale_since = models.DateTimeField(_("stale since"), null=True)
    last_error = models.CharField(_("last error"), max_length=ERROR_LENGTH, default="", db_default="")
    last_error_at = models.DateTimeField(_("last error at"), null=True)

    objects = AccountQuerySet.as_manager()

    class Meta:
        verbose_name = _("account")
        verbose_name_plural = _("accounts")
        ordering = ["id"]

    def __str__(self) -> str:
        return self.number or self.id


class Balance(models.Model):
    """Cash and totals of one account (TTTC8434R, output2); what was realised today is another call's (TTTC8494R)."""

    account = models.OneToOneField(
        Account, models.CASCADE, primary_key=True, related_name="balance", verbose_name=_("account")
    )
    deposit = won(_("deposit"), "dnca_tot_amt", _("unsettled purchases not taken off"))
    deposit_d1 = won(_("deposit D+1"), "nxdy_excc_amt", _("cash on the next settlement day"))
    deposit_d2 = won(_("deposit D+2"), "prvs_rcdl_excc_amt", _("cash after everything traded is settled"))
    purchase_amount = won(_("purchase amount"), "pchs_amt_smtl_amt", _("what the holdings cost"))
    evaluation_amount = won(_("evaluation"), "evlu_amt_smtl_amt", _("what the holdings are worth"))
    profit_loss = won(_("profit and loss"), "evlu_pfls_smtl_amt", _("unrealised, fees and tax not taken off"))
    securities_value = won(_("securities"), "scts_evlu_amt", _("all securities of the account"))
    total_value = won(_("total value"), "tot_evlu_amt", _("securities and D+2 cash"))
    net_assets = won(_("net assets"), "nass_amt", _("total less loans"))
    bought_today = won(_("bought today"), "thdt_buy_amt", _("today's purchases"))
    sold_today = won(_("sold today"), "thdt_sll_amt", _("today's sales"))
    costs_today = won(_("fees and tax today"), "thdt_tlex_amt", _("fees and tax of today's trades"))
    previous_total = won(_("total yesterday"), "bfdy_tot_asst_evlu_amt", _("total value of the day before"))
    loans = won(_("loans"), "tot_loan_amt", _("all loans"))
    realised_profit = won(_("realised today"), "rlzt_pfls", _("today's sales, fees and tax taken off"))
    realised_at = models.DateTimeField(
        _("realised as of"),
        null=True,
        help_text=_("of which balance it holds; older than updated_at: sales are missing"),
    )
    updated_at = models.DateTimeField(_("updated at"), null=True)

    class Meta:
        verbose_name = _("balance")
        verbose_name_plural = _("balances")
        ordering = ["account"]

    def __str__(self) -> str:
        return str(self.account)


class HoldingQuerySet(models.QuerySet["Holding"]):
    def of(self, account: str) -> dict[str, "Holding"]:
        """What this account holds, by symbol; how old that is stands in the account's row."""
        return {holding.symbol: holding for holding in self.filter(account_id=account)}


class Holding(models.Model):
    """One instrument that the account holds (TTTC8434R, output1); a row with no shares left is not kept."""

    # Account and symbol in one: a repeated write finds its row by the primary key and uses up no numbers.
    id = models.CharField(
        primary_key=True, max_length=ACCOUNT_LENGTH + 1 + SYMBOL_LENGTH, db_collation="utf8mb4_bin", editable=False
    )
    account = models.ForeignKey(Account, models.CASCADE, related_name="holdings", verbose_name=_("account"))
    symbol = models.CharField(_("symbol"), max_length=SYMBOL_LENGTH, db_column="pdno", db_collation="utf8mb4_bin")
    name = models.CharField(_("name"), max_length=NAME_LENGTH, default="", db_default="", db_column="prdt_name")
    quantity = models.PositiveBigIntegerField(
        _("quantity"), default=0, db_default=0, db_column="hldg_qty", help_text="shares"
    )
    orderable_quantity = models.PositiveBigIntegerField(
        _("orderable"), default=0, db_default=0, db_column="ord_psbl_qty", help_text="shares that may be sold now"
    )
    average_price = models.DecimalField(
        _("average price"), max_digits=16, decimal_places=4, null=True, db_column="pchs_avg_pric", help_text="KRW"
    )
    last_price = models.PositiveIntegerField(
        _("last price"), null=True, db_column="prpr", help_text="KRW, as old as this row; market_quote is newer"
    )
    purchase_amount = won(_("purchase amount"), "pchs_amt", _("what they cost"))
    evaluation_amount = won(_("evaluation"), "evlu_amt", _("what they are worth"))
    profit_loss = won(_("profit and loss"), "evlu_pfls_amt", _("unrealised, fees and tax not taken off"))
    profit_rate = models.DecimalField(
        _("profit rate"), max_digits=12, decimal_places=2, null=True, db_column="evlu_pfls_rt", help_text="percent"
    )
    updated_at = models.DateTimeField(_("updated at"), null=True)

    objects = HoldingQuerySet.as_manager()

    class Meta:
        verbose_name = _("holding")
        verbose_name_plural = _("holdings")
        ordering = ["account", "symbol"]

    def __str__(self) -> str:
        return f"{self.name or self.symbol} ({self.symbol})"

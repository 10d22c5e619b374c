"""What data.go.kr publishes about the market of a day, one business day late.

PHP pages may read these tables, hence the source's own column names. NULL is "not told", and never 0.
"""

from django.db import models
from django.utils.translation import gettext_lazy as _

from market.models import NAME_LENGTH, SYMBOL_LENGTH


class DailyPrice(models.Model):
    """The day of one symbol (getStockPriceInfo), stocks of all boards without funds; prices in KRW.

    A halted issue has a close and no open, high and low: nobody shall draw a bar from it.
    """

    # Symbol and day in one, 005930:20261120: rows of a symbol lie side by side, as a chart reads them.
    id = models.CharField(primary_key=True, max_length=SYMBOL_LENGTH + 9, db_collation="utf8mb4_bin", editable=False)
    symbol = models.CharField(_("symbol"), max_length=SYMBOL_LENGTH, db_column="srtnCd", db_collation="utf8mb4_bin")
    on = models.DateField(_("day"), db_column="basDt")
    name = models.CharField(_("name"), max_length=NAME_LENGTH, default="", db_default="", db_column="itmsNm")
    market = models.CharField(_("market"), max_length=10, default="", db_default="", db_column="mrktCtg")
    open_price = models.PositiveIntegerField(_("open"), null=True, db_column="mkp")
    high_price = models.PositiveIntegerField(_("high"), null=True, db_column="hipr")
    low_price = models.PositiveIntegerField(_("low"), null=True, db_column="lopr")
    close_price = models.PositiveIntegerField(_("closing price"), null=True, db_column="clpr")
    change = models.IntegerField(_("change"), null=True, db_column="vs", help_text="KRW")
    change_rate = models.DecimalField(_("change rate"), max_digits=12, decimal_places=2, null=True, db_column="fltRt")
    volume = models.PositiveBigIntegerField(_("volume"), null=True, db_column="trqu", help_text="shares")
    amount = models.PositiveBigIntegerField(_("amount"), null=True, db_column="trPrc", help_text="KRW")
    shares = models.PositiveBigIntegerField(_("listed shares"), null=True, db_column="lstgStCnt")
    market_cap = models.PositiveBigIntegerField(_("market cap"), null=True, db_column="mrktTotAmt", help_text="KRW")
    fetched_at = models.DateTimeField(_("fetched at"))

    class Meta:
        verbose_name = _("daily price")
        verbose_name_plural = _("daily prices")
        ordering = ["-on", "symbol"]
        constraints = [models.UniqueConstraint(fields=["symbol", "on"], name="collectors_dailyprice_symbol_on")]
        indexes = [models.Index(fields=["on", "symbol"], name="collectors_dailyprice_on")]

    def __str__(self) -> str:
        return f"{self.name} ({self.symbol}) {self.on}"


class ListedIssue(models.Model):
    """A listed issue as of its last list (getItemInfo): its ISIN and the company behind it."""

    symbol = models.CharField(
        _("symbol"), primary_key=True, max_length=SYMBOL_LENGTH, db_column="srtnCd", db_collation="utf8mb4_bin"
    )
    on = models.DateField(_("day"), db_column="basDt", db_index=True)
    isin = models.CharField(_("ISIN"), max_length=12, default="", db_default="", db_column="isinCd")
    name = models.CharField(_("name"), max_length=NAME_LENGTH, default="", db_default="", db_column="itmsNm")
    market = models.CharField(_("market"), max_length=10, default="", db_default="", db_column="mrktCtg")
    corp_no = models.CharField(_("corporation no."), max_length=13, default="", db_default="", db_column="crno")
    corp_name = models.CharField(_("company"), max_length=100, default="", db_default="", db_column="corpNm")
    fetched_at = models.DateTimeField(_("fetched at"))

    class Meta:
        verbose_name = _("listed issue")
        verbose_name_plural = _("listed issues")
        ordering = ["symbol"]

    def __str__(self) -> str:
        return f"{self.name} ({self.symbol})"

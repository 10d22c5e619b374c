"""Indices and rates of other countries: the latest figure of each, and its daily bars."""

from typing import Any

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

SYMBOL_LENGTH = 16


def points(label: Any, column: str) -> Any:
    return models.DecimalField(label, max_digits=16, decimal_places=4, null=True, db_column=column)


class OverseasQuote(models.Model):
    """The latest figure of one index or rate (FHKST03030100); one row each, overwritten in place."""

    symbol = models.CharField(
        _("symbol"), max_length=SYMBOL_LENGTH, primary_key=True, db_column="stck_shrn_iscd", db_collation="utf8mb4_bin"
    )
    place = models.PositiveSmallIntegerField(_("place"), db_default=0)
    name = models.CharField(_("name"), max_length=40, db_column="hts_kor_isnm")
    price = points(_("price"), "ovrs_nmix_prpr")
    change = points(_("change"), "ovrs_nmix_prdy_vrss")
    change_rate = models.DecimalField(
        _("change rate"), max_digits=9, decimal_places=2, null=True, db_column="prdy_ctrt"
    )
    previous_close = points(_("previous close"), "ovrs_nmix_prdy_clpr")
    on = models.DateField(_("day there"), null=True, db_column="stck_bsop_date", help_text=_("at the exchange"))
    is_open = models.BooleanField(pgettext_lazy("exchange", "trading"), db_default=False)
    read_at = models.DateTimeField(_("read at"), null=True)

    class Meta:
        db_table = "collectors_overseasquote"
        verbose_name = _("overseas quote")
        verbose_name_plural = _("overseas quotes")
        ordering = ["place"]

    def __str__(self) -> str:
        return self.name


class OverseasBar(models.Model):
    """One day of an index or rate, dated as at its exchange; ``final`` once that exchange had closed."""

    symbol = models.CharField(
        _("symbol"), max_length=SYMBOL_LENGTH, db_column="stck_shrn_iscd", db_collation="utf8mb4_bin"
    )
    on = models.DateField(_("day there"), db_column="stck_bsop_date")
    open_price = points(_("open"), "ovrs_nmix_oprc")
    high_price = points(_("high"), "ovrs_nmix_hgpr")
    low_price = points(_("low"), "ovrs_nmix_lwpr")
    close_price = points(_("close"), "ovrs_nmix_prpr")
    volume = models.BigIntegerField(_("volume"), null=True, db_column="acml_vol")
    final = models.BooleanField(_("final"), db_default=False)
    fetched_at = models.DateTimeField(_("fetched at"), db_default=Now())

    class Meta:
        db_table = "collectors_overseasbar"
        verbose_name = _("overseas bar")
        verbose_name_plural = _("overseas bars")
        ordering = ["-on", "symbol"]
        constraints = [models.UniqueConstraint(fields=["symbol", "on"], name="collectors_overseasbar_key")]

    def __str__(self) -> str:
        return f"{self.symbol} {self.on}"

"""Bars: what the EVENT keeps, the closed minutes on their way there, and the times in which nobody watched.

Times are Korean wall time in the database, prices KRW, volumes shares of the market.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

SYMBOL_LENGTH = 9


class Interval(models.IntegerChoices):
    """Minutes of a bar; the trading day counts as 1440."""

    MINUTE = 1, _("1 min")
    FIVE = 5, _("5 min")
    QUARTER = 15, _("15 min")
    HOUR = 60, _("60 min")
    DAY = 1440, _("1 day")


#: How many days bars are kept where nobody says otherwise. A year of minutes of 200 symbols would be 2 GB.
KEPT_DAYS = {
    Interval.MINUTE: 30,
    Interval.FIVE: 120,
    Interval.QUARTER: 370,
    Interval.HOUR: 1100,
    Interval.DAY: 3700,
}


def symbol_column() -> Any:
    return models.CharField(_("symbol"), max_length=SYMBOL_LENGTH, db_collation="utf8mb4_bin")


class Prices(models.Model):
    """The five figures of a bar."""

    open = models.PositiveIntegerField(_("open"))
    high = models.PositiveIntegerField(_("high"))
    low = models.PositiveIntegerField(_("low"))
    close = models.PositiveIntegerField(_("close"))
    volume = models.PositiveBigIntegerField(_("volume"), help_text="shares")

    class Meta:
        abstract = True


class MarketBarQuerySet(models.QuerySet["MarketBar"]):
    def before(self, symbol: str, interval: int, until: datetime, count: int) -> list["MarketBar"]:
        """The newest ``count`` bars that begin before ``until``, the oldest first; by the primary key alone."""
        found = self.filter(symbol=symbol, interval=interval, starts_at__lt=until).order_by("-starts_at")
        return [*reversed(found[:count])]


class MarketBar(Prices):
    """One bar of one symbol. The database itself writes this table (`market.bar_sql`), nobody else.

    Minutes hold every tick by its own time. Those of the closing auction belong to the last bar before the close
    in the longer intervals, and a day is continuous trading with that print, without the evening.
    """

    pk = models.CompositePrimaryKey("symbol", "interval", "starts_at")
    symbol = symbol_column()
    interval = models.PositiveSmallIntegerField(_("interval"), choices=Interval.choices, help_text=_("minutes"))
    starts_at = models.DateTimeField(_("starts at"))

    objects = MarketBarQuerySet.as_manager()

    class Meta:
        db_table = "market_bar"
        verbose_name = _("bar")
        verbose_name_plural = _("bars")
        indexes = [models.Index(fields=["interval", "starts_at"], name="market_bar_by_age")]

    def __str__(self) -> str:
        return f"{self.symbol} {self.interval} {self.starts_at:%Y-%m-%d %H:%M}"


class ClosedBar(Prices):
    """A minute that is over, as run_ws_market knows it; the EVENT moves it on. Written again when a late tick came."""

    pk = models.CompositePrimaryKey("symbol", "starts_at")
    symbol = symbol_column()
    starts_at = models.DateTimeField(_("starts at"))
    moving = models.BooleanField(_("being moved"), default=False, db_default=False)

    class Meta:
        db_table = "market_closedbar"
        verbose_name = _("closed minute")
        verbose_name_plural = _("closed minutes")

    def __str__(self) -> str:
        return f"{self.symbol} {self.starts_at:%Y-%m-%d %H:%M}"


class BarGapQuerySet(models.QuerySet["BarGap"]):
    def between(self, symbol: str, since: datetime, until: datetime) -> Iterable["BarGap"]:
        """Gaps that touch this time, the oldest first."""
        return self.filter(symbol=symbol, starts_at__lt=until, ends_at__gt=since).order_by("starts_at")


class BarGap(models.Model):
    """From ``starts_at`` up to ``ends_at``, in trading hours, no ticks of this symbol reached the desk.

    A minute of it without a bar may have had trades, and a bar that it touches may lack some.
    """

    class Reason(models.TextChoices):
        STOPPED = "stopped", _("the collector was not running")
        SESSION = "session", _("the session was down")
        UNWATCHED = "unwatched", _("it was not watched")
        DROPPED = "dropped", _("the database was away for too long")

    pk = models.CompositePrimaryKey("symbol", "starts_at")
    symbol = symbol_column()
    starts_at = models.DateTimeField(_("from"))
    ends_at = models.DateTimeField(_("until"))
    reason = models.CharField(
        _("reason"), max_length=10, choices=Reason.choices, default=Reason.STOPPED, db_default=Reason.STOPPED
    )

    objects = BarGapQuerySet.as_manager()

    class Meta:
        db_table = "market_bargap"
        verbose_name = _("gap in the bars")
        verbose_name_plural = _("gaps in the bars")

    def __str__(self) -> str:
        return f"{self.symbol} {self.starts_at:%Y-%m-%d %H:%M}-{self.ends_at:%H:%M}"


class BarRule(models.Model):
    """How long bars of one interval are kept."""

    interval = models.PositiveSmallIntegerField(_("interval"), primary_key=True, choices=Interval.choices)
    keep_days = models.PositiveSmallIntegerField(_("kept for"), help_text=_("days"))

    class Meta:
        db_table = "market_barrule"
        verbose_name = _("keeping of bars")
        verbose_name_plural = _("keeping of bars")
        ordering = ["interval"]

    def __str__(self) -> str:
        return f"{self.get_interval_display()} {self.keep_days}"


class BarState(models.Model):
    """One row: what the EVENT must know of the settings, and what it has to tell."""

    number = models.PositiveSmallIntegerField(primary_key=True, default=1, db_default=1)
    around_the_clock = models.BooleanField(default=False, db_default=False, help_text=_("the demo has no close"))
    ran_at = models.DateTimeField(_("last run"), null=True)
    last_error = models.CharField(_("last error"), max_length=200, default="", db_default="")
    last_error_at = models.DateTimeField(_("last error at"), null=True)

    class Meta:
        db_table = "market_barstate"
        verbose_name = _("state of the bars")
        verbose_name_plural = _("state of the bars")

    def __str__(self) -> str:
        return f"{self.ran_at:%Y-%m-%d %H:%M:%S}" if self.ran_at else "-"

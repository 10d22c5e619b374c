"""What a person allows, in one row, and who changed it."""

from django.db import models
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from trading.columns import MODES, STOPS
from trading.values import Mode, Stop


class Desk(models.Model):
    """What a person allows: mode, stop state, kill switch, limits. One row, number 1; without it nothing is sent."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, db_default=1, editable=False)
    mode = models.CharField(
        _("mode"), max_length=8, choices=MODES, default=Mode.DRY_RUN.value, db_default=Mode.DRY_RUN.value
    )
    stop = models.CharField(
        _("stop state"), max_length=8, choices=STOPS, default=Stop.NORMAL.value, db_default=Stop.NORMAL.value
    )
    stop_by = models.CharField(_("stop state set by"), max_length=150, default="", db_default="")
    stop_at = models.DateTimeField(_("stop state set at"), null=True)
    killed_at = models.DateTimeField(_("kill switch pressed at"), null=True)
    killed_by = models.CharField(_("kill switch pressed by"), max_length=150, default="", db_default="")
    lifted_at = models.DateTimeField(_("kill switch lifted at"), null=True)
    lifted_by = models.CharField(_("kill switch lifted by"), max_length=150, default="", db_default="")
    live_armed_until = models.DateTimeField(_("live trading armed until"), null=True)
    live_armed_by = models.CharField(_("live trading armed by"), max_length=150, default="", db_default="")
    max_order_quantity = models.PositiveIntegerField(
        _("shares an order"), default=1_000, db_default=1_000, help_text=_("shares")
    )
    max_order_amount = models.PositiveBigIntegerField(
        _("value of an order"), default=1_000_000, db_default=1_000_000, help_text=_("KRW")
    )
    max_symbol_amount = models.PositiveBigIntegerField(
        _("value of a symbol a day"), default=3_000_000, db_default=3_000_000, help_text=_("KRW, both sides")
    )
    max_day_amount = models.PositiveBigIntegerField(
        _("value of a day"), default=10_000_000, db_default=10_000_000, help_text=_("KRW, both sides")
    )
    max_orders_minute = models.PositiveSmallIntegerField(_("orders a minute"), default=10, db_default=10)
    max_orders_day = models.PositiveSmallIntegerField(_("orders a day"), default=100, db_default=100)
    max_day_loss = models.PositiveBigIntegerField(
        _("loss of a day"), null=True, blank=True, help_text=_("KRW; no buys below it; empty is no limit")
    )
    fee_rate = models.DecimalField(
        _("fee rate"), max_digits=8, decimal_places=7, default="0.00015", db_default="0.00015",
        help_text=_("part of a purchase's value"),
    )  # fmt: skip
    updated_at = models.DateTimeField(_("updated at"), db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("desk")
        verbose_name_plural = _("desk")
        permissions = [
            ("press_kill_switch", "Can press the kill switch and make the stop state stricter"),
            ("operate_desk", "Can operate the desk: stop, cancel, settle, modes, limits"),
            ("go_live", "Can switch the desk to live trading"),
            ("set_up_desk", "Can set up the desk: keys, account, database"),
        ]

    def __str__(self) -> str:
        return f"{self.get_mode_display()}, {self.get_stop_display()}"


class DeskChange(models.Model):
    """What a person changed on the desk: append only, written in the transaction of the change itself."""

    at = models.DateTimeField(_("at"), db_index=True)
    who = models.CharField(_("who"), max_length=150)
    what = models.CharField(_("what"), max_length=32, help_text=_("a switch, a limit, an order"))
    before = models.CharField(_("before"), max_length=120, default="", db_default="")
    after = models.CharField(_("after"), max_length=120, default="", db_default="")

    class Meta:
        verbose_name = _("change of the desk")
        verbose_name_plural = _("changes of the desk")
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{timezone.localtime(self.at):%Y-%m-%d %H:%M:%S} {self.who}"

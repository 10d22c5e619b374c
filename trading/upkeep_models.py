"""An account that lies idle: what a person wants done about it, and what was proposed."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from trading.columns import symbol_field
from trading.condition_models import Condition
from trading.ledger_models import Order


class UpkeepSetting(models.Model):
    """What a person wants done about an account that lies idle. One row, number 1; without it the desk asks."""

    class Way(models.TextChoices):
        OFF = "off", _("off")
        ASK = "ask", _("ask first")
        AUTOMATIC = "automatic", _("automatic")

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, db_default=1, editable=False)
    way = models.CharField(
        _("when the account lies idle"), max_length=10, choices=Way.choices, default=Way.ASK, db_default=Way.ASK
    )
    traded_elsewhere_on = models.DateField(
        _("last trade made elsewhere"),
        null=True,
        blank=True,
        help_text=_("by HTS, app or telephone, where the desk does not know of it"),
    )

    class Meta:
        verbose_name = _("upkeep setting")
        verbose_name_plural = _("upkeep setting")

    def __str__(self) -> str:
        return str(self.get_way_display())


class Upkeep(models.Model):
    """A proposal to buy one share, so that the broker does not close an account that lies idle."""

    class State(models.TextChoices):
        PROPOSED = "proposed", _("waits for your word")
        APPROVED = "approved", _("approved")
        ORDERED = "ordered", _("condition made")
        DONE = "done", _("filled")
        DECLINED = "declined", _("declined")
        EXPIRED = "expired", _("expired")

    class Reason(models.TextChoices):
        UNDECIDED = "undecided", _("nobody decided in time")
        NEEDLESS = "needless", _("no longer needed: the account traded, or upkeep was switched off")
        UNFILLED = "unfilled", _("not filled on its day")

    symbol = symbol_field()
    name = models.CharField(_("name"), max_length=40, default="", db_default="")
    price = models.PositiveIntegerField(_("price seen"), help_text=_("KRW"))
    last_fill_on = models.DateField(_("last trade"))
    proposed_at = models.DateTimeField(_("proposed at"))
    state = models.CharField(_("state"), max_length=10, choices=State.choices, db_default=State.PROPOSED)
    decided_by = models.CharField(_("decided by"), max_length=150, default="", db_default="")
    decided_at = models.DateTimeField(_("decided at"), null=True)
    # Without constraints in the database: the proposal outlives both.
    condition = models.ForeignKey(
        Condition, models.DO_NOTHING, null=True, related_name="+", db_constraint=False, verbose_name=_("condition")
    )
    order = models.ForeignKey(
        Order, models.DO_NOTHING, null=True, related_name="+", db_constraint=False, verbose_name=_("order")
    )
    ended_at = models.DateTimeField(_("ended at"), null=True)
    reason = models.CharField(_("reason"), max_length=10, choices=Reason.choices, default="", db_default="")
    # True while open, NULL afterwards: a unique index looks away from NULL, so there is one open proposal at most.
    is_open = models.BooleanField(_("open"), null=True, default=True, db_default=True)

    class Meta:
        verbose_name = _("upkeep proposal")
        verbose_name_plural = _("upkeep proposals")
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["is_open"], name="trading_upkeep_one_open")]

    def __str__(self) -> str:
        return f"{self.symbol} {self.get_state_display()}"

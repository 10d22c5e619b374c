"""Strike conditions, and the history of what was changed in them."""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

from django.db import models
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from trading.columns import BINARY, PRICINGS, SIDES, SIZINGS, TRIGGERS, symbol_field
from trading.values import Pricing, Sizing


class Condition(models.Model):
    """A strike condition: when it is met, one order is due. Only what trigger, sizing and pricing ask for is set.

    ``revision`` grows with every change of what it says, so an order knows which words it was decided on;
    ``armed_at`` moves when it is switched on, and with it begins the count of its firings.
    """

    class Origin(models.TextChoices):
        ADMIN = "admin", _("admin")
        BOARD = "board", _("board")

    symbol = symbol_field()
    side = models.CharField(_("side"), max_length=4, choices=SIDES)
    enabled = models.BooleanField(_("on"), default=False, db_default=False)
    trigger = models.CharField(_("trigger"), max_length=12, choices=TRIGGERS)
    strike_price = models.PositiveIntegerField(_("strike price"), null=True, blank=True, help_text=_("KRW"))
    rate = models.DecimalField(
        _("rate"),
        max_digits=7,
        decimal_places=3,
        null=True,
        blank=True,
        help_text=_("percent, above zero: profit or loss against the average price, or way back from the best price"),
    )
    best_price = models.PositiveIntegerField(
        _("best price"), null=True, blank=True, editable=False, help_text=_("KRW, since armed; for trailing")
    )
    sizing = models.CharField(
        _("sizing"), max_length=8, choices=SIZINGS, default=Sizing.QUANTITY.value, db_default=Sizing.QUANTITY.value
    )
    quantity = models.PositiveIntegerField(_("quantity"), null=True, blank=True, help_text=_("shares"))
    amount = models.PositiveBigIntegerField(_("order amount"), null=True, blank=True, help_text=_("KRW"))
    pricing = models.CharField(
        _("pricing"), max_length=8, choices=PRICINGS, default=Pricing.STRIKE.value, db_default=Pricing.STRIKE.value
    )
    ticks = models.SmallIntegerField(
        _("ticks"), default=0, db_default=0, help_text=_("from the last price towards the fill; negative waits")
    )
    valid_from = models.DateField(_("valid from"), null=True, blank=True)
    valid_to = models.DateField(_("valid to"), null=True, blank=True, help_text=_("this day included"))
    hours_from = models.TimeField(_("hours from"), null=True, blank=True, help_text=_("KST"))
    hours_to = models.TimeField(_("hours until"), null=True, blank=True, help_text=_("KST"))
    repeat = models.PositiveSmallIntegerField(_("times"), default=1, db_default=1, help_text=_("orders since armed"))
    cool_down = models.PositiveIntegerField(
        _("cool-down"), default=60, db_default=60, help_text=_("seconds between two orders")
    )
    cancel_after = models.PositiveIntegerField(
        _("cancel after"), null=True, blank=True, help_text=_("seconds; empty leaves the order until the day ends")
    )
    source = models.CharField(
        _("source"), max_length=8, choices=Origin.choices, default=Origin.ADMIN, db_default=Origin.ADMIN
    )
    wr_id = models.PositiveIntegerField(
        _("board row"), null=True, blank=True, unique=True, editable=False, help_text=_("wr_id of the post")
    )
    problem = models.CharField(
        _("problem"), max_length=200, default="", db_default="", blank=True, editable=False,
        help_text=_("why it cannot be read; it never fires then"),
    )  # fmt: skip
    note = models.CharField(_("note"), max_length=200, default="", db_default="", blank=True)
    position = models.IntegerField(_("position"), default=0, db_default=0, help_text=_("lower is decided first"))
    revision = models.PositiveIntegerField(_("revision"), default=1, db_default=1, editable=False)
    armed_at = models.DateTimeField(_("armed at"), null=True, editable=False)
    switched_off_at = models.DateTimeField(_("switched off at"), null=True, editable=False)
    switched_off_reason = models.CharField(
        _("switched off because"), max_length=200, default="", db_default="", editable=False
    )
    created_at = models.DateTimeField(_("created at"), db_default=Now(), editable=False)
    updated_at = models.DateTimeField(_("updated at"), db_default=Now(), editable=False)

    #: What a condition says. A change of any of these is another revision.
    SAID = (
        "symbol", "side", "enabled", "trigger", "strike_price", "rate", "sizing", "quantity", "amount", "pricing",
        "ticks", "valid_from", "valid_to", "hours_from", "hours_to", "repeat", "cool_down", "cancel_after", "problem",
    )  # fmt: skip

    #: What a person wants to find in the history; the rest the engine keeps for itself.
    RECORDED = (*SAID, "note", "position", "switched_off_reason")

    history = HistoricalRecords(
        excluded_fields=["best_price", "armed_at", "switched_off_at", "created_at", "updated_at"],
        history_change_reason_field=models.CharField(_("reason"), max_length=200, null=True),
    )

    _KEPT = ("revision", "armed_at", "best_price", "switched_off_at", "switched_off_reason", "updated_at")

    class Meta:
        verbose_name = _("strike condition")
        verbose_name_plural = _("strike conditions")
        ordering = ["position", "id"]
        indexes = [models.Index(fields=["enabled", "position"], name="trading_condition_due")]

    def __str__(self) -> str:
        return f"{self.symbol} {self.get_side_display()} {self.get_trigger_display()}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Store it whole; a change of what it says makes a new revision, switching it on arms it anew.

        A save that changes nothing that a person would look for leaves no history.
        """
        before = Condition.objects.filter(pk=self.pk).first() if self.pk else None
        now = timezone.now()
        if before is None or (self.enabled and not before.enabled):
            self._arm(now)
        elif any(getattr(self, name) != getattr(before, name) for name in ("trigger", "side", "symbol")):
            self.best_price = None
        else:
            self.best_price = before.best_price  # the engine writes it, and its value is newer than our read
        if before is not None:
            changed = any(getattr(self, name) != getattr(before, name) for name in self.SAID)
            self.revision = before.revision + changed
        self.updated_at = now
        if (named := kwargs.get("update_fields")) is not None:
            kwargs["update_fields"] = {*named, *self._KEPT}
        worth_telling = before is None or any(getattr(self, name) != getattr(before, name) for name in self.RECORDED)
        with nullcontext() if worth_telling else self._without_history():
            super().save(*args, **kwargs)

    @contextmanager
    def _without_history(self) -> Iterator[None]:
        self.skip_history_when_saving = True  # simple_history asks whether it is there
        try:
            yield
        finally:
            del self.skip_history_when_saving

    def _arm(self, now: Any) -> None:
        self.armed_at, self.best_price = now, None
        self.switched_off_at, self.switched_off_reason = None, ""


# simple_history leaves the collation of the columns it copies behind.
Condition.history.model._meta.get_field("symbol").db_collation = BINARY

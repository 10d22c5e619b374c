"""The ledger of orders, their fills, the reasons why not, and the broker's own list.

The rules live in plain modules that know no Django (`trading.ledger`, `trading.checks`); `trading.database` keeps
their values here.
"""

from django.db import models
from django.utils.translation import gettext_lazy as _

from trading.columns import ANY_PRODUCT, BINARY, MODES, SIDES, SOURCES, STATES, symbol_field
from trading.condition_models import Condition
from trading.states import State
from trading.values import Source


class Order(models.Model):
    """The ledger: one row per intent, written before it is sent; and one per order that was made elsewhere."""

    intent_key = models.CharField(_("intent"), max_length=64, unique=True, db_collation=BINARY)
    # Without a constraint in the database: the ledger outlives its conditions.
    condition = models.ForeignKey(
        Condition,
        models.DO_NOTHING,
        null=True,
        related_name="orders",
        db_constraint=False,
        verbose_name=_("condition"),
    )
    condition_revision = models.PositiveIntegerField(_("revision"), default=0, db_default=0)
    source = models.CharField(_("source"), max_length=10, choices=SOURCES, db_default=Source.CONDITION.value)
    mode = models.CharField(_("mode"), max_length=8, choices=MODES)
    ordered_on = models.DateField(_("day"))
    symbol = symbol_field(ANY_PRODUCT)
    side = models.CharField(_("side"), max_length=4, choices=SIDES)
    quantity = models.PositiveIntegerField(_("quantity"), help_text=_("shares"))
    price = models.PositiveIntegerField(_("price"), null=True, help_text=_("KRW; none for a market order"))
    division = models.CharField(_("division"), max_length=2, db_default="00", help_text=_("ORD_DVSN"))
    reserve_price = models.PositiveIntegerField(
        _("reserved at"), null=True, help_text=_("KRW a share may cost at worst")
    )
    state = models.CharField(_("state"), max_length=12, choices=STATES, db_default=State.CREATED.value)
    version = models.PositiveIntegerField(_("version"), default=1, db_default=1)
    order_no = models.CharField(_("order no."), max_length=20, db_default="", db_collation=BINARY)
    branch_no = models.CharField(_("branch no."), max_length=10, db_default="")
    attempts = models.PositiveSmallIntegerField(_("attempts"), db_default=0)
    token_renewed = models.BooleanField(_("token renewed"), db_default=False)
    created_at = models.DateTimeField(_("created at"))
    changed_at = models.DateTimeField(_("changed at"))
    sent_at = models.DateTimeField(_("sent at"), null=True)
    accepted_at = models.DateTimeField(_("accepted at"), null=True)
    ended_at = models.DateTimeField(_("ended at"), null=True)
    filled_quantity = models.PositiveIntegerField(_("filled"), db_default=0, help_text=_("shares, by the inquiry"))
    filled_amount = models.PositiveBigIntegerField(_("filled amount"), db_default=0, help_text=_("KRW"))
    filled_at = models.DateTimeField(_("last fill learnt at"), null=True)
    noticed_quantity = models.PositiveIntegerField(
        _("filled by notice"), db_default=0, help_text=_("shares, provisional")
    )
    noticed_amount = models.PositiveBigIntegerField(_("amount by notice"), db_default=0, help_text=_("KRW"))
    noticed_at = models.DateTimeField(_("noticed at"), null=True)
    refused_at = models.DateTimeField(_("refused by notice at"), null=True)
    listed_at = models.DateTimeField(_("first listed at"), null=True)
    look_ups = models.PositiveIntegerField(_("look-ups"), db_default=0)
    clean_look_ups = models.PositiveIntegerField(_("look-ups without it"), db_default=0)
    look_up_at = models.DateTimeField(_("next look-up at"), null=True)
    candidates = models.PositiveSmallIntegerField(_("candidates"), db_default=0)
    cleared_at = models.DateTimeField(_("cleared at"), null=True)
    cancel_at = models.DateTimeField(_("cancel at"), null=True)
    cancel_sent_at = models.DateTimeField(_("cancel sent at"), null=True)
    cancel_attempts = models.PositiveSmallIntegerField(_("cancel attempts"), db_default=0)
    cancel_answered = models.BooleanField(_("cancel taken in"), db_default=False)
    code = models.CharField(_("code"), max_length=24, db_default="")
    reason = models.CharField(_("reason"), max_length=300, db_default="")
    quote_price = models.PositiveIntegerField(_("quote seen"), null=True, help_text=_("KRW"))
    quote_at = models.DateTimeField(_("quote received at"), null=True)
    assets_at = models.DateTimeField(_("account read at"), null=True)
    alarm = models.CharField(_("alarm"), max_length=200, db_default="")

    class Meta:
        verbose_name = _("order")
        verbose_name_plural = _("orders")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["ordered_on", "order_no"], name="trading_order_number"),
            models.Index(fields=["state"], name="trading_order_state"),
            models.Index(fields=["ordered_on", "state"], name="trading_order_day_state"),
            models.Index(fields=["condition", "created_at"], name="trading_order_condition"),
        ]

    def __str__(self) -> str:
        return f"{self.symbol} {self.get_side_display()} {self.quantity:,} {self.order_no}".rstrip()


class Fill(models.Model):
    """What one order has filled so far, by one source. KIS numbers no fill: totals are all there is."""

    class Source(models.TextChoices):
        NOTICE = "notice", _("execution notice")
        INQUIRY = "inquiry", _("order inquiry")

    traded_on = models.DateField(_("day"))
    order_no = models.CharField(
        _("order no."), max_length=20, db_collation=BINARY, help_text=_("without zeros in front")
    )
    source = models.CharField(_("source"), max_length=8, choices=Source.choices)
    quantity = models.PositiveIntegerField(_("quantity"), help_text=_("shares"))
    amount = models.PositiveBigIntegerField(_("amount"), help_text=_("KRW"))
    seen_at = models.DateTimeField(_("seen at"))

    class Meta:
        verbose_name = _("fill")
        verbose_name_plural = _("fills")
        ordering = ["-traded_on", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["traded_on", "order_no", "source"], name="trading_fill_one_total")
        ]

    def __str__(self) -> str:
        return f"{self.traded_on} {self.order_no} {self.quantity}"


class Refusal(models.Model):
    """Why a condition did not order: one row for a condition, a code and a day, counted."""

    condition = models.ForeignKey(
        Condition, models.CASCADE, related_name="refusals", db_constraint=False, verbose_name=_("condition")
    )
    condition_revision = models.PositiveIntegerField(_("revision"), default=0, db_default=0)
    refused_on = models.DateField(_("day"))
    code = models.CharField(_("code"), max_length=24, db_collation=BINARY)
    text = models.CharField(_("reason"), max_length=200, db_default="")
    symbol = symbol_field()
    side = models.CharField(_("side"), max_length=4, choices=SIDES)
    seen = models.JSONField(_("values seen"), default=dict)
    first_at = models.DateTimeField(_("first at"))
    last_at = models.DateTimeField(_("last at"), db_index=True)
    count = models.PositiveIntegerField(_("times counted"), default=1, db_default=1)

    class Meta:
        verbose_name = _("refusal")
        verbose_name_plural = _("refusals")
        ordering = ["-last_at"]
        constraints = [
            models.UniqueConstraint(fields=["condition", "code", "refused_on"], name="trading_refusal_one_a_day")
        ]

    def __str__(self) -> str:
        return f"{self.symbol} {self.get_side_display()}"


class BrokerOrder(models.Model):
    """The day's orders as the broker last listed them whole: the evidence a person needs to tell whose is whose."""

    listed_on = models.DateField(_("day"))
    order_no = models.CharField(_("order no."), max_length=20, db_collation=BINARY)
    branch_no = models.CharField(_("branch no."), max_length=10, default="", db_default="")
    kind = models.CharField(_("kind"), max_length=8, default="new", db_default="new")
    symbol = symbol_field(ANY_PRODUCT)
    side = models.CharField(_("side"), max_length=4, choices=SIDES)
    quantity = models.PositiveIntegerField(_("quantity"), help_text=_("shares"))
    price = models.PositiveIntegerField(_("price"), null=True, help_text=_("KRW; none for a market order"))
    filled_quantity = models.PositiveIntegerField(_("filled"), default=0, db_default=0, help_text=_("shares"))
    cancelled = models.BooleanField(_("cancelled"), default=False, db_default=False)
    ours = models.BooleanField(
        _("ours"), default=False, db_default=False, help_text=_("a row of the ledger has this number")
    )
    ordered_at = models.DateTimeField(_("ordered at"))
    seen_at = models.DateTimeField(_("seen at"))

    class Meta:
        verbose_name = _("order at the broker")
        verbose_name_plural = _("orders at the broker")
        ordering = ["-ordered_at"]
        constraints = [models.UniqueConstraint(fields=["listed_on", "order_no"], name="trading_listed_order_once")]

    def __str__(self) -> str:
        return f"{self.listed_on} {self.order_no}"

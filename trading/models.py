"""Strike conditions, the ledger of orders, their fills, the reasons why not, and the desk's one row.

The rules live in plain modules that know no Django (`trading.ledger`, `trading.checks`); `trading.database` keeps
their values here. Collation is binary wherever a symbol or a key is compared.
"""

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

from django.db import models
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from trading.states import State
from trading.views import Mode, Pricing, Sizing, Source, Stop, Trigger

BINARY = "utf8mb4_bin"
SIDES = [("buy", _("buy")), ("sell", _("sell"))]
MODES = [
    (Mode.DRY_RUN.value, _("dry run")),
    (Mode.MOCK.value, _("mock trading")),
    (Mode.LIVE.value, _("live trading")),
]
STATES = [
    (State.CREATED.value, _("to be sent")),
    (State.SENDING.value, _("being sent")),
    (State.UNKNOWN.value, _("unknown")),
    (State.ACCEPTED.value, _("accepted")),
    (State.PARTIAL.value, _("partly filled")),
    (State.CANCELLING.value, _("being cancelled")),
    (State.FILLED.value, _("filled")),
    (State.CANCELLED.value, _("cancelled")),
    (State.REJECTED.value, _("rejected")),
    (State.EXPIRED.value, _("expired")),
    (State.DENIED.value, _("denied")),
    (State.NOT_PLACED.value, _("not placed")),
    (State.NEEDS_HUMAN.value, _("needs a person")),
]
TRIGGERS = [
    (Trigger.AT_OR_BELOW.value, _("price at or below")),
    (Trigger.AT_OR_ABOVE.value, _("price at or above")),
    (Trigger.TAKE_PROFIT.value, _("take profit")),
    (Trigger.STOP_LOSS.value, _("stop loss")),
    (Trigger.TRAILING.value, _("trailing")),
]
SIZINGS = [
    (Sizing.QUANTITY.value, _("quantity")),
    (Sizing.AMOUNT.value, _("order amount")),
    (Sizing.ALL.value, _("all")),
]
PRICINGS = [
    (Pricing.STRIKE.value, _("limit at the strike price")),
    (Pricing.TICKS.value, _("limit with ticks")),
    (Pricing.MARKET.value, _("market order")),
]
STOPS = [
    (Stop.NORMAL.value, _("normal")),
    (Stop.NO_NEW.value, _("no new orders")),
    (Stop.FULL.value, _("full stop")),
]
SOURCES = [
    (Source.CONDITION.value, _("condition")),
    (Source.MANUAL.value, _("typed by hand")),
    (Source.EXTERNAL.value, _("made elsewhere")),
]


ANY_PRODUCT = 12
"""What an account may trade elsewhere has longer codes than what the desk trades (`stockdesk.kis.booked.product`)."""


def symbol_field(max_length: int = 9, **options: Any) -> "models.CharField[str, str]":
    return models.CharField(_("symbol"), max_length=max_length, db_collation=BINARY, **options)


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
            models.Index(fields=["condition", "created_at"], name="trading_order_condition"),
        ]

    def __str__(self) -> str:
        return f"{self.symbol} {self.side} {self.quantity} {self.order_no}".rstrip()


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
        return f"{self.symbol} {self.code}"


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
        permissions = [("operate_desk", "Can operate the desk: stop, cancel, settle, modes, limits")]

    def __str__(self) -> str:
        return f"{self.get_mode_display()}, {self.get_stop_display()}"


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
        return f"{self.what}: {self.before} -> {self.after}"


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

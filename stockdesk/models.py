"""Tables that all daemons share: lanes, tokens, connects, leases, events; calendar and programs have modules."""

from django.db import models
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from stockdesk.alert_models import Alert, AlertDelivery, AlertKey
from stockdesk.calendar.models import MarketDay, SessionWindow
from stockdesk.manager.models import ProgramOverride, ProgramState

__all__ = [
    "Alert", "AlertDelivery", "AlertKey", "Connection", "DaemonState", "Event", "Fence", "Lane", "MarketDay", "Pace",
    "ProgramOverride", "ProgramState", "SessionWindow", "Token",
]  # fmt: skip


class Lane(models.Model):
    """One lane of an app key's calls a second; `stockdesk.calls.budget` moves it by one UPDATE per call."""

    # The primary key is what the UPDATE goes by: one row is locked, and two are in the same order everywhere.
    name = models.CharField(_("name"), max_length=21, primary_key=True, help_text=_("key:lane"))
    key_id = models.CharField(_("key"), max_length=12)
    lane = models.CharField(_("lane"), max_length=8)
    spacing_us = models.PositiveBigIntegerField(_("spacing"), help_text=_("microseconds between two calls"))
    next_us = models.PositiveBigIntegerField(
        _("next slot"), db_default=0, help_text=_("microseconds since 1970 on the database's clock")
    )
    slow_factor = models.PositiveSmallIntegerField(_("slowed by"), db_default=1)
    slowed_us = models.PositiveBigIntegerField(_("slowed at"), db_default=0)
    slow_until_us = models.PositiveBigIntegerField(_("slowed until"), db_default=0)
    calls_today = models.PositiveIntegerField(_("calls today"), db_default=0)
    calls_on = models.DateField(_("day of the calls"), null=True)
    # Since the row was made, for figures: they only grow.
    calls = models.PositiveBigIntegerField(_("calls"), db_default=0)
    refused = models.PositiveBigIntegerField(_("refused"), db_default=0)
    too_many = models.PositiveBigIntegerField(_("refused as too many"), db_default=0, help_text="EGW00201")
    unanswered = models.PositiveBigIntegerField(_("unanswered"), db_default=0)
    unsent = models.PositiveBigIntegerField(_("not sent"), db_default=0)

    class Meta:
        db_table = "stockdesk_lane"
        verbose_name = _("call lane")
        verbose_name_plural = _("call lanes")

    def __str__(self) -> str:
        return self.name


class Token(models.Model):
    """The access token of an app key, one for all processes; sealed, so a copy of the table opens nothing."""

    key_id = models.CharField(_("key"), max_length=12, primary_key=True)
    sealed = models.TextField(_("sealed token"), blank=True, editable=False)
    digest = models.CharField(_("digest"), max_length=16, db_default="", help_text=_("tells one token from another"))
    issued_at = models.DateTimeField(_("issued at"), null=True)
    expires_at = models.DateTimeField(_("expires at"), null=True)
    attempted_at = models.DateTimeField(_("last attempt at"), null=True)
    may_issue_at = models.DateTimeField(_("next attempt not before"), null=True)
    last_error = models.CharField(_("last error"), max_length=200, db_default="")

    class Meta:
        db_table = "stockdesk_token"
        verbose_name = _("access token")
        verbose_name_plural = _("access tokens")

    def __str__(self) -> str:
        return self.key_id


class Connection(models.Model):
    """One permitted attempt to connect a session to the broker. Kept for 30 days."""

    key_id = models.CharField(_("key"), max_length=12)
    session = models.PositiveSmallIntegerField(_("session"))
    at = models.DateTimeField(_("permitted at"), db_default=Now())
    proved_at = models.DateTimeField(_("proved at"), null=True, help_text=_("after 60 s of data"))
    ended_at = models.DateTimeField(_("ended at"), null=True)
    outcome = models.CharField(_("outcome"), max_length=80, db_default="")

    class Meta:
        db_table = "stockdesk_connection"
        verbose_name = _("connection")
        verbose_name_plural = _("connections")
        indexes = [
            models.Index(fields=["key_id", "at"], name="stockdesk_conn_key_at"),
            models.Index(fields=["at"], name="stockdesk_conn_at"),
        ]

    def __str__(self) -> str:
        return f"{self.session} {self.at:%Y-%m-%d %H:%M:%S}"


class Pace(models.Model):
    """When an app key may connect again; the row ``*`` stands for all keys together."""

    key_id = models.CharField(_("key"), max_length=12, primary_key=True)
    next_at = models.DateTimeField(_("next connect not before"), null=True)
    streak = models.PositiveSmallIntegerField(_("unproved attempts"), db_default=0)
    quarantined_until = models.DateTimeField(_("quarantined until"), null=True)
    quarantines = models.PositiveSmallIntegerField(_("quarantines in a row"), db_default=0)
    reason = models.CharField(_("reason"), max_length=80, db_default="")
    connects = models.PositiveBigIntegerField(_("connects"), default=0, db_default=0)

    class Meta:
        db_table = "stockdesk_pace"
        verbose_name = _("connection pace")
        verbose_name_plural = _("connection paces")

    def __str__(self) -> str:
        return self.key_id


class DaemonState(models.Model):
    """The lease and the health of one daemon: who runs it, since when, and what its last step did."""

    name = models.CharField(_("name"), max_length=32, primary_key=True)
    holder = models.CharField(_("holder"), max_length=80, db_default="", help_text=_("host:pid:random; empty = free"))
    fence = models.PositiveBigIntegerField(_("fencing number"), db_default=0)
    expires_at = models.DateTimeField(_("lease expires at"), null=True)
    heartbeat_at = models.DateTimeField(_("heartbeat at"), null=True)
    started_at = models.DateTimeField(_("started at"), null=True)
    state = models.CharField(_("state"), max_length=12, db_default="stopped")
    last_step_at = models.DateTimeField(_("last step at"), null=True)
    last_error = models.CharField(_("last error"), max_length=500, db_default="")
    last_error_at = models.DateTimeField(_("last error at"), null=True)
    counters = models.JSONField(_("counters"), default=dict)
    version = models.CharField(_("version"), max_length=40, db_default="")

    class Meta:
        db_table = "stockdesk_daemon"
        verbose_name = _("daemon")
        verbose_name_plural = _("daemons")

    def __str__(self) -> str:
        return self.name


class Fence(models.Model):
    """The fencing number of a daemon, apart from its heartbeat.

    Writes that must come from the holder alone name this number, and MariaDB locks every row that an UPDATE
    reads: were it in ``DaemonState``, a locked quote would stop the heartbeat.
    """

    name = models.CharField(_("name"), max_length=32, primary_key=True)
    number = models.PositiveBigIntegerField(_("fencing number"), db_default=0)

    class Meta:
        db_table = "stockdesk_fence"
        verbose_name = _("fencing number")
        verbose_name_plural = _("fencing numbers")

    def __str__(self) -> str:
        return f"{self.name} {self.number}"


class Event(models.Model):
    """A degraded state with its beginning and end; at most one open row per source, code and subject."""

    started_at = models.DateTimeField(_("started at"), db_default=Now())
    last_at = models.DateTimeField(_("last seen at"), db_default=Now())
    ended_at = models.DateTimeField(_("ended at"), null=True)
    level = models.CharField(_("level"), max_length=8, db_default="warning")
    source = models.CharField(_("source"), max_length=32)
    code = models.CharField(_("code"), max_length=40)
    subject = models.CharField(_("subject"), max_length=64, db_default="")
    text = models.CharField(_("text"), max_length=500, db_default="")
    count = models.PositiveIntegerField(_("times"), db_default=1)
    # True while open, NULL afterwards: a unique index looks away from NULL, so only open rows exclude each other.
    is_open = models.BooleanField(_("open"), null=True, db_default=True)

    class Meta:
        db_table = "stockdesk_event"
        verbose_name = _("event")
        verbose_name_plural = _("events")
        constraints = [
            models.UniqueConstraint(fields=["source", "code", "subject", "is_open"], name="stockdesk_event_one_open")
        ]
        indexes = [
            models.Index(fields=["ended_at"], name="stockdesk_event_ended"),
            models.Index(fields=["started_at"], name="stockdesk_event_started"),
        ]

    def __str__(self) -> str:
        return f"{timezone.localtime(self.started_at):%Y-%m-%d %H:%M:%S} {self.subject}".rstrip()

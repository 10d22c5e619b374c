"""What was told to people: one row per message, its way to each channel, and the keys that make it once."""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Alert(models.Model):
    """One message, in the words in which it was sent. Kept for 90 days."""

    class Kind(models.TextChoices):
        OPENED = "opened", _("opened")
        REMINDER = "reminder", _("reminder")
        RECOVERED = "recovered", _("recovered")
        NEWS = "news", _("news")
        SUMMARY = "summary", _("daily summary")
        BOUND = "bound", _("too many")
        TEST = "test", _("test")

    class Level(models.TextChoices):
        INFO = "info", pgettext_lazy("level", "note")
        WARNING = "warning", pgettext_lazy("level", "warning")
        CRITICAL = "critical", pgettext_lazy("level", "critical")

    created_at = models.DateTimeField(_("created at"), db_default=Now(), db_index=True)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices)
    level = models.CharField(_("level"), max_length=8, choices=Level.choices)
    code = models.CharField(_("code"), max_length=40, db_default="")
    title = models.CharField(_("title"), max_length=200)
    body = models.TextField(_("text"))

    class Meta:
        db_table = "stockdesk_alert"
        verbose_name = _("sent alert")
        verbose_name_plural = _("sent alerts")

    def __str__(self) -> str:
        return self.title


class AlertKey(models.Model):
    """What a message has told, a change of an event, a fill, a summary: by this key it is told once."""

    key = models.CharField(_("key"), max_length=80, primary_key=True, db_collation="utf8mb4_bin")
    alert = models.ForeignKey(Alert, models.CASCADE, related_name="keys", verbose_name=_("alert"))
    event_id = models.BigIntegerField(_("event"), null=True, db_index=True)

    class Meta:
        db_table = "stockdesk_alertkey"
        verbose_name = _("told")
        verbose_name_plural = _("told")

    def __str__(self) -> str:
        return self.key


class AlertDelivery(models.Model):
    """The way of a message to one channel: shown as its place in ALERT_URLS and its scheme, "tgram 1"; the address
    itself is known by its keyed digest, which stays the same where the list is put in another order."""

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        SENT = "sent", _("sent")
        FAILED = "failed", _("failed")

    #: The error of a message that waited when a backup was made which was restored since.
    RESTORED = "restored"

    alert = models.ForeignKey(Alert, models.CASCADE, related_name="deliveries", verbose_name=_("alert"))
    channel = models.CharField(_("channel"), max_length=24)
    channel_key = models.CharField(_("channel"), max_length=16, db_default="")
    state = models.CharField(_("state"), max_length=8, choices=State.choices, db_default=State.WAITING.value)
    tries = models.PositiveSmallIntegerField(_("tries"), db_default=0)
    next_try_at = models.DateTimeField(_("next try at"), db_default=Now())
    sent_at = models.DateTimeField(_("sent at"), null=True)
    error = models.CharField(_("last error"), max_length=200, db_default="")

    class Meta:
        db_table = "stockdesk_alertdelivery"
        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        constraints = [models.UniqueConstraint(fields=["alert", "channel"], name="stockdesk_alert_once_a_channel")]
        indexes = [models.Index(fields=["state", "next_try_at"], name="stockdesk_alert_due")]

    def __str__(self) -> str:
        return f"{self.channel} {self.state}"

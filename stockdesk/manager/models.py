"""Tables of the manager: how every program stands, and what operators have said about them."""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from stockdesk.manager import plan


class ProgramState(models.Model):
    """One program as the manager last saw it, and what it should do; written only when something changed.

    Whether the row is up to date tells the heartbeat of ``manager`` in ``stockdesk_daemon``.
    """

    name = models.CharField(_("program"), max_length=32, primary_key=True)
    priority = models.PositiveSmallIntegerField(_("place"), db_default=0)
    state = models.CharField(_("state"), max_length=12, db_default="", help_text=_("supervisord's word"))
    pid = models.PositiveIntegerField(_("process"), db_default=0)
    started_at = models.DateTimeField(pgettext_lazy("program", "running since"), null=True)
    wanted = models.BooleanField(_("should run"), db_default=True)
    reason = models.CharField(_("reason"), max_length=12, db_default="")
    changes_at = models.DateTimeField(_("next change"), null=True)
    trouble = models.CharField(_("trouble"), max_length=40, db_default="", help_text=_("code of the event"))
    restarted_at = models.DateTimeField(_("restarted at"), null=True, help_text=_("because it hung"))
    changed_at = models.DateTimeField(_("changed at"), db_default=Now())

    class Meta:
        db_table = "stockdesk_program"
        verbose_name = _("program")
        verbose_name_plural = _("programs")
        ordering = ["priority"]

    def __str__(self) -> str:
        return self.name


class ProgramOverride(models.Model):
    """An operator's word about a program. The newest of each program counts; none is ever changed."""

    class Wish(models.TextChoices):
        START = plan.START, pgettext_lazy("program", "start")
        STOP = plan.STOP, pgettext_lazy("program", "stop")
        HOLD = plan.HOLD, pgettext_lazy("program", "hold until tomorrow")
        AUTOMATIC = plan.AUTOMATIC, pgettext_lazy("program", "back to automatic")

    program = models.CharField(_("program"), max_length=32)
    wish = models.CharField(pgettext_lazy("program", "order"), max_length=10, choices=Wish.choices)
    until = models.DateTimeField(_("until"), null=True)
    why = models.CharField(_("reason"), max_length=200)
    who = models.CharField(_("person"), max_length=150)
    made_at = models.DateTimeField(_("said at"), db_default=Now())

    class Meta:
        db_table = "stockdesk_programoverride"
        verbose_name = _("program override")
        verbose_name_plural = _("program overrides")
        ordering = ["-pk"]
        indexes = [models.Index(fields=["program", "id"], name="stockdesk_override_newest")]

    def __str__(self) -> str:
        return f"{self.program}: {self.wish}"

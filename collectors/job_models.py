"""The ledger of batch jobs: which day of which job is worked on, and how far each of its items is."""

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

JOB_LENGTH = 32
ITEM_LENGTH = 40


class JobDay(models.Model):
    """One day's work of one job; its items are the rows of `JobItem`."""

    job = models.CharField(_("job"), max_length=JOB_LENGTH)
    day = models.DateField(_("day"))
    opened_at = models.DateTimeField(_("opened at"), db_default=Now())
    handed_out_at = models.DateTimeField(_("handed out at"), null=True)
    worked_at = models.DateTimeField(_("last worked at"), null=True)
    paused_until = models.DateTimeField(_("paused until"), null=True)
    note = models.CharField(_("note"), max_length=300, db_default="", default="")

    class Meta:
        db_table = "collectors_jobday"
        verbose_name = _("job")
        verbose_name_plural = _("jobs")
        ordering = ["-day", "job"]
        constraints = [models.UniqueConstraint(fields=["job", "day"], name="collectors_jobday_once")]

    def __str__(self) -> str:
        return f"{self.job} {self.day}"


class JobItem(models.Model):
    """One thing to fetch. Taken by an UPDATE that names its ``claim``, so no two workers hold it."""

    class State(models.TextChoices):
        WAITING = "waiting", _("waiting")
        RUNNING = "running", _("running")
        DONE = "done", _("done")
        FAILED = "failed", _("failed")
        SKIPPED = "skipped", _("left out")

    job = models.CharField(_("job"), max_length=JOB_LENGTH)
    day = models.DateField(_("day"))
    item = models.CharField(_("item"), max_length=ITEM_LENGTH, db_collation="utf8mb4_bin")
    state = models.CharField(_("state"), max_length=8, choices=State.choices, db_default=State.WAITING)
    attempts = models.PositiveSmallIntegerField(_("attempts"), db_default=0)
    rows = models.PositiveIntegerField(_("rows"), null=True)
    error = models.CharField(_("reason"), max_length=300, db_default="", default="")
    not_before = models.DateTimeField(_("not before"), null=True)
    started_at = models.DateTimeField(_("started at"), null=True)
    deadline_at = models.DateTimeField(_("deadline"), null=True, help_text=_("taken by another worker after this"))
    ended_at = models.DateTimeField(_("ended at"), null=True)
    claim = models.CharField(max_length=32, db_default="", default="", editable=False)

    class Meta:
        db_table = "collectors_jobitem"
        verbose_name = _("job item")
        verbose_name_plural = _("job items")
        ordering = ["-day", "job", "item"]
        constraints = [models.UniqueConstraint(fields=["job", "day", "item"], name="collectors_jobitem_once")]
        indexes = [models.Index(fields=["claim"], name="collectors_jobitem_claim")]

    def __str__(self) -> str:
        return f"{self.job} {self.day} {self.item}"

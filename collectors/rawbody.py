"""The table of raw bodies: every answer as it came, beside the rows that were made of it."""

from django.db import models
from django.utils.translation import gettext_lazy as _

SOURCE_LENGTH = 16
KIND_LENGTH = 32
KEY_LENGTH = 120


class RawBody(models.Model):
    """One answer of a source, compressed; ``collectors.raw`` keeps, parses and purges them.

    ``key`` says what was asked (20261120/p3), never with which key. The same answer to the same question is one
    row, so that polling does not pile up copies.
    """

    source = models.CharField(_("source"), max_length=SOURCE_LENGTH, db_collation="utf8mb4_bin")
    kind = models.CharField(_("kind"), max_length=KIND_LENGTH, db_collation="utf8mb4_bin")
    key = models.CharField(_("what was asked"), max_length=KEY_LENGTH, db_collation="utf8mb4_bin")
    sha256 = models.CharField(max_length=64, db_collation="utf8mb4_bin", help_text="of the body as it came")
    fetched_at = models.DateTimeField(_("fetched at"), db_index=True, help_text="last time that it came like this")
    size = models.PositiveIntegerField(_("size"), help_text="bytes as it came")
    stored_size = models.PositiveIntegerField(_("stored size"), help_text="bytes as kept")
    body = models.BinaryField(help_text="zlib")
    parsed_with = models.PositiveSmallIntegerField(_("parser version"), null=True)
    parsed_at = models.DateTimeField(_("parsed at"), null=True)
    rows = models.PositiveIntegerField(_("rows"), null=True, help_text="rows made of it")

    class Meta:
        verbose_name = _("raw answer")
        verbose_name_plural = _("raw answers")
        ordering = ["-fetched_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["source", "kind", "key", "sha256"], name="collectors_rawbody_answer")
        ]

    def __str__(self) -> str:
        return f"{self.source} {self.kind} {self.key}"

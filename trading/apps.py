from typing import Any

from django.apps import AppConfig
from django.db import connections
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class TradingConfig(AppConfig):
    """Strike conditions, what the desk decides on them, and the ledger of its orders."""

    name = "trading"
    verbose_name = _("Trading")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from stockdesk.backup import present

        # What they put on the pages of others.
        from trading import alerting, condition_screen, overlays, restored, screen  # noqa: F401

        present.GUARDS.append(restored.stopped)

        post_migrate.connect(make_desk, sender=self, dispatch_uid="trading.make_desk")


def make_desk(using: str, **_options: Any) -> None:
    """For ``post_migrate``: the desk's one row, a dry run unless this is the demo with its stand-in for a broker."""
    from django.conf import settings

    from trading.models import Desk

    if Desk._meta.db_table not in connections[using].introspection.table_names():
        return  # somebody migrates back
    mock = settings.DESK.around_the_clock and settings.DESK.mode == "mock"
    Desk.objects.using(using).get_or_create(pk=1, defaults={"mode": "mock"} if mock else {})

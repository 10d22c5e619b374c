from typing import Any

from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class TradingConfig(AppConfig):
    """Strike conditions, what the desk decides on them, and the ledger of its orders."""

    name = "trading"
    verbose_name = _("Trading")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from trading import screen  # noqa: F401  (puts its tables and words on the dashboard)

        post_migrate.connect(make_desk, sender=self, dispatch_uid="trading.make_desk")


def make_desk(**_options: Any) -> None:
    """The desk's one row, with its careful defaults: run_trading may read it and no more."""
    from trading.desk import desk_row

    desk_row()

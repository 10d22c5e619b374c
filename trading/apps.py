from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class TradingConfig(AppConfig):
    """Strike conditions, what the desk decides on them, and the ledger of its orders."""

    name = "trading"
    verbose_name = _("Trading")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from trading import screen  # noqa: F401  (puts its tables and words on the dashboard)

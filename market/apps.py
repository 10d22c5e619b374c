from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class MarketConfig(AppConfig):
    """Instruments, the watch list, quotes and execution notices."""

    name = "market"
    verbose_name = _("Market")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from market import alerting, checks  # noqa: F401  (they register themselves)

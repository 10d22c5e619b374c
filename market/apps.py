from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class MarketConfig(AppConfig):
    """Instruments, the watch list, quotes, bars and execution notices."""

    name = "market"
    verbose_name = _("Market")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from market import alerting, bar_checks, checks  # noqa: F401  (they register themselves)
        from market.bars import install_after_migrate

        post_migrate.connect(install_after_migrate, sender=self)

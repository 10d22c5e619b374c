from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AssetsConfig(AppConfig):
    """What the account owns: balance and holdings."""

    name = "assets"
    verbose_name = _("Assets")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from assets import alerting, screen  # noqa: F401  (they register themselves)

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CollectorsConfig(AppConfig):
    """The daemons that fill market and assets."""

    default_auto_field = "django.db.models.BigAutoField"
    name = "collectors"
    verbose_name = _("Collectors")

    def ready(self) -> None:
        # Their parsers register themselves.
        from collectors.dart import accounts, corps, filings, statements, texts  # noqa: F401
        from collectors.datagokr import listed, prices  # noqa: F401

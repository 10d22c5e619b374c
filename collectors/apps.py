from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CollectorsConfig(AppConfig):
    """The daemons that fill market and assets, and what they keep of other sources."""

    name = "collectors"
    verbose_name = _("Collectors")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # They register themselves: parsers, jobs, and what the dashboard shows.
        from collectors.dart import accounts, corps, filings, statements, texts  # noqa: F401
        from collectors.datagokr import listed, prices  # noqa: F401
        from collectors.overseas import screen as overseas  # noqa: F401
        from collectors.reference import jobs, screen  # noqa: F401

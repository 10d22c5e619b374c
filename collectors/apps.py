from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CollectorsConfig(AppConfig):
    """The daemons that fill market and assets, and what they keep of other sources."""

    name = "collectors"
    verbose_name = _("Collectors")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        # They register themselves: parsers, jobs, and what the dashboard shows.
        # The order of the jobs is that of their work.
        from collectors import nightly  # noqa: F401
        from collectors.dart import jobs as dart  # noqa: F401
        from collectors.datagokr import jobs as datagokr  # noqa: F401
        from collectors.overseas import screen as overseas  # noqa: F401
        from collectors.reference import jobs, screen  # noqa: F401

from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class GroundConfig(AppConfig):
    """The ground that every app stands on: budget, tokens, connects, daemons."""

    name = "stockdesk"
    verbose_name = _("Desk")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from stockdesk import calendar_doubts, checks  # noqa: F401  (they register themselves)
        from stockdesk.alerts import chore, watches  # noqa: F401  (likewise)
        from stockdesk.calendar_seed import seed_after_migrate
        from stockdesk.manager import words  # noqa: F401  (likewise)

        post_migrate.connect(seed_after_migrate, sender=self)

from django.apps import AppConfig, apps
from django.db.models.signals import m2m_changed, post_migrate
from django.utils.translation import gettext_lazy as _


class GroundConfig(AppConfig):
    """The ground that every app stands on: budget, tokens, connects, daemons."""

    name = "stockdesk"
    verbose_name = _("Desk")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from django.contrib.auth.models import User

        from stockdesk import checks  # noqa: F401  (they register themselves)
        from stockdesk.access import make_roles, open_admin_with_role
        from stockdesk.alerts import chore, watches  # noqa: F401  (likewise)
        from stockdesk.calendar import doubts  # noqa: F401
        from stockdesk.calendar.seed import seed_after_migrate
        from stockdesk.manager import words  # noqa: F401  (likewise)

        post_migrate.connect(seed_after_migrate, sender=self)
        # Rights are made app by app: with the last one's they are all there.
        post_migrate.connect(make_roles, sender=list(apps.get_app_configs())[-1], dispatch_uid="stockdesk.roles")
        m2m_changed.connect(open_admin_with_role, sender=User.groups.through, dispatch_uid="stockdesk.staff")

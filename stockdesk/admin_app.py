"""Django's admin as an app of this desk."""

from typing import Any

from django.contrib.admin import autodiscover
from django.contrib.admin.apps import SimpleAdminConfig
from django.contrib.admin.checks import check_admin_app, check_dependencies
from django.core import checks


class PagesAdminConfig(SimpleAdminConfig):
    """Django's admin, whose pages are loaded by whoever serves them (`stockdesk.urls`) or checks them.

    They bring spreadsheets, exports and forms along: a third of the memory of a daemon, which shows no page.
    """

    def ready(self) -> None:
        checks.register(check_dependencies, checks.Tags.admin)
        checks.register(check_pages, checks.Tags.admin)


def check_pages(app_configs: Any, **options: Any) -> list[checks.CheckMessage]:
    """Django's checks of the admin, with all of its pages there."""
    autodiscover()
    return check_admin_app(app_configs, **options)

"""What every room's tests share."""

import os
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection


@pytest.fixture(autouse=True)
def _static_files_without_a_manifest(settings: Any) -> None:
    """Pages are rendered in tests without collectstatic having run."""
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }


@pytest.fixture
def process_environment(transactional_db: None) -> Callable[..., dict[str, str]]:
    """The environment for a child process that works on this test's database; further variables by name."""

    def made(**variables: str) -> dict[str, str]:
        at = connection.settings_dict
        url = f"mysql://{at['USER']}@{at['HOST']}{':' if at['PORT'] else ''}{at['PORT']}/{at['NAME']}"
        options = {"unix_socket": at["OPTIONS"].get("unix_socket"), "ssl_ca": at["OPTIONS"].get("ssl", {}).get("ca")}
        query = "&".join(f"{name}={value}" for name, value in options.items() if value)
        database = {"DATABASE_URL": f"{url}?{query}" if query else url, "DATABASE_PASSWORD": at["PASSWORD"]}
        return {**os.environ, "DJANGO_SETTINGS_MODULE": "stockdesk.settings", **database, **variables}

    return made

"""Which tables a backup holds: the desk's own and the watch list's board, which is Gnuboard's."""

from collections.abc import Iterable

from django.apps import apps
from django.conf import settings
from django.db import connection

MIGRATIONS = "django_migrations"
#: Kept as empty tables. A token or a login opens something today and is of no use later; a queue holds no truth.
WITHOUT_ROWS = frozenset({"stockdesk_token", "django_session", "django_q_ormq"})


def database() -> str:
    """The name of the desk's database."""
    name: str = connection.settings_dict["NAME"]
    return name


def own() -> list[str]:
    """The tables of all models that are there, the board's among them, and the list of migrations."""
    named = {model._meta.db_table for model in apps.get_models(include_auto_created=True)}
    return sorted({*named, MIGRATIONS, settings.DESK.gnuboard.table} & there())


def there(*, views: bool = False) -> set[str]:
    """The names of all tables of this database, and of its views if asked for."""
    with connection.cursor() as cursor:
        cursor.execute("SHOW FULL TABLES")
        return {name for name, kind in cursor.fetchall() if views or kind == "BASE TABLE"}


def engines(names: Iterable[str]) -> dict[str, str]:
    """The storage engine of each of these tables, in capitals."""
    wanted = set(names)
    with connection.cursor() as cursor:
        cursor.execute("SELECT table_name, engine FROM information_schema.tables WHERE table_schema = DATABASE()")
        return {name: (engine or "").upper() for name, engine in cursor.fetchall() if name in wanted}


def columns(name: str) -> list[str]:
    """The columns that a row is written with: all but those the server computes."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT column_name FROM information_schema.columns WHERE table_schema = DATABASE() AND table_name = %s"
            " AND generation_expression IS NULL ORDER BY ordinal_position",
            [name],
        )
        return [column for (column,) in cursor.fetchall()]

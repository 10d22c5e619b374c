"""The administrator's account: made once, with a password drawn by lot."""

import secrets
from typing import TYPE_CHECKING, Any, Protocol

from stockdesk.setup import mariadb
from stockdesk.setup.places import Places, write_private

if TYPE_CHECKING:
    from stockdesk.env import Environment

NAME = "admin"
READABLE = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # nothing to mistake: no l, o, I, O, 0, 1
LENGTH = 16


class Manage(Protocol):
    def __call__(self, *arguments: str, **more: str) -> None: ...


def ensure(settings: "Environment", places: Places, manage: Manage) -> bool:
    """Make the account where there is no superuser yet; True when it was made.

    The password goes to Django through the environment of that one short command, not through its arguments.
    """
    if superusers(settings):
        return False
    if not places.admin_password.exists():
        write_private(places.admin_password, "".join(secrets.choice(READABLE) for _ in range(LENGTH)) + "\n")
    manage(
        *("createsuperuser", "--noinput", "--username", NAME, "--email", "admin@localhost"),
        DJANGO_SUPERUSER_PASSWORD=places.admin_password.read_text().strip(),
    )
    return True


def stored_password(places: Places) -> str:
    if not places.admin_password.exists():
        return f"(not kept here; set one: ./desk manage changepassword {NAME})"
    return places.admin_password.read_text().strip()


def superusers(settings: "Environment") -> int:
    connection = mariadb.connect(arguments(settings))
    try:
        cursor = connection.cursor()
        cursor.execute("SELECT COUNT(*) FROM auth_user WHERE is_superuser")
        return int(cursor.fetchone()[0])
    finally:
        connection.close()


def arguments(settings: "Environment") -> dict[str, Any]:
    """mysqlclient's arguments from Django's database settings, as Django itself derives them."""
    database = settings.database
    options = dict(database.get("OPTIONS", {}))
    given = {
        "user": database.get("USER"),
        "password": database.get("PASSWORD"),
        "database": database.get("NAME"),
        "unix_socket": options.pop("unix_socket", None),
    }
    host = database.get("HOST") or ""
    if host.startswith("/"):
        given["unix_socket"] = host
    elif host:
        given["host"] = host
    if database.get("PORT"):
        given["port"] = int(database["PORT"])
    options.pop("isolation_level", None)
    return {**options, **{name: value for name, value in given.items() if value}}

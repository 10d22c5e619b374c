"""Database users with the least rights a daemon needs, derived from the models: a new table is covered by rule.

A role reads every table of the rooms it stands on, writes its own, and of the ground what every daemon writes. It
deletes where a table is named here for it, never in the ledger (failure-model I9).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from django.apps import apps
from django.conf import settings
from django.core.management.base import CommandError
from django.db import DEFAULT_DB_ALIAS, DatabaseError, OperationalError, connection, connections

from stockdesk import grants
from stockdesk.grants import Rights

READ = frozenset({"SELECT"})
KEEP = READ | {"INSERT", "UPDATE"}
ALL = KEEP | {"DELETE"}
#: What every daemon writes: its calls, tokens, lease, and what it has to tell.
GROUND: Mapping[str, frozenset[str]] = {
    "stockdesk_lane": ALL,
    "stockdesk_token": KEEP,
    "stockdesk_daemon": KEEP,
    "stockdesk_fence": KEEP,
    "stockdesk_event": ALL,
}
#: Errors of a server that is there and lets this user not in, or not into this database.
TURNED_AWAY = frozenset({1044, 1045, 1130, 1698, 1820, 4151})
PREPARE = "run ./desk manage database_users, which prepares it"


class NotPrepared(CommandError):
    """The role's database user is not as it should be; the text says which command mends it."""


class NotAllowed(Exception):
    """The desk's own database user may not do this; ``left`` is the SQL for somebody who may, without a password."""

    def __init__(self, error: str, left: list[str]) -> None:
        super().__init__(error)
        self.left = left


@dataclass(frozen=True, slots=True)
class Account:
    """A database user without its host; the password is never shown."""

    user: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Role:
    """``reads`` and ``keeps`` name apps; ``tables`` says otherwise for single tables.

    A daemon whose role is ``required`` does not start without its user; others then work as the desk's own.
    """

    name: str
    reads: tuple[str, ...]
    keeps: tuple[str, ...]
    tables: Mapping[str, frozenset[str]]
    required: bool = False

    def rights(self) -> Rights:
        """The rights by table, unmanaged tables (the watch list's board) and those of many-to-many fields too."""
        found: dict[str, frozenset[str]] = {}
        for labels, rights in ((self.reads, READ), (self.keeps, KEEP)):
            for label in labels:
                for model in apps.get_app_config(label).get_models(include_auto_created=True):
                    table = model._meta.db_table
                    found[table] = self.tables.get(table, rights if model._meta.managed else READ)
        return found


#: What of its own room trading does not simply keep.
TRADING: Mapping[str, frozenset[str]] = {
    # A person's: what arms live trading and lifts the kill switch. A daemon makes the careful row where there is none.
    "trading_desk": READ | {"INSERT"},
    "trading_deskchange": READ,
    "trading_upkeepsetting": READ,
    # A copy of the broker's list, replaced with every look at it.
    "trading_brokerorder": ALL,
}

#: What collectors write of the ground beside that: connects and their pace, and what the broker says of trading days.
COLLECTING: Mapping[str, frozenset[str]] = {
    "stockdesk_pace": KEEP,
    "stockdesk_connection": ALL,
    "market_marketday": KEEP,
    # Lamps of sessions that are no more, and shares that were sold.
    "market_feedsession": ALL,
    "assets_holding": ALL,
}

ROLES: Mapping[str, Role] = {
    "trading": Role("trading", ("stockdesk", "market", "assets"), ("trading",), {**GROUND, **TRADING}, required=True),
    # Of trading's tables, of users and of their one-time codes it sees nothing.
    "collecting": Role("collecting", ("stockdesk",), ("market", "assets", "collectors"), {**GROUND, **COLLECTING}),
}


def given(role: str) -> str:
    """The role that a daemon works in: its own, or none where that is not required and has no password."""
    if role and not ROLES[role].required and not getattr(settings.DESK, f"{role}_password"):
        return ""
    return role


def account_of(role: str) -> Account:
    """The user that the settings give this role; NotPrepared where they hold no password for it."""
    user = getattr(settings.DESK, f"{role}_user") or default_user(role)
    password = getattr(settings.DESK, f"{role}_password")
    if not password:
        name = f"DATABASE_{role.upper()}_PASSWORD"
        raise NotPrepared(f"The role {role} has no database user: set {name} (see .env.example), then {PREPARE}.")
    return Account(user, password)


def default_user(role: str) -> str:
    """Named after the database: users belong to a whole server, and another desk may be on it."""
    return f"{database()}_{role}"


def database() -> str:
    name: str = connections.settings[DEFAULT_DB_ALIAS]["NAME"]
    return name


def assume(role: str) -> None:
    """Work as this role's user from here on, on every alias and in every thread that connects later.

    To be called before other threads have connected. What this thread did before, as the desk's own user (Django's
    system checks), ends here. Nothing is asked of the database yet: see `check`.
    """
    account = account_of(role)
    connections.close_all()
    for alias in connections.settings:
        connections.settings[alias].update(USER=account.user, PASSWORD=account.password)
        connections[alias].settings_dict.update(USER=account.user, PASSWORD=account.password)


def check(role: str) -> None:
    """Whether the assumed user may do what its role needs and no more, on this thread's connection.

    Raises NotPrepared when it is not let in or its rights differ; when the server is away, what Django raises.
    """
    try:
        found = grants.held(connection, database())
    except OperationalError as exc:
        if refused := turned_away(exc):
            raise NotPrepared(f"The database user of {role} is not let in (error {refused}): {PREPARE}.") from None
        raise
    if faults := found.against(ROLES[role].rights()).described():
        raise NotPrepared(f"The rights of {role}'s database user are not right ({faults}): {PREPARE}.")


def fault_of(role: str) -> str:
    """What is wrong with the role's user, asked on a connection of its own; empty where nothing is."""
    account = account_of(role)
    found = rights_of(account)
    if found is None:
        return f"{account.user} is not let in"
    return found.against(ROLES[role].rights()).described()


def prepare(role: str, *, host: str = "") -> list[str]:
    """Make the role's user and give it its rights, as the desk's own user; returns what was done, nothing if all was.

    ``host`` is where it connects from, without it the same as ours. Run it after every migration. Raises NotAllowed
    where ours may not, NotPrepared where the server's owner lets everyone do too much.
    """
    account, wanted = account_of(role), ROLES[role].rights()
    done: list[str] = []
    found = rights_of(account)
    if found is None:
        found = grants.Held(host or own_host(), {})
        making = grants.creation(account.user, found.host, account.password)
        told = grants.creation(account.user, found.host, f"<DATABASE_{role.upper()}_PASSWORD>")
        _run(making, told, left=[*told, *_to_do(account, found, wanted)])
        done += told
        found = rights_of(account) or found
    to_do = _to_do(account, found, wanted)
    _run(to_do, to_do, left=to_do)
    if fault := fault_of(role):
        raise NotPrepared(f"{account.user} is still not as it should be ({fault}); see docs/operating.md.")
    return done + to_do


def _to_do(account: Account, found: grants.Held, wanted: Rights) -> list[str]:
    return list(grants.statements(database(), account.user, found, wanted))


def _run(statements: list[str], told: list[str], *, left: list[str]) -> None:
    with connection.cursor() as cursor:
        for number, statement in enumerate(statements):
            try:
                cursor.execute(statement)
            except DatabaseError as exc:
                raise NotAllowed(f"error {exc.args[0]} at: {told[number]}", left[number:]) from None


def own_host() -> str:
    """Where the server says that the desk's own user may come from: whoever connects as we do is let in as we are."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT CURRENT_USER()")
        host: str = cursor.fetchone()[0].rpartition("@")[2]
    return host


def rights_of(account: Account) -> grants.Held | None:
    """What this user has, by logging in as it; None where it is not let in."""
    wrapper = connections.create_connection(DEFAULT_DB_ALIAS)
    # Without a database: a user that has no right in ours yet is not let into it.
    wrapper.settings_dict = {**wrapper.settings_dict, "USER": account.user, "PASSWORD": account.password, "NAME": ""}
    try:
        return grants.held(wrapper, database())
    except OperationalError as exc:
        if turned_away(exc):
            return None
        raise
    finally:
        wrapper.close()


def turned_away(exc: OperationalError) -> int | None:
    """The error's number where the server answers and will not have this user."""
    return exc.args[0] if exc.args and exc.args[0] in TURNED_AWAY else None

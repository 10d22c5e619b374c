"""Who may do what: four roles, each with the rights of the ones before it. The one table of rights.

The groups are made from it after every migration, so a right is given or taken here and nowhere else. What stands in
no line is a superuser's alone. Rights are named by text, for the ground imports no room.
"""

from typing import Any

from django.contrib.auth.models import Group, Permission, User
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

VIEWER, OPERATOR, TRADER, OWNER = "viewer", "operator", "trader", "owner"
ROLES = (VIEWER, OPERATOR, TRADER, OWNER)
"""From the least to the most; also the groups' names."""

PRESS = "trading.press_kill_switch"
OPERATE = "trading.operate_desk"
GO_LIVE = "trading.go_live"
SET_UP = "trading.set_up_desk"

ROLE_WORDS: dict[str, tuple[Promise, Promise]] = {
    VIEWER: (_("View"), _("sees the dashboard and every page, changes nothing")),
    OPERATOR: (_("Operate"), _("also watch list, collection jobs, calendar, programs; presses the kill switch")),
    TRADER: (_("Trade"), _("also conditions, orders, modes, limits; lifts the kill switch with a code")),
    OWNER: (_("Own"), _("also users, going live, setting up the desk")),
}
"""Name and what it may, as screens say it."""

#: What each role may look at in the admin: app and models.
SEEN: dict[str, dict[str, str]] = {
    VIEWER: {
        "market": "watchrow instrument quote feedsession executionnotice",
        "assets": "account balance holding",
        "trading": "condition order refusal deskchange upkeep upkeepsetting",
        "stockdesk": "marketday sessionwindow event daemonstate connection lane alert programstate programoverride",
        "collectors": "jobday jobitem rawbody filing filingtext keyaccount statementline dailyprice listedissue"
        " overseasquote overseasbar dailybar investorflow marketflow shortsale creditbalance dividend ranking",
    },
    OPERATOR: {"market": "barrule"},
    OWNER: {"auth": "user"},
}
#: What each role may do besides.
DOES: dict[str, tuple[str, ...]] = {
    VIEWER: (),
    OPERATOR: (
        "market.add_watchrow",
        "market.change_watchrow",
        "collectors.change_jobitem",
        "stockdesk.change_marketday",
        "stockdesk.add_sessionwindow",
        "stockdesk.change_sessionwindow",
        "stockdesk.add_programoverride",
        "stockdesk.add_alert",
        PRESS,
    ),
    TRADER: (
        "trading.add_condition",
        "trading.change_condition",
        "trading.delete_condition",
        "trading.change_upkeep",
        "trading.change_upkeepsetting",
        OPERATE,
    ),
    OWNER: ("market.change_barrule", "auth.add_user", "auth.change_user", "auth.delete_user", GO_LIVE, SET_UP),
}


def rights_of(role: str) -> set[str]:
    """Every permission of a role, with those of the roles below it ("app.codename")."""
    below = ROLES[: ROLES.index(role) + 1]
    seen = {f"{app}.view_{name}" for r in below for app, names in SEEN.get(r, {}).items() for name in names.split()}
    return seen | {right for r in below for right in DOES[r]}


def may_trade(user: Any) -> bool:
    """Whether this person may change what is ordered."""
    return bool(user.has_perm(OPERATE) or user.has_perm("trading.change_condition"))


def role_of(user: Any) -> str:
    """The highest role of a person, "" without one."""
    held = set(user.groups.values_list("name", flat=True))
    return next((role for role in reversed(ROLES) if role in held), "")


def give_role(user: User, role: str) -> None:
    """Put a person into this role and out of every other one; "" takes the role away."""
    others = Group.objects.filter(name__in=ROLES).exclude(name=role)
    user.groups.remove(*others)
    if role:
        user.groups.add(Group.objects.get(name=role))


def make_roles(using: str, **_options: Any) -> None:
    """For ``post_migrate`` of the last app: the groups of the table, with its rights and no others."""
    ids = {
        f"{app}.{codename}": pk
        for app, codename, pk in Permission.objects.using(using).values_list(
            "content_type__app_label", "codename", "pk"
        )
    }
    groups = Group.objects.using(using)
    groups.bulk_create([Group(name=role) for role in ROLES], ignore_conflicts=True)
    links = Group.permissions.through.objects.using(using)
    for group in groups.filter(name__in=ROLES):
        wanted = {ids[right] for right in rights_of(group.name) if right in ids}
        held = set(links.filter(group=group).values_list("permission_id", flat=True))
        links.filter(group=group, permission_id__in=held - wanted).delete()
        links.bulk_create([Group.permissions.through(group=group, permission_id=pk) for pk in wanted - held])


def open_admin_with_role(instance: Any, action: str, reverse: bool, pk_set: set[int] | None, **_options: Any) -> None:
    """For ``m2m_changed`` of a person's groups: whoever has a role gets into the admin, whoever has none does not."""
    if action in ("post_add", "post_remove", "post_clear"):
        people = User.objects.filter(pk__in=pk_set or ()) if reverse else User.objects.filter(pk=instance.pk)
        for person in people.filter(is_superuser=False):
            User.objects.filter(pk=person.pk).update(is_staff=bool(role_of(person)))
        if not reverse and not instance.is_superuser:
            instance.is_staff = bool(role_of(instance))

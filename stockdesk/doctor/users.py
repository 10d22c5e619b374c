"""The database users that daemons work as (failure-model I9)."""

from collections.abc import Iterator

from stockdesk import roles
from stockdesk.doctor.findings import Finding, judged
from stockdesk.env import Environment

REMEDY = "Run ./desk manage database_users, which prepares it or tells the SQL."


def examine(desk: Environment) -> Iterator[Finding]:
    """Each role's user: there, with the rights it needs and no others."""
    for role in roles.ROLES:
        if role == "trading" and not desk.account:
            continue  # nothing trades
        subject = f"{role}'s database user"
        if not roles.given(role):
            remedy = (
                f"Set DATABASE_{role.upper()}_PASSWORD, then ./desk manage database_users: fewer rights, less harm."
            )
            yield Finding(subject, "none: the desk's own does it, which may do everything", remedy, "doubtful")
            continue
        try:
            user, fault = roles.account_of(role).user, roles.fault_of(role)
        except roles.NotPrepared as exc:
            yield judged(subject, "not set up", str(exc), well=False)
        else:
            yield judged(subject, fault or f"{user}: all rights it needs and no others", REMEDY, well=not fault)

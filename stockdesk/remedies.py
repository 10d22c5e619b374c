"""What to do about each reason why the desk is not ready: one sentence by code, for ``/readyz``.

Most reasons are events too, with ``-`` where a reason has ``_``: the alerts' catalogue says what to do about them.
"""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from stockdesk.alerts.catalogue import advice

LOOK = _("./desk status shows what runs, ./desk logs NAME why not.")

#: Of the reasons that no event tells of.
REMEDIES: dict[str, str | Promise] = {
    "database": _("Is MariaDB running? ./desk doctor says what is wrong with the connection."),
    **dict.fromkeys(("manager_silent", "collector_absent", "collector_silent", "daemon_silent"), LOOK),
    "bars_waiting": _("./desk doctor says whether the EVENT runs, and with which rights it would."),
    **dict.fromkeys(("quotes_absent", "assets_absent"), _("Wait a minute after a start; then ./desk logs NAME.")),
}


def remedy(code: str) -> str:
    """What to do about it; the log, where nobody foresaw it."""
    return str(REMEDIES.get(code) or advice(code.replace("_", "-"))[1] or LOOK)

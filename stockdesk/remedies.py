"""What to do about each reason why the desk is not ready: one sentence by code, for ``/readyz``.

Codes are those of reasons and of events, with ``_`` where an event has ``-``.
"""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

LOOK = _("./desk status shows what runs, ./desk logs NAME why not.")
WAIT = _("The desk tries again by itself; ./desk logs NAME shows why it fails.")
BROKER_LIST = _("Compare with the broker's app, and settle the order on the dashboard.")
HTS = _("Check KIS_HTS_ID, capitals too; orders go on by the broker's list alone.")
DAYS = _("Confirm the day, or enter it, under trading days in the admin.")
KEY_ELSEWHERE = _("Find what else uses this app key; the desk waits and connects again by itself.")
SLOW_CALLS = _("Find what else uses this app key, or lower KIS_CALLS_PER_SECOND; the pace comes back by itself.")
BOARD = _("./desk doctor names what is wrong with the board's table; until then the last list goes on.")
MASTER = _("./desk manage load_instruments tries again and says why.")
CLOCK = _("Set this machine's clock by NTP.")
SWITCH = _("Lift it on the desk's page when the reason is gone.")
CONDITION = _("Read why under strike conditions in the admin, and switch it on again.")
SOURCE_KEY = _("Put a valid key into .env and start the desk again.")
JOBS = _("Look at the job in the admin; what failed can be fetched again there.")
IDLE = _("Answer the proposal under account upkeep in the admin.")
PLACES = _("Take symbols off the watch list, or add app keys.")

REMEDIES: dict[str, str | Promise] = {
    "database": _("Is MariaDB running? ./desk doctor says what is wrong with the connection."),
    # prices
    **dict.fromkeys(("collector_absent", "collector_silent", "daemon_silent", "failed"), LOOK),
    **dict.fromkeys(("step_failed", "step_late", "session_down", "quotes_absent", "quotes_stale", "round_slow"), WAIT),
    **dict.fromkeys(("registrations_refused", "records_refused"), WAIT),
    "key_quarantined": KEY_ELSEWHERE,
    "calls_refused": SLOW_CALLS,
    "watch_list_full": PLACES,
    "board_unreadable": BOARD,
    **dict.fromkeys(("no_instruments", "master_refused"), MASTER),
    "no_room": _("Raise KIS_CALLS_PER_SECOND if the key allows it; watched symbols are not affected."),
    # the account and its orders
    **dict.fromkeys(("assets_absent", "assets_stale", "not_recovered", "look_ups_fail"), WAIT),
    "notices_unreadable": HTS,
    **dict.fromkeys(("order_unknown", "order_needs_human", "order_alarm", "orders_halted"), BROKER_LIST),
    **dict.fromkeys(("killed", "lock_closed"), SWITCH),
    "condition_off": CONDITION,
    "clock_off": CLOCK,
    "upkeep": IDLE,
    # days and jobs
    **dict.fromkeys(("day_disputed", "days_run_out", "day_unconfirmed", "calendar_unanswered"), DAYS),
    "key_refused": SOURCE_KEY,
    "job_unopened": JOBS,
    "worker_idle": LOOK,
    "wrong_index": _("The broker calls this index by another name now: an update of stockdesk is needed."),
}


def remedy(code: str) -> str:
    """What to do about it; the log, where nobody foresaw it."""
    return str(REMEDIES.get(code, LOOK))

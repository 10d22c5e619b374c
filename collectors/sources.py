"""The sources of the batch jobs: whether a source has its key, and stopping all of its jobs at once.

The pause of a source stands in the days of its jobs (`JobDay.paused_until`), for that is where a person looks.
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from collectors.retry import executed
from stockdesk.events import clear_event, raise_event
from stockdesk.kis.messages import KST
from stockdesk.logs import redacted
from stockdesk.sheets import say

KIS, DART, DATA_GO_KR, MASTER, DESK = "kis", "dart", "datagokr", "master", "desk"
KEY_REFUSED = "key-refused"
#: The setting that holds a source's key; the others need none, or the desk does not start without.
KEYS = {DART: "DART_API_KEY", DATA_GO_KR: "DATA_GO_KR_KEY"}
#: What a person has to do when the key is refused.
REMEDIES = {
    DART: gettext_noop(
        "DART refuses the key ({1}). Check DART_API_KEY at opendart.fss.or.kr and the addresses it may be used from, "
        "then fetch again under batch jobs in the admin. Until then, or until tomorrow, nothing of DART is fetched."
    ),
    DATA_GO_KR: gettext_noop(
        "data.go.kr refuses the key ({1}). Check DATA_GO_KR_KEY and that this data set was applied for, then fetch "
        "again under batch jobs in the admin. Until then, or until tomorrow, nothing of data.go.kr is fetched."
    ),
}

_PAUSE = "UPDATE collectors_jobday SET paused_until = %s, note = %s WHERE job IN %s"
_RESUME = "UPDATE collectors_jobday SET paused_until = NULL, note = '' WHERE job IN %s AND paused_until > NOW(6)"
_PAUSED = "SELECT 1 FROM collectors_jobday WHERE job IN %s AND paused_until > NOW(6) LIMIT 1"


def lacks_key(source: str) -> str:
    """The name of the setting that is empty, so that nothing can be asked of the source; "" when it has its key."""
    given = {DART: settings.DESK.dart_api_key, DATA_GO_KR: settings.DESK.data_go_kr_key}
    return KEYS[source] if source in KEYS and not given[source] else ""


def pause(jobs: list[str], reason: str, now: datetime) -> None:
    """Stop these jobs until midnight in Korea."""
    tomorrow = datetime.combine(now.astimezone(KST).date() + timedelta(days=1), datetime.min.time())
    executed(_PAUSE, (tomorrow, redacted(reason)[:300], tuple(jobs)))


def resume(jobs: list[str]) -> bool:
    """Let these jobs go on at once; True when they were paused."""
    return bool(executed(_RESUME, (tuple(jobs),)))


def paused(jobs: list[str]) -> bool:
    """Whether one of these jobs was told to stop, and with it all."""
    with connection.cursor() as cursor:
        cursor.execute(_PAUSED, (tuple(jobs),))
        return cursor.fetchone() is not None


def tell_key_refused(source: str, code: str) -> None:
    """Open the event that says what to do; ``code`` is the source's own."""
    text = REMEDIES.get(source, "{1}").replace("{1}", code or "-")
    raise_event("reference", KEY_REFUSED, source, level="error", text=text)


def key_may_be_good(source: str) -> None:
    """End that event: a person tries again, or a new day has begun."""
    clear_event("reference", KEY_REFUSED, source)


def words() -> dict[str, str]:
    return {f"event.{KEY_REFUSED}": _("A source refuses its key")}


say(words, list(REMEDIES.values()))

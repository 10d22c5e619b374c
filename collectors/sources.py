"""The sources of the batch jobs: whether a source has its key, and stopping all of its jobs at once.

The pause of a source stands in the days of its jobs (`JobDay.paused_until`), for that is where a person looks.
"""

from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection

from collectors.retry import executed
from stockdesk.env.sources import PUBLIC_SOURCES
from stockdesk.events import clear_event, raise_event
from stockdesk.kis.messages import KST
from stockdesk.logs import redacted
from stockdesk.sheets import say

KIS, MASTER, DESK = "kis", "master", "desk"
KEY_REFUSED = "key-refused"
#: The sources with a key of their own; the others need none, or the desk does not start without.
PUBLIC = {source.name: source for source in PUBLIC_SOURCES}

_PAUSE = "UPDATE collectors_jobday SET paused_until = %s, note = %s WHERE job IN %s"
_RESUME = "UPDATE collectors_jobday SET paused_until = NULL, note = '' WHERE job IN %s AND paused_until > NOW(6)"
_PAUSED = "SELECT 1 FROM collectors_jobday WHERE job IN %s AND paused_until > NOW(6) LIMIT 1"


def lacks_key(source: str) -> str:
    """The name of the setting that is empty, so that nothing can be asked of the source; "" when it has its key."""
    return PUBLIC[source].key if source in PUBLIC and not settings.DESK.sources[source].key else ""


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
    remedy = PUBLIC[source].remedy if source in PUBLIC else "{1}"
    text = remedy.replace("{1}", code or "-")
    raise_event("reference", KEY_REFUSED, source, level="error", text=text)


def key_may_be_good(source: str) -> None:
    """End that event: a person tries again, or a new day has begun."""
    clear_event("reference", KEY_REFUSED, source)


say(dict, [source.remedy for source in PUBLIC_SOURCES])

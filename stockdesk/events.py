"""Degraded states as rows: the dashboard shows the open ones, the table keeps the story."""

from collections.abc import Collection, Mapping

from django.db import connection

from stockdesk.logs import redacted
from stockdesk.models import Event

#: What is wrong, and with what: an event's code and subject.
Trouble = tuple[str, str]

#: An event that returns within this many seconds is the same one: a flapping state is one row, not thousands.
REOPEN_SECONDS = 60
#: Ended rows are kept this long.
KEEP_DAYS = 90

_REPEAT = """
    UPDATE stockdesk_event SET last_at = NOW(6), count = count + 1, level = %s, text = %s
    WHERE source = %s AND code = %s AND subject = %s AND is_open = 1
"""
_REOPEN = """
    UPDATE stockdesk_event
    SET last_at = NOW(6), count = count + 1, level = %s, text = %s, ended_at = NULL, is_open = 1
    WHERE source = %s AND code = %s AND subject = %s AND is_open IS NULL
      AND ended_at > NOW(6) - INTERVAL %s SECOND
    ORDER BY ended_at DESC LIMIT 1
"""
_OPEN = """
    INSERT INTO stockdesk_event (level, text, source, code, subject) VALUES (%s, %s, %s, %s, %s)
    ON DUPLICATE KEY UPDATE last_at = NOW(6), count = count + 1
"""
_END = """
    UPDATE stockdesk_event SET ended_at = NOW(6), is_open = NULL
    WHERE source = %s AND code = %s AND subject = %s AND is_open = 1
"""
_PURGE = "DELETE FROM stockdesk_event WHERE ended_at < NOW(6) - INTERVAL %s DAY LIMIT 100"


def raise_event(source: str, code: str, subject: str = "", level: str = "warning", text: str = "") -> None:
    """Open the event, or count it once more when it is open already. Secrets in the text are taken out."""
    row = (level, redacted(text)[:500], source[:32], code[:40], subject[:64])
    with connection.cursor() as cursor:
        if cursor.execute(_REPEAT, row):
            return
        if cursor.execute(_REOPEN, (*row, REOPEN_SECONDS)):
            return
        cursor.execute(_OPEN, row)
        cursor.execute(_PURGE, (KEEP_DAYS,))


def clear_event(source: str, code: str, subject: str = "") -> bool:
    """End the event; True when one was open."""
    with connection.cursor() as cursor:
        return bool(cursor.execute(_END, (source[:32], code[:40], subject[:64])))


class Troubles:
    """The events of one source that stand for as long as something is wrong.

    Those of ``codes`` that an earlier process has left open end like its own. ``levels`` are of codes that have one
    of their own.
    """

    def __init__(
        self, source: str, codes: Collection[str], *, level: str = "warning", levels: Mapping[str, str] | None = None
    ) -> None:
        self._source = source
        self._codes = codes
        self._level = level
        self._levels = levels or {}
        self._open: set[Trouble] | None = None

    def tell(self, now_wrong: Mapping[Trouble, str]) -> None:
        """Open or count an event for everything that is wrong now, and end those that are over."""
        if self._open is None:
            left_open = Event.objects.filter(source=self._source, code__in=self._codes, is_open=True)
            self._open = set(left_open.values_list("code", "subject"))
        for (code, subject), text in now_wrong.items():
            raise_event(self._source, code, subject, level=self._levels.get(code, self._level), text=text)
        for code, subject in self._open - now_wrong.keys():
            clear_event(self._source, code, subject)
        self._open = set(now_wrong)

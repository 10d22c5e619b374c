"""Alerts in a person's language: events are written in English with values in it, as the screens get them too."""

import re
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache

from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from stockdesk import sheets
from stockdesk.alerts.catalogue import entry_of
from stockdesk.kis.messages import KST
from stockdesk.models import Event

#: Lines of one message; what is more is counted. Telegram takes 4,096 characters.
MOST_LINES = 12
LINE_LENGTH = 220
_PLACE = re.compile(r"\\\{([0-9])\\\}")


def head(kind: str, level: str, code: str, count: int) -> str:
    """The title of a message: what it is, what it is about, how many."""
    marks = {
        "recovered": pgettext("alert", "recovered"),
        "reminder": pgettext("alert", "reminder"),
        "info": pgettext("level", "note"),
        "warning": pgettext("level", "warning"),
        "critical": pgettext("level", "critical"),
    }
    title = f"[{marks[kind if kind in marks else level]}] {_(entry_of(code).sentence)}"
    return title if count < 2 else f"{title} · {count}"


def line(event: Event, *, seen: int = 1) -> str:
    """One event as a line: since when, which one, what the program says of it."""
    at = f"{event.started_at.astimezone(KST):%H:%M:%S}"
    text = " ".join(part for part in (at, event.subject, said(event.text)) if part)
    if seen > 1:
        text += " " + ngettext("(%d time since the last alert)", "(%d times since the last alert)", seen) % seen
    return text[:LINE_LENGTH]


def ended_line(event: Event, now: datetime) -> str:
    """One event that is over: which one, and how long it took."""
    ended = event.ended_at or now
    seconds = (ended - event.started_at).total_seconds()
    times = f"{event.started_at.astimezone(KST):%H:%M:%S}–{ended.astimezone(KST):%H:%M:%S}"
    text = f"{times} ({duration(seconds)}) {event.subject}".rstrip()
    return text[:LINE_LENGTH]


def body(lines: Sequence[str], todo: str = "") -> str:
    """The lines, cut where they are many, and what to do."""
    shown = list(lines[:MOST_LINES])
    if len(lines) > MOST_LINES:
        shown.append(_("... and %d more") % (len(lines) - MOST_LINES))
    if todo:
        shown.append(_("To do: %s") % _(todo))
    return "\n".join(shown)


def duration(seconds: float) -> str:
    whole = max(round(seconds), 0)
    if whole < 60:
        return _("%d s") % whole
    if whole < 3600:
        return _("%(minutes)d min %(seconds)d s") % {"minutes": whole // 60, "seconds": whole % 60}
    return _("%(hours)d h %(minutes)d min") % {"hours": whole // 3600, "minutes": whole % 3600 // 60}


def said(text: str) -> str:
    """A program's English sentence in the active language; as it is where no app has registered it."""
    if not text:
        return ""
    for form, template in _forms(tuple(sheets.SENTENCES)):
        if (match := form.fullmatch(text)) is not None:
            return _filled(_(template), match.groupdict())
    return text


def _filled(template: str, values: dict[str, str]) -> str:
    """The template with its values, each of which may be a sentence itself."""
    return re.sub(r"\{([0-9])\}", lambda place: said(values[f"v{place[1]}"]), template)


@lru_cache(maxsize=1)
def _forms(templates: tuple[str, ...]) -> list[tuple[re.Pattern[str], str]]:
    """The templates as patterns, those with most of their own words first: "{1}: {2}" fits nearly everything."""
    longest = sorted(set(templates), key=lambda template: -len(re.sub(r"\{[0-9]\}", "", template)))
    return [(re.compile(_pattern(template), re.DOTALL), template) for template in longest]


def _pattern(template: str) -> str:
    seen: set[str] = set()

    def place(match: re.Match[str]) -> str:
        number = match[1]
        if number in seen:
            return f"(?P=v{number})"
        seen.add(number)
        return f"(?P<v{number}>.*?)"

    return _PLACE.sub(place, re.escape(template))

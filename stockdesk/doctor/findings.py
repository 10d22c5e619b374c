"""A finding: what was looked at, what was found, what mends it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from django.core import checks

Grade = Literal["well", "doubtful", "bad"]


@dataclass(frozen=True, slots=True)
class Finding:
    """One look; the remedy says what to do when all is not well."""

    subject: str
    found: str
    remedy: str = ""
    grade: Grade = "well"


def judged(subject: str, found: str, remedy: str, *, well: bool, otherwise: Grade = "bad") -> Finding:
    return Finding(subject, found) if well else Finding(subject, found, remedy, otherwise)


def of_checks(subject: str, praise: str, messages: Iterable[checks.CheckMessage]) -> Iterator[Finding]:
    """The system checks' complaints in our form, or one line when there are none."""
    troubles = [message for message in messages if message.level >= checks.WARNING and not message.is_silenced()]
    for message in troubles:
        grade: Grade = "bad" if message.level >= checks.ERROR else "doubtful"
        yield Finding(subject, str(message.msg), message.hint or f"See the setting named here ({message.id}).", grade)
    if not troubles:
        yield Finding(subject, praise)

"""What apps add to the alerts: news that are no states, lines of the daily summary, and looks at what may go wrong.

The ground knows neither orders nor quotes, so each app registers its own when Django is ready.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class News:
    """Something that happened and is over, such as a fill. ``key`` tells it from every other one, for good."""

    key: str
    code: str
    text: str


@dataclass(frozen=True, slots=True)
class Watch:
    """A look that opens and ends events, every ``every`` seconds."""

    every: float
    look: Callable[[datetime], None]


#: Called with the moment since which news are wanted.
NewsSource = Callable[[datetime], Iterable[News]]
#: Called with the day and the time now; lines for people, in the active language.
Section = Callable[[date, datetime], Iterable[str]]

NEWS: list[NewsSource] = []
SECTIONS: dict[str, tuple[int, Section]] = {}
WATCHES: dict[str, Watch] = {}


def news(source: NewsSource) -> NewsSource:
    """Add a source of news. It is asked every two seconds, so it reads by an index and little."""
    if source not in NEWS:
        NEWS.append(source)
    return source


def section(name: str, place: int) -> Callable[[Section], Section]:
    """Add lines to the daily summary; sections come by their place."""

    def add(lines: Section) -> Section:
        SECTIONS[name] = (place, lines)
        return lines

    return add


def watch(name: str, every: float) -> Callable[[Callable[[datetime], None]], Callable[[datetime], None]]:
    """Add a look at something, done while alerts run, in seconds."""

    def add(look: Callable[[datetime], None]) -> Callable[[datetime], None]:
        WATCHES[name] = Watch(every, look)
        return look

    return add

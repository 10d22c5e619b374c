"""The jobs of DART: companies weekly, filings while the day lasts and once more when it is over, figures in season."""

from datetime import date, time, timedelta

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from collectors.dart import accounts, corps, filings, statements, texts
from collectors.dart.client import SOURCE
from collectors.dart.seasons import Season
from collectors.due import DAY, Newest, WhileItLasts, each_day, is_weekday, mondays, the_morning_after
from collectors.jobs import Job, register

#: More often than a poll is due, so that each begins soon after its time; what is listed already stays as it is.
LOOK_AGAIN = timedelta(minutes=5)
WHILE_OPEN = WhileItLasts(time(7), time(19, 10))


def reports_come_in(on: date) -> bool:
    """Weekdays of a season. The demo has figures to show at any time of the year."""
    return settings.DESK.around_the_clock or (is_weekday(on) and Season.of(on) is not None)


def season_day(on: date) -> date:
    """The day itself, or the last day of the season before it."""
    while Season.of(on) is None:
        on -= DAY
    return on


register(Job("corps", _("DART companies"), corps.items, corps.fetch, Newest(mondays(6, 30)), SOURCE))
register(Job("filings", _("Filings of today"), filings.items, filings.fetch, WHILE_OPEN, SOURCE, again=LOOK_AGAIN))
register(
    Job("filings-day", _("Filings, whole day"), filings.items, filings.fetch, Newest(the_morning_after(6, 40)), SOURCE)
)
register(
    Job(
        "filing-texts",
        _("Texts of today's filings"),
        texts.items,
        texts.fetch,
        WHILE_OPEN,
        SOURCE,
        again=LOOK_AGAIN,
        after="filings",
    )
)
register(
    Job(
        "filing-texts-day",
        _("Texts of filings"),
        texts.items,
        texts.fetch,
        Newest(the_morning_after(6, 40)),
        SOURCE,
        after="filings-day",
    )
)
register(
    Job(
        "key-accounts",
        _("Key accounts"),
        lambda day: accounts.items(season_day(day)),
        accounts.fetch,
        Newest(each_day(19, 20, counts=reports_come_in)),
        SOURCE,
        after="corps",
    )
)
register(
    Job(
        "statements",
        _("Financial statements"),
        lambda day: statements.items(season_day(day)),
        statements.fetch,
        Newest(each_day(19, 30, counts=reports_come_in)),
        SOURCE,
        after="corps",
    )
)

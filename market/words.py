"""Words that the dashboard's script needs, translated by the server; the page carries them as data.

``{n}`` and the like are filled in by the script. What a word describes stands beside it.
"""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop, pgettext

from stockdesk import sheets
from stockdesk.alerts.catalogue import CATALOGUE
from stockdesk.calendar import doubts as calendar_doubts


def page_words() -> dict[str, str]:
    """Key -> text in the language of the request."""
    own = {
        **catalogue_words(), **link_words(), **trouble_words(), **state_words(), **hours_words(), **age_words(),
        **quote_words(), **asset_words(), **event_words(),
    }  # fmt: skip
    for words in sheets.WORDS:
        own.update(words())
    return own


def link_words() -> dict[str, str]:
    return {
        "link.connecting": _("Connecting"),
        "link.receiving": _("Received {age} ago"),
        "link.quiet": _("Connected, newest price {age} old"),
        "link.empty": _("Connected, no prices yet"),
        "link.lost": _("Lost, connecting again in {n} s"),
        "link.lost_now": _("Lost, connecting again"),
        "link.restored": _("Connected again"),
        "link.stalled": _("Nothing received for {age}"),
        "link.database": _("Database unreadable"),
    }


def trouble_words() -> dict[str, str]:
    """What is wrong with the page itself, and what to do about it."""
    return {
        "trouble.since": _("since {time}, for {age}"),
        "trouble.lost": _("The connection to the desk is lost; everything shown is old."),
        "trouble.lost.todo": _(
            "It is tried again by itself. If it lasts: is this device on the network, and does the desk's web server "
            "run (./desk status)?"
        ),
        "trouble.database": _("The desk cannot read its database; everything shown is old."),
        "trouble.database.todo": _(
            "See whether MariaDB runs and has room on its disk (./desk status). The page goes on by itself."
        ),
        "trouble.fault": _("The desk's screens have failed; everything shown is old."),
        "trouble.fault.todo": _(
            "The reason stands in the log of the web server (./desk logs web). The page tries again every second."
        ),
        "trouble.prices": _("No new prices, though the market is open."),
        "trouble.prices.todo": _("See the session lamps and the events. Prices are old until they come again."),
    }


def hours_words() -> dict[str, str]:
    """Parts of the trading day, and the lanes of calls."""
    return {
        "hours.before": pgettext("hours", "pre-open"),
        "hours.auction": pgettext("hours", "auction"),
        "hours.regular": pgettext("hours", "regular"),
        "hours.off_hours": pgettext("hours", "off-hours"),
        "hours.closed": pgettext("hours", "closed"),
        "hours.holiday": pgettext("hours", "holiday"),
        "hours.unknown": pgettext("hours", "hours unknown"),
        "hours.next": _("{phase} in {left}"),
        "hours.day": _("{phase} on {day}"),
        "hours.unconfirmed": _("The broker has not confirmed this trading day."),
        "lane.order": pgettext("lane", "orders"),
        "lane.fill": pgettext("lane", "fills"),
        "lane.assets": pgettext("lane", "assets"),
        "lane.spare": pgettext("lane", "spare"),
        "lane.market": pgettext("lane", "market"),
        "lane.shared": pgettext("lane", "all calls"),
        "lane.said": _("{rate} of {allowed} calls a second, {today} today"),
        "lane.slowed": _("slowed down"),
    }


def state_words() -> dict[str, str]:
    """States of sessions and of daemons."""
    return {
        "session.connecting": pgettext("session", "connecting"),
        "session.live": pgettext("session", "live"),
        "session.silent": pgettext("session", "silent"),
        "session.parked": pgettext("session", "parked"),
        "session.closed": pgettext("session", "closed"),
        "session.waiting": pgettext("session", "waiting"),
        "session.unknown": pgettext("session", "no word"),
        "session.title": _("Session {n}: {state}"),
        "session.connects": _("connects {n}"),
        "session.retry": _("again in {n} s"),
        "daemon.running": pgettext("daemon", "running"),
        "daemon.starting": pgettext("daemon", "starting"),
        "daemon.stopping": pgettext("daemon", "stopping"),
        "daemon.stopped": pgettext("daemon", "stopped"),
        "daemon.failed": pgettext("daemon", "failed"),
        "daemon.error": pgettext("daemon", "error"),
        "daemon.silent": pgettext("daemon", "no sign of life"),
        "program.ws_market": _("Live prices"),
        "program.rest_market": _("Whole market"),
        "program.assets": _("Assets"),
        "program.trading": _("Trading"),
        "program.overseas": _("Overseas"),
        "program.reference": _("Reference data"),
        "program.manager": _("Timetable"),
        "program.simulator": _("Simulator"),
        "program.web": _("Web"),
        "program.governor": _("Connection pace"),
        "program.budget": _("Call budget"),
        "program.calendar": _("Calendar"),
    }


def age_words() -> dict[str, str]:
    """How old something is, in one short word."""
    return {
        "age.seconds": pgettext("age", "{n} s"),
        "age.minutes": pgettext("age", "{n} min"),
        "age.hours": pgettext("age", "{n} h"),
        "age.days": pgettext("age", "{n} d"),
        "age.now": pgettext("age", "now"),
    }


def quote_words() -> dict[str, str]:
    return {
        "quote.limit_up": _("Limit up"),
        "quote.limit_down": _("Limit down"),
        "quote.halted": _("Halted"),
        "quote.up": _("up"),
        "quote.down": _("down"),
        "quote.shown": _("{shown} of {all}"),
        "quote.star": _("Favourite: {name}"),
        "quote.star_failed": _("The star could not be stored: {text}"),
        "quote.no_answer": _("no answer from the desk"),
    }


def asset_words() -> dict[str, str]:
    return {
        "assets.renewed": _("Renewed {age} ago"),
        "assets.waiting": _("Waiting for the first balance"),
        "assets.as_of": _("as of {time}"),
        "assets.never": _("No balance yet: {reason}"),
        "assets.failing": _("The last attempt failed: {reason}"),
        "assets.old": _("Not renewed for {age}. {reason}"),
    }


def event_words() -> dict[str, str]:
    """Levels, and since when and how often. The catalogue says what a code means; an unknown one is shown as it is."""
    return {
        "level.info": pgettext("level", "note"),
        "level.warning": pgettext("level", "warning"),
        "level.error": pgettext("level", "error"),
        "level.critical": pgettext("level", "critical"),
        "event.since": _("since {time}, {age}"),
        "event.times": _("{n} times"),
    }


def catalogue_words() -> dict[str, str]:
    """What an event means and what to do about it, by its code."""
    meanings = {f"event.{code}": _(entry.sentence) for code, entry in CATALOGUE.items()}
    return {**meanings, **{f"advice.{code}": _(entry.todo) for code, entry in CATALOGUE.items()}}


# What daemons write into rows is plain English with values in it; a template here lets the page say it in
# the reader's language. ``{1}`` stands for any text. A sentence that is not here is shown as it is.
SENTENCES = (
    gettext_noop("nothing to watch"),
    gettext_noop("the database is away"),
    gettext_noop("stopped"),
    gettext_noop("gap"),
    gettext_noop("pace"),
    gettext_noop("quarantine"),
    gettext_noop("{1} connects in {2} s"),
    gettext_noop("could not connect: {1}"),
    gettext_noop("no approval key: {1}"),
    gettext_noop("approval key rejected (OPSP0011)"),
    gettext_noop("app key {1} is in use elsewhere (OPSP8996)"),
    gettext_noop("OPSP8996 app key in use: no connect for {1} s"),
    gettext_noop("connection closed by the other side"),
    gettext_noop("no frame for {1} s"),
    gettext_noop("no tick for {1} s"),
    gettext_noop("{1} registrations refused ({2})"),
    gettext_noop("{1} symbols have no live place: {2}"),
    gettext_noop("execution notices cannot be read"),
    gettext_noop("{1} of {2} records are damaged, or the clock is wrong"),
    gettext_noop("no step for {1} s"),
    gettext_noop("Recording has stopped: {1}"),
    gettext_noop("Recording has stopped: less than {1} GB of disk is free"),
    gettext_noop("Recording has stopped: today alone takes {1} GB (RECORD_GB)"),
    gettext_noop("The disk is too slow: {1} frames are missing so far"),
    gettext_noop("the board cannot be read: database error {1}"),
    gettext_noop("the broker refuses calls: slowed down for a while"),
    gettext_noop("no complete balance for {1} s"),
    gettext_noop("no complete balance within {1} s"),
    gettext_noop("no holdings, though the account's securities have a value"),
    gettext_noop("holdings are missing from the list that its totals still count"),
    gettext_noop("everything is gone from the account at once"),
    gettext_noop("the desk has another account now"),
    gettext_noop("a round takes {1} s instead of {2} s"),
    gettext_noop("a round takes {1} s instead of {2} s: {3}"),
    gettext_noop("the mock host has no prices of many issues in one call"),
    gettext_noop("{1} calls a second leave no lane for the whole market"),
    gettext_noop("no listed issue is known: manage.py load_instruments"),
    gettext_noop("the list of {1} names no issue"),
    gettext_noop("the list of {1} lacks {2} of {3} issues"),
    gettext_noop("{1}: an empty answer"),
    gettext_noop("{1}: no zip file"),
    gettext_noop("{1}: not in the zip file"),
    gettext_noop("{1}: too large to be a list of issues"),
    gettext_noop("{1}: a damaged zip file ({2})"),
    gettext_noop("{1}: {2} of {3} lines make no sense ({4})"),
    gettext_noop("{1}: no answer within {2} s"),
    gettext_noop("{1}: HTTP {2} without a JSON object"),
    *calendar_doubts.SENTENCES,
)


def page_sentences() -> dict[str, str]:
    """English template -> the same in the language of the request, where that differs."""
    return {english: said for english in (*SENTENCES, *sheets.SENTENCES) if (said := _(english)) != english}

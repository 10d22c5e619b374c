"""Words that the dashboard's script needs, translated by the server; the page carries them as data.

``{n}`` and the like are filled in by the script. What a word describes stands beside it.
"""

from django.utils.translation import gettext as _
from django.utils.translation import pgettext


def page_words() -> dict[str, str]:
    """Key -> text in the language of the request."""
    return {**link_words(), **state_words(), **age_words(), **quote_words(), **event_words()}


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
        "link.database": _("The desk cannot read its database; prices are {age} old"),
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
        "session.registered": _("registered {confirmed}/{wanted}"),
        "session.frame": _("frame {age}"),
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
        "program.manager": _("Manager"),
        "program.simulator": _("Simulator"),
        "program.web": _("Web"),
    }


def age_words() -> dict[str, str]:
    """How old something is, in one short word."""
    return {
        "age.seconds": pgettext("age", "{n} s"),
        "age.minutes": pgettext("age", "{n} min"),
        "age.hours": pgettext("age", "{n} h"),
        "age.days": pgettext("age", "{n} d"),
        "age.now": pgettext("age", "< 2 s"),
    }


def quote_words() -> dict[str, str]:
    return {
        "quote.limit_up": _("Limit up"),
        "quote.limit_down": _("Limit down"),
        "quote.halted": _("Halted"),
        "quote.up": _("up"),
        "quote.down": _("down"),
        "quote.shown": _("{shown} of {all}"),
    }


def event_words() -> dict[str, str]:
    """Levels, and what the codes of our own daemons mean; an unknown code is shown as it is."""
    return {
        "level.info": pgettext("level", "note"),
        "level.warning": pgettext("level", "warning"),
        "level.error": pgettext("level", "error"),
        "level.critical": pgettext("level", "critical"),
        "event.since": _("since {time}, {age}"),
        "event.times": _("{n} times"),
        "event.key-quarantined": _("App key paused by the broker"),
        "event.step-failed": _("A round of work failed"),
    }

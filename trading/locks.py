"""The three locks between the desk and a live order: .env, a fresh code, and a confirmed trading day."""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from stockdesk.hours import day_of
from trading.models import Desk
from trading.values import Mode, kst_day


@dataclass(frozen=True, slots=True)
class Lock:
    """One of the three; ``todo`` says how a closed one is opened, and is empty for an open one."""

    name: str
    is_open: bool
    says: str
    todo: str


def live_locks(desk: Desk, now: datetime) -> list[Lock]:
    """All three, in the order in which a person opens them."""
    return [_env_lock(), _code_lock(desk, now), _day_lock(now)]


def _env_lock() -> Lock:
    is_open = settings.DESK.mode == Mode.LIVE
    says = _("DESK_MODE is %s.") % settings.DESK.mode
    return Lock(_(".env"), is_open, says, "" if is_open else _("Set DESK_MODE=live in .env and start the desk anew."))


def _code_lock(desk: Desk, now: datetime) -> Lock:
    name = _("One-time code")
    if desk.mode != Mode.LIVE:
        return Lock(name, False, _("The desk is not in live mode."), _("Choose live mode below, with a fresh code."))
    if desk.live_armed_until is None or desk.live_armed_until <= now:
        return Lock(
            name, False, _("Live trading is not armed."), _("Arm it below with a fresh code; it lasts 12 hours.")
        )
    until = f"{timezone.localtime(desk.live_armed_until):%m-%d %H:%M}"
    return Lock(name, True, _("Armed until %(until)s by %(who)s.") % {"until": until, "who": desk.live_armed_by}, "")


def _day_lock(now: datetime) -> Lock:
    name, day = _("Confirmed day"), day_of(kst_day(now))
    if day.is_open is None or not day.confirmed:
        todo = _("Confirm today under trading days in the admin, or wait for the answer of KIS.")
        return Lock(name, False, _("Nobody has confirmed that today is a trading day."), todo)
    if not day.is_open:
        return Lock(name, False, _("The market is closed today."), _("Wait for the next trading day."))
    return Lock(name, True, _("Today is a trading day, and that is confirmed."), "")

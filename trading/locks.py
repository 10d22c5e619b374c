"""The three locks between the desk and a live order: .env, a fresh code, and a confirmed trading day."""

from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from trading.models import Desk, Order, Refusal
from trading.views import Mode, kst_day


@dataclass(frozen=True, slots=True)
class Lock:
    """One of the three; ``is_open`` is None where nobody has looked yet."""

    name: str
    is_open: bool | None
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
    """By what the trading program has done today: it asks for the day before every order."""
    name, today = _("Confirmed day"), kst_day(now)
    sent = Order.objects.filter(ordered_on=today, sent_at__isnull=False).order_by("-sent_at").first()
    refusals = Refusal.objects.filter(refused_on=today, code__in=("day_unconfirmed", "closed_today"))
    refusal = refusals.order_by("-last_at").first()
    if refusal is not None and (sent is None or sent.sent_at is None or refusal.last_at > sent.sent_at):
        at = f"{timezone.localtime(refusal.last_at):%H:%M:%S}"
        if refusal.code == "closed_today":
            return Lock(name, False, _("The market is closed today (%s).") % at, _("Wait for the next trading day."))
        todo = _("Confirm today in the calendar of the admin.")
        return Lock(name, False, _("At %s nobody had confirmed today as a trading day.") % at, todo)
    if sent is not None:
        return Lock(name, True, _("The trading program has found today confirmed."), "")
    return Lock(name, None, _("The trading program has not asked yet today."), "")

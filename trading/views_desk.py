"""The desk's page and its buttons: stop states, kill switch, modes, arming. Every POST is one change."""

from django.conf import settings
from django.contrib.auth.models import User
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.csrf import ensure_csrf_cookie

from market.words import page_sentences, page_words
from stockdesk import codes
from stockdesk.access import GO_LIVE, OPERATE, PRESS
from stockdesk.guards import for_viewers
from trading import desk
from trading.answers import brakes, done, presses, refused, sees
from trading.limits import LIMITS
from trading.locks import live_locks
from trading.models import DeskChange
from trading.state_words import CHANGE_WORDS, LIMIT_WORDS, MODE_WORDS, STOP_WORDS, change_words
from trading.values import Mode, Stop

SHOWN_CHANGES = 40


def frame() -> dict[str, object]:
    """What the frame around every page of trading needs."""
    return {"words": page_words(), "sentences": page_sentences(), "mode": settings.DESK.mode}


@for_viewers
@sees
@ensure_csrf_cookie
def desk_page(request: HttpRequest) -> HttpResponse:
    """Modes with their locks, limits, and who changed what."""
    now, row = timezone.now(), desk.desk_row()
    modes = [(mode.value, MODE_WORDS[mode], row.mode == mode) for mode in Mode]
    facts = {
        "row": row,
        "modes": modes,
        "armed": row.live_armed_until is not None and row.live_armed_until > now,
        "locks": live_locks(row, now),
        "limits": [(LIMIT_WORDS[name], getattr(row, name)) for name in LIMITS],
        "changes": [
            (change, CHANGE_WORDS.get(change.what, change.what), change_words(change.what, change.before),
             change_words(change.what, change.after))
            for change in DeskChange.objects.all()[:SHOWN_CHANGES]
        ],
        "device": codes.device_of(request.user),
        "may": request.user.has_perm(OPERATE),
        "may_press": request.user.has_perm(PRESS),
        "may_go_live": request.user.has_perm(GO_LIVE),
    }  # fmt: skip
    return render(request, "trading/desk.html", {**frame(), **facts})


@brakes
def kill(request: HttpRequest) -> HttpResponse:
    desk.kill(_who(request), timezone.now())
    return done(request, _("The kill switch is on. No order leaves; cancels do."))


@presses
def lift(request: HttpRequest) -> HttpResponse:
    if wrong := wrong_code(request):
        return refused(request, wrong, 403)
    desk.lift(_who(request), timezone.now())
    return done(request, _("The kill switch is lifted."))


@brakes
def stop(request: HttpRequest) -> HttpResponse:
    """Stricter is the operator's too; looser is for those who may operate the desk."""
    wanted = request.POST.get("stop", "")
    if wanted not in set(Stop):
        return refused(request, _("There is no such stop state. Nothing was changed."), 400)
    may_loosen = request.user.has_perm(OPERATE) and not codes.has_to_enrol(request.user)
    try:
        desk.set_stop(Stop(wanted), _who(request), timezone.now(), may_loosen=may_loosen)
    except desk.Looser:
        return refused(
            request, _("You may make the stop state stricter, not looser: a trader with a device may."), 403
        )
    return done(request, _("Stop state: %s") % STOP_WORDS[wanted])


@presses
def mode(request: HttpRequest) -> HttpResponse:
    """Any mode but live needs no code; live is the owner's, takes a fresh one, and is armed by it."""
    wanted, now = request.POST.get("mode", ""), timezone.now()
    if wanted not in set(Mode):
        return refused(request, _("There is no such mode. Nothing was changed."), 400)
    if wanted == Mode.LIVE and not request.user.has_perm(GO_LIVE):
        return refused(request, _("Going live is the owner's to switch. Nothing was changed."), 403)
    if wanted == Mode.LIVE and (wrong := wrong_code(request)):
        return refused(request, wrong, 403)
    desk.set_mode(Mode(wanted), _who(request), now)
    if wanted == Mode.LIVE:
        desk.arm_live(_who(request), now)
    return done(request, _("Mode: %s") % MODE_WORDS[wanted])


@presses
def arm(request: HttpRequest) -> HttpResponse:
    if wrong := wrong_code(request):
        return refused(request, wrong, 403)
    desk.arm_live(_who(request), timezone.now())
    return done(request, _("Live trading is armed for 12 hours."))


@presses
def disarm(request: HttpRequest) -> HttpResponse:
    desk.disarm(_who(request), timezone.now())
    return done(request, _("Live trading is not armed any more."))


def wrong_code(request: HttpRequest) -> str:
    """Use up the code of this form; why it was not accepted, or nothing."""
    assert isinstance(request.user, User)
    try:
        codes.check_code(request.user, request.POST.get("code", ""))
    except codes.WrongCode as exc:
        return str(exc)
    return ""


def _who(request: HttpRequest) -> str:
    return request.user.get_username()

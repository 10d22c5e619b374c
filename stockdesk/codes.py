"""One-time codes: who has a device (TOTP) or recovery codes, and whether a code is right, fresh and unused.

django-otp keeps the rules: a code passes once, a wrong one makes the next wait longer. A recovery code does what a
code of the phone does, once, and is for the day the phone is gone.
"""

from datetime import datetime, timedelta
from math import ceil
from secrets import randbelow
from typing import Any

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from django_otp.models import ThrottlingMixin
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

CONFIRM_WITHIN = timedelta(minutes=10)
"""How long a new device waits for its first code."""
FRESH_FOR = timedelta(minutes=5)
"""How long a code typed on the code page opens the pages that need one."""
RECOVERY_CODES = 10
RECOVERY_LENGTH = 16  # digits, for the number keys of a phone; 53 bits behind a growing wait
FRESH_KEY = "code_seen_at"


class WrongCode(Exception):
    """The code was not accepted; the text is for the person who typed it."""


class MustWait(WrongCode):
    """Not looked at, and not used up: wrong ones before it keep the device closed for some seconds."""


def device_of(user: Any) -> TOTPDevice | None:
    """The device whose codes count, or None where this person has not enrolled one."""
    return TOTPDevice.objects.filter(user=user, confirmed=True).order_by("pk").first()


def waiting_device(user: Any) -> TOTPDevice | None:
    """A device that was shown and has not proved itself by a first code."""
    since = timezone.now() - CONFIRM_WITHIN
    return TOTPDevice.objects.filter(user=user, confirmed=False, created_at__gte=since).order_by("-pk").first()


def has_to_enrol(user: Any) -> bool:
    """Whether this person must have a device before changing anything that trades; the demo trades with nothing."""
    return not settings.DESK.demo and device_of(user) is None


def check_code(user: Any, code: str) -> None:
    """Use up a code of this person's device, or one of the recovery codes. WrongCode tells what to do."""
    device = device_of(user)
    if device is None:
        raise WrongCode(_("You have not enrolled a device for one-time codes. Enrol one first."))
    digits = "".join(code.split())
    if len(digits) == RECOVERY_LENGTH:
        _use_recovery_code(user, digits)
    else:
        use_code(device, digits)


def use_code(device: TOTPDevice, code: str) -> TOTPDevice:
    """Use up a code of this device. Not to be called in a transaction that is rolled back: a failure is counted."""
    digits = "".join(code.split())
    refused = ""
    with transaction.atomic():
        device = TOTPDevice.objects.select_for_update().get(pk=device.pk)
        _let_in(device)
        if not (digits.isascii() and digits.isdigit() and len(digits) == device.digits):
            refused = _("A one-time code has six digits.")
        elif not device.verify_token(digits):
            refused = _("The code is wrong or was used before. Wait for the next one.")
    if refused:
        raise WrongCode(refused)
    return device


def _use_recovery_code(user: Any, code: str) -> None:
    refused = ""
    with transaction.atomic():
        # Held: of two requests with one code the second finds it used up.
        drawer = StaticDevice.objects.select_for_update().filter(user=user, confirmed=True).first()
        if drawer is None:
            refused = _("You have no recovery codes.")
        else:
            _let_in(drawer)
            if not drawer.verify_token(code):
                refused = _("The recovery code is wrong or was used before.")
    if refused:
        raise WrongCode(refused)


def _let_in(device: ThrottlingMixin) -> None:
    """MustWait while wrong codes keep this device closed."""
    allowed, why = device.verify_is_allowed()
    if not allowed:
        wait = ceil(max(1.0, (why["locked_until"] - timezone.now()).total_seconds()))
        raise MustWait(_("Too many wrong codes. Try again in %d s.") % wait)


def make_recovery_codes(user: Any) -> list[str]:
    """Ten new ones; those made before count no more. They are shown to their person once and stay unseen after."""
    fresh = [f"{randbelow(10**RECOVERY_LENGTH):0{RECOVERY_LENGTH}d}" for _n in range(RECOVERY_CODES)]
    with transaction.atomic():
        StaticDevice.objects.filter(user=user).delete()
        drawer = StaticDevice.objects.create(user=user, name="recovery", confirmed=True)
        StaticToken.objects.bulk_create([StaticToken(device=drawer, token=code) for code in fresh])
    return [" ".join(code[i : i + 4] for i in range(0, RECOVERY_LENGTH, 4)) for code in fresh]


def recovery_codes_left(user: Any) -> int:
    return StaticToken.objects.filter(device__user=user).count()


def remember_code(request: HttpRequest) -> None:
    """A code was seen just now: what needs a fresh one is open to this login for five minutes."""
    request.session[FRESH_KEY] = timezone.now().isoformat()


def is_fresh(request: HttpRequest) -> bool:
    """Whether this login has shown a code within the last five minutes."""
    seen = request.session.get(FRESH_KEY)
    age = timezone.now() - datetime.fromisoformat(seen) if seen else FRESH_FOR
    return timedelta(0) <= age < FRESH_FOR


def begin(user: Any) -> TOTPDevice:
    """A new device that counts once its first code has been seen; one begun before is forgotten."""
    with transaction.atomic():
        TOTPDevice.objects.filter(user=user, confirmed=False).delete()
        return TOTPDevice.objects.create(user=user, name="totp", confirmed=False)


def confirm(device: TOTPDevice, code: str) -> None:
    """Its first code makes it the only device of its person. WrongCode leaves everything as it was."""
    device = use_code(device, code)
    with transaction.atomic():
        TOTPDevice.objects.filter(user=device.user).exclude(pk=device.pk).delete()
        TOTPDevice.objects.filter(pk=device.pk).update(confirmed=True)


def forget(user: Any) -> int:
    """Take the device and the recovery codes away, of somebody who has neither any more; how many devices it was."""
    with transaction.atomic():
        StaticDevice.objects.filter(user=user).delete()
        return int(TOTPDevice.objects.filter(user=user).delete()[0])

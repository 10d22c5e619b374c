"""One-time codes (TOTP): who has a device, and whether a code is right, fresh and unused.

django-otp keeps the rules: a code passes once, a wrong one makes the next wait longer.
"""

from datetime import timedelta
from math import ceil
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django_otp.plugins.otp_totp.models import TOTPDevice

CONFIRM_WITHIN = timedelta(minutes=10)
"""How long a new device waits for its first code."""


class WrongCode(Exception):
    """The code was not accepted; the text is for the person who typed it."""


def device_of(user: Any) -> TOTPDevice | None:
    """The device whose codes count, or None where this person has not enrolled one."""
    return TOTPDevice.objects.filter(user=user, confirmed=True).order_by("pk").first()


def waiting_device(user: Any) -> TOTPDevice | None:
    """A device that was shown and has not proved itself by a first code."""
    since = timezone.now() - CONFIRM_WITHIN
    return TOTPDevice.objects.filter(user=user, confirmed=False, created_at__gte=since).order_by("-pk").first()


def check_code(user: Any, code: str) -> TOTPDevice:
    """Use up a code of this person's device. WrongCode tells what is wrong and what to do."""
    device = device_of(user)
    if device is None:
        raise WrongCode(_("You have not enrolled a device for one-time codes. Enrol one first."))
    return use_code(device, code)


def use_code(device: TOTPDevice, code: str) -> TOTPDevice:
    """Use up a code of this device. Not to be called in a transaction that is rolled back: a failure is counted."""
    digits = "".join(code.split())
    refused = ""
    with transaction.atomic():
        device = TOTPDevice.objects.select_for_update().get(pk=device.pk)
        allowed, why = device.verify_is_allowed()
        if not allowed:
            wait = ceil(max(1.0, (why["locked_until"] - timezone.now()).total_seconds()))
            refused = _("Too many wrong codes. Try again in %d s.") % wait
        elif not (digits.isascii() and digits.isdigit() and len(digits) == device.digits):
            refused = _("A one-time code has six digits.")
        elif not device.verify_token(digits):
            refused = _("The code is wrong or was used before. Wait for the next one.")
    if refused:
        raise WrongCode(refused)
    return device


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

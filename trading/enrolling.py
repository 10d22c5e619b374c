"""Enrolling a phone: its secret shown once, its first code, and the recovery codes that come with it.

For the page of a person who is logged in (`trading.views_device`) and for the first login of whoever may trade
(`trading.views_enrol`).
"""

from base64 import b32encode, b64encode
from io import BytesIO
from typing import Any

import qrcode
from django.contrib.auth.models import User
from django.db import transaction
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from django_otp.plugins.otp_totp.models import TOTPDevice
from qrcode.image.svg import SvgPathImage

from stockdesk import codes
from stockdesk.logins import end_logins
from trading.desk import note


def begun(user: User) -> dict[str, Any]:
    """A new device of this person, as picture and as key to type; shown in this one answer and never again."""
    fresh = codes.begin(user)
    secret = b32encode(fresh.bin_key).decode()
    return {"qr": qr_image(fresh), "secret": " ".join(secret[i : i + 4] for i in range(0, len(secret), 4))}


def confirmed(request: HttpRequest, user: User) -> list[str]:
    """The first code: the device counts, other logins of its person end, and its recovery codes are given back.

    WrongCode leaves everything as it was.
    """
    waiting = codes.waiting_device(user)
    if waiting is None:
        raise codes.WrongCode(_("There is no device to confirm, or its ten minutes are over. Begin again."))
    had = codes.device_of(user) is not None
    codes.confirm(waiting, request.POST.get("code", ""))
    with transaction.atomic():
        who = user.get_username()
        note(who, timezone.now(), "device", before=who if had else "", after=who)
        recovery_codes = codes.make_recovery_codes(user)
        # They were opened by the password alone, or by the device that was replaced.
        end_logins(user, but=request.session.session_key)
    codes.remember_code(request)
    return recovery_codes


def qr_image(fresh: TOTPDevice) -> str:
    """The device's otpauth address as a picture: a data: URI of an SVG, made here and loaded from nowhere."""
    drawn = BytesIO()
    qrcode.make(fresh.config_url, image_factory=SvgPathImage, box_size=10).save(drawn)
    return f"data:image/svg+xml;base64,{b64encode(drawn.getvalue()).decode()}"

"""Which account a row belongs to, without the account number: that is stored nowhere and shown nowhere."""

import hashlib
import hmac

from django.conf import settings

_SHOWN_DIGITS = 4


def account_id(number: str) -> str:
    """Twelve characters that stand for an account number, ``12345678-01`` or ``1234567801``.

    Keyed with SECRET_KEY: the mask tells all but four digits, and with a plain hash those are guessed in no time.
    """
    digits = number.replace("-", "")
    seal = hmac.new(settings.SECRET_KEY.encode(), f"account {digits}".encode(), hashlib.sha256)
    return seal.hexdigest()[:12]


def masked(number: str) -> str:
    """``1234****-01``: enough for its owner to tell one account from another."""
    digits = number.replace("-", "")
    return f"{digits[:_SHOWN_DIGITS]}****-{digits[8:]}"


def own_account() -> str:
    """The id of the desk's account (KIS_ACCOUNT); empty when none is set."""
    return account_id(settings.DESK.account) if settings.DESK.account else ""

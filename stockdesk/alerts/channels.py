"""The channels of ALERT_URLS: shown by number and scheme, told apart by a keyed digest, never by their address."""

import hmac
import re
from dataclasses import dataclass, field
from hashlib import sha256

from django.conf import settings as django_settings

from stockdesk.alerts.catalogue import RANK
from stockdesk.env_alerts import SHORTEST_PIECE, AlertSettings, pieces
from stockdesk.logs import MASK, redacted

ERROR_LENGTH = 200
KEY_LENGTH = 16


@dataclass(frozen=True, slots=True)
class Channel:
    """One address. ``name`` is "tgram 1", scheme and place: all that is shown of it."""

    name: str
    minimum: str
    url: str = field(repr=False)

    @property
    def key(self) -> str:
        """The same wherever the address stands in the list, and nothing to somebody without SECRET_KEY."""
        secret = f"alert channel {django_settings.SECRET_KEY}".encode()
        return hmac.new(secret, self.url.encode(), sha256).hexdigest()[:KEY_LENGTH]

    def hears(self, level: str) -> bool:
        return RANK[level] >= RANK[self.minimum]

    def cleaned(self, text: str) -> str:
        """An error of this channel without any part of its address."""
        # The longest first: one may be the beginning of another.
        for piece in sorted(pieces(self.url), key=len, reverse=True):
            exact = re.escape(piece)
            # Short ones as whole words only: a chat may be called "t".
            text = re.sub(exact if len(piece) >= SHORTEST_PIECE else rf"(?<!\w){exact}(?!\w)", MASK, text)
        text = redacted(text)
        return " ".join(text.split())[:ERROR_LENGTH]


def channels(settings: AlertSettings) -> list[Channel]:
    """Every channel in the order of ALERT_URLS."""
    return [
        Channel(f"{url.partition('://')[0]} {number}", settings.minimum_of(number - 1), url)
        for number, url in enumerate(settings.urls, start=1)
    ]

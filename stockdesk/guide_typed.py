"""What a person types into the guide, which of KIS's two worlds it is for, and what one look at it found."""

import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256

from django.conf import settings

from stockdesk.logs import account_forms


@dataclass(frozen=True, slots=True)
class Host:
    """One of KIS's two worlds."""

    rest_url: str
    ws_url: str
    mock: bool
    calls_per_second: int


HOSTS = {
    "real": Host("https://openapi.koreainvestment.com:9443", "ws://ops.koreainvestment.com:21000", False, 18),
    "mock": Host("https://openapivts.koreainvestment.com:29443", "ws://ops.koreainvestment.com:31000", True, 1),
}


@dataclass(frozen=True, slots=True)
class Typed:
    """What the person typed in; nothing of it shows up in a repr."""

    host: str
    app_key: str = field(repr=False)
    app_secret: str = field(repr=False)
    account: str = field(repr=False)
    hts_id: str = field(repr=False)
    database_url: str = field(repr=False)
    database_password: str = field(repr=False)
    dart_key: str = field(repr=False, default="")
    data_go_kr_key: str = field(repr=False, default="")

    @classmethod
    def of(cls, form: Mapping[str, str]) -> "Typed":
        """From the form; blanks at either end come from copying."""
        return cls(**{name: form.get(name, "").strip() for name in cls.__slots__})

    def secrets(self) -> list[str]:
        return [self.app_key, self.app_secret, *account_forms(self.account), self.hts_id,
                self.database_password, self.dart_key, self.data_go_kr_key]  # fmt: skip

    def digest(self) -> str:
        """Tells whether two forms say the same, and nothing of what they say."""
        text = json.dumps([getattr(self, name) for name in self.__slots__])
        return hmac.new(settings.SECRET_KEY.encode(), text.encode(), sha256).hexdigest()


@dataclass(frozen=True, slots=True)
class Check:
    """One look: ``ok``, ``bad`` (nothing is written) or ``later`` (cannot be told from here)."""

    name: str
    state: str
    text: str

"""What can go wrong with the broker, named by what is true afterwards."""


class KisError(Exception):
    """Anything the broker, or the way to it, did not do as asked.

    ``code`` is KIS's own (``EGW00201``), ``tr_id`` the call or stream it belongs to; either may be empty.
    The text never holds a key, a token or an account number: whoever raises sees to that.
    """

    def __init__(self, text: str, code: str = "", tr_id: str = "") -> None:
        super().__init__(text)
        self.text = text
        self.code = code
        self.tr_id = tr_id

    def __str__(self) -> str:
        head = " ".join(part for part in (self.tr_id, self.code) if part)
        return f"{head}: {self.text}" if head else self.text


class NotSent(KisError):
    """The request never reached the broker: safe to send again."""


class OutcomeUnknown(KisError):
    """The request may have been carried out: a read may be repeated, an order must be looked up."""


class Refused(KisError):
    """The broker understood and said no; ``code`` and ``text`` are its own words."""


class RateLimited(Refused):
    """Over the calls a second (EGW00201, EGW00215). The call was not carried out."""


class TokenRejected(Refused):
    """The access token is invalid or over (EGW00121, EGW00123). The call was not carried out."""


class TokenTooSoon(Refused):
    """A token was issued within the last minute (EGW00133): use that one or wait."""


class NotOnMock(Refused):
    """The mock host has no such call. Nothing was sent."""


class FrameError(KisError):
    """A message of the socket that cannot be read. Drop it, count it, go on. ``field`` names the culprit, if one."""

    field = ""


class UnknownStream(FrameError):
    """A data frame of a TR id that has no column table."""


class NoticeError(FrameError):
    """An execution notice that does not decrypt, or decrypts to nonsense."""

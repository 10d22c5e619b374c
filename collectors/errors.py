"""What can go wrong with a public source, named by what is true afterwards.

None of these ever ends as an empty result: whoever catches one keeps what is stored. The text holds no key: with
these sources the key travels in the address, so the addresses of calls are kept out of every text.
"""

from datetime import datetime


class SourceError(Exception):
    """The source did not answer as asked; nothing was stored. Trying again later may help.

    ``source`` is its name (``dart``), ``code`` the source's own (``020``); either may be empty.
    """

    def __init__(self, text: str, *, source: str = "", code: str = "") -> None:
        super().__init__(text)
        self.text = text
        self.source = source
        self.code = code

    def __str__(self) -> str:
        head = " ".join(part for part in (self.source, self.code) if part)
        return f"{head}: {self.text}" if head else self.text


class QuotaReached(SourceError):
    """The day's calls of this key are used up: no further call of this source until the next day in Korea."""


class NotYet(SourceError):
    """What was asked for is not there yet; of a day that was no trading day the source's answer is the same.

    ``until`` is the moment from which asking again makes sense, where it is known.
    """

    def __init__(self, text: str, *, source: str = "", until: datetime | None = None) -> None:
        super().__init__(text, source=source)
        self.until = until


class NoData(SourceError):
    """The source says in so many words that it has nothing under this query today; it may have later."""


class KeyRefused(SourceError):
    """The key is missing, unknown, expired, suspended or not allowed here: every job of the source has to stop."""


class BadCall(SourceError):
    """The source refuses the question itself: a mistake of ours, which a repetition does not mend."""

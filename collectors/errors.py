"""What a source of data can answer besides data, named by what a job does then."""


class SourceError(Exception):
    """A source did not give what was asked. The text holds no key: whoever raises sees to that."""


class QuotaReached(SourceError):
    """The source gives no more today: its job rests until the next day in Korea."""


class NotYet(SourceError):
    """The source has nothing of that day yet: to be asked again later."""

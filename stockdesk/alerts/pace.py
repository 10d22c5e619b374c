"""How often people may be told: windows that gather, quiet that grows, and a bound for every hour. No I/O."""

from collections import defaultdict, deque
from datetime import datetime, timedelta

from stockdesk.alerts.catalogue import CRITICAL

#: What comes within this time is one message; critical waits for the next step alone.
GATHER, GATHER_CRITICAL = timedelta(seconds=5), timedelta(seconds=1)
#: After the first, second ... alert of one cause it is quiet for so long, however often it returns.
QUIET = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2))
#: A cause that was quiet for this long begins anew.
FORGET = timedelta(hours=6)
#: After so many messages of one code in ten minutes the next one gathers for longer.
CROWD = timedelta(minutes=10)
CROWDED = ((6, timedelta(minutes=5)), (3, timedelta(minutes=1)))
#: Messages an hour; what is critical may use the last ten.
MOST_AN_HOUR, KEPT_FOR_CRITICAL = 30, 10
HOUR = timedelta(hours=1)

Cause = tuple[str, str]


class Pace:
    """Remembers what was told when; the table's rows tell it again after a start."""

    def __init__(self) -> None:
        self._messages: deque[datetime] = deque()
        self._codes: dict[str, deque[datetime]] = defaultdict(deque)
        self._causes: dict[Cause, list[datetime]] = {}

    def note_message(self, at: datetime, code: str) -> None:
        self._messages.append(at)
        self._codes[code].append(at)

    def note_cause(self, at: datetime, cause: Cause) -> None:
        told = self._causes.setdefault(cause, [])
        if told and at - told[-1] > FORGET:
            told.clear()
        told.append(at)

    def last_told(self, cause: Cause) -> datetime | None:
        told = self._causes.get(cause)
        return told[-1] if told else None

    def is_quiet(self, now: datetime, cause: Cause) -> bool:
        """Whether this cause was told so lately, or so often, that it waits."""
        told = self._causes.get(cause)
        if not told or now - told[-1] > FORGET:
            return False
        return now - told[-1] < QUIET[min(len(told), len(QUIET)) - 1]

    def gathers_until(self, code: str, level: str, first: datetime, now: datetime) -> datetime:
        """Until when what is to be told of this code waits for more of its kind."""
        told = self._codes.get(code)
        until = first + (GATHER_CRITICAL if level == CRITICAL else GATHER)
        if told:
            while told and now - told[0] > CROWD:
                told.popleft()
            longer = next((gap for many, gap in CROWDED if len(told) >= many), None)
            if longer is not None:
                until = max(until, told[-1] + longer)
        return until

    def has_room(self, now: datetime, level: str) -> bool:
        """Whether the hour takes one more message of this level."""
        while self._messages and now - self._messages[0] > HOUR:
            self._messages.popleft()
        return len(self._messages) < MOST_AN_HOUR - (0 if level == CRITICAL else KEPT_FOR_CRITICAL)

    def forget(self, now: datetime) -> None:
        """Let go of causes that were quiet for long."""
        self._causes = {cause: told for cause, told in self._causes.items() if now - told[-1] <= FORGET}

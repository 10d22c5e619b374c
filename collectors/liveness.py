"""When silence means that a session is broken, and when it is only a quiet market."""

from collections.abc import Iterable
from dataclasses import dataclass

# failure-model F1-3. PINGPONG comes every 10 s, so this long without any frame is a dead link.
SILENT_AFTER = 30.0
# Without a tick, while the others got theirs for as long: broken. Fewer symbols than this may well be quiet.
TICKLESS_AFTER = 60.0
TICKLESS_SYMBOLS = 10
# Without a tick while nobody else gets any: a halt of the market looks the same, so wait longer, and do it
# once, for a new connection must first have had ticks of its own.
ALONE_TICKLESS_AFTER = 180.0
# A session moves as long as its ticks are no further apart than this, in seconds.
MOVES_WITHIN = 5.0


@dataclass(slots=True)
class Movement:
    """Since when a session has had ticks without a pause, on the monotonic clock."""

    since: float | None = None

    def look(self, now: float, ticked_at: float | None) -> None:
        if ticked_at is None or now - ticked_at > MOVES_WITHIN:
            self.since = None
        elif self.since is None:
            self.since = now


def is_tickless(
    now: float,
    *,
    opened_at: float,
    ticked_at: float | None,
    hours_since: float | None,
    symbols: int,
    others: Iterable[Movement],
) -> bool:
    """Whether a session that answers PINGPONG has lost its ticks. All times are of the monotonic clock, in seconds.

    ``hours_since`` is for how long continuous trading has been on, ``None`` outside of it: what happened
    before, overnight or in the auction, is no silence.
    """
    if hours_since is None or symbols < TICKLESS_SYMBOLS:
        return False
    began = now - hours_since
    quiet = now - max(opened_at, ticked_at or 0.0, began)
    if any(other.since is not None and now - other.since > TICKLESS_AFTER for other in others):
        return quiet > TICKLESS_AFTER
    moved_before = ticked_at is not None and ticked_at > max(opened_at, began)
    return moved_before and quiet > ALONE_TICKLESS_AFTER

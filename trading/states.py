"""The life of an order: its states, and the one table of the moves between them."""

from enum import StrEnum


class State(StrEnum):
    CREATED = "created"
    """Checks passed, row committed, nothing sent."""
    SENDING = "sending"
    """Committed right before the POST."""
    UNKNOWN = "unknown"
    """May stand at the broker; only a look-up can tell."""
    ACCEPTED = "accepted"
    PARTIAL = "partial"
    CANCELLING = "cancelling"
    """A cancel was sent and is not confirmed; fills still count."""
    FILLED = "filled"
    CANCELLED = "cancelled"
    REJECTED = "rejected"
    EXPIRED = "expired"
    DENIED = "denied"
    """Never sent: a check said no at the last moment, or it was found at a start."""
    NOT_PLACED = "not_placed"
    """Proved absent, yet looked for until the day is over."""
    NEEDS_HUMAN = "needs_human"


S = State

MOVES: dict[State, frozenset[State]] = {
    S.CREATED: frozenset({S.SENDING, S.DENIED}),
    S.SENDING: frozenset({S.ACCEPTED, S.REJECTED, S.NOT_PLACED, S.UNKNOWN}),
    S.UNKNOWN: frozenset({S.ACCEPTED, S.PARTIAL, S.FILLED, S.CANCELLED, S.NOT_PLACED, S.NEEDS_HUMAN}),
    S.ACCEPTED: frozenset({S.PARTIAL, S.FILLED, S.CANCELLING, S.CANCELLED, S.EXPIRED, S.REJECTED}),
    S.PARTIAL: frozenset({S.FILLED, S.CANCELLING, S.CANCELLED, S.EXPIRED, S.REJECTED}),
    S.CANCELLING: frozenset({S.CANCELLED, S.FILLED, S.PARTIAL, S.ACCEPTED}),
    S.NOT_PLACED: frozenset({S.ACCEPTED}),
    S.FILLED: frozenset(),
    S.CANCELLED: frozenset(),
    S.REJECTED: frozenset(),
    S.EXPIRED: frozenset(),
    S.DENIED: frozenset(),
    S.NEEDS_HUMAN: frozenset(),
}

BY_HAND: frozenset[State] = frozenset({S.ACCEPTED, S.NOT_PLACED})
"""Where a person may take an order that cannot be settled alone; what came of it since, the next look-up tells."""

WORKING = frozenset({S.ACCEPTED, S.PARTIAL, S.CANCELLING})
"""Stands at the broker under a number we know."""
CANCELLABLE = frozenset({S.ACCEPTED, S.PARTIAL})
"""Works, and no cancel is out."""
UNSETTLED = frozenset({S.CREATED, S.SENDING, S.UNKNOWN, S.NEEDS_HUMAN})
"""Not known to stand there, but may, or is about to."""
HOLDING = WORKING | UNSETTLED
"""Holds cash or shares and keeps its symbol for itself."""
ENDED = frozenset(State) - HOLDING


class ForbiddenMove(Exception):
    """A bug: nobody may move an order like that."""


def check_move(before: State, after: State) -> None:
    """Raise ForbiddenMove unless the table has this move."""
    if after not in MOVES[before]:
        raise ForbiddenMove(f"{before} -> {after}")

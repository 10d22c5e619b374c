"""Whose turn it is: the listed symbols that no session carries, one after the other, round after round."""

from collections import deque
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Round:
    """A finished round: how many symbols had their turn, and how long it took, in seconds."""

    symbols: int
    seconds: float


class Turn:
    """Hands out symbols to ask for, each once a round; the last call of a round takes on the first of the next.

    ``clock`` is monotonic. Whoever asks has nothing to give back: a symbol whose call failed has its next turn
    in the next round.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self.finished: Round | None = None
        """The last round that no pause cut short."""
        self.rounds = 0
        self._clock = clock
        self._listed: list[str] = []
        self._in_round: set[str] = set()
        self._left: deque[str] = deque()
        self._began: float | None = None
        self._handed = 0

    def __len__(self) -> int:
        """How many symbols a round has now."""
        return len(self._in_round)

    def keep(self, listed: Iterable[str], carried: Collection[str]) -> None:
        """Go round these from now on, less those that a session carries.

        Who leaves has no further turn; who joins, because its session went down or because it is newly listed,
        is next.
        """
        self._listed = [symbol for symbol in listed if symbol not in carried]
        before, self._in_round = self._in_round, set(self._listed)
        if before - self._in_round:
            self._left = deque(symbol for symbol in self._left if symbol in self._in_round)
        if self._began is not None:
            self._left.extendleft(sorted(self._in_round - before, reverse=True))

    def take(self, most: int) -> list[str]:
        """The next symbols, at most so many; none only when there are none at all."""
        taken: dict[str, None] = {}
        while len(taken) < min(most, len(self._in_round)):
            if not self._left:
                self._begin()
            symbol = self._left.popleft()
            if symbol in taken:
                # It ended the last round and begins this one: the round is smaller than a call.
                self._left.appendleft(symbol)
                break
            taken[symbol] = None
            self._handed += 1
        return list(taken)

    def pause(self) -> None:
        """Nobody will ask for a while: the round under way is given up, and its time counts for nothing."""
        self._left.clear()
        self._began, self._handed = None, 0

    def under_way(self) -> float:
        """For how long the present round has been going on, in seconds."""
        return 0.0 if self._began is None else self._clock() - self._began

    def _begin(self) -> None:
        now = self._clock()
        if self._began is not None:
            self.finished = Round(self._handed, now - self._began)
            self.rounds += 1
        self._began, self._handed = now, 0
        self._left.extend(self._listed)

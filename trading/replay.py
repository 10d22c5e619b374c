"""A day that is over, played through the same decisions and checks in a dry run: what would the conditions have done?

Everything here works in the replay's own database (`trading.replay_database`) and on the recording's clock. There is
no broker: nothing can be sent.
"""

from collections.abc import Callable, Coroutine, Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any, NoReturn

from assets.accounts import own_account
from assets.models import Account
from market.playback import Playback, set_database_clock
from market.recording import Record
from stockdesk.kis.messages import KST
from trading.engine import Engine
from trading.models import Condition, Desk
from trading.ports import Surroundings
from trading.replay_fills import Fills
from trading.replay_tables import Reader, Storage
from trading.surroundings import market_view, own_setting
from trading.values import MarketView, Mode, Stop, kst_day

#: The pace of run_trading and of run_assets, seconds.
DECIDE_EVERY, ACCOUNT_EVERY = 0.5, 10.0


class NoBroker:
    """In the place of the broker: whatever asks it is a mistake of ours."""

    def __getattr__(self, name: str) -> NoReturn:
        raise AssertionError(f"a replay asked the broker: {name}")


class Replay:
    """One pass through a recording. ``pace`` is told the recording's time before every round, and may wait."""

    def __init__(
        self,
        playback: Playback,
        *,
        began_at: float,
        pace: Callable[[float], None] = lambda at: None,
    ) -> None:
        self.playback = playback
        self.began_at = self.ended_at = began_at
        self.storage = Storage()
        self.rounds = 0
        self._pace = pace
        self._at = began_at
        self._next_round = began_at
        self._account_at = 0.0
        self._market: MarketView | None = None
        self._setting = replace(own_setting(), mode=Mode.DRY_RUN)
        self.fills = Fills(own_account())
        self._reader = Reader(account=own_account(), number="", now=self.now)
        self._engine = Engine(
            storage=self.storage,
            reader=self._reader,
            broker=NoBroker(),
            lease=_Lease(),
            surroundings=self._surroundings,
            clock=self.now,
        )

    def now(self) -> datetime:
        return datetime.fromtimestamp(self._at, KST)

    def prepare(self) -> None:
        """Set the copied rows to the beginning of the recording: conditions armed, the desk open, the account read."""
        now = self.now()
        set_database_clock(self._at)
        self.playback.prepare()
        # Armed today they would not count what they fire in a recording of yesterday.
        Condition.objects.update(armed_at=now, best_price=None)
        Desk.objects.update(mode=Mode.DRY_RUN.value, stop=Stop.NORMAL.value, killed_at=None)
        _driven(self._engine.recover())

    def run(self, records: Iterable[Record]) -> None:
        """Play the records in their order; from the first flush on a round of decisions every half second."""
        play, fills, flushed = self.playback.play, self.fills, False
        for at, session, text in records:
            while self._next_round <= at:
                if flushed:
                    self._round(self._next_round)
                self._next_round += DECIDE_EVERY
            self.ended_at = at
            if play(at, session, text):
                flushed = True
                self._reader.forget()
            if fills.waiting and session:
                fills.see(text, at)
        self.playback.flush(self.ended_at)
        self._reader.forget()
        self._round(self.ended_at)

    def store(self) -> None:
        """Write what was kept in memory on the way: to be called once, after the last record."""
        self.storage.store()

    def _round(self, at: float) -> None:
        self._pace(at)
        self._at = at
        self.rounds += 1
        if at - self._account_at >= ACCOUNT_EVERY or self.fills.changed:
            # What the account has is what it had, plus the fills that are assumed: it is as if read anew.
            Account.objects.filter(pk=own_account()).update(updated_at=self.now(), stale=False)
            self._account_at, self.fills.changed = at, False
            self._reader.forget()
        known = len(self.storage.made)
        _driven(self._engine.decide())
        for order in self.storage.made[known:]:
            self.fills.expect(order)

    def _surroundings(self) -> Surroundings:
        today = kst_day(self.now())
        if self._market is None or self._market.day != today:
            self._market = market_view(today)
        return Surroundings(self._setting, self._market, clock_skew=0.0, order_wait=0.0)


class _Lease:
    def held(self) -> bool:
        return True


def _driven(work: Coroutine[Any, Any, Any]) -> Any:
    """Run what waits for nothing: all it awaits here are plain functions."""
    try:
        work.send(None)
    except StopIteration as done:
        return done.value
    raise AssertionError("a step of the replay waits for something")

"""A desk at the real broker, whose calendar counts."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from stockdesk.manager.keeping import Keeping
from tests.ground.calendar import at_real_broker
from tests.manager.supervisord import FakeSupervisord


@pytest.fixture
def real(settings: Any) -> None:
    """The demo's rule is out of the way."""
    settings.DESK = at_real_broker(settings.DESK)


@pytest.fixture
def keeping() -> Callable[[FakeSupervisord], Callable[[datetime], None]]:
    """A manager of this supervisord: a function that makes one round at a moment."""

    def made(supervisord: FakeSupervisord) -> Callable[[datetime], None]:
        kept = Keeping(supervisord, mark="/no/run/of/ours")

        def round_at(now: datetime) -> None:
            supervisord.now = now
            kept.round(now)

        return round_at

    return made

"""What is told too late and what comes back too late is found, and nothing else."""

from datetime import datetime
from typing import Any

import pytest

from stockdesk.kis.messages import KST
from tests.faults.prompt import Prompt

SINCE = datetime(2026, 11, 20, 10, 0, tzinfo=KST)
DOWN, STALE = ("ws_market", "session-down"), ("assets", "assets-stale")


class Desk:
    """The tables as they would answer, and a clock that a test moves."""

    def __init__(self) -> None:
        self.now = 100.0
        self.events: list[tuple[str, str]] = []
        self.quotes: list[tuple[int]] = []
        self.forbidden: float | None = None
        self.load = 1.0

    def rows(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        if "stockdesk_event" in sql:
            return list(self.events)
        return [(self.forbidden,)] if "stockdesk_pace" in sql else list(self.quotes)


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def prompt(desk: Desk) -> Prompt:
    prompt = Prompt(desk, sessions=2, fresh=12, clock=lambda: desk.now, stretch=lambda: desk.load)
    prompt.forget(SINCE)
    return prompt


def told(desk: Desk, prompt: Prompt, event: tuple[str, str], after: float) -> list[str]:
    prompt.begun((event,))
    desk.now += after
    desk.events = [event]
    prompt.look()
    desk.now += 60
    prompt.look()
    return prompt.late()


def test_what_is_told_of_within_ten_seconds_is_in_time(desk: Desk, prompt: Prompt) -> None:
    assert told(desk, prompt, DOWN, after=9.9) == []


def test_what_is_told_of_later_is_late(desk: Desk, prompt: Prompt) -> None:
    assert told(desk, prompt, DOWN, after=10.5) == [
        "I13: ws_market session-down was told of after 10.5 s, not within 10"
    ]


def test_what_nobody_tells_of_is_late(desk: Desk, prompt: Prompt) -> None:
    prompt.begun((DOWN,))
    prompt.look()
    (complaint,) = prompt.late()
    assert complaint.startswith("I13: ws_market session-down")


def test_an_account_is_young_for_thirty_seconds_and_then_ten_remain(desk: Desk, prompt: Prompt) -> None:
    assert told(desk, prompt, STALE, after=39.0) == []
    prompt.forget(SINCE)
    desk.events = []
    assert told(desk, prompt, STALE, after=41.0) != []


def test_a_loaded_machine_has_more_time(desk: Desk, prompt: Prompt) -> None:
    desk.load = 3.0
    assert told(desk, prompt, DOWN, after=29.0) == []


def back(desk: Desk, prompt: Prompt, after: float) -> list[str]:
    prompt.ended(SINCE)
    desk.now += after / 2
    desk.quotes = [(12,)]  # one session alone is not all
    prompt.look()
    desk.now += after / 2
    desk.quotes = [(6,), (6,)]
    prompt.look()
    desk.now += 300
    prompt.look()
    return prompt.late()


def test_quotes_are_back_within_thirty_seconds(desk: Desk, prompt: Prompt) -> None:
    assert back(desk, prompt, after=29.0) == []
    assert back(desk, prompt, after=1.0) == []


def test_quotes_that_take_longer_are_late(desk: Desk, prompt: Prompt) -> None:
    assert back(desk, prompt, after=31.0) == ["I13: quotes were fresh 31.0 s after the end, not within 30"]


def test_while_nobody_may_connect_nobody_is_late(desk: Desk, prompt: Prompt) -> None:
    desk.forbidden = 20.0
    assert back(desk, prompt, after=49.0) == []
    prompt.forget(SINCE)
    assert back(desk, prompt, after=51.0) != []

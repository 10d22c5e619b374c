"""Whose turn it is: everybody once a round, whoever comes is next, whoever goes is out at once."""

from hypothesis import given
from hypothesis import strategies as st

from collectors.turn import Round, Turn

SYMBOLS = [f"{number:06d}" for number in range(1, 101)]


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def turn_of(symbols: list[str], clock: Clock | None = None) -> Turn:
    turn = Turn(clock or Clock())
    turn.keep(symbols, ())
    return turn


def test_every_symbol_has_its_turn_once_a_round_and_no_call_is_half_empty() -> None:
    turn = turn_of(SYMBOLS)
    calls = [turn.take(30) for _ in range(10)]
    assert {len(call) for call in calls} == {30}
    assert [symbol for call in calls for symbol in call] == SYMBOLS * 3


def test_a_symbol_that_a_session_carries_now_has_no_further_turn() -> None:
    turn = turn_of(SYMBOLS)
    turn.take(30)
    turn.keep(SYMBOLS, {SYMBOLS[30], SYMBOLS[99]})
    assert turn.take(3) == SYMBOLS[31:34]
    rest = [symbol for _ in range(10) for symbol in turn.take(30)]
    assert not {SYMBOLS[30], SYMBOLS[99]} & set(rest)
    assert len(turn) == 98


def test_a_symbol_whose_session_is_down_is_next() -> None:
    turn = turn_of(SYMBOLS)
    turn.keep(SYMBOLS, SYMBOLS[:2])
    turn.take(30)
    turn.keep(SYMBOLS, ())
    assert turn.take(4) == [*SYMBOLS[:2], *SYMBOLS[32:34]]


def test_a_symbol_that_leaves_and_comes_back_before_its_turn_is_not_asked_for_twice() -> None:
    turn = turn_of(SYMBOLS)
    turn.take(30)
    turn.keep(SYMBOLS, {SYMBOLS[50]})
    turn.keep(SYMBOLS, ())
    rest = turn.take(70)
    assert rest[0] == SYMBOLS[50]
    assert sorted(rest) == SYMBOLS[30:]


def test_a_round_that_is_smaller_than_a_call_asks_for_nobody_twice_in_one() -> None:
    turn = turn_of(SYMBOLS[:10])
    assert turn.take(30) == SYMBOLS[:10]
    assert turn.take(7) == SYMBOLS[:7]
    assert sorted(turn.take(30)) == SYMBOLS[:10]


def test_without_symbols_nobody_has_a_turn() -> None:
    turn = turn_of(SYMBOLS)
    turn.keep(SYMBOLS, SYMBOLS)
    assert (turn.take(30), len(turn)) == ([], 0)


def test_a_finished_round_tells_its_symbols_and_its_time() -> None:
    clock = Clock()
    turn = turn_of(SYMBOLS, clock)
    for _ in range(3):
        turn.take(30)
        clock.now += 0.5
    assert turn.under_way() == 1.5
    assert turn.finished is None
    turn.take(30)
    assert turn.finished == Round(100, 1.5)
    assert (turn.rounds, turn.under_way()) == (1, 0.0)


def test_a_pause_is_no_part_of_a_round() -> None:
    clock = Clock()
    turn = turn_of(SYMBOLS, clock)
    turn.take(30)
    turn.pause()
    clock.now += 3600
    assert turn.under_way() == 0.0
    assert turn.take(30) == SYMBOLS[:30]
    assert turn.rounds == 0


@given(st.lists(st.tuples(st.sets(st.sampled_from(SYMBOLS[:12])), st.integers(1, 8)), max_size=40))
def test_whatever_comes_and_goes_nobody_is_left_out_and_nobody_asked_for_in_vain(
    steps: list[tuple[set[str], int]],
) -> None:
    everybody = SYMBOLS[:12]
    turn = Turn(Clock())
    for carried, most in steps:
        turn.keep(everybody, carried)
        there = set(everybody) - carried
        taken = turn.take(most)
        assert len(taken) == len(set(taken)) <= most
        assert set(taken) <= there
        assert bool(taken) == bool(there)
    turn.keep(everybody, ())
    # What is left of the round under way, and the next one: nobody is missing from both.
    left: list[str] = []
    for _ in range(24):
        left += turn.take(1)
    assert set(left) == set(everybody)

from hypothesis import given
from hypothesis import strategies as st

from collectors.placement import place


def test_from_nothing_the_board_rows_fill_one_session_after_the_other() -> None:
    placed, left_over = place({}, ["a", "b", "c", "d", "e"], sessions=2, capacity=2)
    assert placed == {"a": 1, "b": 1, "c": 2, "d": 2}
    assert left_over == ["e"]


def test_one_row_off_and_another_on_moves_nobody_else() -> None:
    placed, _ = place({}, ["a", "b", "c", "d"], sessions=2, capacity=2)
    placed, left_over = place(placed, ["a", "c", "d", "e"], sessions=2, capacity=2)
    assert placed == {"a": 1, "c": 2, "d": 2, "e": 1}
    assert left_over == []


def test_a_place_that_falls_free_goes_to_the_earliest_row_without_one() -> None:
    placed, _ = place({}, ["a", "b", "c", "d"], sessions=1, capacity=2)
    placed, left_over = place(placed, ["b", "c", "d"], sessions=1, capacity=2)
    assert placed == {"b": 1, "c": 1}
    assert left_over == ["d"]


def test_fewer_sessions_after_a_restart_of_settings_find_new_places() -> None:
    placed, left_over = place({"a": 1, "b": 2, "c": 3}, ["a", "b", "c"], sessions=2, capacity=1)
    assert placed == {"a": 1, "b": 2}
    assert left_over == ["c"]


symbols = st.lists(st.sampled_from([f"{n:06d}" for n in range(30)]), unique=True)


@given(st.lists(symbols, min_size=1, max_size=6), st.integers(1, 5), st.integers(1, 6))
def test_whatever_the_board_does_places_are_kept_and_never_overfull(
    boards: list[list[str]], sessions: int, capacity: int
) -> None:
    placed: dict[str, int] = {}
    for board in boards:
        before = placed
        placed, left_over = place(before, board, sessions=sessions, capacity=capacity)
        assert all(placed[s] == before[s] for s in placed if s in before)
        assert sorted([*placed, *left_over]) == sorted(board)
        counts = [sum(at == n for at in placed.values()) for n in range(1, sessions + 1)]
        assert max(counts, default=0) <= capacity
        assert not left_over or all(count == capacity for count in counts)

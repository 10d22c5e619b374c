"""Which session carries which symbol."""

from collections.abc import Mapping, Sequence


def place(
    placed: Mapping[str, int], symbols: Sequence[str], *, sessions: int, capacity: int
) -> tuple[dict[str, int], list[str]]:
    """Give every symbol a session (1..``sessions``) and name those for which there is no room.

    ``symbols`` come in the order of their board rows (``wr_id``): from nothing, blocks of ``capacity`` in a
    row. A symbol that has a place keeps it, whatever joins or leaves around it: a changed row costs one
    unsubscribe and one subscribe, never a reshuffle.
    """
    kept = {symbol: placed[symbol] for symbol in symbols if placed.get(symbol, sessions + 1) <= sessions}
    room = dict.fromkeys(range(1, sessions + 1), capacity)
    for symbol, number in list(kept.items()):
        if room[number] == 0:  # the capacity was lowered
            del kept[symbol]
        else:
            room[number] -= 1
    left_over: list[str] = []
    for symbol in symbols:
        if symbol in kept:
            continue
        free = next((number for number, places in room.items() if places), None)
        if free is None:
            left_over.append(symbol)
            continue
        kept[symbol] = free
        room[free] -= 1
    return kept, left_over

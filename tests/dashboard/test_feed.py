"""A browser that was told any of the deltas, in order, knows what the snapshot says."""

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from market import feed as feed_module
from market.feed import Feed

COLUMNS = {"quotes": ("name", "price", "volume"), "events": ("text",)}


class Reader:
    """A browser, as static/desk/dashboard/store.js does it."""

    def __init__(self) -> None:
        self.version = 0
        self.columns: dict[str, list[str]] = {}
        self.rows: dict[str, dict[str, dict[str, Any]]] = {}

    def hear(self, feed: Feed) -> None:
        message = json.loads(feed.delta(self.version))
        if "columns" in message:
            self.columns = message["columns"]
            self.rows = {sheet: {} for sheet in self.columns}
        for sheet, columns in self.columns.items():
            for key, cells in message.get(sheet, {}).items():
                row = self.rows[sheet].setdefault(key, {})
                for place, value in zip(cells[::2], cells[1::2], strict=True):
                    row[columns[place]] = value
            for key in message.get("gone", {}).get(sheet, []):
                self.rows[sheet].pop(key, None)
        self.version = message["v"]


def snapshot(feed: Feed) -> dict[str, dict[str, dict[str, Any]]]:
    newcomer = Reader()
    newcomer.hear(feed)
    return newcomer.rows


SYMBOLS = st.sampled_from(["005930", "0001A0", "000660", "035720"])
CELLS = st.tuples(st.none() | st.just("삼성전자"), st.none() | st.integers(0, 3), st.none() | st.integers(0, 3))
CHANGES = st.tuples(st.dictionaries(SYMBOLS, CELLS), st.booleans())


@given(st.lists(st.tuples(CHANGES, st.sets(st.integers(0, 2))), max_size=25), st.sampled_from([0, 2, 1000]))
def test_readers_that_hear_any_subset_of_the_deltas_end_where_the_snapshot_is(history, remembered):
    feed = Feed(COLUMNS)
    readers = [Reader() for _ in range(3)]
    before, feed_module.TOMBSTONES = feed_module.TOMBSTONES, remembered
    try:
        for (rows, whole), listening in history:
            feed.put("quotes", rows, whole=whole)
            for number in listening:
                readers[number].hear(feed)
                assert readers[number].rows == snapshot(feed)
        for reader in readers:
            reader.hear(feed)
            assert reader.rows == snapshot(feed)
    finally:
        feed_module.TOMBSTONES = before


def test_only_the_cells_that_changed_are_sent():
    feed = Feed(COLUMNS)
    feed.put("quotes", {"005930": ["삼성전자", 71_900, 10], "000660": ["SK하이닉스", 201_000, 5]})
    before = feed.version
    feed.put("quotes", {"005930": ["삼성전자", 72_000, 10], "000660": ["SK하이닉스", 201_000, 5]})
    assert json.loads(feed.delta(before)) == {"v": feed.version, "quotes": {"005930": [1, 72_000]}}


def test_a_slow_reader_gets_the_newest_value_and_not_those_between():
    feed = Feed(COLUMNS)
    feed.put("quotes", {"005930": ["삼성전자", 71_900, 10]})
    before = feed.version
    for price in range(72_000, 72_010):
        feed.put("quotes", {"005930": ["삼성전자", price, 10]})
    assert json.loads(feed.delta(before))["quotes"] == {"005930": [1, 72_009]}


def test_the_text_is_made_once_for_all_readers_of_one_version():
    feed = Feed(COLUMNS)
    feed.put("quotes", {"005930": ["삼성전자", 71_900, 10]})
    assert feed.delta(0) is feed.delta(0)


def test_writing_what_is_already_there_wakes_nobody():
    feed = Feed(COLUMNS)
    assert feed.put("quotes", {"005930": ["삼성전자", 71_900, 10]})
    version = feed.version
    assert not feed.put("quotes", {"005930": ("삼성전자", 71_900, 10)}, whole=True)
    assert feed.version == version


def test_a_row_that_left_and_came_back_is_whole_for_a_reader_who_missed_both():
    feed = Feed(COLUMNS)
    feed.put("events", {"1": ["silent"]})
    feed.put("quotes", {"005930": ["삼성전자", 71_900, 10]})
    reader = Reader()
    reader.hear(feed)
    feed.put("quotes", {}, whole=True)
    feed.put("quotes", {"005930": [None, None, None]})
    reader.hear(feed)
    assert reader.rows == {"quotes": {"005930": {"name": None, "price": None, "volume": None}},
                           "events": {"1": {"text": "silent"}}}  # fmt: skip

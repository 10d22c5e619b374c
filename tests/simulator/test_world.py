"""The toy world of listed issues."""

import re

from stockdesk.simulator.rules import tick_size
from stockdesk.simulator.world import World

WORLD = World(seed=1, count=2500)


def test_the_same_seed_makes_the_same_world_and_another_seed_another_one():
    assert World(seed=1, count=2500).instruments == WORLD.instruments
    assert World(seed=2, count=2500).instruments != WORLD.instruments


def test_every_symbol_and_every_name_is_there_once():
    assert len(WORLD) == len(WORLD.by_symbol) == 2500
    assert len({instrument.name for instrument in WORLD}) == 2500


def test_codes_have_the_shapes_that_the_exchange_gives_out():
    shape = re.compile(r"[0-9][0-9A-HJ-NP-TV-Z]{5}|Q[0-9A-HJ-NP-TV-Z]{6}")
    assert [i.symbol for i in WORLD if not shape.fullmatch(i.symbol)] == []
    assert WORLD.get("0001A0") is not None
    assert WORLD.by_symbol["Q500001"].kind == "etn"


def test_large_issues_carry_their_real_names_and_come_first():
    assert [i.name for i in WORLD.instruments[:2]] == ["삼성전자", "SK하이닉스"]
    assert WORLD.by_symbol["069500"].name == "KODEX 200"


def test_all_names_are_korean_or_as_listed_and_both_markets_have_stocks():
    made_up = list(WORLD)[80:]
    assert [i.name for i in made_up if not re.search("[가-힣]", i.name)] == []
    stocks = [i.market for i in WORLD if i.kind == "stock"]
    assert stocks.count("KOSPI") > 500
    assert stocks.count("KOSDAQ") > 1000
    assert {i.kind for i in WORLD} == {"stock", "etf", "etn"}


def test_base_prices_lie_on_their_tick():
    assert [i for i in WORLD if i.base_price % tick_size(i.base_price, i.kind)] == []


def test_a_small_world_holds_just_as_many_as_were_asked_for():
    assert [len(World(seed=1, count=count)) for count in (1, 80, 200, 5000)] == [1, 80, 200, 5000]

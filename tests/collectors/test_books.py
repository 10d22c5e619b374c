"""However many pages look at order books, the broker is asked once a second, and each issue in its turn."""

import asyncio
from dataclasses import replace
from datetime import datetime, time

import pytest
from django.test import Client

from collectors import symbol_book
from collectors.books import Books, Look
from collectors.symbol_book import book_facts
from market.models import Instrument
from stockdesk.access import VIEWER
from stockdesk.kis.errors import NotSent
from stockdesk.kis.messages import KST
from stockdesk.kis.orderbook import Level, OrderBook
from tests.people import person

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=KST)
A, B = "005930", "000660"


def book(symbol=A, **changes):
    whole = OrderBook(
        symbol, (Level(70_100, 50), Level(70_200, 200)), (Level(70_000, 100),), 900, 800, 70_100, time(12)
    )
    return replace(whole, **changes)


class Scene:
    """Pages, a clock that is set by hand, and a broker that answers at once."""

    def __init__(self):
        self.now, self.asked, self.fails = 100.0, [], False
        self.books = Books(self.read, asyncio.run, clock=lambda: self.now)

    async def read(self, symbol):
        self.asked.append(symbol)
        if self.fails:
            raise NotSent("no way to the broker", tr_id="FHKST01010200")
        return book(symbol)

    def look(self, symbol, after=0.0):
        self.now += after
        return self.books.look(symbol)


@pytest.fixture
def scene():
    return Scene()


def test_many_pages_cost_one_call_a_second(scene):
    for _ in range(40):
        scene.look(A, after=0.1)
    assert len(scene.asked) == 4


def test_issues_take_turns(scene):
    for _ in range(60):
        scene.look(A, after=0.05)
        scene.look(B, after=0.05)
    assert scene.asked == [A, B, A, B, A, B]


def test_a_page_that_was_closed_takes_no_turn_any_more(scene):
    scene.look(B)
    for _ in range(8):
        scene.look(A, after=1.0)
    assert scene.asked[-4:] == [A] * 4


def test_a_failure_leaves_the_book_there_is_and_says_so(scene):
    assert scene.look(A).book == book()
    scene.fails = True
    look = scene.look(A, after=1.0)
    assert (look.book, look.failed) == (book(), True)
    scene.fails = False
    assert not scene.look(A, after=1.0).failed


def test_a_page_gets_levels_from_the_highest_ask_down_with_their_share_of_the_largest():
    facts = book_facts(Look(0.0, book=book(), read_at=NOON), NOON)
    assert [level["price"] for level in facts["asks"]] == ["70,200", "70,100"]
    assert [(level["way"], level["rate"], level["part"]) for level in facts["asks"]] == [
        ("up", "+0.14%", 100), ("", "0.00%", 25),
    ]  # fmt: skip
    assert (facts["bids"][0]["way"], facts["bids"][0]["shares"], facts["old"]) == ("down", "100", False)
    late = NOON.replace(second=9)
    assert book_facts(Look(0.0, book=book(), read_at=NOON), late)["old"]


@pytest.fixture
def desk(db):
    Instrument.objects.create(symbol=A, name="삼성전자", market="KOSPI")
    client = Client(headers={"Accept-Language": "ko"})
    client.force_login(person("trader", VIEWER))
    return client


@pytest.fixture
def at_work(monkeypatch, scene):
    monkeypatch.setattr(symbol_book, "books", lambda: scene.books)
    return scene


def test_outside_of_trading_hours_and_for_an_unknown_code_nobody_is_asked(desk, at_work, settings):
    settings.DESK = replace(settings.DESK, demo=False, kis_rest_url="https://openapi.koreainvestment.com:9443")
    closed = desk.get(f"/symbol/{A}/book.json").json()  # no calendar, hence no session that anybody knows of
    settings.DESK = replace(settings.DESK, demo=True, kis_rest_url="http://127.0.0.1:22180")
    unknown = desk.get(f"/symbol/{B}/book.json").json()
    assert (closed["open"], unknown["open"], at_work.asked) == (False, False, [])
    assert "거래시간" in closed["note"]


def test_a_page_gets_the_book_and_a_stranger_nothing(desk, at_work, settings):
    settings.DESK = replace(settings.DESK, demo=True, kis_rest_url="http://127.0.0.1:22180")
    facts = desk.get(f"/symbol/{A}/book.json").json()
    assert (facts["open"], facts["asked"], len(facts["asks"])) == (True, "900", 2)
    assert Client().get(f"/symbol/{A}/book.json").status_code == 403

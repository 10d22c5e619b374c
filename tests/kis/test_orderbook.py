"""The order book, answer by answer."""

from datetime import time

import pytest

from stockdesk.kis.errors import OutcomeUnknown
from stockdesk.kis.orderbook import Level
from tests.kis.broker import Broker, bad, good


def levels(**changes):
    filled = {"aspr_acpt_hour": "101500", "total_askp_rsqn": "900", "total_bidp_rsqn": "1100"}
    for place in range(1, 11):
        filled |= {f"askp{place}": str(70_000 + place * 100), f"askp_rsqn{place}": str(place)}
        filled |= {f"bidp{place}": str(70_100 - place * 100), f"bidp_rsqn{place}": str(place * 2)}
    return filled | changes


@pytest.fixture
def broker():
    return Broker()


async def test_ten_levels_of_both_sides_the_best_first(broker):
    answer = good(output1=levels(), output2={"stck_sdpr": "69000", "stck_shrn_iscd": "005930"})
    book = await broker.books(answer).order_book("005930")
    assert (len(book.asks), len(book.bids)) == (10, 10)
    assert (book.asks[0], book.bids[0]) == (Level(70_100, 1), Level(70_000, 2))
    assert (book.total_asked, book.total_bid, book.base_price) == (900, 1_100, 69_000)
    assert book.taken_at == time(10, 15)
    (request,) = broker.requests
    assert dict(request.url.params) == {"FID_COND_MRKT_DIV_CODE": "J", "FID_INPUT_ISCD": "005930"}
    assert (request.headers["tr_id"], broker.budget.lanes) == ("FHKST01010200", ["spare"])


async def test_an_empty_level_is_left_out(broker):
    answer = good(output1=levels(askp10="0", askp_rsqn10="0", bidp1="", bidp_rsqn1=""), output2={})
    book = await broker.books(answer).order_book("005930")
    assert (len(book.asks), book.bids[0], book.base_price) == (9, Level(69_900, 4), None)


@pytest.mark.parametrize(
    "fields",
    [
        {"output1": [], "output2": {}},
        {"output1": levels(askp3="abc"), "output2": {}},
        {"output1": levels(), "output2": {"stck_shrn_iscd": "000660"}},
    ],
)
async def test_an_answer_that_cannot_be_this_book_is_none(broker, fields):
    with pytest.raises(OutcomeUnknown):
        await broker.books(good(**fields)).order_book("005930")


async def test_a_failure_is_not_repeated_for_the_next_look_is_near(broker):
    with pytest.raises(OutcomeUnknown):
        await broker.books(bad("EGW00002")).order_book("005930")
    assert len(broker.requests) == 1

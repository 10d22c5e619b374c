"""What today's sales earned is asked for when a sale can have moved it, and never guessed."""

from datetime import datetime, timedelta

import pytest

from collectors.realised import Realised
from stockdesk.kis.errors import OutcomeUnknown
from stockdesk.kis.messages import KST, RealisedProfit
from tests.assets.conftest import balance

MORNING = datetime(2026, 11, 20, 10, 0, tzinfo=KST)


class Broker:
    """Gives the answers that were prepared, errors too, and counts the questions."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.asked = 0

    async def realised_profit(self):
        self.asked += 1
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


async def test_a_day_without_a_sale_has_earned_nothing_and_costs_no_call():
    broker = Broker()
    assert await Realised(broker.realised_profit).of(balance(sold_today=0), MORNING) == 0
    assert broker.asked == 0


async def test_it_is_asked_once_for_each_change_of_the_sales():
    broker = Broker(RealisedProfit(500, 70_000), RealisedProfit(-200, 140_000))
    realised = Realised(broker.realised_profit)
    told = [await realised.of(balance(sold_today=sold), MORNING) for sold in (70_000, 70_000, 140_000, 140_000)]
    assert (told, broker.asked) == ([500, 500, -200, -200], 2)


async def test_a_failure_gives_nothing_and_is_tried_with_the_next_balance():
    realised = Realised(
        Broker(OutcomeUnknown("no answer", tr_id="TTTC8494R"), RealisedProfit(500, 70_000)).realised_profit
    )
    assert [await realised.of(balance(sold_today=70_000), MORNING) for _ in range(2)] == [None, 500]


async def test_an_answer_that_lacks_a_sale_of_the_balance_is_not_shown():
    realised = Realised(Broker(RealisedProfit(500, 70_000), RealisedProfit(900, 140_000)).realised_profit)
    assert [await realised.of(balance(sold_today=140_000), MORNING) for _ in range(2)] == [None, 900]


@pytest.mark.parametrize("sold", [70_000, None])
async def test_the_answer_of_another_day_does_not_count(sold):
    broker = Broker(RealisedProfit(500, 70_000), RealisedProfit(900, 70_000))
    realised = Realised(broker.realised_profit)
    told = [await realised.of(balance(sold_today=sold), MORNING + timedelta(days=day)) for day in (0, 1)]
    assert (told, broker.asked) == ([500, 900], 2)

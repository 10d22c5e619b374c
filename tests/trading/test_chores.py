"""What run_trading does beside trading."""

from django.utils import timezone

from trading.chores import Chores
from trading.models import Condition


def test_a_post_without_a_readable_code_is_not_what_the_broker_is_asked_about(db: None) -> None:
    chores = Chores(daemon="trading", fence=1, using="default", clock=timezone.now)
    said = {"side": "buy", "trigger": "at_or_below", "source": "board", "enabled": True}
    Condition(symbol="", problem="The code is not a stock code.", wr_id=1, position=1, **said).save()
    assert chores.any_symbol() is None
    Condition(symbol="005930", strike_price=70_000, quantity=1, wr_id=2, position=2, **said).save()
    assert chores.any_symbol() == "005930"

"""What the EVENT locks while it looks for minutes that nobody closed."""

import threading

import pytest
from django.db import connection, transaction

from market import bars
from market.bar_models import BarState
from market.buffer import Pending
from market.models import Quote
from market.quotes import write_ticks
from stockdesk.models import Fence
from tests.market.stream import FRIDAY, moment, roll
from tests.market.ticks import record

pytestmark = pytest.mark.django_db(transaction=True)

DAEMON, FENCE = "ws_market", 7


def test_the_event_holds_up_no_flush_while_another_writer_has_a_quote() -> None:
    """An EVENT runs as the server is set, REPEATABLE READ: reading quotes to insert from them would lock them all."""
    bars.seed()
    Fence.objects.create(name=DAEMON, number=FENCE)
    Quote.objects.bulk_create([Quote(symbol="005930"), Quote(symbol="900000")])

    def as_the_event_does() -> None:
        try:
            with connection.cursor() as cursor:
                cursor.execute("SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ")
            roll(moment(FRIDAY, "10:00"))
        finally:
            connection.close()

    event = threading.Thread(target=as_the_event_does)
    with transaction.atomic():
        Quote.objects.select_for_update().get(symbol="900000")
        event.start()
        event.join(3)
        with connection.cursor() as cursor:
            cursor.execute("SET SESSION innodb_lock_wait_timeout = 2")
        write_ticks([Pending("005930", record().encode(), 1, 1.0, None)], FENCE, DAEMON)
    event.join(20)
    assert not event.is_alive()
    assert BarState.objects.get().last_error == ""

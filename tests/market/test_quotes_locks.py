"""What the once-a-second write locks, and what it must leave alone."""

import threading

import pytest
from django.db import connection, transaction

from market.buffer import Pending
from market.models import Quote
from market.quotes import write_ticks
from stockdesk.models import DaemonState, Fence
from tests.market.ticks import record

pytestmark = pytest.mark.django_db(transaction=True)

DAEMON, FENCE = "ws_market", 7


def test_a_locked_quote_does_not_stop_the_heartbeat() -> None:
    """The write names the fencing number, and MariaDB locks what an UPDATE reads: that row beats no heart."""
    DaemonState.objects.create(name=DAEMON, fence=FENCE, holder="test", counters={})
    Fence.objects.create(name=DAEMON, number=FENCE)
    Quote.objects.create(symbol="005930")

    def write_in_a_thread() -> None:
        try:
            write_ticks([Pending("005930", record().encode(), 1, 1.0, None)], FENCE, DAEMON)
        finally:
            connection.close()

    writer = threading.Thread(target=write_in_a_thread)
    with transaction.atomic():
        Quote.objects.select_for_update().get(symbol="005930")
        writer.start()
        _wait_for_a_lock_wait()
        with connection.cursor() as cursor:
            cursor.execute("SET SESSION innodb_lock_wait_timeout = 2")
            assert cursor.execute("UPDATE stockdesk_daemon SET heartbeat_at = NOW(6) WHERE name = %s", [DAEMON]) == 1
    writer.join(20)
    assert not writer.is_alive()
    assert Quote.objects.get().last_price == 70500


def _wait_for_a_lock_wait() -> None:
    with connection.cursor() as cursor:
        for _ in range(60):
            cursor.execute("SELECT COUNT(*) FROM information_schema.innodb_trx WHERE trx_state = 'LOCK WAIT'")
            if cursor.fetchone()[0]:
                return
            threading.Event().wait(0.25)  # MariaDB renews that table only when it was left alone for 0.1 s
    pytest.fail("the write did not wait")

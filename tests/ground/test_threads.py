"""The database thread: one connection kept, dropped when the database was away."""

import asyncio
import threading

import pytest
from django.db import OperationalError, connection

from stockdesk.threads import DatabaseThread


@pytest.fixture
def database(transactional_db):
    thread = DatabaseThread("test")
    yield thread
    thread.close()


def connection_id() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT CONNECTION_ID()")
        return cursor.fetchone()[0]


async def test_calls_share_one_thread_and_one_connection(database):
    assert await database.run(threading.get_ident) == await database.run(threading.get_ident) != threading.get_ident()
    assert await database.run(connection_id) == await database.run(connection_id)


async def test_an_error_of_the_database_drops_the_connection(database):
    before = await database.run(connection_id)

    def killed() -> None:
        with connection.cursor() as cursor:
            cursor.execute("KILL CONNECTION_ID()")

    with pytest.raises(OperationalError):
        await database.run(killed)
    assert await database.run(connection_id) != before


async def test_another_error_is_handed_over_and_keeps_the_connection(database):
    before = await database.run(connection_id)
    with pytest.raises(ZeroDivisionError):
        await database.run(lambda: 1 // 0)
    assert await database.run(connection_id) == before


async def test_the_loop_goes_on_while_a_call_is_under_way(database):
    let_go = threading.Event()
    call = asyncio.create_task(database.run(let_go.wait, 30))
    await asyncio.sleep(0)
    let_go.set()
    assert await call is True


async def test_a_closed_thread_takes_no_more(database):
    database.close()
    with pytest.raises(RuntimeError, match="closed"):
        await database.run(connection_id)


async def test_a_database_that_falls_silent_is_an_error_and_the_next_call_finds_another_connection(
    transactional_db, monkeypatch
):
    """A host that vanished sends no word of it: without a limit the call would wait for hours."""
    monkeypatch.setattr("stockdesk.threads.SILENCE", 1)
    thread = DatabaseThread("impatient")

    def asleep() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT SLEEP(30)")

    before = await thread.run(connection_id)
    with pytest.raises(OperationalError):
        await asyncio.wait_for(thread.run(asleep), 20)
    assert await thread.run(connection_id) != before
    thread.close()


async def test_no_lock_is_waited_for_or_kept_for_long(database):
    def waits() -> tuple[int, int, int]:
        with connection.cursor() as cursor:
            cursor.execute("SELECT @@innodb_lock_wait_timeout, @@lock_wait_timeout, @@idle_transaction_timeout")
            return cursor.fetchone()

    assert await database.run(waits) == (5, 5, 3)

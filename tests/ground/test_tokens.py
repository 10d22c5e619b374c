"""The token store: one issue per key for all processes."""

import asyncio
import logging
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from stockdesk.calls.tokens import TokenStore
from stockdesk.kis.errors import NotSent, Refused, TokenTooSoon
from stockdesk.kis.messages import IssuedToken
from stockdesk.logs import MASK, redacted
from stockdesk.models import Event, Token
from stockdesk.threads import DatabaseThread

pytestmark = pytest.mark.django_db(transaction=True)
KEY = "aaaaaaaaaaaa"


class Broker:
    """Issues tokens and counts them; may be slow or refuse."""

    def __init__(self) -> None:
        self.issued = 0
        self.asked = 0
        self.error: Exception | None = None
        self.hours = 24.0
        self.slow = asyncio.Event()
        self.slow.set()
        self.was_asked = asyncio.Event()

    async def issue(self) -> IssuedToken:
        self.asked += 1
        self.was_asked.set()
        await self.slow.wait()
        if self.error:
            raise self.error
        self.issued += 1
        ends = datetime.now(ZoneInfo("Asia/Seoul")) + timedelta(hours=self.hours)
        return IssuedToken(f"secret-token-{self.issued}", ends)


@pytest.fixture
def broker():
    return Broker()


@pytest.fixture
def processes(transactional_db):
    """Makes stores as separate processes would have them: each with a thread and connection of its own."""
    threads = []

    def made(**options) -> TokenStore:
        threads.append(DatabaseThread("tokens"))
        return TokenStore(KEY, threads[-1], **{"patience": 3.0, **options})

    yield made
    for thread in threads:
        thread.close()


def aged(**times: timedelta) -> None:
    """Move the row's times as if that much had gone by."""
    row = Token.objects.get()
    for name, shift in times.items():
        if getattr(row, name) is not None:
            setattr(row, name, getattr(row, name) - shift)
    row.save()


async def change(function, *args, **kwargs):
    thread = DatabaseThread("change")
    try:
        return await thread.run(function, *args, **kwargs)
    finally:
        thread.close()


async def test_five_processes_that_need_a_token_at_once_cause_one_issue(processes, broker):
    tokens = await asyncio.gather(*(processes().get(broker.issue) for _ in range(5)))
    assert set(tokens) == {"secret-token-1"}
    assert broker.asked == 1


async def test_others_wait_while_one_asks(processes, broker):
    broker.slow.clear()
    first = asyncio.create_task(processes().get(broker.issue))
    await broker.was_asked.wait()
    second = asyncio.create_task(processes().get(broker.issue))
    done, _ = await asyncio.wait([second], timeout=0.5)
    assert not done
    broker.slow.set()
    assert await first == await second == "secret-token-1"


async def test_a_later_process_uses_the_stored_token(processes, broker):
    await processes().get(broker.issue)
    assert await processes().get(broker.issue) == "secret-token-1"
    assert broker.asked == 1


async def test_the_stored_token_cannot_be_read_from_the_table(processes, broker):
    await processes().get(broker.issue)
    row = await change(Token.objects.get)
    assert "secret-token" not in "".join(str(value) for value in vars(row).values())


async def test_a_token_is_kept_out_of_the_log_in_every_process(processes, broker):
    await processes().get(broker.issue)
    assert redacted("got secret-token-1") == f"got {MASK}"


async def test_a_rejected_token_is_replaced_once_however_many_notice(processes, broker):
    stores = [processes() for _ in range(4)]
    for store in stores:
        await store.get(broker.issue)
    for store in stores:
        await store.reject("secret-token-1")
    await change(aged, may_issue_at=timedelta(seconds=61))
    tokens = await asyncio.gather(*(store.get(broker.issue) for store in stores))
    assert set(tokens) == {"secret-token-2"}
    await stores[0].reject("secret-token-1")
    assert await processes().get(broker.issue) == "secret-token-2"
    assert broker.asked == 2


async def test_no_second_issue_within_a_minute_whatever_happens(processes, broker):
    store = processes(patience=0.6)
    await store.reject(await store.get(broker.issue))
    with pytest.raises(NotSent):
        await store.get(broker.issue)
    await change(aged, may_issue_at=timedelta(seconds=55))
    with pytest.raises(NotSent):
        await store.get(broker.issue)
    await change(aged, may_issue_at=timedelta(seconds=6))
    assert await store.get(broker.issue) == "secret-token-2"


async def test_an_issuer_that_was_killed_blocks_the_others_for_a_minute_only(processes, broker):
    broker.slow.clear()
    killed = asyncio.create_task(processes().get(broker.issue))
    await broker.was_asked.wait()
    killed.cancel()
    broker.slow.set()
    with pytest.raises(NotSent):
        await processes(patience=0.3).get(broker.issue)
    await change(aged, may_issue_at=timedelta(seconds=61))
    assert await processes().get(broker.issue) == "secret-token-1"


async def test_a_refused_issue_is_not_tried_again_at_once(processes, broker):
    broker.error = TokenTooSoon("one a minute", code="EGW00133")
    with pytest.raises(Refused):
        await processes().get(broker.issue)
    broker.error = None
    with pytest.raises(NotSent):
        await processes(patience=0.3).get(broker.issue)
    assert broker.asked == 1


async def test_an_attempt_that_was_never_sent_is_repeated_soon(processes, broker):
    broker.error = NotSent("no route")
    with pytest.raises(NotSent):
        await processes().get(broker.issue)
    broker.error = None
    await change(aged, may_issue_at=timedelta(seconds=5))
    assert await processes().get(broker.issue) == "secret-token-1"


async def test_a_token_is_renewed_before_its_end(processes, broker):
    await processes().get(broker.issue)
    await change(aged, expires_at=timedelta(hours=23.1), may_issue_at=timedelta(hours=23.1))
    assert await processes().get(broker.issue) == "secret-token-2"


async def test_while_the_renewal_is_refused_the_old_token_serves(processes, broker, caplog):
    await processes().get(broker.issue)
    await change(aged, expires_at=timedelta(hours=23.1), may_issue_at=timedelta(hours=23.1))
    broker.error = Refused("maintenance", code="EGW00001")
    with caplog.at_level(logging.WARNING):
        assert await processes().get(broker.issue) == "secret-token-1"
        assert await processes().get(broker.issue) == "secret-token-1"
    assert broker.asked == 2
    row = await change(Token.objects.get)
    assert row.may_issue_at - timezone.now() > timedelta(minutes=9)


async def test_a_token_about_to_end_is_not_given_out(processes, broker):
    broker.hours = 30 / 3600
    await processes().get(broker.issue)
    with pytest.raises(NotSent):
        await processes(patience=0.3).get(broker.issue)


async def test_after_a_change_of_secret_key_the_stored_token_counts_as_absent(processes, broker):
    await processes().get(broker.issue)
    await change(aged, may_issue_at=timedelta(seconds=61))
    assert await processes(secret_key="another" * 10).get(broker.issue) == "secret-token-2"


async def test_a_key_without_a_token_is_an_event_until_it_has_one(processes, broker):
    store = processes()
    broker.error = Refused("no such app key", code="EGW00103")
    with pytest.raises(Refused):
        await store.get(broker.issue)
    event = await Event.objects.aget()
    assert (event.code, event.subject, event.level, event.is_open) == ("token-refused", KEY, "error", True)
    broker.error = None
    await Token.objects.aupdate(may_issue_at=None)
    await store.get(broker.issue)
    assert (await Event.objects.aget()).is_open is None

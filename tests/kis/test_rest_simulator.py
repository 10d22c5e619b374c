"""The REST client against the stand-in broker, over real sockets."""

import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

import pytest

from stockdesk.kis.errors import KisError, NotSent, OutcomeUnknown, RateLimited, TokenTooSoon
from stockdesk.kis.messages import IssuedToken
from stockdesk.kis.rest import KisClient
from stockdesk.simulator.testing import RunningSimulator, new_key, running_simulator


class Tokens:
    """One token in memory, and how many were issued."""

    def __init__(self) -> None:
        self.value = ""
        self.issued = 0

    async def get(self, issue: Callable[[], Awaitable[IssuedToken]]) -> str:
        if not self.value:
            self.value = (await issue()).value
            self.issued += 1
        return self.value

    async def reject(self, token: str) -> None:
        self.value = ""


class NoBudget:
    """Every call may leave at once."""

    def __init__(self) -> None:
        self.slowed = 0

    async def reserve(self, lane: str) -> None:
        return None

    async def slow_down(self) -> None:
        self.slowed += 1


@pytest.fixture(scope="module")
def simulator() -> Iterator[RunningSimulator]:
    with running_simulator(symbols=60, ticks_per_second=0.0, token_seconds=0.0) as running:
        yield running


async def no_sleep(_seconds: float) -> None:
    return None


def client_of(simulator: RunningSimulator, url: str | None = None, deadline: float = 10.0) -> KisClient:
    key, secret = new_key()
    return KisClient(
        url or simulator.rest_url, key, secret, tokens=Tokens(), budget=NoBudget(), sleep=no_sleep, deadline=deadline
    )


@pytest.fixture
async def client(simulator: RunningSimulator) -> AsyncIterator[KisClient]:
    simulator.control.reset()
    simulator.control.change(token_seconds=0.0, calls_per_second=1000)
    made = client_of(simulator)
    yield made
    await made.aclose()


async def test_thirty_prices_come_in_one_call(simulator, client):
    listed = list(simulator.world)[:30]
    rows = await client.multi_price([instrument.symbol for instrument in listed])
    assert [(row.symbol, row.name) for row in rows] == [(i.symbol, i.name) for i in listed]
    assert all(row.price for row in rows)
    assert client._tokens.issued == 1


async def test_one_price_is_the_one_that_was_set(simulator, client):
    symbol = next(iter(simulator.world)).symbol
    price = simulator.control.move(symbol, (await client.inquire_price(symbol)).price)
    assert (await client.inquire_price(symbol)).price == price


async def test_every_approval_key_opens_a_session(client):
    assert len(await client.approval_key()) >= 16


async def test_a_second_token_within_the_minute_is_refused(simulator, client):
    simulator.control.change(token_seconds=60.0)
    await client.issue_token()
    with pytest.raises(TokenTooSoon):
        await client.issue_token()


async def test_a_token_that_dies_during_the_day_is_replaced(simulator, client):
    symbol = next(iter(simulator.world)).symbol
    await client.inquire_price(symbol)
    simulator.control.kill_tokens()
    await client.inquire_price(symbol)
    assert client._tokens.issued == 2


@pytest.mark.parametrize(
    ("mishap", "value", "error"),
    [
        ("over-limit", None, RateLimited),
        ("over-limit-200", None, RateLimited),
        ("ledger-limit", None, RateLimited),
        ("server-error", None, OutcomeUnknown),
        ("html-body", 200, OutcomeUnknown),
        ("html-body", 502, OutcomeUnknown),
        ("empty-body", None, OutcomeUnknown),
        ("cut-body", None, OutcomeUnknown),
        ("no-answer", None, OutcomeUnknown),
    ],
)
async def test_a_mishap_has_its_error_and_the_next_call_works(simulator, client, mishap, value, error):
    symbol = next(iter(simulator.world)).symbol
    await client.inquire_price(symbol)
    simulator.control.mishap_on(mishap, tr_id="FHKST01010100", value=value)
    with pytest.raises(KisError) as caught:
        await client.inquire_price(symbol)
    assert type(caught.value) is error
    simulator.control.mishap_off(mishap)
    assert (await client.inquire_price(symbol)).price


async def test_one_refusal_for_the_rate_costs_a_pause_and_no_price(simulator, client):
    symbol = next(iter(simulator.world)).symbol
    simulator.control.mishap_on("over-limit", tr_id="FHKST01010100", count=1)
    assert (await client.inquire_price(symbol)).price
    assert client._budget.slowed == 1


async def test_an_answer_that_comes_too_late_is_no_answer(simulator):
    simulator.control.reset()
    impatient = client_of(simulator, deadline=0.3)
    simulator.control.mishap_on("slow", tr_id="Approval", value=2.0)
    with pytest.raises(OutcomeUnknown):
        await impatient.approval_key()
    await impatient.aclose()


async def test_a_broker_that_is_not_there_got_nothing(simulator):
    with socket.socket() as taken:  # bound and not listening: nobody else can be there
        taken.bind(("127.0.0.1", 0))
        client = client_of(simulator, url=f"http://127.0.0.1:{taken.getsockname()[1]}")
        with pytest.raises(NotSent):
            await client.approval_key()
        await client.aclose()


async def test_a_wrong_clock_shows(simulator, client):
    simulator.control.mishap_on("wrong-date", value=600)
    await client.inquire_price(next(iter(simulator.world)).symbol)
    assert client.clock_skew == pytest.approx(600, abs=5)

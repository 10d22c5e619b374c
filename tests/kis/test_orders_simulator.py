"""Orders and the account against the stand-in exchange, over real sockets: what it booked, and what we were told."""

from collections.abc import AsyncIterator, Callable, Iterator
from datetime import datetime
from typing import Any

import pytest

from stockdesk.kis.errors import KisError, NotOnMock, OutcomeUnknown, RateLimited, Refused, TokenRejected
from stockdesk.kis.messages import KST, OrderRequest, order_key
from stockdesk.kis.orders import OrderClient
from stockdesk.simulator.testing import RunningSimulator, new_key, running_simulator
from tests.kis.broker import ACCOUNT, Budget
from tests.kis.test_rest_simulator import Tokens, no_sleep


@pytest.fixture(scope="module")
def real() -> Iterator[RunningSimulator]:
    with running_simulator(symbols=60, ticks_per_second=0.0, token_seconds=0.0, calls_per_second=1000) as running:
        yield running


@pytest.fixture(scope="module")
def mock() -> Iterator[RunningSimulator]:
    with running_simulator(
        symbols=60, ticks_per_second=0.0, token_seconds=0.0, calls_per_second=1000, mock=True
    ) as running:
        yield running


class Desk:
    """A client of the simulator, and what the simulator knows of it."""

    def __init__(self, simulator: RunningSimulator, *, mock: bool, **options: Any) -> None:
        simulator.control.reset(keys=True, accounts=True)
        self.mock = mock
        self.control = simulator.control
        key, secret = new_key()
        self.budget, self.tokens = Budget(), Tokens()
        self.client = OrderClient(
            simulator.rest_url, key, secret, account=ACCOUNT, tokens=self.tokens, budget=self.budget, sleep=no_sleep,
            mock=mock, **options,
        )  # fmt: skip
        listed = [instrument for instrument in simulator.world if instrument.kind == "stock"]
        self.symbol = listed[0].symbol
        self.symbols = [instrument.symbol for instrument in listed]

    @property
    def booked(self) -> list[dict[str, Any]]:
        return self.control.orders()

    async def start(self) -> int:
        """Make the exchange know our key, and return the last price of the symbol."""
        await self.client.orderable()
        price = (await self.client.inquire_price(self.symbol)).price
        assert price
        return price

    async def orders(self) -> Any:
        return await self.client.orders_of(datetime.now(KST).date())


@pytest.fixture
async def desk(real: RunningSimulator) -> AsyncIterator[Desk]:
    made = Desk(real, mock=False)
    yield made
    await made.client.aclose()


@pytest.fixture
async def mock_desk(mock: RunningSimulator) -> AsyncIterator[Desk]:
    made = Desk(mock, mock=True)
    yield made
    await made.client.aclose()


@pytest.fixture(params=["desk", "mock_desk"])
def either(request: pytest.FixtureRequest) -> Desk:
    return request.getfixturevalue(request.param)


async def test_an_order_is_taken_in_filled_listed_and_held(either):
    await either.start()
    ack = await either.client.place(OrderRequest(either.symbol, "buy", 7, None))
    (order,) = (await either.orders()).orders
    assert (order.key, order.side, order.quantity, order.kind) == (order_key(ack.order_no), "buy", 7, "new")
    assert (order.filled_quantity, order.remaining_quantity) == (7, 0)
    assert order.branch_no == ack.branch_no
    balance = await either.client.balance()
    (held,) = balance.holdings
    assert (held.symbol, held.quantity, held.orderable_quantity) == (either.symbol, 7, 7)
    assert held.purchase_amount == balance.purchase_amount
    assert held.purchase_amount >= order.filled_amount > 0
    assert balance.deposit > balance.deposit_d2
    sale = await either.client.place(OrderRequest(either.symbol, "sell", 7, None))
    listed = await either.orders()
    assert listed.complete
    assert [(o.side, o.filled_quantity) for o in listed.orders] == [("buy", 7), ("sell", 7)]
    assert listed.orders[1].key == order_key(sale.order_no)
    assert (await either.client.balance()).holdings == ()


async def test_an_order_is_cancelled_and_both_rows_say_so(either):
    await either.start()
    either.control.mishap_on("no-fill")
    ack = await either.client.place(OrderRequest(either.symbol, "buy", 5, None))
    cancel = await either.client.cancel(ack.order_no, ack.branch_no)
    listed = await either.orders()
    first, second = listed.orders
    assert (first.cancelled, first.cancelled_quantity, first.remaining_quantity) == (True, 5, 0)
    assert (second.kind, second.key, second.cancelled) == ("cancel", order_key(cancel.order_no), False)
    assert order_key(second.original_order_no) == first.key
    with pytest.raises(Refused):
        await either.client.cancel(ack.order_no, ack.branch_no)


async def test_part_of_an_order_is_cancelled_and_the_rest_stays_open(desk):
    await desk.start()
    desk.control.mishap_on("no-fill")
    ack = await desk.client.place(OrderRequest(desk.symbol, "buy", 5, None))
    await desk.client.cancel(ack.order_no, ack.branch_no, quantity=2)
    (left,) = await desk.client.open_orders()
    assert (left.key, left.cancellable_quantity) == (order_key(ack.order_no), 3)
    first = (await desk.orders()).orders[0]
    assert (first.cancelled, first.cancelled_quantity, first.remaining_quantity) == (False, 2, 3)


async def test_every_order_of_a_long_day_is_found_over_the_pages(either):
    await either.start()
    numbers = [either.control.order(either.symbol, "buy", 1, division="01") for _ in range(230)]
    listed = await either.orders()
    assert listed.complete
    assert sorted(int(order.key) for order in listed.orders) == sorted(numbers)
    calls = either.budget.lanes.count("fill")
    assert calls == (16 if either.mock else 3)


async def test_every_holding_is_found_over_the_pages(either):
    await either.start()
    held = either.symbols[:52]
    for count, symbol in enumerate(held, 1):
        either.control.set_holding(symbol, count)
    balance = await either.client.balance()
    assert {row.symbol: row.quantity for row in balance.holdings} == {s: n for n, s in enumerate(held, 1)}
    assert sum(row.evaluation_amount for row in balance.holdings) == balance.evaluation_amount
    assert either.budget.lanes.count("assets") == 1 + (3 if either.mock else 2)


async def test_a_second_page_that_fails_hides_nothing_and_proves_nothing(desk):
    await desk.start()
    for _ in range(130):
        desk.control.order(desk.symbol, "buy", 1, division="01")
    for symbol in desk.symbols[:52]:
        desk.control.set_holding(symbol, 200)
    desk.control.mishap_on("second-page")
    listed = await desk.orders()
    assert (len(listed.orders), listed.complete) == (100, False)
    with pytest.raises(OutcomeUnknown):
        await desk.client.balance()


async def test_lists_without_rows_beside_their_true_totals_are_not_believed(either):
    await either.start()
    either.control.order(either.symbol, "buy", 1, division="01")
    either.control.mishap_on("no-rows")
    listed = await either.orders()
    assert (listed.orders, listed.complete) == ((), False)
    with pytest.raises(OutcomeUnknown, match="no holdings"):
        await either.client.balance()


async def test_a_day_without_orders_is_a_complete_list(either):
    await either.start()
    listed = await either.orders()
    assert (listed.orders, listed.complete) == ((), True)


async def test_means_and_assets_agree_with_the_account(desk):
    price = await desk.start()
    desk.control.set_holding(desk.symbol, 10, price)
    can = await desk.client.orderable(desk.symbol, price)
    assert 0 < can.quantity * price <= can.cash <= desk.control.account()["cash"]
    sell = await desk.client.sellable(desk.symbol)
    assert (sell.quantity, sell.orderable_quantity) == (10, 10)
    assets = await desk.client.account_assets()
    assert (assets.evaluation_amount, assets.deposit) == (10 * price, desk.control.account()["cash"])
    assert assets.classes


async def test_the_mock_host_is_not_asked_for_what_it_lacks(mock_desk):
    with pytest.raises(NotOnMock):
        await mock_desk.client.open_orders()
    with pytest.raises(NotOnMock):
        await mock_desk.client.account_assets()
    assert mock_desk.budget.lanes == []


@pytest.mark.parametrize(
    ("order", "code"),
    [
        (lambda symbol, price: OrderRequest(symbol, "buy", 1_000_000, price), "APBK0986"),
        (lambda symbol, price: OrderRequest(symbol, "sell", 1, price), "APBK0918"),
        (lambda symbol, price: OrderRequest(symbol, "buy", 1, price * 2), "APBK0918"),
        (lambda symbol, price: OrderRequest("999999", "buy", 1, price), "APBK0918"),
    ],
)
async def test_what_the_exchange_refuses_is_refused(desk, order: Callable[..., OrderRequest], code):
    price = await desk.start()
    with pytest.raises(Refused) as caught:
        await desk.client.place(order(desk.symbol, price))
    assert caught.value.code == code
    assert caught.value.text
    assert desk.booked == []


async def test_a_closed_market_is_a_refusal(either):
    await either.start()
    either.control.change(open=False)
    with pytest.raises(Refused, match="장운영시간이 아닙니다"):
        await either.client.place(OrderRequest(either.symbol, "buy", 1, None))


# mishap, its value, what we are told, and how many orders stand at the broker afterwards
MISHAPS: list[tuple[str, Any, type[KisError], int]] = [
    ("order-refused", "APBK0918", Refused, 0),
    ("order-refused", "APBK9999", OutcomeUnknown, 0),
    ("order-lost", None, OutcomeUnknown, 0),
    ("order-answer-lost", None, OutcomeUnknown, 1),
    ("order-timeout", None, OutcomeUnknown, 1),
    ("order-timeout", "lost", OutcomeUnknown, 0),
    ("order-without-number", None, OutcomeUnknown, 1),
    ("no-answer", None, OutcomeUnknown, 1),
    ("cut-body", None, OutcomeUnknown, 1),
    ("empty-body", None, OutcomeUnknown, 1),
    ("html-body", 200, OutcomeUnknown, 1),
    ("html-body", 503, OutcomeUnknown, 1),
    ("server-error", None, OutcomeUnknown, 0),
    ("over-limit", None, RateLimited, 0),
    ("over-limit-200", None, RateLimited, 0),
    ("ledger-limit", None, RateLimited, 0),
    ("token-dead", None, TokenRejected, 0),
]


@pytest.mark.parametrize(("mishap", "value", "error", "booked"), MISHAPS)
async def test_a_mishap_costs_one_post_and_the_look_up_tells_what_became_of_it(either, mishap, value, error, booked):
    await either.start()
    tr_id = "VTTC0012U" if either.mock else "TTTC0012U"
    either.control.mishap_on(mishap, value=value, tr_id=None if mishap.startswith("order-") else tr_id)
    with pytest.raises(KisError) as caught:
        await either.client.place(OrderRequest(either.symbol, "buy", 1, None))
    assert type(caught.value) is error
    either.control.mishap_off(mishap)
    if error is TokenRejected:
        assert either.tokens.value == ""
    assert order_posts(either, tr_id) == 1
    listed = await either.orders()
    assert listed.complete
    assert len(listed.orders) == booked == len(either.booked)


@pytest.mark.parametrize(("mishap", "value"), [("slow", 3.0), ("drip", 0.2)])
async def test_an_answer_beyond_the_deadline_is_unknown_and_the_order_booked_once(real, mishap, value):
    desk = Desk(real, mock=False, deadline=0.8)
    await desk.start()
    desk.control.mishap_on(mishap, value=value, tr_id="TTTC0012U")
    with pytest.raises(OutcomeUnknown, match=r"no answer within 0\.8 s"):
        await desk.client.place(OrderRequest(desk.symbol, "buy", 1, None))
    assert order_posts(desk, "TTTC0012U") == 1
    listed = await desk.orders()
    assert len(listed.orders) == len(desk.booked) <= 1
    await desk.client.aclose()


async def test_a_dead_token_is_replaced_for_the_next_order(desk):
    await desk.start()
    desk.control.kill_tokens()
    order = OrderRequest(desk.symbol, "buy", 1, None)
    with pytest.raises(TokenRejected):
        await desk.client.place(order)
    await desk.client.place(order)
    assert len(desk.booked) == 1


def order_posts(desk: Desk, tr_id: str) -> int:
    """How many calls with this TR id reached the broker, refused ones too."""
    return sum(calls["by_tr_id"].get(tr_id, 0) for calls in desk.control.seen()["calls"].values())

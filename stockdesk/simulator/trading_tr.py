"""The calls about orders and the account, by method and path; a real id, its V form and its old form share one."""

from collections.abc import Callable
from dataclasses import dataclass

from stockdesk.simulator.asking import Asking, wrong_account
from stockdesk.simulator.balance_calls import account_assets, balance, realised
from stockdesk.simulator.means_calls import orderable, sellable
from stockdesk.simulator.order_calls import change_order, order_cash
from stockdesk.simulator.order_lists import daily_orders, open_orders
from stockdesk.simulator.responses import Answer, refused

TRADING = "/uapi/domestic-stock/v1/trading"
ORDER_CASH, ORDER_CHANGE = f"{TRADING}/order-cash", f"{TRADING}/order-rvsecncl"
ORDER_PATHS = (ORDER_CASH, ORDER_CHANGE)

NOT_ON_MOCK = refused("EGW02006", "모의투자 TR 이 아닙니다.")
NO_SUCH_ID = refused("OPSQ9999", "유효하지 않은 tr_id 입니다.")


@dataclass(frozen=True, slots=True)
class TradingCall:
    """One operation and its TR ids at the real host."""

    tr_ids: tuple[str, ...]
    answer: Callable[[Asking], Answer]
    in_mock: bool = True


TRADING_CALLS: dict[tuple[str, str], TradingCall] = {
    ("POST", ORDER_CASH): TradingCall(("TTTC0012U", "TTTC0011U", "TTTC0802U", "TTTC0801U"), order_cash),
    ("POST", ORDER_CHANGE): TradingCall(("TTTC0013U", "TTTC0803U"), change_order),
    ("GET", f"{TRADING}/inquire-psbl-order"): TradingCall(("TTTC8908R",), orderable),
    ("GET", f"{TRADING}/inquire-psbl-sell"): TradingCall(("TTTC8408R",), sellable, in_mock=False),
    ("GET", f"{TRADING}/inquire-psbl-rvsecncl"): TradingCall(("TTTC0084R", "TTTC8036R"), open_orders, in_mock=False),
    ("GET", f"{TRADING}/inquire-daily-ccld"): TradingCall(
        ("TTTC0081R", "CTSC9215R", "TTTC8001R", "CTSC9115R"), daily_orders
    ),
    ("GET", f"{TRADING}/inquire-balance"): TradingCall(("TTTC8434R",), balance),
    ("GET", f"{TRADING}/inquire-balance-rlz-pl"): TradingCall(("TTTC8494R",), realised, in_mock=False),
    ("GET", f"{TRADING}/inquire-account-balance"): TradingCall(("CTRP6548R",), account_assets, in_mock=False),
}


def real_id(call: TradingCall, tr_id: str) -> str | None:
    """The real host's id for one of either host; None when the path has no such id."""
    if tr_id in call.tr_ids:
        return tr_id
    return next((real for real in call.tr_ids if tr_id == f"V{real[1:]}"), None)


def trading_answer(call: TradingCall, asking: Asking, mock_host: bool) -> Answer:
    """The answer to a call whose ``tr_id`` has been found; the mock host takes V ids only."""
    if (mock_host and not asking.mock) or (asking.mock and not call.in_mock):
        return NOT_ON_MOCK
    problem = wrong_account(asking)
    if problem is not None:
        return problem
    if asking.continued and asking.strikes("second-page"):
        return refused("EGW00002", "서버 에러가 발생했습니다.")
    return call.answer(asking)

"""What is looked at before an order is booked, and how KIS refuses it.

KIS's codes for most of these are not on record. APBK0918 is known to stand for several reasons that only its text
tells apart, so it is used wherever no better code is known.
"""

from datetime import datetime

from stockdesk.simulator.account import Account
from stockdesk.simulator.divisions import AFTER_MARKET, BY_VENUE, DIVISIONS
from stockdesk.simulator.hours import Hours
from stockdesk.simulator.money import with_fee
from stockdesk.simulator.orders import NewOrder, OrderRefused
from stockdesk.simulator.prices import Price
from stockdesk.simulator.rules import tick_size

MOST_SHARES = 10**9

CLOSED = ("APBK0918", "장운영시간이 아닙니다")
NO_DAY = ("APBK0919", "장운영일자가 주문일과 상이합니다")
NO_CASH = ("APBK0986", "주문가능금액을 초과 했습니다")
NO_HOLDING = ("APBK0918", "잔고내역이 없습니다")
TOO_FEW = ("APBK1234", "주문가능수량이 부족합니다")
NO_SYMBOL = ("APBK0918", "종목코드를 확인하여 주십시오")
NO_QUANTITY = ("APBK0918", "주문수량을 확인하여 주십시오")
NO_DIVISION = ("APBK0918", "주문구분을 확인하여 주십시오")
NO_MARKET_ORDER = ("APBK3013", "시장가 주문이 불가한 시장입니다")
NO_VENUE = ("APBK0918", "거래소구분을 확인하여 주십시오")
HALTED = ("APBK0918", "거래정지 종목입니다")
IN_VI = ("APBK0918", "단일가매매 종목은 주문조건(IOC/FOK)을 사용할 수 없습니다")
OFF_TICK = ("APBK0918", "호가단위를 확인하여 주십시오")
BEYOND_LIMITS = ("APBK0918", "상하한가를 벗어난 주문입니다")
NO_PRICE = ("APBK0918", "주문단가를 확인하여 주십시오")
NO_FUNDS_THEN = ("APBK0918", "애프터마켓에서 거래할 수 없는 종목입니다")
NO_ORIGINAL = ("APBK0918", "원주문정보가 존재하지 않습니다")
NOTHING_LEFT = ("APBK0918", "정정/취소할 수량이 없습니다")
NOTHING_LEFT_MOCK = ("40330000", "모의투자 정정/취소할 수량이 없습니다.")


def check_market(wanted: NewOrder, price: Price | None, hours: Hours, now: datetime, mock: bool) -> Price:
    """Issue, venue, division and hours; returns the issue's price. Raises OrderRefused."""
    if price is None:
        raise OrderRefused(*NO_SYMBOL)
    if not 0 < wanted.quantity <= MOST_SHARES:
        raise OrderRefused(*NO_QUANTITY)
    if wanted.venue not in BY_VENUE or (mock and wanted.venue != "KRX"):
        raise OrderRefused(*NO_VENUE)
    if wanted.division == "01" and wanted.division not in BY_VENUE[wanted.venue]:
        raise OrderRefused(*NO_MARKET_ORDER)
    if wanted.division not in BY_VENUE[wanted.venue]:
        raise OrderRefused(*NO_DIVISION)
    if not hours.is_day(now):
        raise OrderRefused(*NO_DAY)
    evening = wanted.division in AFTER_MARKET
    if hours.how(wanted.venue, wanted.division, now) is None or (mock and evening):
        raise OrderRefused(*CLOSED)
    if evening and price.instrument.kind != "stock":
        raise OrderRefused(*NO_FUNDS_THEN)
    if price.halted:
        raise OrderRefused(*HALTED)
    if price.vi and DIVISIONS[wanted.division].life != "day":
        raise OrderRefused(*IN_VI)
    return price


def price_of(wanted: NewOrder, price: Price) -> int:
    """The worst price that the order may trade at, by its division; raises OrderRefused."""
    buying = wanted.side == "buy"
    match DIVISIONS[wanted.division].pricing:
        case "market":
            return price.upper if buying else price.lower
        case "best":
            return (price.ask if buying else price.bid) or price.last
        case "own":
            return (price.bid if buying else price.ask) or price.last
        case "mid":
            return (price.bid + price.ask) // 2 if price.bid and price.ask else price.last
        case "fixed":
            return price.instrument.base_price if wanted.division == "05" else price.last
        case _:
            _check_limit(wanted.price, price)
            if DIVISIONS[wanted.division].stop:
                _check_limit(wanted.stop_price, price)
            return wanted.price


def _check_limit(asked: int, price: Price) -> None:
    if asked <= 0:
        raise OrderRefused(*NO_PRICE)
    if not price.lower <= asked <= price.upper:
        raise OrderRefused(*BEYOND_LIMITS)
    if asked % tick_size(asked, price.instrument.kind):
        raise OrderRefused(*OFF_TICK)


def check_means(account: Account, wanted: NewOrder, reach: int, freed_cash: int = 0, freed_shares: int = 0) -> None:
    """Cash or shares; an amendment first gives back what its original held. Raises OrderRefused."""
    if wanted.side == "buy":
        if with_fee(wanted.quantity * reach) > account.orderable_cash + freed_cash:
            raise OrderRefused(*NO_CASH)
        return
    holding = account.holdings.get(wanted.symbol)
    if holding is None or not holding.quantity:
        raise OrderRefused(*NO_HOLDING)
    if wanted.quantity > account.orderable_quantity(wanted.symbol) + freed_shares:
        raise OrderRefused(*TOO_FEW)

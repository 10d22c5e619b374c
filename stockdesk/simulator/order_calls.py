"""order-cash and order-rvsecncl: from the body that KIS takes to an order in the book."""

from collections.abc import Callable

from stockdesk.simulator.asking import Asking
from stockdesk.simulator.orders import NewOrder, Order, OrderRefused, Side
from stockdesk.simulator.responses import Answer, refused

BRANCH, BRANCH_MOCK = "91252", "00950"
SELLS = ("TTTC0011U", "TTTC0801U")
OLD = ("TTTC0801U", "TTTC0802U", "TTTC0803U")
SENT = ("APBK0013", "주문 전송 완료 되었습니다.")
SENT_MOCK = {
    "buy": ("40600000", "모의투자 매수주문이 완료 되었습니다."),
    "sell": ("40590000", "모의투자 매도주문이 완료 되었습니다."),
    # the codes of these two are not on record
    "amend": ("40620000", "모의투자 정정주문이 완료 되었습니다."),
    "cancel": ("40630000", "모의투자 취소주문이 완료 되었습니다."),
}
REFUSED_TEXTS = {
    "APBK0656": "주문가능금액을 초과 했습니다",
    "APBK0918": "장운영시간이 아닙니다",
    "APBK0919": "장운영일자가 주문일과 상이합니다",
    "APBK0986": "주문가능금액을 초과 했습니다",
    "APBK1234": "주문가능수량이 부족합니다",
    "APBK1744": "퇴직연금(IRP) 계좌는 주문이 불가합니다",
    "40070000": "모의투자 주문이 불가한 계좌입니다.",
}
TIMED_OUT = "거래시간이 초과되었습니다. 직전 거래를 반드시 확인하세요."


def order_cash(asking: Asking) -> Answer:
    """TTTC0012U buys, TTTC0011U sells; TTTC0802U and TTTC0801U are their old ids, which know KRX only."""
    side: Side = "sell" if asking.tr_id in SELLS else "buy"
    wanted = NewOrder(
        symbol=asking.text("PDNO"),
        side=side,
        quantity=asking.number("ORD_QTY"),
        price=asking.number("ORD_UNPR"),
        division=asking.text("ORD_DVSN"),
        venue=_venue(asking),
        stop_price=asking.number("CNDT_PRIC"),
    )
    return _answered(asking, side, lambda: asking.exchange.place(asking.key, wanted, asking.source))


def change_order(asking: Asking) -> Answer:
    """TTTC0013U (old TTTC0803U): RVSE_CNCL_DVSN_CD 01 amends, 02 cancels."""
    exchange, doing = asking.exchange, asking.text("RVSE_CNCL_DVSN_CD")
    if doing not in ("01", "02") or asking.text("QTY_ALL_ORD_YN") not in ("Y", "N"):
        return _refused(asking, "APBK0918", "정정취소구분을 확인하여 주십시오")
    if asking.number("KRX_FWDG_ORD_ORGNO") != int(branch(asking)):
        return _refused(asking, "APBK0918", "주문조직번호를 확인하여 주십시오")
    number = asking.number("ORGN_ODNO")
    quantity = None if asking.text("QTY_ALL_ORD_YN") == "Y" else asking.number("ORD_QTY")

    def cancel() -> Order:
        return exchange.cancel(asking.key, number, quantity, asking.source)

    def amend() -> Order:
        price, division = asking.number("ORD_UNPR"), asking.text("ORD_DVSN")
        return exchange.amend(asking.key, number, price, division, quantity, asking.source)

    return _answered(asking, "cancel", cancel) if doing == "02" else _answered(asking, "amend", amend)


def _answered(asking: Asking, what: str, do: Callable[[], Order]) -> Answer:
    """Do it, note what was done, and answer, unless a mishap has it otherwise."""
    post = asking.post
    if switch := asking.strikes("order-refused"):
        code = str(switch.value or "APBK0918")
        return _refused(asking, code, REFUSED_TEXTS.get(code, "주문이 거부되었습니다"))
    if asking.strikes("order-lost"):
        if post:
            post.done = "lost"
        return Answer({}, lost=True)
    timed_out = asking.strikes("order-timeout")
    if timed_out and timed_out.value == "lost":
        if post:
            post.done, post.code = "lost", "EGW00302"
        return refused("EGW00302", TIMED_OUT)
    try:
        order = do()
    except OrderRefused as exc:
        return _refused(asking, exc.code, exc.text)
    code, text = SENT_MOCK[what] if asking.mock else SENT
    if post:
        post.done, post.code, post.order_no = "booked", code, order.number
    if timed_out:
        return refused("EGW00302", TIMED_OUT)
    if asking.strikes("order-answer-lost"):
        return Answer({}, lost=True)
    output = {
        "KRX_FWDG_ORD_ORGNO": branch(asking),
        "ODNO": "" if asking.strikes("order-without-number") else order_text(order.number, asking.mock),
        "ORD_TMD": order.at.strftime("%H%M%S"),
    }
    return Answer({"rt_cd": "0", "msg_cd": code, "msg1": text, "output": output})


def order_text(number: int, mock: bool) -> str:
    """ODNO in the answer to an order: ten digits, on the mock host as short as it is."""
    return str(number) if mock else f"{number:010d}"


def _refused(asking: Asking, code: str, text: str) -> Answer:
    if asking.post:
        asking.post.done, asking.post.code = "refused", code
    return Answer({"rt_cd": "1", "msg_cd": code, "msg1": text})


def branch(asking: Asking) -> str:
    return BRANCH_MOCK if asking.mock else BRANCH


def _venue(asking: Asking) -> str:
    return "KRX" if asking.tr_id in OLD else asking.text("EXCG_ID_DVSN_CD") or "KRX"

"""Order divisions (주문구분, ORD_DVSN): how an order is priced, how long it lives, which venue takes it."""

from dataclasses import dataclass
from typing import Literal

Pricing = Literal["limit", "market", "best", "own", "mid", "fixed"]
Life = Literal["day", "ioc", "fok"]


@dataclass(frozen=True, slots=True)
class Division:
    """One ORD_DVSN. ``best`` takes the other side's best price (최유리), ``own`` the own side's (최우선)."""

    code: str
    name: str
    pricing: Pricing
    life: Life = "day"
    stop: bool = False  # sleeps until the market trades at CNDT_PRIC

    @property
    def condition(self) -> str:
        """ODER_COND of a notice: 0 none, 1 IOC, 2 FOK."""
        return {"day": "0", "ioc": "1", "fok": "2"}[self.life]


# The names of 28, 29 and 42-47 are not on record; their behaviour here follows the exchange's description.
_ALL = (
    Division("00", "지정가", "limit"),
    Division("01", "시장가", "market"),
    Division("02", "조건부지정가", "limit"),
    Division("03", "최유리지정가", "best"),
    Division("04", "최우선지정가", "own"),
    Division("05", "장전 시간외", "fixed"),
    Division("06", "장후 시간외", "fixed"),
    Division("11", "IOC지정가", "limit", "ioc"),
    Division("12", "FOK지정가", "limit", "fok"),
    Division("13", "IOC시장가", "market", "ioc"),
    Division("14", "FOK시장가", "market", "fok"),
    Division("15", "IOC최유리", "best", "ioc"),
    Division("16", "FOK최유리", "best", "fok"),
    Division("21", "중간가", "mid"),
    Division("22", "스톱지정가", "limit", stop=True),
    Division("23", "중간가IOC", "mid", "ioc"),
    Division("24", "중간가FOK", "mid", "fok"),
    Division("27", "GTP지정가", "limit"),
    Division("28", "GTP", "best"),
    Division("29", "GTP", "own"),
    Division("41", "애프터마켓 지정가", "limit"),
    Division("42", "애프터마켓 IOC", "limit", "ioc"),
    Division("43", "애프터마켓 FOK", "limit", "fok"),
    Division("44", "애프터마켓 최유리", "best"),
    Division("45", "애프터마켓 최유리IOC", "best", "ioc"),
    Division("46", "애프터마켓 최유리FOK", "best", "fok"),
    Division("47", "애프터마켓 최우선", "own"),
)
DIVISIONS = {division.code: division for division in _ALL}

AFTER_MARKET = frozenset(["41", "42", "43", "44", "45", "46", "47"])
KRX_REGULAR = frozenset(["00", "01", "02", "03", "04", "11", "12", "13", "14", "15", "16", "21", "22", "23", "24"])
# KIS lists 13 and 14 for NXT too, though NXT has no market order.
NXT_DAY = frozenset(["00", "03", "04", "11", "12", "13", "14", "15", "16", "21", "22", "23", "24"])
NXT_PRE_MARKET = frozenset(["27", "28", "29"])
BY_VENUE = {
    "KRX": KRX_REGULAR | AFTER_MARKET | {"05", "06"},
    "NXT": NXT_DAY | NXT_PRE_MARKET,
    "SOR": frozenset(["00", "01", "03", "04", "11", "12", "13", "14", "15", "16"]),
}

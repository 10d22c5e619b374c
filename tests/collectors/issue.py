"""An issue that every table knows, for the symbol page."""

import zlib
from datetime import date, timedelta
from decimal import Decimal

from django.conf import settings
from django.utils import timezone

from assets.accounts import own_account
from assets.models import Account, Holding
from collectors.models import (
    CreditBalance,
    DailyBar,
    DailyPrice,
    Dividend,
    Filing,
    FilingText,
    InvestorFlow,
    KeyAccount,
    ShortSale,
    StatementLine,
)
from market.gnuboard_post import post
from market.models import Instrument, Quote

SYMBOL, NAME = "005930", "삼성전자"
DAY = date(2026, 11, 20)
DAYS = 30
EVIL = "<img src=x onerror=alert(1)>"


def make_everything(name: str = NAME, days: int = DAYS) -> None:
    """Rows in every table that the page reads; prices fall from day to day as one looks back."""
    post(symbol=SYMBOL, name=name, running=True)
    Instrument.objects.create(
        symbol=SYMBOL, name=name, market="KOSPI", halted=True, administrative=True, alert_level=2
    )
    now = timezone.now()
    Quote.objects.create(
        symbol=SYMBOL, name=name, last_price=71_900, change=-600, sign="5", change_rate="-0.83", base_price=72_500,
        open_price=72_600, high_price=73_000, low_price=71_500, day_volume=12_345_678, day_amount=893_456_000_000,
        strength="98.70", source="ws", session=1, traded_at=now, received_at=now, updated_at=now,
    )  # fmt: skip
    hold()
    for back in range(days):
        make_day(DAY - timedelta(days=back), 70_000 - 100 * back)
    Dividend.objects.create(symbol=SYMBOL, record_on=DAY, kind="결산", stock_kind="보통", amount="361", rate="0.5")
    make_filings(name)


def hold() -> None:
    assert settings.DESK.account
    account = Account.objects.create(id=own_account(), updated_at=timezone.now(), stale=False)
    Holding.objects.create(
        id=f"{account.pk}:{SYMBOL}", account=account, symbol=SYMBOL, name=NAME, quantity=10, orderable_quantity=10,
        average_price="70000", purchase_amount=700_000, evaluation_amount=700_000, profit_loss=0, profit_rate=0,
        last_price=70_000, updated_at=timezone.now() - timedelta(minutes=1),
    )  # fmt: skip


def make_day(on: date, close: int) -> None:
    prices = {"open_price": close - 200, "high_price": close + 500, "low_price": close - 500, "close_price": close}
    DailyBar.objects.create(symbol=SYMBOL, on=on, volume=9_876_543, amount=654_321_000_000, **prices)
    DailyPrice.objects.create(
        id=f"{SYMBOL}:{on:%Y%m%d}", symbol=SYMBOL, on=on, change=100, change_rate="0.14", volume=9_876_543,
        amount=654_321_000_000, market_cap=429_000_000_000_000, fetched_at=timezone.now(), **prices,
    )  # fmt: skip
    InvestorFlow.objects.create(
        symbol=SYMBOL, on=on, foreign_amount=-2_094_700_000, foreign_quantity=-30_021,
        institution_amount=1_500_000_000, institution_quantity=20_000,
        person_amount=594_700_000, person_quantity=10_021,
    )  # fmt: skip
    ShortSale.objects.create(symbol=SYMBOL, on=on, quantity=153_086, volume_rate="2.00", amount=10_900_000_000)
    CreditBalance.objects.create(
        symbol=SYMBOL, on=on, loan_balance=254_000, loan_amount=17_800_000_000, loan_rate="0.21"
    )


def make_filings(name: str) -> None:
    now = timezone.now()
    for number in (1, 2):
        Filing(rcept_no=f"20261120{number:06d}", received_on=DAY, symbol=SYMBOL, corp_name=name,
               report=f"주요사항보고서 {number}", filer=name, fetched_at=now).save()  # fmt: skip
    body = zlib.compress("주요 내용".encode())
    FilingText(filing_id="20261120000001", body=body, characters=5, encoding="utf-8", fetched_at=now).save()
    told = {"symbol": SYMBOL, "corp_code": "00126380", "sheet": "IS", "currency": "KRW", "fetched_at": now}
    for number, (report, receipt, basis, amount) in enumerate((
        ("11012", "20260814000001", "CFS", 74_000_000_000_000),
        ("11014", "20261114000001", "CFS", 106_479_426_061_000),
        ("11014", "20261114000001", "OFS", 60_000_000_000_000),
        ("11012", "20261118000001", "CFS", 74_500_000_000_000),  # a late correction of the half year
    )):  # fmt: skip
        line = {**told, "year": 2026, "report": report, "rcept_no": receipt, "basis": basis}
        KeyAccount(id=f"k{number}", name="매출액", amount=Decimal(amount), **line).save()
        StatementLine(id=f"s{number}", name="기본주당이익", amount=Decimal(1_234), detail="-", **line).save()

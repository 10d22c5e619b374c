"""The companies behind the toy world's shares, and the filings they make in a day."""

import random
from bisect import bisect_right
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from itertools import accumulate

from stockdesk.simulator.options import KST
from stockdesk.simulator.trading_days import is_trading_day
from stockdesk.simulator.world import Instrument, World

UNLISTED = 400
MARKETS = {"KOSPI": "Y", "KOSDAQ": "K", "": "E"}
FILINGS_A_DAY = (240, 420)
SEASON_MONTHS = (3, 5, 8, 11)
OPENS, SECONDS_OPEN = time(7, 30), 10 * 3600 + 1800  # 07:30 to 18:00

# a report and who files it; blanks at the end as DART has them
REPORTS = (
    ("임원ㆍ주요주주특정증권등소유상황보고서", "김민수"),
    ("주식등의대량보유상황보고서(일반)", "국민연금공단"),
    ("단일판매ㆍ공급계약체결            ", ""),
    ("[기재정정]단일판매ㆍ공급계약체결            ", ""),
    ("주요사항보고서(자기주식취득결정)", ""),
    ("현금ㆍ현물배당결정              ", ""),
    ("연결재무제표기준영업(잠정)실적(공정공시)              ", ""),
    ("기업설명회(IR)개최(안내공시)              ", ""),
    ("타법인주식및출자증권취득결정              ", ""),
    ("[첨부추가]증권신고서(채무증권)", ""),
)
PERIODIC = {3: "사업보고서 ({y1}.12)", 5: "분기보고서 ({y}.03)", 8: "반기보고서 ({y}.06)", 11: "분기보고서 ({y}.09)"}
FLAGS = ("", "", "", "유", "코", "연", "정")


@dataclass(frozen=True, slots=True)
class Company:
    """Who files: a listed company by its common share, or one of no listing (``symbol`` is a single blank)."""

    corp_code: str
    name: str
    english_name: str
    symbol: str
    market: str
    weight: int
    worth: int  # KRW, the market value or the like: the measure of its figures


@dataclass(frozen=True, slots=True)
class Filing:
    rcept_no: str
    company: Company
    report: str
    filer: str
    flags: str
    at: datetime


class Companies:
    """All companies by code, and the filings of any day: the same for the same seed."""

    def __init__(self, world: World) -> None:
        self.seed = world.seed
        listed = [_company(i, number) for number, i in enumerate(_common_shares(world), 1)]
        rng = random.Random(f"{world.seed}/unlisted")
        unlisted = [_unlisted(rng, number) for number in range(1, UNLISTED + 1)]
        self.all = tuple(sorted(listed + unlisted, key=lambda company: company.corp_code))
        self.by_code = {company.corp_code: company for company in self.all}
        self._chances = list(accumulate(company.weight for company in self.all))
        self.filings_of = lru_cache(maxsize=40)(self._filings_of)

    def _filings_of(self, day: date) -> tuple[Filing, ...]:
        """The filings of a day in the order in which they come in; none when the exchange is closed."""
        if not is_trading_day(day):
            return ()
        rng = random.Random(f"{self.seed}/{day}")
        count = rng.randint(*FILINGS_A_DAY)
        seconds = sorted(rng.sample(range(SECONDS_OPEN), count))
        start = datetime.combine(day, OPENS, KST)
        return tuple(
            self._filing(rng, day, number, start + timedelta(seconds=second))
            for number, second in enumerate(seconds, 1)
        )

    def filing(self, rcept_no: str) -> Filing | None:
        """A filing by its receipt number, whether or not it has come in yet."""
        try:
            day, number = datetime.strptime(rcept_no[:8], "%Y%m%d").replace(tzinfo=KST).date(), int(rcept_no[8:])
        except ValueError:
            return None
        filings = self.filings_of(day)
        return filings[number - 1] if 0 < number <= len(filings) else None

    def _filing(self, rng: random.Random, day: date, number: int, at: datetime) -> Filing:
        company = self.all[bisect_right(self._chances, rng.randrange(self._chances[-1]))]
        report, filer = rng.choice(REPORTS)
        if day.month in SEASON_MONTHS and 10 <= day.day <= 16 and rng.random() < 0.6:
            report, filer = PERIODIC[day.month].format(y=day.year, y1=day.year - 1), ""
        return Filing(f"{day:%Y%m%d}{number:06d}", company, report, filer or company.name, rng.choice(FLAGS), at)


def _common_shares(world: World) -> list[Instrument]:
    """One share of each company: a preferred line (…5 beside …0) belongs to the company of the common one."""
    return [
        i for i in world if i.kind == "stock" and (i.symbol.endswith("0") or f"{i.symbol[:5]}0" not in world.by_symbol)
    ]


def _company(instrument: Instrument, number: int) -> Company:
    return Company(
        corp_code=f"{100_000 + number * 7:08d}",
        name=instrument.name,
        english_name=f"COMPANY {instrument.symbol} CO.,LTD.",
        symbol=instrument.symbol,
        market=MARKETS[instrument.market],
        weight=instrument.weight,
        worth=instrument.base_price * instrument.listed_shares,
    )


def _unlisted(rng: random.Random, number: int) -> Company:
    return Company(
        corp_code=f"{900_000 + number * 3:08d}",
        name=f"비상장{number:03d}",
        english_name=f"PRIVATE {number:03d} CO.,LTD.",
        symbol=" ",
        market="E",
        weight=1,
        worth=rng.randrange(10**10, 10**12, 10**6),
    )

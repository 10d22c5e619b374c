"""The figures of the toy companies' reports, in DART's rows: made up, but they add up."""

import random
from collections.abc import Iterator
from datetime import date, timedelta
from functools import lru_cache
from typing import Any

from stockdesk.simulator.sources.companies import Company

CFS, OFS = "CFS", "OFS"
# report: quarters since the year began, first and last day on which companies report it, after its last day
REPORTS = {"11013": (1, 30, 45), "11012": (2, 30, 45), "11014": (3, 30, 45), "11011": (4, 60, 90)}
MONTH_ENDS = {1: (3, 31), 2: (6, 30), 3: (9, 30), 4: (12, 31)}
PERIOD_NAMES = {"11013": "1분기", "11012": "반기", "11014": "3분기", "11011": ""}
FOUNDED = 1969
SHEETS = {"BS": "재무상태표", "IS": "손익계산서", "CF": "현금흐름표"}
UNMAPPED = "-표준계정코드 미사용-"

# sheet, account id, name, share of the company's worth (per quarter in the income statement)
LINES = (
    ("BS", "ifrs-full_CurrentAssets", "유동자산", 0.40),
    ("BS", "ifrs-full_NoncurrentAssets", "비유동자산", 0.60),
    ("BS", "ifrs-full_Assets", "자산총계", 1.00),
    ("BS", "ifrs-full_CurrentLiabilities", "유동부채", 0.25),
    ("BS", "ifrs-full_NoncurrentLiabilities", "비유동부채", 0.15),
    ("BS", "ifrs-full_Liabilities", "부채총계", 0.40),
    ("BS", "ifrs-full_IssuedCapital", "자본금", 0.05),
    ("BS", "ifrs-full_RetainedEarnings", "이익잉여금", 0.45),
    ("BS", "ifrs-full_Equity", "자본총계", 0.60),
    ("IS", "ifrs-full_Revenue", "매출액", 0.20),
    ("IS", "dart_OperatingIncomeLoss", "영업이익", 0.018),
    ("IS", "ifrs-full_ProfitLossBeforeTax", "법인세차감전 순이익", 0.015),
    ("IS", "ifrs-full_ProfitLoss", "당기순이익", 0.012),
)
# of full statements alone; two lines share the text of unmapped accounts
FURTHER_LINES = (
    ("IS", UNMAPPED, "기타수익", 0.002),
    ("IS", UNMAPPED, "기타비용", 0.003),
    ("CF", "ifrs-full_CashFlowsFromUsedInOperatingActivities", "영업활동현금흐름", 0.020),
    ("CF", "ifrs-full_CashFlowsFromUsedInInvestingActivities", "투자활동현금흐름", -0.015),
    ("CF", "ifrs-full_CashFlowsFromUsedInFinancingActivities", "재무활동현금흐름", -0.004),
)


class Figures:
    """Rows of key accounts and of full statements, for reports that are due by a day."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.mood = lru_cache(maxsize=50_000)(self._mood)

    def _mood(self, corp_code: str, year: int, quarter: int) -> float:
        """How well a quarter went."""
        return random.Random(f"{self.seed}/{corp_code}/{year}/{quarter}").uniform(0.8, 1.2)

    def reported(self, company: Company, year: int, report: str, today: date) -> bool:
        """Whether the company has filed this report by today; a few never do."""
        _, first, last = REPORTS[report]
        rng = random.Random(f"{self.seed}/{company.corp_code}/{year}/{report}/due")
        return rng.random() < 0.98 and period_end(year, report) + timedelta(days=rng.randint(first, last)) <= today

    def has(self, company: Company, basis: str) -> bool:
        """One company in four has no subsidiaries, and separate figures only."""
        return basis == OFS or int(company.corp_code) % 4 != 0

    def key_accounts(self, company: Company, year: int, report: str) -> list[dict[str, Any]]:
        """Rows of fnlttMultiAcnt: consolidated and separate together, amounts with commas."""
        rows = []
        for basis in (CFS, OFS):
            if self.has(company, basis):
                rows += [self._key_account(company, year, report, basis, *line) for line in enumerate(LINES, 1)]
        return rows

    def _key_account(
        self, company: Company, year: int, report: str, basis: str, position: int, line: tuple[str, str, str, float]
    ) -> dict[str, Any]:
        sheet, _, name, _ = line
        amounts = self._amounts(company, year, report, basis, line)
        return {
            **_head(company, year, report),
            "stock_code": company.symbol,
            "fs_div": basis,
            "fs_nm": "연결재무제표" if basis == CFS else "재무제표",
            "sj_div": sheet,
            "sj_nm": SHEETS[sheet],
            "account_nm": name,
            **_terms(year, report),
            **{column: "-" if amount is None else f"{amount:,}" for column, amount in amounts.items()},
            "ord": str(position * 2 - 1),
            "currency": "KRW",
        }

    def statement(self, company: Company, year: int, report: str, basis: str) -> list[dict[str, Any]]:
        """Rows of fnlttSinglAcntAll: plain digits, no fs_div, and unmapped accounts that share one id."""
        rows = []
        for position, line in enumerate((*LINES, *FURTHER_LINES), 1):
            sheet, account_id, name, _ = line
            amounts = self._amounts(company, year, report, basis, line)
            rows.append(
                {
                    **_head(company, year, report),
                    "sj_div": sheet,
                    "sj_nm": SHEETS[sheet],
                    "account_id": account_id,
                    "account_nm": name,
                    "account_detail": "-",
                    **_terms(year, report),
                    **{column: "" if amount is None else str(amount) for column, amount in amounts.items()},
                    "ord": str(position),
                    "currency": "KRW",
                }
            )
        return rows

    def _amounts(
        self, company: Company, year: int, report: str, basis: str, line: tuple[str, str, str, float]
    ) -> dict[str, int | None]:
        """This term and last, and to date where the sheet is one of flows and the report a quarter's."""
        quarters = REPORTS[report][0]
        now, before = (list(self._quarters(company, y, quarters, basis, line)) for y in (year, year - 1))
        if line[0] == "BS":
            return {"thstrm_amount": now[-1], "frmtrm_amount": before[-1]}
        if report == "11011":
            return {"thstrm_amount": sum(now), "frmtrm_amount": sum(before)}
        return {
            "thstrm_amount": now[-1],
            "thstrm_add_amount": sum(now),
            "frmtrm_amount": before[-1],
            "frmtrm_add_amount": None if int(company.corp_code) % 11 == 0 else sum(before),
        }

    def _quarters(
        self, company: Company, year: int, quarters: int, basis: str, line: tuple[str, str, str, float]
    ) -> Iterator[int]:
        scale = company.worth * (1.0 if basis == CFS else 0.7) * (0.94 ** (2026 - year))
        for quarter in range(1, quarters + 1):
            # Sums on both sides of a balance sheet have to meet.
            mood = 1.0 if line[0] == "BS" else self.mood(company.corp_code, year, quarter)
            loss = -1 if line[0] == "IS" and 0 < line[3] < 0.02 and mood < 0.85 else 1
            yield int(scale * line[3] * mood) // 1000 * 1000 * loss


def period_end(year: int, report: str) -> date:
    """The last day of the business period."""
    return date(year, *MONTH_ENDS[REPORTS[report][0]])


def _head(company: Company, year: int, report: str) -> dict[str, str]:
    filed = period_end(year, report) + timedelta(days=REPORTS[report][2])
    return {
        "rcept_no": f"{filed:%Y%m%d}{int(company.corp_code) % 900_000:06d}",
        "reprt_code": report,
        "bsns_year": str(year),
        "corp_code": company.corp_code,
    }


def _terms(year: int, report: str) -> dict[str, str]:
    name = PERIOD_NAMES[report]
    return {
        "thstrm_nm": f"제 {year - FOUNDED + 1} 기 {name}".strip(),
        "frmtrm_nm": f"제 {year - FOUNDED} 기 {name}".strip(),
    }

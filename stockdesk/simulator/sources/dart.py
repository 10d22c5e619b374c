"""The stand-in for DART: its endpoints, their statuses, and answers that are always HTTP 200."""

import json
from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from math import ceil
from typing import Any

from stockdesk.simulator.mishaps import Mishaps
from stockdesk.simulator.options import KST, Options
from stockdesk.simulator.sources.companies import Companies, Filing
from stockdesk.simulator.sources.documents import corp_code_zip, document_zip, has_text
from stockdesk.simulator.sources.figures import CFS, OFS, REPORTS, Figures
from stockdesk.simulator.world import World

NAME = "dart"
KEY_LENGTH = 40
MOST_COMPANIES, MOST_ROWS, USUAL_ROWS = 100, 100, 10
FIRST_YEAR = 2015
WIDEST = timedelta(days=92)  # of a list without a company
HTML, XML, JSON = "text/html; charset=utf-8", "application/xml;charset=UTF-8", "application/json;charset=UTF-8"
ZIP = "application/x-msdownload"
MAINTENANCE = "<!DOCTYPE html><html><body><h1>서비스 점검 중입니다.</h1></body></html>"
MESSAGES = {
    "000": "정상",
    "010": "등록되지 않은 인증키입니다.",
    "011": "사용할 수 없는 키입니다.",
    "012": "접근할 수 없는 IP입니다.",
    "013": "조회된 데이타가 없습니다.",
    "014": "파일이 존재하지 않습니다.",
    "020": "사용한도를 초과하였습니다.",
    "021": "조회 가능한 회사 개수가 초과하였습니다.(최대 100건)",
    "100": "필드의 부적절한 값입니다.",
    "101": "부적절한 접근입니다.",
    "800": "시스템 점검으로 인한 서비스가 중지 중입니다.",
    "900": "정의되지 않은 오류가 발생하였습니다.",
    "901": "사용자 계정의 개인정보 보유기간이 만료되어 사용할 수 없는 키입니다.",
}
BLANKS: tuple[str | None, ...] = ("", "-", None)

Query = Mapping[str, str]


class Refused(Exception):
    """The answer is a status and its message, nothing else."""

    def __init__(self, status: str) -> None:
        super().__init__(status)
        self.status = status


class Dart:
    """Answers by endpoint; ``answer`` gives body and content type."""

    def __init__(self, world: World, options: Options, mishaps: Mishaps) -> None:
        self.companies = Companies(world)
        self.figures = Figures(world.seed)
        self.options = options
        self.mishaps = mishaps
        self.extra: dict[date, int] = {}  # filings let in ahead of their time, by day
        self.calls: dict[str, Callable[[Query], Any]] = {
            "corpCode.xml": self.corp_code,
            "list.json": self.filings,
            "document.xml": self.document,
            "fnlttMultiAcnt.json": self.key_accounts,
            "fnlttSinglAcntAll.json": self.statement,
        }

    def answer(self, endpoint: str, query: Query) -> tuple[bytes, str]:
        """Body and content type; an error of a zip endpoint is XML."""
        if self.mishaps.strikes("dart-html", None, endpoint):
            return MAINTENANCE.encode(), HTML
        try:
            if switch := self.mishaps.strikes("dart-status", None, endpoint):
                raise Refused(str(switch.value or "020"))
            if endpoint not in self.calls:
                raise Refused("101")
            if len(query.get("crtfc_key", "")) != KEY_LENGTH:
                raise Refused("010")
            result = self.calls[endpoint](query)
        except Refused as exc:
            told = {"status": exc.status, "message": MESSAGES.get(exc.status, "정의되지 않은 오류가 발생하였습니다.")}
            if endpoint.endswith(".xml"):
                inner = "".join(f"<{name}>{value}</{name}>" for name, value in told.items())
                return f'<?xml version="1.0" encoding="UTF-8"?><result>{inner}</result>'.encode(), XML
            return _json(told), JSON
        if isinstance(result, bytes):
            broken = self.mishaps.strikes("dart-broken-zip", None, endpoint)
            return result[: len(result) // 2] if broken else result, ZIP
        return _json({"status": "000", "message": MESSAGES["000"], **result}), JSON

    def corp_code(self, query: Query) -> bytes:
        return corp_code_zip(self.companies.all)

    def filings(self, query: Query) -> dict[str, Any]:
        """Filings of some days, the newest first; the whole market only within three months."""
        first, last = _day(query, "bgn_de"), _day(query, "end_de")
        number, size = _number(query, "page_no", 1), _number(query, "page_count", USUAL_ROWS)
        if first > last or (last - first > WIDEST and not query.get("corp_code")) or not 1 <= size <= MOST_ROWS:
            raise Refused("100")
        found: list[Filing] = []
        for ahead in range((last - first).days + 1):
            found += self._come_in(first + timedelta(days=ahead))
        found = [f for f in reversed(found) if query.get("corp_code", f.company.corp_code) == f.company.corp_code]
        page = found[(number - 1) * size : number * size]
        if not page:
            raise Refused("013")
        if self.mishaps.strikes("dart-filing-between-pages", None, "list.json"):
            self.extra[last] = self.extra.get(last, 0) + 1
        return {
            "page_no": number,
            "page_count": size,
            "total_count": len(found),
            "total_page": ceil(len(found) / size),
            "list": [_filing_row(filing) for filing in page],
        }

    def _come_in(self, day: date) -> tuple[Filing, ...]:
        """What has come in by now of that day, and what was let in ahead of its time."""
        filings = self.companies.filings_of(day)
        now = self.options.now()
        return filings[: sum(filing.at <= now for filing in filings) + self.extra.get(day, 0)]

    def document(self, query: Query) -> bytes:
        filing = self.companies.filing(query.get("rcept_no", ""))
        if filing is None or not has_text(filing):
            raise Refused("014")
        return document_zip(filing, "cp949" if self.mishaps.strikes("dart-cp949", None, "document.xml") else "utf-8")

    def key_accounts(self, query: Query) -> dict[str, Any]:
        """Key accounts of up to a hundred companies, in an order of its own; those without any are left out."""
        codes = query.get("corp_code", "").split(",")
        if len(codes) > MOST_COMPANIES:
            raise Refused("021")
        year, report = _report(query)
        today = self.options.now().astimezone(KST).date()
        rows = []
        for code in reversed(codes):
            company = self.companies.by_code.get(code)
            if company and company.symbol.strip() and self.figures.reported(company, year, report, today):
                rows += self.figures.key_accounts(company, year, report)
        return {"list": self._figures(rows, "fnlttMultiAcnt.json")}

    def statement(self, query: Query) -> dict[str, Any]:
        year, report = _report(query)
        company, basis = self.companies.by_code.get(query.get("corp_code", "")), query.get("fs_div", "")
        if basis not in (CFS, OFS):
            raise Refused("100")
        today = self.options.now().astimezone(KST).date()
        there = company is not None and self.figures.has(company, basis)
        if company is None or not there or not self.figures.reported(company, year, report, today):
            raise Refused("013")
        return {"list": self._figures(self.figures.statement(company, year, report, basis), "fnlttSinglAcntAll.json")}

    def _figures(self, rows: list[dict[str, Any]], endpoint: str) -> list[dict[str, Any]]:
        if not rows:
            raise Refused("013")
        if not self.mishaps.strikes("dart-blank-amounts", None, endpoint):
            return rows
        for number, row in enumerate(rows):
            for name in [name for name in row if name.endswith("_amount")]:
                row[name] = BLANKS[number % len(BLANKS)]
                if number % 4 == 0:
                    del row[name]
        return rows


def _filing_row(filing: Filing) -> dict[str, str]:
    return {
        "corp_code": filing.company.corp_code,
        "corp_name": filing.company.name,
        "stock_code": filing.company.symbol.strip(),
        "corp_cls": filing.company.market,
        "report_nm": filing.report,
        "rcept_no": filing.rcept_no,
        "flr_nm": filing.filer,
        "rcept_dt": f"{filing.at:%Y%m%d}",
        "rm": filing.flags,
    }


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode()


def _day(query: Query, name: str) -> date:
    try:
        return datetime.strptime(query.get(name, ""), "%Y%m%d").replace(tzinfo=KST).date()
    except ValueError:
        raise Refused("100") from None


def _number(query: Query, name: str, default: int) -> int:
    text = query.get(name, "")
    if text and not (text.isascii() and text.isdigit() and len(text) < 6 and int(text)):
        raise Refused("100")
    return int(text) if text else default


def _report(query: Query) -> tuple[int, str]:
    year, report = _number(query, "bsns_year", 0), query.get("reprt_code", "")
    if not FIRST_YEAR <= year <= 2100 or report not in REPORTS:
        raise Refused("100")
    return year, report

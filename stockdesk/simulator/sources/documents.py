"""DART's zips of the toy world: the list of companies and the texts of filings, in DART's own markup."""

import io
import random
import zipfile
from functools import lru_cache
from xml.sax.saxutils import escape

from stockdesk.simulator.sources.companies import Company, Filing

FIXED_TIME = (2026, 1, 1, 0, 0, 0)  # in the zips, so that the same answer is the same bytes
WITHOUT_TEXT = 37  # every so manyth filing has no document


@lru_cache(maxsize=2)
def corp_code_zip(companies: tuple[Company, ...]) -> bytes:
    """The zip of corpCode.xml; an unlisted company has a single blank for its stock code."""
    rows = "".join(
        f"    <list>\n        <corp_code>{c.corp_code}</corp_code>\n        <corp_name>{escape(c.name)}</corp_name>\n"
        f"        <corp_eng_name>{escape(c.english_name)}</corp_eng_name>\n"
        f"        <stock_code>{c.symbol}</stock_code>\n        <modify_date>20260331</modify_date>\n    </list>\n"
        for c in companies
    )
    text = f'<?xml version="1.0" encoding="UTF-8"?>\n<result>\n{rows}</result>\n'
    return zipped({"CORPCODE.xml": text.encode()})


def has_text(filing: Filing) -> bool:
    return int(filing.rcept_no) % WITHOUT_TEXT != 0


def document_zip(filing: Filing, encoding: str = "utf-8") -> bytes:
    """The zip of document.xml: the filing, and now and then an attachment. It says UTF-8 whatever it is."""
    files = {f"{filing.rcept_no}.xml": _document(filing)}
    if int(filing.rcept_no) % 3 == 0:
        files[f"{filing.rcept_no}_00760.xml"] = _attachment(filing)
    return zipped({name: text.encode(encoding) for name, text in files.items()})


def zipped(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name, FIXED_TIME), data, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def _document(filing: Filing) -> str:
    """Not quite well-formed, as DART's are: a bare ampersand, an empty tag left open."""
    rng = random.Random(filing.rcept_no)
    company = filing.company
    amount = rng.randrange(10**9, 10**12, 10**6)
    rows = (
        ("1. 회사명", company.name),
        ("2. 접수일자", f"{filing.at:%Y-%m-%d}"),
        ("3. 금액(원)", f"{amount:,}"),
        ("4. 최근 매출액 대비(%)", f"{rng.uniform(0.5, 30):.2f}"),
        ("5. 기타", "R&D 및 시설투자 < 일부 >"),
    )
    table = "\n".join(
        f'<TR><TD WIDTH="200"><P>{escape(name)}</P></TD><TE ACODE="X">{value}</TE></TR>' for name, value in rows
    )
    return f"""<?xml version="1.0" encoding="utf-8"?>
<DOCUMENT xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
<DOCUMENT-NAME ACODE="10001">{escape(filing.report.strip())}</DOCUMENT-NAME>
<COMPANY-NAME AREGCIK="{company.corp_code}">{escape(company.name)}</COMPANY-NAME>
<BODY>
<COVER><COVER-TITLE>{escape(filing.report.strip())}</COVER-TITLE></COVER>
<SECTION-1 ACLASS="MANDATORY"><TITLE ATOC="Y">1. 주요 내용</TITLE>
<TABLE><TBODY>
{table}
</TBODY></TABLE>
<P USERMARK="F-12">본 공시는 모의 데이터이며 실제 회사와 관련이 없습니다.<BR>
<P>문의: IR팀 & 공시담당
</SECTION-1></BODY></DOCUMENT>
"""


def _attachment(filing: Filing) -> str:
    return f"""<?xml version="1.0" encoding="utf-8"?>
<DOCUMENT><BODY><TITLE>첨부: 이사회 의사록</TITLE><P>{escape(filing.company.name)} 이사회는 원안대로 가결하였다.</P>
</BODY></DOCUMENT>
"""

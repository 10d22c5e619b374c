"""The public sources in the admin: to read, not to change, and nothing of a filing's markup is ever run."""

import zlib
from datetime import date
from decimal import Decimal

import pytest
from django.utils import timezone

from collectors import raw
from collectors.models import Corp, DailyPrice, Filing, FilingText, KeyAccount, ListedIssue, StatementLine
from tests.people import client_of, owner

DAY = date(2026, 11, 20)
EVIL = "<script>alert(1)</script><img src=x onerror=alert(2)> 주요 내용 & 기타"
LISTS = ("filing", "filingtext", "keyaccount", "statementline", "dailyprice", "listedissue", "rawbody")


@pytest.fixture
def admin(db):
    return client_of(owner(), "ko")


@pytest.fixture
def rows(db):
    now = timezone.now()
    Corp.objects.create(corp_code="00126380", symbol="005930", name="삼성전자", fetched_at=now)
    for number, report in ((1, "주요사항보고서"), (2, EVIL)):
        Filing(rcept_no=f"20261120{number:06d}", received_on=DAY, symbol="005930", corp_name="삼성전자", report=report,
               filer=EVIL, fetched_at=now).save()  # fmt: skip
    body = zlib.compress(EVIL.encode())
    FilingText(filing_id="20261120000001", body=body, characters=len(EVIL), encoding="utf-8", fetched_at=now).save()
    FilingText(filing_id="20261120000002", missing_at=now, fetched_at=now).save()
    figures = {"symbol": "005930", "corp_code": "00126380", "year": 2026, "report": "11014", "basis": "CFS",
               "sheet": "IS", "amount": Decimal(106_479_426_061), "previous": Decimal(-5), "currency": "KRW",
               "fetched_at": now}  # fmt: skip
    KeyAccount(id="a" * 40, name="매출액", **figures).save()
    StatementLine(id="b" * 40, name="기타수익", account_id="x", detail="-", **figures).save()
    DailyPrice(id="005930:20261118", symbol="005930", on="2026-11-18", close_price=98_500, change=-100,
               name="삼성전자", fetched_at=now).save()  # fmt: skip
    ListedIssue(symbol="005930", on="2026-11-18", name="삼성전자", fetched_at=now).save()
    raw.keep("dart", "list", "20261120/p1", b"{}")


def shown(admin, path):
    answer = admin.get(f"/admin/collectors/{path}")
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.mark.usefixtures("rows")
@pytest.mark.parametrize("model", LISTS)
def test_every_list_and_row_can_be_read_and_not_changed(admin, model):
    page = shown(admin, f"{model}/")
    links = [
        part.split('"')[0] for part in page.split('href="') if f"/collectors/{model}/" in part and "/change/" in part
    ]
    assert links
    assert admin.get(links[0]).status_code == 200
    assert admin.post(links[0], {}).status_code == 403
    assert admin.post(links[0].replace("change", "delete"), {"post": "yes"}).status_code == 403
    assert admin.get(f"/admin/collectors/{model}/add/").status_code == 403
    assert "alert(" not in page.replace("&lt;script&gt;alert(1)", "").replace("onerror=alert(2)&gt;", "")


@pytest.mark.usefixtures("rows")
def test_a_filing_leads_to_its_text_where_there_is_one(admin):
    page = shown(admin, "filing/")
    assert '/admin/collectors/filingtext/20261120000001/change/">주요사항보고서</a>' in page
    assert "filingtext/20261120000002" not in page


@pytest.mark.usefixtures("rows")
def test_a_text_is_shown_as_words_and_never_run(admin):
    page = shown(admin, "filingtext/20261120000001/change/")
    assert "&lt;script&gt;alert(1)&lt;/script&gt;&lt;img src=x onerror=alert(2)&gt; 주요 내용 &amp; 기타</pre>" in page
    assert "<script>alert" not in page
    assert "<img src=x" not in page


@pytest.mark.usefixtures("rows")
def test_figures_have_groups_and_years_have_none(admin):
    page = shown(admin, "keyaccount/")
    assert "106,479,426,061" in page
    assert "삼성전자" in page
    assert ">2026<" in page.replace(" ", "").replace("\n", "")
    assert "2,026" not in page
    assert "2,026" not in shown(admin, f"keyaccount/{'a' * 40}/change/")


@pytest.mark.usefixtures("rows")
def test_an_unknown_price_is_a_dash_and_a_fall_is_blue(admin):
    page = shown(admin, "dailyprice/")
    assert "98,500" in page
    assert 'desk-change desk-down">-100' in page
    assert "–" in page


@pytest.mark.usefixtures("rows")
def test_the_lists_can_be_searched(admin):
    assert "주요사항보고서" in shown(admin, "filing/?q=005930")
    assert "주요사항보고서" not in shown(admin, "filing/?q=000660")
    for model in LISTS:
        shown(admin, f"{model}/?q=none")

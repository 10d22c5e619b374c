"""What becomes of DART's good answers, in the shapes and with the oddities that it has."""

import json
import re
from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
import responses
import time_machine
from django.utils import timezone
from responses.registries import OrderedRegistry

from collectors.dart import accounts, corps, filings, statements, texts
from collectors.dart.plain import decoded, plain_text
from collectors.dart.seasons import Season
from collectors.errors import NoData, SourceError
from collectors.models import Corp, Filing, FilingText, KeyAccount, RawBody, StatementLine
from market import gnuboard_post
from stockdesk.kis.messages import KST

from .answers import DART, corp_zip, dart_error, filing, good, key_account, statement_line, zipped
from .answers import filings as page

DAY = date(2026, 11, 20)
BLOCK = "2026/11014/00126380-00126380"
ONE = "2026/11014/00126380"

pytestmark = pytest.mark.django_db


@pytest.fixture
def _noon():
    with time_machine.travel(datetime(2026, 11, 20, 12, 5, tzinfo=KST), tick=False):
        yield


@pytest.fixture
def samsung() -> Corp:
    return Corp.objects.create(corp_code="00126380", symbol="005930", name="삼성전자", fetched_at=timezone.now())


@pytest.fixture
def watch_samsung(empty_board: None) -> None:
    """The preferred share, whose filings are those of the company."""
    gnuboard_post.post(symbol="005935", name="삼성전자우", running=True)


# companies


def test_companies_are_stored_listed_or_not(web):
    web.get(f"{DART}/corpCode.xml", body=corp_zip(("00126380", "삼성전자", "005930"), ("00434003", "다코", " "),
                                                  ("00999999", "새회사", "0001A0")))  # fmt: skip
    assert corps.fetch(DAY, *corps.items(DAY)) == 3
    assert dict(Corp.objects.values_list("corp_code", "symbol")) == {
        "00126380": "005930",
        "00434003": "",
        "00999999": "0001A0",
    }
    assert [corp.name for corp in Corp.objects.listed()] == ["삼성전자", "새회사"]


def test_a_company_that_comes_without_its_code_or_name_keeps_what_is_stored(web):
    web.get(f"{DART}/corpCode.xml", body=corp_zip(("00126380", "삼성전자", "005930")))
    corps.fetch(DAY, "all")
    web.replace(responses.GET, f"{DART}/corpCode.xml", body=corp_zip(("00126380", "", " ")))
    corps.fetch(DAY, "all")
    stored = Corp.objects.get()
    assert (stored.name, stored.symbol) == ("삼성전자", "005930")


# filings


def test_a_filing_is_stored_without_the_blanks_around_its_name(web):
    web.get(f"{DART}/list.json", json=page([filing(7), filing(6, stock_code="", corp_name="비상장", rm=None)]))
    assert filings.fetch(DAY, "all") == 2
    stored = Filing.objects.get(rcept_no="20261120000007")
    assert (stored.report, stored.symbol, stored.received_on) == (
        "[기재정정]주요사항보고서(자기주식취득결정)",
        "005930",
        DAY,
    )
    assert Filing.objects.get(rcept_no="20261120000006").symbol == ""


def test_reading_a_day_twice_leaves_the_same_rows(web):
    web.get(f"{DART}/list.json", json=page([filing(7)]))
    assert [filings.fetch(DAY, "all"), filings.fetch(DAY, "all")] == [1, 1]
    assert (Filing.objects.count(), RawBody.objects.count()) == (1, 1)


def test_a_day_is_read_to_its_last_page():
    with responses.RequestsMock(registry=OrderedRegistry) as web:
        for number in (1, 2, 3):
            web.get(f"{DART}/list.json", json=page([filing(4 - number)], page=number, total=3, pages=3))
        assert filings.fetch(DAY, "all") == 3
    assert sorted(RawBody.objects.values_list("key", flat=True)) == ["20261120/p1", "20261120/p2", "20261120/p3"]


def test_a_filing_that_comes_in_between_two_pages_is_not_lost():
    with responses.RequestsMock(registry=OrderedRegistry) as web:
        web.get(f"{DART}/list.json", json=page([filing(3), filing(2)], total=3, pages=2))
        web.get(f"{DART}/list.json", json=page([filing(2), filing(1)], page=2, total=4, pages=2))
        web.get(f"{DART}/list.json", json=page([filing(4), filing(3)], total=4, pages=2))
        filings.fetch(DAY, "all")
    assert Filing.objects.count() == 4


@pytest.mark.usefixtures("_noon")
def test_todays_poll_ends_when_all_that_are_counted_are_known():
    stored = [filing(n) for n in range(1, 6)]
    with responses.RequestsMock(registry=OrderedRegistry) as web:
        web.get(f"{DART}/list.json", json=page(stored))
        web.get(f"{DART}/list.json", json=page([filing(6), filing(5)], total=6, pages=3))
        filings.fetch(DAY, "1140")
        assert filings.fetch(DAY, "1200") == 2
    assert Filing.objects.count() == 6


@pytest.mark.usefixtures("_noon")
def test_a_page_that_failed_is_made_up_for_by_the_next_poll(attempt):
    """The newest are stored by nobody before the others: a known one in front is no proof."""
    with responses.RequestsMock(registry=OrderedRegistry) as web:
        web.get(f"{DART}/list.json", json=page([filing(3), filing(2)], total=3, pages=2))
        web.get(f"{DART}/list.json", body=dart_error("800"))
        attempt(SourceError, filings.fetch, DAY, "1140")
        web.get(f"{DART}/list.json", json=page([filing(3), filing(2)], total=3, pages=2))
        web.get(f"{DART}/list.json", json=page([filing(1)], page=2, total=3, pages=2))
        filings.fetch(DAY, "1200")
    assert Filing.objects.count() == 3


def test_a_list_that_never_adds_up_is_an_error(web, attempt):
    web.get(f"{DART}/list.json", json=page([filing(1)], total=2))
    assert "1 of 2" in str(attempt(SourceError, filings.fetch, DAY, "all"))


def test_no_data_said_of_a_later_page_is_not_said_of_the_day(attempt):
    with responses.RequestsMock(registry=OrderedRegistry) as web:
        web.get(f"{DART}/list.json", json=page([filing(2)], total=2, pages=2))
        web.get(f"{DART}/list.json", body=dart_error("013"))
        attempt(SourceError, filings.fetch, DAY, "all")


@pytest.mark.usefixtures("_noon")
def test_today_is_polled_every_twenty_minutes_and_a_past_day_read_once_more():
    assert filings.items(DAY) == ["1200"]
    assert filings.items(date(2026, 11, 19)) == ["all"]
    assert filings.items(date(2026, 11, 21)) == []
    with time_machine.travel(datetime(2026, 11, 20, 6, 59, tzinfo=KST)):
        assert filings.items(DAY) == []
    with time_machine.travel(datetime(2026, 11, 20, 22, 30, tzinfo=KST)):
        assert filings.items(DAY) == ["2000"]


# texts


def test_texts_are_wanted_of_watched_companies_only(watch_samsung):
    now = timezone.now()
    for number, symbol in ((1, "005930"), (2, "000660"), (3, "005930"), (4, "005930")):
        Filing(rcept_no=f"20261120{number:06d}", received_on=DAY, symbol=symbol, fetched_at=now).save()
    FilingText.objects.create(filing_id="20261120000003", body=b"x", fetched_at=now)
    FilingText.objects.create(filing_id="20261120000004", missing_at=now, fetched_at=now)
    assert texts.items(DAY) == ["20261120000001"]
    FilingText.objects.update(missing_at=now - timedelta(days=1), body=None)
    assert texts.items(DAY) == ["20261120000001", "20261120000003", "20261120000004"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp949", "euc-kr"])
def test_a_text_is_read_whatever_encoding_it_claims(web, encoding):
    markup = '<?xml version="1.0" encoding="utf-8"?><DOCUMENT><TITLE>주요 내용</TITLE><P>삼성전자 & 자회사</DOCUMENT>'
    body = zipped(**{"20261120000001__xml": markup.encode(encoding)})
    web.get(f"{DART}/document.xml", body=body)
    assert texts.fetch(DAY, "20261120000001") == 1
    stored = FilingText.objects.get()
    assert stored.text == "주요 내용\n삼성전자 & 자회사"
    assert stored.encoding == ("utf-8" if encoding.startswith("utf") else "cp949")


def test_all_files_of_a_document_are_read_the_filing_first(web):
    files = {"20261120000001_00760__xml": b"<P>second</P>", "20261120000001__xml": b"<P>first</P>", "a__jpg": b"\xff"}
    web.get(f"{DART}/document.xml", body=zipped(**files))
    texts.fetch(DAY, "20261120000001")
    assert FilingText.objects.get().text == "first\n\nsecond"


def test_bytes_that_are_no_encoding_are_read_as_far_as_they_go():
    text, encoding = decoded("삼성전자".encode() * 20 + b"\xff\xfe")
    assert (text.startswith("삼성전자"), encoding) == (True, "utf-8")


def test_markup_is_left_out_and_rows_stay_rows():
    markup = (
        "<BODY><STYLE>p {color: red}</STYLE><SCRIPT>alert(1)</SCRIPT><TABLE><TR><TD>매출</TD><TD>1,000</TD></TR>"
        "<TR><TH><P>이익</P></TH><TE><P>5 < 6<BR>원</P></TE></TR></TABLE>"
        "<P>R&D 비용은 &lt;없음&gt;\n입니다<P>끝<TITLE>제목<P>글"
    )
    assert plain_text(markup) == "매출 | 1,000\n이익 | 5 < 6 원\nR&D 비용은 <없음> 입니다\n끝\n제목\n글"


def test_a_text_that_turns_up_later_is_stored(web):
    Filing(rcept_no="20261120000001", received_on=DAY, fetched_at=timezone.now()).save()
    web.get(f"{DART}/document.xml", body=dart_error("014"))
    with pytest.raises(NoData):
        texts.fetch(DAY, "20261120000001")
    web.replace(responses.GET, f"{DART}/document.xml", body=zipped(a__xml=b"<P>there</P>"))
    texts.fetch(DAY, "20261120000001")
    assert FilingText.objects.get().text == "there"


# figures


def test_key_accounts_keep_consolidated_and_separate_apart(web, samsung):
    web.get(f"{DART}/fnlttMultiAcnt.json", json=good([key_account(), key_account(fs_div="OFS")]))
    assert accounts.fetch(DAY, BLOCK) == 2
    stored = KeyAccount.objects.get(basis="CFS")
    assert (stored.amount, stored.amount_to_date) == (Decimal(106_479_426_061), Decimal(300_000_000_000))
    assert (stored.previous, stored.previous_to_date) == (Decimal(-6_916_333_493), None)
    assert (stored.symbol, stored.year, stored.get_report_display(), stored.currency) == (
        "005930",
        2026,
        stored.Report.Q3.label,
        "KRW",
    )


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None),
        ("-", None),
        (None, None),
        (" - ", None),
        ("(1,234)", Decimal(-1234)),
        ("1234.5", Decimal("1234.5")),
        ("0", Decimal(0)),
        ("1,23", None),
        ("NaN", None),
        ("１２３", None),
        ("9" * 30, None),
    ],
)
def test_an_amount_without_a_value_is_null_and_never_0(web, samsung, text, value):
    web.get(f"{DART}/fnlttMultiAcnt.json", json=good([key_account(thstrm_amount=text)]))
    accounts.fetch(DAY, BLOCK)
    assert KeyAccount.objects.get().amount == value


def test_a_blank_amount_never_replaces_a_stored_one(web, samsung):
    web.get(f"{DART}/fnlttMultiAcnt.json", json=good([key_account()]))
    accounts.fetch(DAY, BLOCK)
    blank = key_account(thstrm_amount="-", thstrm_add_amount=None, currency="")
    del blank["frmtrm_amount"]
    web.replace(responses.GET, f"{DART}/fnlttMultiAcnt.json", json=good([blank]))
    before = KeyAccount.objects.values().get()
    accounts.fetch(DAY, BLOCK)
    assert {**KeyAccount.objects.values().get(), "fetched_at": 0} == {**before, "fetched_at": 0}


def test_a_correction_comes_beside_what_it_corrects(web, samsung):
    web.get(f"{DART}/fnlttMultiAcnt.json", json=good([key_account()]))
    accounts.fetch(DAY, BLOCK)
    later = key_account(rcept_no="20261201000001", thstrm_amount="5")
    web.replace(responses.GET, f"{DART}/fnlttMultiAcnt.json", json=good([later]))
    accounts.fetch(DAY, BLOCK)
    assert list(KeyAccount.objects.values_list("rcept_no", "amount")) == [
        ("20261201000001", Decimal(5)),
        ("20261114000777", Decimal(106_479_426_061)),
    ]


def test_companies_are_asked_about_a_hundred_at_a_time(web):
    now = timezone.now()
    Corp.objects.bulk_create(
        Corp(corp_code=f"{n:08d}", symbol=f"{n:06d}" if n % 2 else "", fetched_at=now) for n in range(1, 403)
    )
    blocks = accounts.items(DAY)
    assert blocks == [
        "2026/11014/00000001-00000199",
        "2026/11014/00000201-00000399",
        "2026/11014/00000401-00000401",
    ]
    assert max(map(len, blocks)) <= 40
    asked = []

    def answer(request):
        asked.append(request.params["corp_code"].split(","))
        return 200, {}, '{"status": "013", "message": "조회된 데이타가 없습니다."}'

    web.add_callback(responses.GET, f"{DART}/fnlttMultiAcnt.json", callback=answer)
    with pytest.raises(NoData):
        accounts.fetch(DAY, blocks[0])
    assert asked == [[f"{n:08d}" for n in range(1, 200, 2)]]


def test_a_company_listed_since_then_that_has_not_reported_leaves_nobody_out(web):
    now = timezone.now()
    Corp.objects.bulk_create(
        Corp(corp_code=f"{n:08d}", symbol=f"{n:06d}", fetched_at=now) for n in range(126_380, 126_481)
    )

    def answer(request):
        reported = len(request.params["corp_code"].split(",")) > 1
        return 200, {}, json.dumps(good([key_account()]) if reported else {"status": "013", "message": "없음"})

    web.add_callback(responses.GET, f"{DART}/fnlttMultiAcnt.json", callback=answer)
    assert accounts.fetch(DAY, "2026/11014/00126380-00126480") == 1
    assert KeyAccount.objects.get().corp_code == "00126380"


def test_without_companies_there_is_no_list_to_ask_for():
    with pytest.raises(SourceError, match="companies are known"):
        accounts.items(DAY)


@pytest.mark.parametrize(
    ("day", "season"),
    [
        (date(2026, 11, 14), "2026/11014"),
        (date(2026, 8, 14), "2026/11012"),
        (date(2026, 5, 15), "2026/11013"),
        (date(2027, 3, 31), "2026/11011"),
        (date(2026, 12, 25), "None"),
        (date(2027, 1, 5), "None"),
    ],
)
def test_a_season_asks_for_the_report_that_is_due(day, season):
    assert str(Season.of(day)) == season


def test_out_of_season_nothing_is_asked_for(samsung):
    assert accounts.items(date(2026, 12, 25)) == statements.items(date(2026, 12, 25)) == []


def test_lines_that_share_an_id_are_all_kept(web, samsung):
    lines = [
        statement_line(),
        statement_line(account_nm="기타비용", ord="6"),
        statement_line(sj_div="SCE", account_detail="자본금 [member]"),
        statement_line(sj_div="SCE", account_detail="이익잉여금 [member]"),
    ]
    web.get(f"{DART}/fnlttSinglAcntAll.json", json=good(lines))
    assert statements.fetch(DAY, ONE) == 4
    assert StatementLine.objects.count() == 4
    line = StatementLine.objects.filter(name="기타수익").exclude(sheet="SCE").get()
    assert (line.basis, line.symbol, line.previous, line.amount_to_date) == ("CFS", "005930", Decimal(900_000), None)


def test_a_company_without_consolidated_statements_is_asked_for_its_own(samsung):
    with responses.RequestsMock(registry=OrderedRegistry) as web:
        web.get(f"{DART}/fnlttSinglAcntAll.json", body=dart_error("013"))
        web.get(f"{DART}/fnlttSinglAcntAll.json", json=good([statement_line()]))
        statements.fetch(DAY, ONE)
        assert [re.findall(r"fs_div=(\w+)", str(call.request.url)) for call in web.calls] == [["CFS"], ["OFS"]]
    assert StatementLine.objects.get().basis == "OFS"


def test_statements_are_those_of_watched_companies(watch_samsung, samsung):
    now = timezone.now()
    Corp.objects.create(corp_code="00164779", symbol="000660", fetched_at=now)
    assert statements.items(DAY) == [ONE]

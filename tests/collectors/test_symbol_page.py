"""One issue on one page: with everything, with nothing, unknown, and named by somebody who means harm."""

import re
from datetime import timedelta
from html import unescape

import pytest
from django.conf import settings
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from assets.models import Holding
from collectors.job_models import JobItem
from collectors.jobs import JOBS
from collectors.models import DailyBar, Filing, InvestorFlow
from collectors.symbol_sections import SECTIONS
from collectors.symbol_texts import minute
from market.models import Instrument, Quote
from tests.people import client_of, owner
from tests.sources import asking

from .issue import DAY, EVIL, SYMBOL, make_everything

pytestmark = pytest.mark.django_db

PAGE, LIVE = f"/symbol/{SYMBOL}/", f"/symbol/{SYMBOL}/live.json"


@pytest.fixture(autouse=True)
def _no_board_left(transactional_db):
    yield
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM `{settings.DESK.gnuboard.table}`")  # Gnuboard's: no flush of ours empties it


@pytest.fixture
def desk():
    return client_of(owner(), "ko")


@pytest.fixture
def visitor():
    client = Client(headers={"Accept-Language": "ko"})
    client.force_login(User.objects.create_user("visitor", password="a long password"))
    return client


def page_of(client, path=PAGE, status=200):
    answer = client.get(path)
    assert answer.status_code == status
    return answer.content.decode()


def lines(page, section):
    """The texts of a section's rows, cell by cell."""
    part = page.split(f'id="{section}"')[1].split("</section>")[0]
    rows = re.findall(r"<tr>(.*?)</tr>", part.split("<tbody>")[1], re.S)
    cell = r"<t[hd][^>]*>(.*?)</t[hd]>"
    return [[unescape(re.sub(r"<[^>]+>", "", text)).strip() for text in re.findall(cell, row, re.S)] for row in rows]


def part_of(page, section):
    return page.split(f'id="{section}"')[1].split("</section>")[0]


def place(page, name):
    """The text at a live place of the head and its colour."""
    ((way, text),) = re.findall(rf'data-text="{name}" data-way="(\w*)">([^<]*)<', page)
    return unescape(text), way


def test_the_head_tells_the_price_the_marks_and_the_day(desk):
    make_everything()
    page = page_of(desk)
    assert page.index('id="issue-name">삼성전자<') < page.index('issue-code">005930<')
    assert re.findall(r'<b class="issue-mark">([^<]+)</b>', page) == ["거래정지", "관리종목", "투자경고"]
    assert place(page, "price") == ("71,900", "down")
    assert place(page, "change") == ("▼ 600", "down")
    assert place(page, "rate") == ("-0.83%", "down")
    assert place(page, "open") == ("72,600", "up")
    assert place(page, "low") == ("71,500", "down")
    assert place(page, "volume") == ("12,345,678", "")
    assert place(page, "amount") == ("8,935억", "")
    assert place(page, "strength") == ("98.7", "")
    assert ">실시간</span>" in page


def test_a_holding_is_worth_what_the_live_price_says(desk):
    make_everything()
    page = page_of(desk)
    assert place(page, "held") == ("10", "")
    assert place(page, "average") == ("70,000", "")
    assert place(page, "gain") == ("+19,000", "up")
    assert place(page, "gain_rate") == ("+2.71%", "up")
    Quote.objects.update(received_at=timezone.now() - timedelta(hours=1))
    assert place(page_of(desk), "gain") == ("0", "")  # the broker's word came later


def test_nobody_elses_holding_is_shown(desk):
    make_everything()
    Holding.objects.update(symbol="000660")
    assert 'id="holding" hidden' in page_of(desk)


def test_every_section_shows_its_newest_twenty_rows_and_when_they_were_fetched(desk):
    make_everything()
    page = page_of(desk)
    for section in ("bars", "flows", "shorts", "credit", "prices"):
        rows = lines(page, section)
        assert len(rows) == 20
        assert rows[0][0] == f"{DAY}"
        assert re.search(r"수집 \d\d:\d\d", part_of(page, section))
    assert lines(page, "bars")[0][1:4] == ["70,000", "+100", "+0.14%"]
    assert lines(page, "bars")[19][2] == "+100"  # against the day before, which is not shown
    assert lines(page, "flows")[0][1:] == ["-20.9", "+15.0", "+5.9", "-30,021", "+20,000", "+10,021"]
    assert lines(page, "shorts")[0][1:] == ["153,086", "2.00%", "109.0", "", ""]
    assert lines(page, "dividends") == [[f"{DAY}", "결산", "보통", "361", "0.50%", ""]]


def test_figures_are_those_of_the_latest_season_and_consolidated(desk):
    make_everything()
    page = page_of(desk)
    assert lines(page, "accounts") == [["매출액", "2026 3분기", "연결 손익계산서", "1,064,794억", "", ""]]
    assert lines(page, "statements")[0][3] == "1,234"


def test_a_filing_leads_to_the_stored_text_and_to_dart_only_where_there_is_none(desk, visitor):
    make_everything()
    page = page_of(desk)
    links = re.findall(r'<a href="([^"]+)"([^>]*)>주요사항보고서 (\d)', page)
    dart = "https://dart.fss.or.kr/dsaf001/main.do?rcpNo="
    assert [(href, number) for href, _more, number in links] == [
        (f"{dart}20261120000002", "2"),
        ("/admin/collectors/filingtext/20261120000001/change/", "1"),
    ]
    assert 'rel="noreferrer"' in links[0][1]
    assert "rel" not in links[1][1]
    # Who may not read the admin's page is not sent there.
    assert "/admin/" not in page_of(visitor)


def test_a_preferred_share_shows_what_its_company_filed(desk):
    make_everything()
    Instrument.objects.create(symbol="005935", name="삼성전자우", market="KOSPI")
    page = page_of(desk, "/symbol/005935/")
    assert [line[1] for line in lines(page, "filings")] == ["주요사항보고서 2 ↗ DART에서 보기", "주요사항보고서 1"]
    assert "/admin/collectors/filing/?q=005930" in page
    assert "/admin/collectors/dailybar/?q=005935" in page


def test_the_lists_of_the_admin_are_linked_for_those_who_may_see_them(visitor):
    make_everything()
    user = User.objects.get(username="visitor")
    user.is_staff = True
    user.save()
    user.user_permissions.add(Permission.objects.get(codename="view_dailybar"))
    page = page_of(visitor)
    assert re.findall(r'href="(/admin/[^"]+)"', page) == [f"/admin/collectors/dailybar/?q={SYMBOL}"]


def test_an_issue_of_which_only_the_master_knows_says_so_in_every_section(desk):
    Instrument.objects.create(symbol="0001A0", name="새종목", market="KOSDAQ")
    page = page_of(desk, "/symbol/0001A0/")
    assert "아직 시세 없음" in page
    assert place(page, "price") == ("", "")
    assert place(page, "volume") == ("", "")
    assert page.count('data-empty="yes"') == 9
    # The broker is asked for the watch list only: a time would be a lie.
    assert "아직 없음: 관심종목이 아니라서 수집하지 않습니다" in part_of(page, "bars")
    assert "None" not in page


def test_a_watched_issue_is_told_when_its_first_rows_are_due(desk):
    make_everything()
    DailyBar.objects.all().delete()
    assert re.search(r"아직 없음: 다음 (\d\d-\d\d )?\d\d:\d\d", part_of(page_of(desk), "bars"))


def test_every_section_names_a_job_that_there_is_or_the_key_it_waits_for(desk, settings):
    settings.DESK = asking(settings.DESK, dart={"key": ""}, datagokr={"key": "k" * 40})
    assert {section.job for section in SECTIONS} <= set(JOBS)
    make_everything()
    page = page_of(desk)
    assert ".env에 DART_API_KEY" in part_of(page, "filings")
    assert re.search(r"다음 (\d\d-\d\d )?\d\d:\d\d", part_of(page, "prices"))


def test_a_failed_fetch_is_named_with_the_time_of_the_next_attempt(desk):
    make_everything()
    later = timezone.now() + timedelta(minutes=5)
    JobItem.objects.create(job="short-sales", day=timezone.localdate(), item=SYMBOL, state="failed", not_before=later)
    part = part_of(page_of(desk), "shorts")
    assert "최근 수집 실패" in part
    assert f"재시도 {minute(later)}" in part
    assert "최근 수집 실패" not in part_of(page_of(desk), "credit")


def test_an_unknown_symbol_is_a_page_that_says_so(desk):
    for symbol in ("999999", "%3Cscript%3Ealert(1)"):
        page = page_of(desk, f"/symbol/{symbol}/", status=404)
        assert "없는 종목입니다" in page
        assert "<script>alert" not in page


def test_a_name_that_is_markup_stays_text(desk):
    make_everything(name=EVIL)
    page = page_of(desk)
    assert "<img" not in page
    assert "&lt;img src=x onerror=alert(1)&gt;" in page
    assert desk.get(LIVE)["Content-Type"] == "application/json"


def test_nothing_is_inline_and_nothing_is_loaded_from_elsewhere(desk):
    make_everything()
    page = page_of(desk)
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=", page)
    assert all("src=" in script for script in re.findall(r"<script[^>]*>", page))
    assert not re.findall(r"""(?:src|action)=["'](?:https?:)?//|<link[^>]+href=["'](?:https?:)?//""", page)


def test_the_page_is_for_those_who_logged_in():
    assert Client().get(PAGE)["Location"] == f"/login/?next={PAGE}"
    answer = Client().get(LIVE)
    assert (answer.status_code, answer.content) == (403, b"{}")


def test_the_live_part_tells_what_moved(desk):
    make_everything()
    Quote.objects.update(last_price=73_000, change=500, sign="2", change_rate="0.69", source="rest")
    told = desk.get(LIVE).json()
    assert (told["texts"]["price"], told["ways"]["price"]) == ("73,000", "up")
    assert (told["texts"]["source"], told["old"], told["held"]) == ("REST", False, True)
    assert desk.get("/symbol/000660/live.json").json()["texts"] == {}


def test_the_queries_are_as_many_with_thirty_days_as_with_one(desk):
    def queries(path):
        with CaptureQueriesContext(connection) as seen:
            assert desk.get(path).status_code == 200
        return len(seen)

    make_everything(days=1)
    desk.get(PAGE)  # what a process reads once, as the days of the market, is not counted
    few = queries(PAGE)
    for back in range(1, 30):
        on = DAY - timedelta(days=back)
        DailyBar.objects.create(symbol=SYMBOL, on=on, close_price=1)
        InvestorFlow.objects.create(symbol=SYMBOL, on=on)
        receipt = f"20261119{back:06d}"
        Filing(rcept_no=receipt, received_on=on, symbol=SYMBOL, report="r", fetched_at=timezone.now()).save()
    assert queries(PAGE) == few <= 40
    assert queries(LIVE) <= 4


def test_the_admin_leads_to_the_page(desk):
    make_everything()
    for path in ("/admin/market/instrument/", "/admin/market/watchrow/"):
        assert f'href="{PAGE}"' in page_of(desk, path)

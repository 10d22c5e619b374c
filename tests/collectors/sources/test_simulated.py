"""Both sources over real sockets against the simulator: the good way, and every mishap it can make."""

import logging
from collections import Counter
from datetime import date, datetime, timedelta

import pytest

from collectors import raw
from collectors.dart import accounts, corps, filings, statements, texts
from collectors.datagokr import listed, prices
from collectors.errors import BadCall, KeyRefused, NoData, NotYet, QuotaReached, SourceError
from collectors.models import Corp, DailyPrice, Filing, FilingText, KeyAccount, ListedIssue, RawBody, StatementLine
from market import gnuboard_post
from stockdesk.kis.messages import KST
from stockdesk.simulator.sources.companies import UNLISTED
from stockdesk.simulator.testing import running_simulator
from tests.moments import Clock
from tests.sources import simulated

from .conftest import assert_no_key, contents

NOW = datetime(2026, 11, 20, 15, 0, tzinfo=KST)
TODAY, THURSDAY, TUESDAY = NOW.date(), date(2026, 11, 19), date(2026, 11, 17)
SYMBOLS = 300


@pytest.fixture(scope="module")
def clock():
    return Clock(NOW)


@pytest.fixture(scope="module")
def world(clock):
    with running_simulator(symbols=SYMBOLS, ticks_per_second=0, now=clock) as running:
        yield running


@pytest.fixture
def simulator(world, clock, settings, db):
    settings.DESK = simulated(settings.DESK, world.rest_url)
    yield world
    world.control.reset()
    clock.moment = NOW


@pytest.fixture
def companies(simulator):
    corps.fetch(TODAY, "all")


def test_the_list_of_companies_holds_the_shares_of_the_world(simulator):
    stored = corps.fetch(TODAY, "all")
    assert Corp.objects.count() == stored
    assert Corp.objects.filter(symbol="").count() == UNLISTED
    assert Corp.objects.get(symbol="005930").name == "삼성전자"
    assert not Corp.objects.filter(symbol="005935").exists()


def test_a_day_of_filings_is_complete_and_the_same_again(simulator):
    count = filings.fetch(THURSDAY, "all")
    assert Filing.objects.filter(received_on=THURSDAY).count() == count > 200
    assert RawBody.objects.filter(kind="list").count() == -(-count // 100)
    before = contents()["Filing"]
    filings.fetch(THURSDAY, "all")
    assert [row[0] for row in contents()["Filing"]] == [row[0] for row in before]


def test_filings_come_in_as_the_day_goes_on(simulator, clock):
    clock.moment = NOW.replace(hour=9)
    filings.fetch(TODAY, "0900")
    morning = Filing.objects.count()
    clock.moment = NOW.replace(hour=19)
    filings.fetch(TODAY, "1900")
    assert 0 < morning < Filing.objects.count()


def test_filings_that_come_in_between_pages_are_not_lost(simulator, clock):
    clock.moment = NOW.replace(hour=16)
    simulator.control.mishap_on("dart-filing-between-pages", count=2)
    filings.fetch(TODAY, "all")
    seen = set(Filing.objects.values_list("rcept_no", flat=True))
    filings.fetch(TODAY, "all")
    assert set(Filing.objects.values_list("rcept_no", flat=True)) == seen
    numbers = sorted(int(receipt[8:]) for receipt in seen)
    assert numbers == list(range(1, len(numbers) + 1))


def test_a_sunday_has_no_filings_and_says_so(simulator):
    with pytest.raises(NoData):
        filings.fetch(date(2026, 11, 15), "all")


def test_texts_of_watched_companies_are_read(simulator, companies, empty_board):
    filings.fetch(THURSDAY, "all")
    busiest = Counter(Filing.objects.exclude(symbol="").values_list("symbol", flat=True)).most_common(5)
    for symbol, _ in busiest:
        gnuboard_post.post(symbol=symbol, name="watched", running=True)
    wanted = texts.items(THURSDAY)
    assert len(wanted) == sum(count for _, count in busiest)
    for receipt in wanted:
        try:
            texts.fetch(THURSDAY, receipt)
        except NoData:
            assert int(receipt) % 37 == 0
    text = FilingText.objects.exclude(body=None)[0]
    assert f"1. 회사명 | {text.filing.corp_name}" in text.text
    assert "R&D 및 시설투자 < 일부 >" in text.text
    assert texts.items(THURSDAY) == []


def test_a_text_in_cp949_that_says_utf8_reads_the_same(simulator):
    filings.fetch(THURSDAY, "all")
    receipt = "20261119000001"
    texts.fetch(THURSDAY, receipt)
    before = FilingText.objects.get().text
    simulator.control.mishap_on("dart-cp949")
    texts.fetch(THURSDAY, receipt)
    after = FilingText.objects.get()
    assert (after.text, after.encoding) == (before, "cp949")


def test_key_accounts_of_all_companies_add_up(simulator, companies):
    blocks = accounts.items(TODAY)
    listed_companies = Corp.objects.listed().count()
    assert len(blocks) == -(-listed_companies // 100)
    for block in blocks:
        accounts.fetch(TODAY, block)
    told = dict(KeyAccount.objects.filter(symbol="005930", basis="OFS").values_list("name", "amount"))
    parts = [told["유동자산"] or 0, told["비유동자산"] or 0]
    assert sum(parts) == pytest.approx(told["자산총계"], abs=2_000)
    assert listed_companies * 0.9 < KeyAccount.objects.values("corp_code").distinct().count() <= listed_companies


def test_blank_amounts_leave_the_stored_ones(simulator, companies):
    block = accounts.items(TODAY)[0]
    accounts.fetch(TODAY, block)
    before = list(KeyAccount.objects.order_by("pk").values_list("pk", "amount", "previous"))
    simulator.control.mishap_on("dart-blank-amounts")
    accounts.fetch(TODAY, block)
    assert list(KeyAccount.objects.order_by("pk").values_list("pk", "amount", "previous")) == before


def test_statements_fall_back_to_separate_ones(simulator, companies):
    for corp in Corp.objects.listed()[:12]:
        try:
            statements.fetch(TODAY, f"2026/11014/{corp.corp_code}")
        except NoData:
            continue
    bases = dict(StatementLine.objects.values_list("corp_code", "basis"))
    assert {basis for code, basis in bases.items() if int(code) % 4 == 0} == {"OFS"}
    assert {basis for code, basis in bases.items() if int(code) % 4} == {"CFS"}


def test_a_report_that_is_not_due_is_no_data(simulator, companies):
    corp = Corp.objects.get(symbol="005930").corp_code
    with pytest.raises(NoData):
        statements.fetch(TODAY, f"2026/11011/{corp}")


def test_a_day_of_prices_is_complete(simulator):
    stored = prices.fetch(TUESDAY, "all")
    assert DailyPrice.objects.filter(on=TUESDAY).count() == stored
    assert {"005930", "005935"} <= set(DailyPrice.objects.values_list("symbol", flat=True))
    assert not DailyPrice.objects.filter(market_cap=None).exists()


def test_prices_come_on_the_next_business_day_after_one(simulator, clock, attempt):
    clock.moment = NOW.replace(hour=12, minute=59)
    attempt(NotYet, prices.fetch, THURSDAY, "all")
    attempt(NotYet, listed.fetch, THURSDAY, "all")
    clock.moment = NOW.replace(hour=13)
    assert prices.fetch(THURSDAY, "all") == listed.fetch(THURSDAY, "all") > 200
    clock.moment = NOW + timedelta(days=2)
    attempt(NotYet, prices.fetch, TODAY, "all")


def test_listed_issues_are_known_by_their_short_codes(simulator):
    listed.fetch(TUESDAY, "all")
    assert ListedIssue.objects.get(symbol="005930").corp_name == "삼성전자(주)"


def test_everything_can_be_made_again_from_what_was_kept(simulator, companies):
    filings.fetch(THURSDAY, "all")
    texts.fetch(THURSDAY, "20261119000001")
    accounts.fetch(TODAY, accounts.items(TODAY)[0])
    prices.fetch(TUESDAY, "all")
    listed.fetch(TUESDAY, "all")
    before = contents()
    for model in (FilingText, Filing, KeyAccount, DailyPrice, ListedIssue, Corp):
        model.objects.all().delete()
    for body in raw.kept_bodies():
        raw.parse(body)
    assert contents() == before


@pytest.mark.parametrize(
    ("mishap", "value", "kind"),
    [
        ("dart-status", "020", QuotaReached),
        ("dart-status", "010", KeyRefused),
        ("dart-status", "101", BadCall),
        ("dart-status", "800", SourceError),
        ("dart-html", None, SourceError),
        ("empty-body", None, SourceError),
        ("cut-body", None, SourceError),
        ("no-answer", None, SourceError),
    ],
)
@pytest.mark.parametrize(
    ("fetch", "item"), [(filings.fetch, "all"), (corps.fetch, "all"), (texts.fetch, "20261119000001")]
)
def test_a_mishap_of_dart_changes_nothing(simulator, attempt, mishap, value, kind, fetch, item):
    simulator.control.mishap_on(mishap, value=value)
    attempt(kind, fetch, THURSDAY, item)


@pytest.mark.parametrize(("fetch", "item"), [(corps.fetch, "all"), (texts.fetch, "20261119000001")])
def test_a_broken_zip_changes_nothing(simulator, attempt, fetch, item):
    simulator.control.mishap_on("dart-broken-zip")
    attempt(SourceError, fetch, THURSDAY, item)


@pytest.mark.parametrize(
    ("mishap", "value", "kind"),
    [
        ("datagokr-code", "22", QuotaReached),
        ("datagokr-code", "01", SourceError),
        ("datagokr-gateway", "30", KeyRefused),
        ("datagokr-gateway", "20", KeyRefused),
        ("datagokr-gateway-xml", "22", QuotaReached),
        ("datagokr-gateway-xml", "12", BadCall),
        ("datagokr-text", "API token quota exceeded", QuotaReached),
        ("datagokr-text", "API rate limit exceeded", SourceError),
        ("datagokr-unpublished", None, NotYet),
        ("datagokr-moving-count", None, SourceError),
        ("html-body", None, SourceError),
        ("empty-body", None, SourceError),
        ("cut-body", None, SourceError),
        ("no-answer", None, SourceError),
    ],
)
@pytest.mark.parametrize("fetch", [prices.fetch, listed.fetch])
def test_a_mishap_of_data_go_kr_changes_nothing(simulator, attempt, mishap, value, kind, fetch):
    simulator.control.mishap_on(mishap, value=value)
    attempt(kind, fetch, TUESDAY, "all")


def test_a_key_that_is_encoded_twice_is_refused_by_the_source(simulator):
    from collectors.datagokr.answers import read_page
    from collectors.datagokr.client import client

    session = client()._session
    session._key = {"serviceKey": "Ab%2B%2Fcd%3D%3D" * 6}
    answer = session.get(prices.SERVICE, {"resultType": "json"})
    with pytest.raises(KeyRefused):
        read_page(answer.status, answer.body, prices.SERVICE)


def test_no_line_of_the_log_shows_a_key(simulator, caplog):
    for name in ("urllib3", "urllib3.connectionpool", "urllib3.util.retry"):
        caplog.set_level(logging.DEBUG, logger=name)
    filings.fetch(THURSDAY, "all")
    prices.fetch(TUESDAY, "all")
    assert "list.json" in caplog.text
    assert_no_key(caplog.text)
    assert_no_key(str(list(RawBody.objects.values_list())))


def test_the_simulator_counts_what_it_was_asked(simulator):
    filings.fetch(THURSDAY, "all")
    assert simulator.control.seen()["calls"]["dart"]["by_tr_id"]["list.json"] >= 3


def test_a_proxy_of_the_environment_is_not_told_the_key(simulator, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    assert filings.fetch(THURSDAY, "all") > 0

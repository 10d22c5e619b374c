"""Everything that DART answers besides data, in its real shape: no error is "no data", and none blanks a value."""

from datetime import date

import pytest
import requests
import responses
from responses.registries import OrderedRegistry

from collectors.dart import accounts, corps, filings, statements, texts
from collectors.errors import BadCall, KeyRefused, NoData, QuotaReached, SourceError
from collectors.models import FilingText, RawBody
from collectors.raw import kept_bodies
from tests.sources import asking

from .answers import DART, corp_zip, dart_error, dart_error_xml, filing, good, key_account, statement_line, zipped
from .answers import filings as page
from .conftest import DART_KEY, assert_no_key

DAY = date(2026, 11, 20)
RECEIPT = "20261119000001"
FETCHES = {
    "list.json": (filings.fetch, "all"),
    "fnlttMultiAcnt.json": (accounts.fetch, "2026/11014/00126380-00126380"),
    "fnlttSinglAcntAll.json": (statements.fetch, "2026/11014/00126380"),
}
ZIPS = {"corpCode.xml": (corps.fetch, "all"), "document.xml": (texts.fetch, RECEIPT)}
EVERY = {**FETCHES, **ZIPS}
MEANINGS = {
    "010": KeyRefused,
    "011": KeyRefused,
    "012": KeyRefused,
    "013": NoData,
    "020": QuotaReached,
    "021": BadCall,
    "100": BadCall,
    "101": BadCall,
    "800": SourceError,
    "900": SourceError,
    "901": KeyRefused,
}

pytestmark = [pytest.mark.usefixtures("something_stored")]


@pytest.mark.parametrize("endpoint", FETCHES)
@pytest.mark.parametrize(("status", "kind"), MEANINGS.items())
def test_a_status_is_what_it_means(web, attempt, endpoint, status, kind):
    web.get(f"{DART}/{endpoint}", body=dart_error(status))
    fetch, item = FETCHES[endpoint]
    error = attempt(kind, fetch, DAY, item)
    assert (error.source, error.code) == ("dart", status)


@pytest.mark.parametrize("shape", [dart_error, dart_error_xml])
@pytest.mark.parametrize("endpoint", ZIPS)
@pytest.mark.parametrize(
    ("status", "kind"), [(status, kind) for status, kind in MEANINGS.items() if kind is not NoData]
)
def test_an_error_in_place_of_a_zip_is_read_as_what_it_is(web, attempt, endpoint, status, kind, shape):
    web.get(f"{DART}/{endpoint}", body=shape(status))
    fetch, item = ZIPS[endpoint]
    assert attempt(kind, fetch, DAY, item).code == status
    assert not RawBody.objects.exists()


@pytest.mark.parametrize("shape", [dart_error, dart_error_xml])
def test_a_filing_without_a_document_is_marked_and_its_stored_text_stays(web, shape):
    before = FilingText.objects.get(pk=RECEIPT)
    web.get(f"{DART}/document.xml", body=shape("014"))
    with pytest.raises(NoData):
        texts.fetch(DAY, RECEIPT)
    after = FilingText.objects.get(pk=RECEIPT)
    assert (after.body, after.characters, after.missing_at is None) == (before.body, before.characters, False)


@pytest.mark.parametrize("endpoint", EVERY)
@pytest.mark.parametrize(
    "body",
    [
        "",
        "<!DOCTYPE html><html><body>서비스 점검 중입니다.<br></body></html>",
        "Bad Gateway",
        "[]",
        "null",
        '{"status": "000", "message": "정상", "list": [{"rcept_',
        '{"message": "정상"}',
        '{"status": "000", "message": "정상"}',
        '{"status": "000", "message": "정상", "list": []}',
        '{"status": "000", "message": "정상", "list": ""}',
        pytest.param("[" * 200_000, id="deep"),
        "<result><status>000</status><message>정상</message></result>",
        '<!DOCTYPE x [<!ENTITY a "aaaa">]><result><status>013</status><message>&a;</message></result>',
    ],
)
def test_what_is_no_answer_is_never_taken_for_one(web, attempt, endpoint, body):
    web.get(f"{DART}/{endpoint}", body=body)
    fetch, item = EVERY[endpoint]
    attempt(SourceError, fetch, DAY, item)


@pytest.mark.parametrize("endpoint", ZIPS)
@pytest.mark.parametrize(
    "body",
    [
        b"PK\x03\x04",
        b"PK\x03\x04" + b"\x00" * 500,
        corp_zip(("00126380", "삼성전자", "005930"))[:-60],
        zipped(CORPCODE__xml=b""),
        zipped(CORPCODE__xml=b"<result><list><corp_code>"),
        zipped(CORPCODE__xml=b"<result></result>"),
        zipped(readme__txt=b"nothing"),
    ],
)
def test_a_broken_zip_is_an_error(web, attempt, endpoint, body):
    web.get(f"{DART}/{endpoint}", body=body)
    fetch, item = ZIPS[endpoint]
    attempt(SourceError, fetch, DAY, item)


@pytest.mark.parametrize("endpoint", EVERY)
@pytest.mark.parametrize("status", [301, 302, 403, 404, 429])
def test_another_http_status_is_an_error_and_no_redirect_is_followed(web, attempt, endpoint, status):
    web.get(f"{DART}/{endpoint}", status=status, headers={"Location": "https://elsewhere.example/"})
    fetch, item = EVERY[endpoint]
    attempt(SourceError, fetch, DAY, item)
    assert len(web.calls) == 1


@pytest.mark.parametrize(
    "failure",
    [
        requests.ConnectTimeout(f"HTTPSConnectionPool: Max retries exceeded with url: /api?crtfc_key={DART_KEY}"),
        requests.ReadTimeout(f"timed out: /api/list.json?crtfc_key={DART_KEY}"),
        requests.ConnectionError(f"Connection aborted: crtfc_key={DART_KEY}"),
        requests.exceptions.ChunkedEncodingError(f"Connection broken: {DART_KEY}"),
    ],
)
@pytest.mark.parametrize("endpoint", EVERY)
def test_no_answer_at_all_is_an_error_that_names_no_key(web, attempt, endpoint, failure):
    web.get(f"{DART}/{endpoint}", body=failure)
    fetch, item = EVERY[endpoint]
    error = attempt(SourceError, fetch, DAY, item)
    assert type(failure).__name__ in str(error)


def test_a_server_error_is_asked_again_by_itself(something_stored, caplog):
    caplog.set_level("DEBUG")
    caplog.set_level("DEBUG", logger="urllib3.util.retry")
    with responses.RequestsMock(registry=OrderedRegistry) as web:
        web.get(f"{DART}/list.json", status=503, body="<html>busy</html>")
        web.get(f"{DART}/list.json", json=page([filing(1)]))
        assert filings.fetch(DAY, "all") == 1
    assert_no_key(caplog.text)


def test_a_server_that_stays_down_is_an_error(web, attempt):
    web.get(f"{DART}/list.json", status=500, body="<html>busy</html>")
    assert attempt(SourceError, filings.fetch, DAY, "all").code == "500"


def test_a_message_that_repeats_the_address_shows_no_key(web, attempt):
    body = f'{{"status": "900", "message": "error in /api/list.json?crtfc_key={DART_KEY}&x=1"}}'
    web.get(f"{DART}/list.json", body=body)
    assert "[redacted]" in str(attempt(SourceError, filings.fetch, DAY, "all"))


def test_a_key_in_an_answer_is_not_stored(web, db):
    web.get(f"{DART}/list.json", json=page([filing(1, flr_nm=DART_KEY)]))
    filings.fetch(DAY, "all")
    assert_no_key(str(list(RawBody.objects.values_list())))
    assert [DART_KEY in body.data.decode() for body in kept_bodies()] == [False]


def test_a_key_of_another_length_is_refused_before_any_call(attempt, settings):
    settings.DESK = asking(settings.DESK, dart={"key": "short"})
    assert "40 characters" in str(attempt(KeyRefused, filings.fetch, DAY, "all"))


@pytest.mark.parametrize("total", ["", "x", None, "-1"])
def test_a_list_that_does_not_count_is_no_list(web, attempt, total):
    web.get(f"{DART}/list.json", json={**page([filing(1)]), "total_count": total})
    attempt(SourceError, filings.fetch, DAY, "all")


@pytest.mark.parametrize(
    ("endpoint", "rows"),
    [
        ("list.json", page([filing(1), {}])),
        ("list.json", page([filing(1), filing(2, rcept_dt="")])),
        ("fnlttMultiAcnt.json", good([key_account(), {"account_nm": "매출액"}])),
        ("fnlttSinglAcntAll.json", good([statement_line(), statement_line(account_nm=" ")])),
    ],
)
def test_one_row_that_cannot_be_told_stops_its_answer(web, attempt, endpoint, rows):
    web.get(f"{DART}/{endpoint}", json=rows)
    fetch, item = FETCHES[endpoint]
    attempt(SourceError, fetch, DAY, item)
    assert RawBody.objects.get().rows is None

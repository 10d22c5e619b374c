"""The five kinds of error of data.go.kr in their real shapes: none is "no data", none blanks a value."""

import json
from datetime import date

import pytest
import requests
import responses
from responses.registries import OrderedRegistry

from collectors.datagokr import listed, prices
from collectors.datagokr.client import decoded_key
from collectors.errors import BadCall, KeyRefused, NotYet, QuotaReached, SourceError
from collectors.models import RawBody
from tests.sources import asking

from .answers import LISTED, PRICES, gateway, gateway_xml, open_page, price
from .conftest import ENCODED_KEY, OPEN_KEY, assert_no_key

DAY = date(2026, 11, 18)
CALLS = [(PRICES, prices.fetch), (LISTED, listed.fetch)]
CODES = [
    ("01", "APPLICATION_ERROR", SourceError),
    ("04", "HTTP_ERROR", SourceError),
    ("05", "SERVICETIMEOUT_ERROR", SourceError),
    ("10", "INVALID_REQUEST_PARAMETER_ERROR", BadCall),
    ("11", "NO_MANDATORY_REQUEST_PARAMETERS_ERROR", BadCall),
    ("12", "NO_OPENAPI_SERVICE_ERROR", BadCall),
    ("20", "SERVICE_ACCESS_DENIED_ERROR", KeyRefused),
    ("20", "NO_SERVICE_KEY", KeyRefused),
    ("20", "API PERMISSION REQUIRED", KeyRefused),
    ("22", "LIMITED_NUMBER_OF_SERVICE_REQUESTS_EXCEEDS_ERROR", QuotaReached),
    ("23", "LIMITED_NUMBER_OF_SERVICE_REQUESTS_PER_SECOND_EXCEEDS_ERROR", SourceError),
    ("29", "BLOCKED_IP_ERROR", KeyRefused),
    ("30", "SERVICE_KEY_IS_NOT_REGISTERED_ERROR", KeyRefused),
    ("31", "DEADLINE_HAS_EXPIRED_ERROR", KeyRefused),
    ("32", "UNREGISTERED_IP_ERROR", KeyRefused),
    ("99", "UNKNOWN_ERROR", SourceError),
    ("22", "", QuotaReached),
    ("30", "", KeyRefused),
    ("99", "LIMITED_NUMBER_OF_SERVICE_REQUESTS_EXCEEDS_ERROR", QuotaReached),
]
WORDS = [
    (401, "Unauthorized", KeyRefused),
    (403, "Forbidden", KeyRefused),
    (404, "API not found", BadCall),
    (500, "Unexpected errors", SourceError),
    (429, "API rate limit exceeded", SourceError),
    (429, "API token quota exceeded", QuotaReached),
    (200, "API token quota exceeded\n", QuotaReached),
    (502, "Error forwarding request to backend server", SourceError),
]

pytestmark = pytest.mark.usefixtures("something_stored")


@pytest.mark.parametrize(("url", "fetch"), CALLS)
@pytest.mark.parametrize(("code", "words", "kind"), CODES)
def test_an_error_in_the_ordinary_envelope(web, attempt, url, fetch, code, words, kind):
    web.get(url, json=open_page("", 0, code=code, words=words))
    assert attempt(kind, fetch, DAY, "all").code == code


@pytest.mark.parametrize(("url", "fetch"), CALLS)
@pytest.mark.parametrize(("code", "words", "kind"), CODES)
@pytest.mark.parametrize("status", [200, 401, 403])
def test_an_error_of_the_gateway_in_json(web, attempt, url, fetch, code, words, kind, status):
    web.get(url, json=gateway(code, words), status=status)
    assert attempt(kind, fetch, DAY, "all").code == code


@pytest.mark.parametrize(("url", "fetch"), CALLS)
@pytest.mark.parametrize(("code", "words", "kind"), CODES)
def test_an_error_of_the_gateway_in_xml_though_json_was_asked(web, attempt, url, fetch, code, words, kind):
    web.get(url, body=gateway_xml(code, words), content_type="application/json")
    assert attempt(kind, fetch, DAY, "all").code == code


def test_an_error_of_the_service_in_xml(web, attempt):
    header = (
        "<header><resultCode>22</resultCode><resultMsg>LIMITED_NUMBER_OF_SERVICE_REQUESTS_EXCEEDS</resultMsg></header>"
    )
    web.get(PRICES, body=f"<?xml version='1.0'?><response>{header}</response>")
    attempt(QuotaReached, prices.fetch, DAY, "all")


@pytest.mark.parametrize(("url", "fetch"), CALLS)
@pytest.mark.parametrize(("status", "words", "kind"), WORDS)
def test_an_error_in_a_few_words(web, attempt, url, fetch, status, words, kind):
    web.get(url, body=words, status=status)
    attempt(kind, fetch, DAY, "all")


@pytest.mark.parametrize(("url", "fetch"), CALLS)
@pytest.mark.parametrize("status", [200, 403, 503])
@pytest.mark.parametrize(
    "body",
    [
        "",
        "  \n",
        "<!DOCTYPE html><html><head><title>Web firewall</title></head><body>blocked<br></body></html>",
        "<html><body>The requested URL was rejected. 22</body></html>",
        "<response><header><resultCode>00</resultCode></header><body><items/><totalCount>0</totalCount></body></response>",
        '<!DOCTYPE x [<!ENTITY a "aaaa">]><response>&a;</response>',
        json.dumps(open_page({"item": [price()]}, 1))[:-40],
        "null",
        "[]",
        '"quota"',
        "{}",
        '{"response": {}}',
        '{"response": {"header": {"resultCode": "00"}}}',
        '{"response": {"header": {"resultCode": "00"}, "body": {"items": {"item": "x"}, "totalCount": 1}}}',
        '{"response": {"header": {"resultCode": "00"}, "body": {"items": {"item": [1]}, "totalCount": 1}}}',
        '{"response": {"header": {"resultCode": "00"}, "body": {"items": [], "totalCount": "?"}}}',
        pytest.param(json.dumps(open_page({"item": [price()]}, 4711)).replace("4711", "9" * 4_000), id="long count"),
        pytest.param(
            json.dumps(open_page({"item": [price()]}, 4711)).replace("4711", f'"{"9" * 5_000}"'), id="longer count"
        ),
        pytest.param("[" * 200_000, id="deep"),
        '{"OpenAPI_ServiceResponse": {}}',
    ],
)
def test_what_is_no_answer_is_never_taken_for_one(web, attempt, url, fetch, status, body):
    web.get(url, body=body, status=status)
    attempt(SourceError, fetch, DAY, "all")


@pytest.mark.parametrize(
    "failure",
    [
        requests.ConnectTimeout(f"Max retries exceeded with url: /x?serviceKey={ENCODED_KEY}"),
        requests.ReadTimeout(f"/x?serviceKey={ENCODED_KEY}"),
        requests.ConnectionError(f"('Connection aborted.', '{OPEN_KEY}')"),
    ],
)
def test_a_cut_connection_is_an_error_that_names_no_key(web, attempt, failure):
    web.get(PRICES, body=failure)
    attempt(SourceError, prices.fetch, DAY, "all")


def test_a_good_body_under_a_bad_http_status_is_not_believed(web, attempt):
    web.get(PRICES, json=open_page({"item": [price()]}, 1), status=403)
    attempt(SourceError, prices.fetch, DAY, "all")


@pytest.mark.parametrize(("url", "fetch"), CALLS)
@pytest.mark.parametrize("items", ["", {}, [], None, {"item": []}, {"item": ""}])
def test_before_publication_nothing_is_not_yet(web, attempt, url, fetch, items):
    web.get(url, json=open_page(items, 0))
    attempt(NotYet, fetch, DAY, "all")
    assert not RawBody.objects.exists()


def test_no_data_in_so_many_words_is_not_yet_either_for_a_day(web, attempt):
    web.get(PRICES, json=open_page("", 0, code="03", words="NODATA_ERROR"))
    attempt(NotYet, prices.fetch, DAY, "all")


def test_an_error_page_that_repeats_the_address_shows_no_key(web, attempt):
    web.get(PRICES, body=f"Unexpected errors at /x?serviceKey={ENCODED_KEY}", status=500)
    assert "[redacted]" in str(attempt(SourceError, prices.fetch, DAY, "all"))


def test_fewer_rows_than_counted_are_an_error(web, attempt):
    web.get(PRICES, json=open_page({"item": [price()]}, 2))
    attempt(SourceError, prices.fetch, DAY, "all")


def test_pages_that_say_nothing_beside_a_count_are_an_error(web, attempt):
    web.get(PRICES, json=open_page("", 2_900))
    attempt(SourceError, prices.fetch, DAY, "all")


def test_a_count_that_changes_between_two_pages_starts_over(db):
    first, second = price("005930"), price("000660")
    with responses.RequestsMock(registry=OrderedRegistry) as web:
        web.get(PRICES, json=open_page({"item": [first]}, 2, page=1))
        web.get(PRICES, json=open_page({"item": [second]}, 3, page=2))
        web.get(PRICES, json=open_page("", 3, page=3))
        for number, row in enumerate((first, second, price("035720")), 1):
            web.get(PRICES, json=open_page({"item": [row]}, 3, page=number))
        assert prices.fetch(DAY, "all") == 3


@pytest.mark.parametrize("row", [price(day="20261117"), price(srtnCd=""), price(srtnCd="삼성"), price(basDt="")])
def test_a_row_of_another_day_or_without_a_symbol_stops_its_answer(web, attempt, row):
    web.get(PRICES, json=open_page({"item": [row]}, 1))
    attempt(SourceError, prices.fetch, DAY, "all")
    assert RawBody.objects.get().rows is None


# the key


@pytest.mark.parametrize("given", [OPEN_KEY, ENCODED_KEY])
def test_either_spelling_of_the_key_goes_out_encoded_once(web, db, settings, given):
    settings.DESK = asking(settings.DESK, datagokr={"key": given})
    web.get(PRICES, json=open_page({"item": price()}, 1))
    prices.fetch(DAY, "all")
    assert f"serviceKey={ENCODED_KEY}&" in f"{web.calls[0].request.url}&"
    assert_no_key(str(list(RawBody.objects.values_list())))


@pytest.mark.parametrize("given", ["", ENCODED_KEY.replace("%", "%25"), "abc def"])
def test_a_key_that_cannot_be_right_is_refused_before_any_call(attempt, settings, given):
    settings.DESK = asking(settings.DESK, datagokr={"key": given})
    attempt(KeyRefused, prices.fetch, DAY, "all")


def test_a_key_of_letters_alone_stays_as_it_is():
    assert decoded_key("a" * 64) == "a" * 64

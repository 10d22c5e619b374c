"""DART and data.go.kr as the simulator plays them: the same world for the same seed, refused as the real ones do."""

import httpx
import pytest

from stockdesk.simulator.testing import RunningSimulator

DART_KEY, OPEN_KEY = "k" * 40, "abc+/" * 12 + "=="
DAY = {"bgn_de": "20261119", "end_de": "20261119"}
PRICES = "GetStockSecuritiesInfoService/getStockPriceInfo"


def dart(simulator: RunningSimulator, endpoint: str, key: str = DART_KEY, **query: str) -> httpx.Response:
    return httpx.get(f"{simulator.rest_url}/dart/api/{endpoint}", params={"crtfc_key": key, **query})


def open_data(simulator: RunningSimulator, service: str = PRICES, key: str = OPEN_KEY, **query: str) -> httpx.Response:
    params = {"serviceKey": key, "resultType": "json", **query}
    return httpx.get(f"{simulator.rest_url}/datagokr/1160100/service/{service}", params=params)


@pytest.fixture
def noon(start, clock) -> RunningSimulator:
    return start(now=clock, ticks_per_second=0)


def test_the_same_seed_tells_the_same_and_another_something_else(start, clock):
    worlds = [start(now=clock, seed=seed, symbols=120, ticks_per_second=0) for seed in (1, 1, 2)]
    asked = [dart(world, "list.json", **DAY).content + dart(world, "corpCode.xml").content for world in worlds]
    asked = [told + open_data(world, basDt="20261118").content for told, world in zip(asked, worlds, strict=True)]
    assert asked[0] == asked[1] != asked[2]


@pytest.mark.parametrize(
    ("endpoint", "query", "status"),
    [
        ("list.json", {"key": "short"}, "010"),
        ("nothing.json", {}, "101"),
        ("list.json", {"bgn_de": "20260101", "end_de": "20261119"}, "100"),
        ("list.json", {**DAY, "page_count": "101"}, "100"),
        ("list.json", {"bgn_de": "20261115", "end_de": "20261115"}, "013"),
        ("list.json", {**DAY, "page_no": "99"}, "013"),
        (
            "fnlttMultiAcnt.json",
            {"corp_code": ",".join(["1"] * 101), "bsns_year": "2026", "reprt_code": "11013"},
            "021",
        ),
        ("fnlttMultiAcnt.json", {"corp_code": "00100007", "bsns_year": "2014", "reprt_code": "11013"}, "100"),
        ("fnlttMultiAcnt.json", {"corp_code": "00100007", "bsns_year": "2026", "reprt_code": "11011"}, "013"),
        ("fnlttSinglAcntAll.json", {"corp_code": "00100007", "bsns_year": "2025", "reprt_code": "11011"}, "100"),
    ],
)
def test_dart_refuses_with_a_status_and_http_200(noon, endpoint, query, status):
    answer = dart(noon, endpoint, **query)
    assert (answer.status_code, answer.json()["status"]) == (200, status)


def test_a_zip_of_dart_is_refused_in_xml(noon):
    answer = dart(noon, "document.xml", rcept_no="20261119999999")
    assert answer.status_code == 200
    assert "<status>014</status>" in answer.text


def test_a_page_of_filings_is_of_ten_unless_told_otherwise(noon):
    assert len(dart(noon, "list.json", **DAY).json()["list"]) == 10


@pytest.mark.parametrize("key", ["", "short", "a%2Bb" * 20, "a b" * 20])
def test_a_damaged_key_is_refused_by_the_gateway(noon, key):
    answer = open_data(noon, key=key, basDt="20261118")
    assert answer.status_code == 403
    assert answer.json()["OpenAPI_ServiceResponse"]["cmmMsgHeader"]["returnReasonCode"] == "30"


def test_without_a_day_the_newest_that_is_published_comes(noon, clock):
    def newest() -> str:
        return str(open_data(noon).json()["response"]["body"]["items"]["item"][0]["basDt"])

    assert newest() == "20261118"
    clock.forward(hours=3)
    assert newest() == "20261119"


def test_a_page_longer_than_allowed_is_cut_without_a_word(start, clock):
    big = start(now=clock, symbols=1_500, ticks_per_second=0)
    body = open_data(big, basDt="20261118", numOfRows="5000").json()["response"]["body"]
    assert len(body["items"]["item"]) == 1_000 < body["totalCount"]


def test_a_single_row_is_no_list_and_none_an_empty_text(noon):
    one = open_data(noon, basDt="20261118", numOfRows="1").json()["response"]["body"]["items"]
    none = open_data(noon, basDt="20261115").json()["response"]["body"]["items"]
    assert (type(one["item"]), none) == (dict, "")


def test_the_market_cap_is_close_by_shares_in_every_row(noon):
    rows = open_data(noon, basDt="20261118", numOfRows="1000").json()["response"]["body"]["items"]["item"]
    assert all(int(row["mrktTotAmt"]) == int(row["clpr"]) * int(row["lstgStCnt"]) for row in rows)
    assert all(int(row["lopr"]) <= int(row["mkp"]) <= int(row["hipr"]) for row in rows)


def test_an_unknown_service_is_told_in_three_words(noon):
    answer = open_data(noon, service="GetNothing/getNothing")
    assert (answer.status_code, answer.text) == (404, "API not found")

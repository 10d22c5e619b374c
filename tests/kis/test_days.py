"""KIS's calendar: one call, every row understood or none."""

from datetime import date

import httpx
import pytest

from stockdesk.kis.days import CalendarDay
from stockdesk.kis.errors import KisError, NotOnMock, OutcomeUnknown, RateLimited, Refused
from tests.kis.broker import Broker, Sample, bad

HOLIDAYS = Sample("chk_holiday")
SINCE = date(2026, 12, 24)


@pytest.fixture
def broker() -> Broker:
    return Broker()


def with_rows(rows: object) -> httpx.Response:
    return HOLIDAYS.with_body(HOLIDAYS.body | {"output": rows})


def rows_with(at: int, **changes: str) -> list[dict[str, str]]:
    rows = HOLIDAYS.body["output"]
    rows[at] |= changes
    return rows


async def test_an_answer_becomes_days(broker):
    days = await broker.client(HOLIDAYS.answer).trading_days(SINCE)
    assert days[0] == CalendarDay(date(2026, 12, 24), "Y", "Y", "Y", "Y")
    assert days[1] == CalendarDay(date(2026, 12, 25), "N", "N", "Y", "N")
    assert [day.open_flag for day in days] == ["Y", "N", "N", "N", "Y", "N"]


async def test_one_call_is_made_on_the_spare_lane_though_more_pages_are_announced(broker):
    await broker.client(HOLIDAYS.answer).trading_days(SINCE)
    (request,) = broker.requests
    assert request.url.path == HOLIDAYS.request["path"]
    assert dict(request.url.params) == HOLIDAYS.request["query"]
    assert request.headers["tr_id"] == "CTCA0903R"
    assert broker.budget.lanes == ["spare"]


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (bad("EGW00201"), RateLimited),
        (bad("EGW00002"), OutcomeUnknown),
        (bad("EGW00123"), Refused),
        (httpx.ConnectError("refused"), KisError),
        (httpx.Response(200, text="<html>"), OutcomeUnknown),
    ],
)
async def test_a_failure_is_not_repeated(broker, answer, error):
    with pytest.raises(error):
        await broker.client(answer).trading_days(SINCE)
    assert len(broker.requests) == 1
    assert broker.pauses == []


UNREADABLE = {
    "no rows": [],
    "no list": None,
    "a row that is none": [*HOLIDAYS.body["output"], "20270101"],
    "another day first": HOLIDAYS.body["output"][1:],
    "a day twice": rows_with(2, bass_dt="20261225"),
    "no date": rows_with(3, bass_dt="2026-12-27"),
    "no flag": rows_with(1, opnd_yn=""),
    "an unknown flag": rows_with(1, opnd_yn="1"),
    "another unknown flag": rows_with(1, sttl_day_yn="X"),
}


@pytest.mark.parametrize("rows", UNREADABLE.values(), ids=UNREADABLE)
async def test_an_answer_that_cannot_be_read_whole_is_no_calendar(broker, rows):
    with pytest.raises(OutcomeUnknown, match="CTCA0903R"):
        await broker.client(with_rows(rows)).trading_days(SINCE)


async def test_the_mock_host_is_not_asked(broker):
    with pytest.raises(NotOnMock):
        await broker.client(HOLIDAYS.answer, mock=True).trading_days(SINCE)
    assert broker.requests == []

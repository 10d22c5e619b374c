"""The reference calls, answer by answer: units, blanks, and answers that are none."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from stockdesk.kis.errors import NotOnMock, OutcomeUnknown
from stockdesk.kis.overseas import OverseasClient, WrongInstrument
from stockdesk.kis.reference import ReferenceClient
from stockdesk.kis.reference_rows import DailyBar
from tests.kis.broker import Broker, Sample

DAY = date(2026, 11, 17)
BARS, FLOWS = Sample("inquire_daily_itemchartprice"), Sample("investor_trade_by_stock_daily")
SHORT, CREDIT = Sample("daily_short_sale"), Sample("daily_credit_balance")
DIVIDEND, VOLUME, RISES = Sample("ksdinfo_dividend"), Sample("volume_rank"), Sample("ranking_fluctuation")
BUYERS, OVERSEAS = Sample("foreign_institution_total"), Sample("overseas_index_daily")


@pytest.fixture
def broker() -> Broker:
    return Broker()


def client(broker: Broker, *answers: Any, **options: Any) -> ReferenceClient:
    made: ReferenceClient = broker._made(ReferenceClient, answers, options)
    return made


def asked(broker: Broker) -> dict[str, str]:
    return dict(broker.requests[-1].url.params)


async def test_daily_bars_are_asked_for_and_read_as_kis_writes_them(broker: Broker) -> None:
    bars = await client(broker, BARS.answer).daily_bars("010101", date(2026, 11, 10), date(2026, 11, 18), lane="spare")
    assert asked(broker) == BARS.request["query"]
    assert broker.budget.lanes == ["spare"]
    assert len(bars) == 4
    assert bars[1] == DailyBar("010101", DAY, 69_300, 70_300, 69_100, 70_000, 7_654_321, 534_270_100_000)


async def test_a_bar_without_trades_keeps_its_close_alone_and_rows_of_nothing_are_left_out(broker: Broker) -> None:
    body = BARS.body
    halted = body["output2"][0] | {"stck_oprc": "0", "stck_hgpr": "0", "stck_lwpr": "0", "acml_vol": "0"}
    upside_down = body["output2"][1] | {"stck_hgpr": "1"}
    body["output2"] = [halted, {}, upside_down]
    (bar,) = await client(broker, BARS.with_body(body)).daily_bars("010101", DAY, DAY, lane="spare")
    assert (bar.open_price, bar.high_price, bar.low_price, bar.close_price, bar.volume) == (
        None,
        None,
        None,
        71_000,
        0,
    )


async def test_an_answer_about_another_symbol_is_refused(broker: Broker) -> None:
    with pytest.raises(OutcomeUnknown, match="another symbol"):
        await client(broker, BARS.answer).daily_bars("005930", DAY, DAY, lane="spare")


async def test_investors_are_counted_in_shares_and_won(broker: Broker) -> None:
    (flow,) = await client(broker, FLOWS.answer).investor_flows("010101", DAY, lane="spare")
    assert asked(broker) == FLOWS.request["query"]
    assert (flow.person_quantity, flow.foreign_quantity, flow.institution_quantity) == (-410_200, 300_100, 98_700)
    assert (flow.person_amount, flow.foreign_amount) == (-28_632_000_000, 20_947_000_000)
    assert (flow.pension_quantity, flow.private_fund_quantity, flow.corporation_quantity) == (50_000, 8_700, 11_400)


async def test_a_day_whose_figures_are_empty_until_the_close_is_no_row(broker: Broker) -> None:
    body = FLOWS.body
    body["output2"][0] |= {name: "" for name in body["output2"][0] if "ntby" in name}
    assert await client(broker, FLOWS.with_body(body)).investor_flows("010101", DAY, lane="spare") == []


async def test_short_sales_and_credit_in_their_own_units(broker: Broker) -> None:
    (short,) = await client(broker, SHORT.answer).short_sales("010101", date(2026, 11, 16), DAY, lane="spare")
    assert asked(broker) == SHORT.request["query"]
    assert (short.quantity, short.volume_rate, short.amount, short.average_price) == (
        153_086, Decimal("2.00"), 10_685_402_000, 69_800,
    )  # fmt: skip
    (credit,) = await client(broker, CREDIT.answer).credit_balances("010101", date(2026, 11, 18), lane="spare")
    assert asked(broker) == CREDIT.request["query"]
    assert (credit.on, credit.settled_on) == (date(2026, 11, 16), date(2026, 11, 18))
    assert (credit.loan_balance, credit.loan_amount) == (254_000, 17_018_000_000)


async def test_a_dividend_that_is_not_decided_is_unknown_and_not_nothing(broker: Broker) -> None:
    since, to = date(2026, 12, 1), date(2026, 12, 31)
    (decided,) = await client(broker, DIVIDEND.answer).dividends("010101", since, to, lane="spare")
    assert (decided.amount, decided.paid_on, decided.stock_rate) == (Decimal(361), date(2027, 4, 16), None)
    (undecided,) = await client(broker, DIVIDEND.answer).dividends("020202", since, to, lane="spare")
    assert (undecided.amount, undecided.rate, undecided.paid_on) == (None, None, None)


async def test_rankings_are_asked_for_by_their_own_spellings(broker: Broker) -> None:
    first, second, third = await client(broker, VOLUME.answer).ranking("volume", lane="spare")
    assert asked(broker) == VOLUME.request["query"]
    assert (first.place, first.symbol, first.volume) == (1, "010101", 8_123_456)
    assert (second.change, second.sign, second.change_rate) == (-650, "5", Decimal("-2.60"))
    assert third.symbol == "0303K0"
    rises = await client(broker, RISES.answer).ranking("up", lane="spare")
    assert asked(broker) == RISES.request["query"]
    assert [row.place for row in rises] == [1, 2]
    (bought,) = await client(broker, BUYERS.answer).net_buyers("foreign", lane="spare")
    assert (bought.place, bought.net_quantity, bought.net_amount) == (1, 150_000, 10_650_000_000)


@pytest.mark.parametrize("body", [{}, {"output2": None}, {"output2": "x"}, {"output2": [{"stck_bsop_date": "x"}]}])
async def test_an_answer_without_readable_rows_is_no_empty_list(broker: Broker, body: dict[str, Any]) -> None:
    envelope = {"rt_cd": "0", "msg_cd": "MCA00000", "msg1": ""}
    if body.get("output2") and isinstance(body["output2"], list):
        body["output2"][0] |= {"ssts_cntg_qty": "1"}
    with pytest.raises(OutcomeUnknown):
        await client(broker, SHORT.with_body({**body, **envelope})).short_sales("010101", DAY, DAY, lane="spare")


async def test_the_mock_host_is_not_asked_for_what_it_lacks(broker: Broker) -> None:
    with pytest.raises(NotOnMock):
        await client(broker, SHORT.answer, mock=True).short_sales("010101", DAY, DAY, lane="spare")
    assert broker.requests == []


async def test_bodies_are_kept_as_they_came_with_what_was_asked_and_no_secret(broker: Broker) -> None:
    kept: list[tuple[str, str, bytes]] = []

    async def keep(kind: str, key: str, body: bytes) -> None:
        kept.append((kind, key, body))

    await client(broker, SHORT.answer, keep_body=keep).short_sales("010101", DAY, DAY, lane="spare")
    ((kind, key, body),) = kept
    assert (kind, key) == ("FHPST04830000", "20261117 J 010101 20261117")
    assert b"ssts_cntg_qty" in body


# Other countries


def overseas(broker: Broker, body: dict[str, Any]) -> OverseasClient:
    made: OverseasClient = broker._made(OverseasClient, (OVERSEAS.with_body(body),), {})
    return made


async def test_an_index_with_its_days(broker: Broker) -> None:
    since = date(2026, 11, 13)
    answer = await overseas(broker, OVERSEAS.body).overseas("SPX", "N", ("S&P500",), since, DAY, lane="spare")
    assert asked(broker) == OVERSEAS.request["query"]
    assert (answer.price, answer.change, answer.previous_close) == (
        Decimal("6524.4500"), Decimal("12.3400"), Decimal("6512.1100"),
    )  # fmt: skip
    assert [bar.on for bar in answer.bars] == [DAY, date(2026, 11, 16)]


@pytest.mark.parametrize(
    ("symbol", "names", "told"),
    [
        ("SPX", ("S&P500",), {"hts_kor_isnm": "나스닥 종합"}),
        ("SPX", ("S&P500",), {"hts_kor_isnm": ""}),
        ("SPX", ("S&P500",), {"stck_shrn_iscd": "NDX"}),
        ("HK#HS", ("항셍지수", "=항셍"), {"hts_kor_isnm": "항셍 H지수", "stck_shrn_iscd": "HK#HS"}),
        (".DJI", ("다우존스산업", "=다우존스"), {"hts_kor_isnm": "다우존스 운송", "stck_shrn_iscd": ".DJI"}),
    ],
)
async def test_a_neighbours_answer_is_refused_by_its_name(
    broker: Broker, symbol: str, names: tuple[str, ...], told: dict[str, str]
) -> None:
    body = OVERSEAS.body
    body["output1"] |= told
    with pytest.raises(WrongInstrument):
        await overseas(broker, body).overseas(symbol, "N", names, DAY, DAY, lane="spare")


async def test_figures_that_contradict_each_other_are_refused(broker: Broker) -> None:
    body = OVERSEAS.body
    body["output1"]["ovrs_nmix_prdy_clpr"] = "6500.0000"
    with pytest.raises(OutcomeUnknown, match="ovrs_nmix_prdy_clpr"):
        await overseas(broker, body).overseas("SPX", "N", ("S&P500",), DAY, DAY, lane="spare")


async def test_codes_with_a_hash_and_an_at_sign_reach_the_broker_whole(broker: Broker) -> None:
    body = OVERSEAS.body
    body["output1"] |= {"hts_kor_isnm": "항셍지수", "stck_shrn_iscd": "HK#HS"}
    await overseas(broker, body).overseas("HK#HS", "N", ("항셍지수",), DAY, DAY, lane="spare")
    assert "HK%23HS" in str(broker.requests[-1].url)

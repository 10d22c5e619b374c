"""Past days, investors, rankings and other countries: KIS's own fields, the same figures for the same seed."""

import json
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from stockdesk.simulator.options import KST
from tests.simulator.clients import Caller

SAMPLES = Path(__file__).resolve().parents[1] / "kis" / "samples"


def sample(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((SAMPLES / f"{name}.json").read_text())
    return found


async def asked(caller: Caller, name: str, **changes: str) -> dict[str, Any]:
    """The answer to the call of a sample, with other values in its query."""
    request = sample(name)["request"]
    query = {key: changes.get(key.upper(), value) for key, value in request["query"].items()}
    headers = caller.headers(request["headers"]["tr_id"])
    answer = await caller.http.get(request["path"], params=query, headers=headers)
    body: dict[str, Any] = answer.json()
    return body


CALLS = [
    ("inquire_daily_itemchartprice", {"FID_INPUT_ISCD": "005930"}),
    ("investor_trade_by_stock_daily", {"FID_INPUT_ISCD": "005930"}),
    ("daily_short_sale", {"FID_INPUT_ISCD": "005930"}),
    ("daily_credit_balance", {"FID_INPUT_ISCD": "005930"}),
    ("ksdinfo_dividend", {}),
    ("ranking_fluctuation", {}),
    ("volume_rank", {}),
    ("foreign_institution_total", {"FID_ETC_CLS_CODE": "1"}),
    ("overseas_index_daily", {}),
]


@pytest.mark.parametrize(("name", "changes"), CALLS)
async def test_an_answer_has_the_fields_that_kis_has(caller, name, changes):
    documented = sample(name)["response"]["body"]
    answer = await asked(caller, name, **changes)
    assert answer.keys() == documented.keys()
    for part, rows in documented.items():
        if isinstance(rows, dict):
            assert answer[part].keys() == rows.keys()
        elif isinstance(rows, list):
            assert answer[part], part
            assert all(row.keys() == rows[0].keys() for row in answer[part])
            assert all(isinstance(value, str) for row in answer[part] for value in row.values())


@pytest.mark.parametrize(("name", "changes"), CALLS)
async def test_the_same_seed_tells_the_same_past_and_another_another(start, clock, name, changes):
    answers = []
    for seed in (1, 1, 2):
        async with Caller(start(now=clock, seed=seed, ticks_per_second=0.0)) as caller:
            await caller.ask_token()
            answers.append(await asked(caller, name, **changes))
    assert answers[0] == answers[1]
    assert answers[0] != answers[2]


async def test_days_hang_together_up_to_the_price_of_now(simulator, caller):
    today = datetime.now(KST)
    span = {"FID_INPUT_DATE_1": "20260901", "FID_INPUT_DATE_2": f"{today:%Y%m%d}"}
    answer = await asked(caller, "inquire_daily_itemchartprice", FID_INPUT_ISCD="005930", **span)
    rows = answer["output2"]
    assert rows[0]["stck_clpr"] == answer["output1"]["stck_prpr"]
    assert int(rows[1]["stck_clpr"]) == simulator.world.by_symbol["005930"].base_price
    for newer, older in pairwise(rows):
        assert int(newer["stck_clpr"]) - int(newer["prdy_vrss"]) == int(older["stck_clpr"])
        assert int(newer["stck_lwpr"]) <= int(newer["stck_oprc"]) <= int(newer["stck_hgpr"])


async def test_todays_investors_are_empty_until_after_the_close(start, clock):
    async with Caller(start(now=clock, real_hours=True, token_seconds=0.0)) as caller:
        await caller.ask_token()
        ask = {"FID_INPUT_ISCD": "005930", "FID_INPUT_DATE_1": "20261120"}
        (today, before, *_) = (await asked(caller, "investor_trade_by_stock_daily", **ask))["output2"]
        assert (today["stck_bsop_date"], today["frgn_ntby_qty"]) == ("20261120", "")
        assert before["frgn_ntby_qty"] != ""
        clock.forward(hours=6)
        (today, *_) = (await asked(caller, "investor_trade_by_stock_daily", **ask))["output2"]
        figures = [int(today[f"{who}_ntby_qty"]) for who in ("frgn", "prsn", "orgn")]
        assert sum(figures) + int(today["etc_corp_ntby_vol"]) == 0, "what one buys another sells"


async def test_rankings_are_in_their_order(caller):
    rises = (await asked(caller, "ranking_fluctuation"))["output"]
    falls = (await asked(caller, "ranking_fluctuation", FID_RANK_SORT_CLS_CODE="1"))["output"]
    volumes = (await asked(caller, "volume_rank"))["output"]
    rates = [float(row["prdy_ctrt"]) for row in rises]
    assert rates == sorted(rates, reverse=True)
    assert float(falls[0]["prdy_ctrt"]) <= float(falls[-1]["prdy_ctrt"]) < 0
    assert [int(row["acml_vol"]) for row in volumes] == sorted((int(row["acml_vol"]) for row in volumes), reverse=True)
    assert len(rises) == len(volumes) == 30


async def test_new_yorks_bar_of_today_moves_and_stands_still_after_the_close(start, clock):
    async with Caller(start(now=clock, token_seconds=0.0)) as caller:
        await caller.ask_token()
        span = {"FID_INPUT_DATE_1": "20261101", "FID_INPUT_DATE_2": "20261231"}
        clock.moment = datetime(2026, 11, 21, 1, 0, tzinfo=KST)
        first = (await asked(caller, "overseas_index_daily", **span))["output2"][0]
        clock.forward(hours=1)
        second = (await asked(caller, "overseas_index_daily", **span))["output2"][0]
        assert first["stck_bsop_date"] == second["stck_bsop_date"] == "20261120"
        assert first["ovrs_nmix_prpr"] != second["ovrs_nmix_prpr"]
        clock.forward(hours=4)
        last = await asked(caller, "overseas_index_daily", **span)
        clock.forward(hours=3)
        assert await asked(caller, "overseas_index_daily", **span) == last
        head = last["output1"]
        assert float(head["ovrs_nmix_prpr"]) - float(head["ovrs_nmix_prdy_vrss"]) == pytest.approx(
            float(head["ovrs_nmix_prdy_clpr"]), abs=0.0002
        )


async def test_wrong_questions_are_refused(caller):
    for name, changes in (
        ("daily_short_sale", {"FID_INPUT_ISCD": "999999"}),
        ("daily_credit_balance", {"FID_INPUT_ISCD": "005930", "FID_COND_SCR_DIV_CODE": "1"}),
        ("volume_rank", {"FID_COND_SCR_DIV_CODE": "1"}),
        ("overseas_index_daily", {"FID_COND_MRKT_DIV_CODE": "X"}),
    ):
        answer = await asked(caller, name, **changes)
        assert answer["rt_cd"] != "0", name

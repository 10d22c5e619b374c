"""chk-holiday: the real calendar with real hours, open every day without."""

from datetime import date, timedelta

import pytest

from tests.simulator.clients import QUOTATIONS, Caller


async def days(caller, since, *, key="", tr_id="CTCA0903R"):
    params = {"BASS_DT": since, "CTX_AREA_NK": key, "CTX_AREA_FK": since if key else ""}
    return (await caller.http.get(f"{QUOTATIONS}/chk-holiday", params=params, headers=caller.headers(tr_id))).json()


@pytest.fixture
async def caller(start, request):
    async with Caller(start(real_hours=request.param, calls_per_second=1000, ticks_per_second=0.0)) as caller:
        await caller.ask_token()
        yield caller


@pytest.mark.parametrize("caller", [True], indirect=True)
async def test_with_real_hours_every_day_of_2026_is_right(caller):
    found: dict[str, dict[str, str]] = {}
    key = ""
    while len(found) < 365:
        answer = await days(caller, "20260101", key=key)
        assert (answer["rt_cd"], answer["msg_cd"], len(answer["output"])) == ("0", "KIOK0500", 24)
        assert (len(answer["ctx_area_nk"]), len(answer["ctx_area_fk"])) == (20, 20)
        found |= {row["bass_dt"]: row for row in answer["output"]}
        key = answer["ctx_area_nk"].strip()
    of_2026 = [row for name, row in sorted(found.items()) if name < "20270101"]
    assert [row["bass_dt"] for row in of_2026] == [f"{date(2026, 1, 1) + timedelta(n):%Y%m%d}" for n in range(365)]
    assert sum(row["opnd_yn"] == "Y" for row in of_2026) == 244
    closed = [row["bass_dt"] for row in of_2026 if row["opnd_yn"] == "N" and "02" <= row["wday_dvsn_cd"] <= "06"]
    assert len(closed) == 17
    assert {"20260603", "20260717", "20261225", "20261231"} <= set(closed)
    assert found["20261120"]["wday_dvsn_cd"] == "06"  # a Friday
    assert found["20261122"]["wday_dvsn_cd"] == "01"  # a Sunday


@pytest.mark.parametrize("caller", [True], indirect=True)
async def test_the_other_flags_are_no_help_to_whoever_reads_them(caller):
    rows = {row["bass_dt"]: row for row in (await days(caller, "20261224"))["output"]}
    flags = {
        name: "".join(rows[name][flag] for flag in ("bzdy_yn", "tr_day_yn", "opnd_yn", "sttl_day_yn"))
        for name in ("20261224", "20261225", "20261226", "20261231", "20270101")
    }
    assert flags == {
        "20261224": "YYYY", "20261225": "NYNN", "20261226": "NYNN", "20261231": "YYNN", "20270101": "NYNN",
    }  # fmt: skip


@pytest.mark.parametrize("caller", [False], indirect=True)
async def test_without_real_hours_every_date_is_open(caller):
    rows = (await days(caller, "20261219"))["output"]
    assert {row["opnd_yn"] for row in rows} == {"Y"}
    assert "20261225" in {row["bass_dt"] for row in rows}


@pytest.mark.parametrize("caller", [False], indirect=True)
@pytest.mark.parametrize("since", ["", "2026-12-19", "99991230"])
async def test_a_day_that_is_none_is_refused(caller, since):
    answer = await days(caller, since)
    assert (answer["rt_cd"], answer["msg1"]) == ("2", "ERROR : INPUT INVALID_CHECK_BASS_DT")


async def test_the_mock_host_has_no_calendar(start):
    async with Caller(start(mock=True, calls_per_second=1000)) as caller:
        await caller.ask_token()
        assert (await days(caller, "20261219"))["msg_cd"] == "EGW02006"

"""Execution notices: encrypted, to whoever registered an HTS id."""

import pytest

from stockdesk.kis.fields import H0STCNI0
from tests.simulator.clients import Caller, watching
from tests.simulator.listeners import clear_text


def decrypt(reply, body):
    output = reply["body"]["output"]
    return clear_text(output["key"], output["iv"], body)


@pytest.mark.parametrize(("tr_id", "mock"), [("H0STCNI0", False), ("H0STCNI9", True)])
async def test_a_notice_can_be_read_with_the_key_of_its_registration(start, tr_id, mock):
    simulator = start(ticks_per_second=0.0, mock=mock)
    async with Caller(simulator) as caller, watching(simulator, caller) as watcher:
        reply = await watcher.register("$ab@c#d%e", tr_id)
        assert reply["header"] == {"tr_id": tr_id, "tr_key": "$ab@c#d%e", "encrypt": "Y"}
        assert simulator.control.send_notice({"CNTG_QTY": "0000000007", "CNTG_ISNM40": "삼성전자"}) == 1
        encrypted, sent_as, count, body = await watcher.frame()
    assert (encrypted, sent_as, count) == ("1", tr_id, "001")
    row = dict(zip(H0STCNI0, decrypt(reply, body).split("^"), strict=True))
    assert (row["CUST_ID"], row["CNTG_QTY"], row["CNTG_ISNM40"]) == ("$ab@c#d%e", "0000000007", "삼성전자")


async def test_each_session_has_a_key_of_its_own(simulator):
    keys = []
    for _ in range(2):
        async with Caller(simulator) as caller, watching(simulator, caller) as watcher:
            keys.append((await watcher.register("someone", "H0STCNI0"))["body"]["output"]["key"])
    assert keys[0] != keys[1]


async def test_a_notice_reaches_nobody_who_did_not_register(simulator):
    async with Caller(simulator) as caller, watching(simulator, caller) as watcher:
        await watcher.register("005930")
        assert simulator.control.send_notice() == 0


async def test_a_column_that_notices_do_not_have_is_refused(simulator):
    async with Caller(simulator) as caller, watching(simulator, caller) as watcher:
        await watcher.register("someone", "H0STCNI0")
        with pytest.raises(ValueError, match="NO_SUCH_COLUMN"):
            simulator.control.send_notice({"NO_SUCH_COLUMN": "1"})


async def test_a_notice_under_another_key_cannot_be_read(start):
    simulator = start(ticks_per_second=0.0)
    simulator.control.mishap_on("wrong-key", count=1)
    async with Caller(simulator) as caller, watching(simulator, caller) as watcher:
        reply = await watcher.register("someone", "H0STCNI0")
        simulator.control.send_notice()
        simulator.control.send_notice()
        first, second = (await watcher.frame())[3], (await watcher.frame())[3]
    try:  # another key may by chance leave padding that looks right
        clear = decrypt(reply, first)
    except (AssertionError, UnicodeDecodeError, IndexError):
        clear = ""
    assert not clear.startswith("someone^")
    assert decrypt(reply, second).startswith("someone^")

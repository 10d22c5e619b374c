"""Fetching a master file: a part of one is never handed on."""

import httpx
import pytest

from stockdesk.kis import masterfiles
from stockdesk.kis.errors import NotSent, OutcomeUnknown, Refused
from stockdesk.kis.masterfiles import MasterFiles
from stockdesk.simulator.testing import running_simulator

BASE = "http://files.example/common/master"


def answering(handler: httpx.MockTransport) -> MasterFiles:
    return MasterFiles(BASE, transport=handler)


def test_the_zip_of_a_file_is_asked_for() -> None:
    asked = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        return httpx.Response(200, content=b"PK")

    assert answering(httpx.MockTransport(answer)).fetch("kospi_code.mst") == b"PK"
    assert asked == [f"{BASE}/kospi_code.mst.zip"]


@pytest.mark.parametrize("status", [301, 403, 404, 500])
def test_anything_but_200_is_refused(status: int) -> None:
    with pytest.raises(Refused, match=str(status)):
        answering(httpx.MockTransport(lambda request: httpx.Response(status))).fetch("kospi_code.mst")


def test_a_file_without_end_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(masterfiles, "MOST_BYTES", 1000)
    with pytest.raises(OutcomeUnknown, match="more than 1000"):
        answering(httpx.MockTransport(lambda request: httpx.Response(200, content=b"x" * 1001))).fetch("a.mst")


def test_a_host_that_is_not_there_was_asked_nothing() -> None:
    with pytest.raises(NotSent):
        MasterFiles("http://127.0.0.1:1/common/master").fetch("kospi_code.mst")


@pytest.mark.parametrize("mishap", ["cut-body", "no-answer"])
def test_a_connection_that_ends_in_the_middle_gives_no_bytes(mishap: str) -> None:
    with running_simulator(symbols=100, ticks_per_second=0.0) as simulator:
        files = MasterFiles(f"{simulator.rest_url}/common/master")
        whole = files.fetch("kospi_code.mst")
        simulator.control.mishap_on(mishap, tr_id="master")
        with pytest.raises(OutcomeUnknown):
            files.fetch("kospi_code.mst")
        simulator.control.mishap_off(mishap)
        assert len(files.fetch("kospi_code.mst")) == len(whole)


def test_a_file_that_drips_is_given_up_at_its_deadline() -> None:
    with running_simulator(symbols=100, ticks_per_second=0.0) as simulator:
        simulator.control.mishap_on("drip", tr_id="master", value=0.01)
        with pytest.raises(OutcomeUnknown, match="too slow"):
            MasterFiles(f"{simulator.rest_url}/common/master", deadline=1.0).fetch("kospi_code.mst")

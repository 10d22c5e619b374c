"""What programs write into the ground's rows is English; the admin says it in the reader's language."""

import pytest
from django.test import Client

from stockdesk.access import VIEWER
from stockdesk.events import raise_event
from stockdesk.models import DaemonState
from tests.people import client_of, person

pytestmark = pytest.mark.django_db


@pytest.fixture
def reader() -> Client:
    return client_of(person("kim", VIEWER))


def test_an_event_is_told_in_words(reader):
    raise_event("ws_market", "session-down", "1", text="no frame for 31 s")
    page = reader.get("/admin/stockdesk/event/").content.decode()
    for words in ("주의", "실시간 시세", "세션 끊김", "31초 동안 수신 없음"):
        assert words in page
    for raw in ("warning<", "session-down", "no frame"):
        assert raw not in page


def test_a_level_and_a_program_are_chosen_by_their_words(reader):
    raise_event("trading", "killed", level="error")
    raise_event("governor", "key-quarantined", "a1")
    page = reader.get("/admin/stockdesk/event/?level=error&source=trading").content.decode()
    assert "비상정지" in page
    assert "앱 키" not in page


def test_a_program_has_a_name_and_its_error_is_a_sentence(reader):
    DaemonState.objects.create(name="ws_market", state="failed", last_error="the database is away")
    page = reader.get("/admin/stockdesk/daemonstate/").content.decode()
    for words in ("실시간 시세", "실패", "데이터베이스"):
        assert words in page
    assert "실시간 시세" in reader.get("/admin/").content.decode()

"""Raw bodies: kept once, parsed again without a call, purged by age and size."""

import os
import zlib
from datetime import timedelta
from io import StringIO

import pytest
import responses
from django.core.management import CommandError, call_command
from django.utils import timezone

from collectors import raw, retention
from collectors.dart import filings
from collectors.errors import SourceError
from collectors.models import Filing, RawBody

from .answers import DART, filing
from .answers import filings as page
from .test_dart import DAY

pytestmark = pytest.mark.django_db


def reparse(**options):
    out, err = StringIO(), StringIO()
    call_command("reparse", stdout=out, stderr=err, **options)
    return out.getvalue()


@pytest.fixture
def one_filing(web) -> None:
    web.get(f"{DART}/list.json", json=page([filing(7)]))
    filings.fetch(DAY, "all")
    web.reset()


def test_a_body_is_kept_compressed_with_what_was_made_of_it(one_filing):
    row = RawBody.objects.get()
    assert (row.source, row.kind, row.key, row.rows) == ("dart", "list", "20261120/p1", 1)
    assert (row.parsed_with, row.parsed_at is None) == (raw.PARSERS["dart", "list"].version, False)
    assert len(zlib.decompress(row.body)) == row.size
    assert len(row.body) == row.stored_size < row.size


def test_the_same_answer_is_kept_once_and_remembers_when_it_last_came():
    first = raw.keep("dart", "list", "x", b"body", fetched_at=timezone.now() - timedelta(hours=1))
    second = raw.keep("dart", "list", "x", b"body")
    assert first.id == second.id
    assert RawBody.objects.get().fetched_at == second.fetched_at
    raw.keep("dart", "list", "x", b"another body")
    assert RawBody.objects.count() == 2


def test_a_body_of_several_megabytes_comes_back_as_it_was():
    data = os.urandom(4 * 2**20)
    raw.keep("dart", "corps", "x", data)
    assert next(raw.kept_bodies("dart", "corps")).data == data


def test_a_body_beyond_the_servers_packet_says_what_to_do(monkeypatch):
    monkeypatch.setattr(raw, "PACKET_HEADROOM", 2**40)
    with pytest.raises(SourceError, match="max_allowed_packet"):
        raw.keep("dart", "corps", "x", b"body")
    assert not RawBody.objects.exists()


def test_rows_are_made_again_without_a_call(one_filing):
    Filing.objects.all().delete()
    with responses.RequestsMock():
        assert reparse() == "dart/list: 1 rows\n"
    assert Filing.objects.get().rcept_no == "20261120000007"


def test_a_mended_parser_mends_what_is_stored(one_filing):
    Filing.objects.update(report="half of it")
    reparse(source="dart", kind="list")
    assert Filing.objects.get().report == "[기재정정]주요사항보고서(자기주식취득결정)"


def test_an_older_answer_does_not_undo_a_newer_one(one_filing):
    old = RawBody.objects.get()
    Filing.objects.update(report="a newer name", filer="", fetched_at=old.fetched_at + timedelta(days=1))
    reparse()
    stored = Filing.objects.get()
    assert (stored.report, stored.filer) == ("a newer name", "삼성전자")


def test_only_what_is_asked_for_is_parsed_again(one_filing):
    Filing.objects.all().delete()
    assert reparse(since=timezone.now() + timedelta(days=1)) == ""
    assert reparse(source="datagokr") == ""
    with pytest.raises(CommandError, match="dart/list"):
        reparse(source="dart", kind="lsit")
    assert not Filing.objects.exists()


def test_a_body_that_cannot_be_read_is_told_and_stops_no_other(one_filing):
    raw.keep("dart", "list", "20261119/p1", b"{broken", fetched_at=timezone.now() - timedelta(days=1))
    Filing.objects.all().delete()
    with pytest.raises(CommandError, match="1 bodies"):
        reparse()
    assert Filing.objects.count() == 1


def test_old_bodies_go_and_then_the_oldest_until_the_rest_fits(settings):
    now = timezone.now()
    for age in range(6):
        raw.keep("dart", "list", f"{age}", os.urandom(1000), fetched_at=now - timedelta(days=age))
    settings.RAW_BODY_DAYS = 4.5
    assert raw.purge(now) == 1
    settings.RAW_BODY_BYTES = 2500
    assert retention.fetch(now.date(), "all") == 3
    assert sorted(RawBody.objects.values_list("key", flat=True)) == ["0", "1"]
    assert retention.fetch(now.date(), "all") == 0


def test_purging_touches_no_parsed_row(one_filing, settings):
    settings.RAW_BODY_BYTES = 0
    assert raw.purge(timezone.now()) == 1
    assert Filing.objects.count() == 1


def test_a_day_given_wrongly_is_told_how_to_write():
    with pytest.raises(CommandError, match="2026-11-20"):
        call_command("reparse", "--since", "gestern")

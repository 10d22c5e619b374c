"""The benchmarks at tiny sizes: they run, and measure something. What they find is not judged here."""

import subprocess

import pytest

from bench import flush, latency, receive, rivals, scrape
from bench.table import Measured, Row, median_ratio, show
from market.models import ClosedBar, Quote
from trading.models import Fill, Order


def measured(rows: list[Row]) -> bool:
    return all(row.measured.ours > 0 and row.measured.yardstick > 0 and row.measured.ratio > 0 for row in rows)


def test_receiving_is_measured_in_a_flood_and_in_a_trickle():
    rows = receive.run(rounds=1, flooded=600, trickled=200)
    assert len(rows) == 5
    assert measured(rows)


def test_rivals_that_cannot_be_installed_are_left_out_with_a_sentence(monkeypatch, tmp_path, settings, capsys):
    def unreachable(command, **_options):
        raise subprocess.CalledProcessError(1, command, stderr="no matching distribution")

    settings.BASE_DIR = tmp_path
    monkeypatch.setattr(subprocess, "run", unreachable)
    assert rivals.run() == []
    assert "left out" in capsys.readouterr().out


def test_writing_is_measured_beside_executemany(db):
    rows = flush.run(rounds=2, counts=(5, 8))
    assert len(rows) == 3
    assert measured(rows)
    assert Quote.objects.filter(last_price__isnull=False).count() == 8
    assert ClosedBar.objects.exists()


def test_the_way_from_tick_to_row_is_measured(transactional_db):
    rows = latency.run(paces=(300,), seconds=0.5)
    assert measured(rows)
    assert not Quote.objects.exists()


def test_a_scrape_is_measured_and_leaves_no_ledger_behind(transactional_db):
    rows = scrape.run(orders=120, rounds=3)
    assert measured(rows)
    assert not Order.objects.exists()
    assert not Fill.objects.exists()


@pytest.mark.parametrize(("ratio", "word"), [(0.9, "ok"), (1.1, "MISSED")])
def test_a_bound_that_is_not_kept_is_said(ratio, word):
    row = Row("a flush", "ms", "executemany", Measured(ratio, 1.0, ratio), at_most=1.0)
    assert word in show([row])
    assert row.holds is (word == "ok")


def test_ratios_are_taken_within_each_pair():
    assert median_ratio([(1.0, 2.0), (10.0, 20.0), (3.0, 3.0)]) == Measured(3.0, 3.0, 0.5)

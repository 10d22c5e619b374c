"""``run_reference`` and the workers as processes: the broker's stand-in on one side, rows in a real MariaDB."""

import os
import signal
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.utils import timezone
from django_q.models import OrmQ

from collectors.job_models import JobDay, JobItem
from collectors.jobs import JOBS, hand_out, open_day
from collectors.models import CreditBalance, DailyBar, Dividend, InvestorFlow, MarketFlow, Ranking, ShortSale
from collectors.sources import PUBLIC
from market.gnuboard_post import post
from market.models import Instrument
from stockdesk.kis.messages import KST
from stockdesk.models import DaemonState
from stockdesk.simulator.testing import RunningSimulator, running_simulator
from tests.collectors.reference_desk import KEY, SECRET, StartJobs

pytestmark = pytest.mark.django_db(transaction=True)

State = JobItem.State
WATCHED = 12
OF_THE_BROKER = sum(job.source == "kis" for job in JOBS.values())


@pytest.fixture
def simulator() -> Iterator[RunningSimulator]:
    with running_simulator(symbols=120, ticks_per_second=0.0, token_seconds=0.0) as running:
        yield running


@pytest.fixture
def symbols(simulator: RunningSimulator, empty_board: None) -> list[str]:
    """Shares on the watch list."""
    chosen = [one.symbol for one in simulator.world.instruments if one.kind == "stock"][:WATCHED]
    for symbol in chosen:
        post(symbol=symbol, name=symbol, running=True)
    return chosen


def finished(count: int) -> Callable[[], bool]:
    def done() -> bool:
        return JobItem.objects.filter(state__in=[State.DONE, State.SKIPPED]).count() >= count

    return done


def test_once_opens_what_is_due_and_the_workers_fetch_all_of_it(
    simulator: RunningSimulator, start_jobs: StartJobs, symbols: list[str]
) -> None:
    once = start_jobs("run_reference", "--once")
    assert once.process.wait(60) == 0, once.log.read_text()
    opened = set(JobDay.objects.values_list("job", flat=True))
    assert opened >= {job.name for job in JOBS.values() if job.source == "kis"}
    assert set(JobItem.objects.values_list("job", flat=True)) == {
        name for name in opened if JOBS[name].source not in PUBLIC
    }
    total = JobItem.objects.count()
    assert total == 6 * WATCHED + 4 + 2 + 3 + len({"instruments", "backup", "retention"})
    assert OrmQ.objects.exists()
    assert not DailyBar.objects.exists(), "the daemon fetches nothing itself"

    worker = start_jobs("qcluster")
    worker.until(finished(total), 180)
    today = datetime.now(KST).date()
    failed = JobItem.objects.exclude(state=State.DONE)
    assert not failed.exists(), list(failed.values_list("job", "item", "state", "error"))
    for model in (DailyBar, InvestorFlow, ShortSale):
        assert set(model.objects.filter(on=today).values_list("symbol", flat=True)) == set(symbols)
        assert model.objects.count() > 15 * WATCHED
    assert set(CreditBalance.objects.values_list("symbol", flat=True)) == set(symbols)
    assert Dividend.objects.exists()
    assert set(MarketFlow.objects.filter(on=today).values_list("market", flat=True)) == {"KOSPI", "KOSDAQ"}
    assert {by: Ranking.objects.filter(by=by).count() for by in Ranking.By.values} == dict.fromkeys(
        Ranking.By.values, 30
    )
    flow = InvestorFlow.objects.filter(symbol=symbols[0]).first()
    assert flow is not None
    assert flow.person_amount is not None
    assert flow.person_amount % 1_000_000 == 0

    assert Instrument.objects.listed().count() == len(simulator.world.instruments)

    calls = simulator.control.seen()["calls"]
    assert not [seen["refused"] for seen in calls.values() if seen["refused"]]
    worker.process.send_signal(signal.SIGTERM)
    assert worker.process.wait(60) == 0
    text = worker.log.read_text() + once.log.read_text()
    assert not [secret for secret in (KEY, SECRET, "toyuser") if secret in text]


def test_a_second_round_neither_asks_again_nor_doubles_a_row(
    simulator: RunningSimulator, start_jobs: StartJobs, symbols: list[str]
) -> None:
    job, day = JOBS["short-sales"], datetime.now(KST).date()
    open_day(job, day)
    hand_out(job.name, day)
    worker = start_jobs("qcluster")
    worker.until(finished(WATCHED), 90)
    rows = ShortSale.objects.count()
    open_day(job, day)
    assert hand_out(job.name, day) == 0
    JobItem.objects.update(state=State.WAITING)
    assert hand_out(job.name, day) == 1
    worker.until(finished(WATCHED), 90)
    assert ShortSale.objects.count() == rows


def test_a_worker_killed_in_the_middle_leaves_nothing_undone_and_nothing_double(
    simulator: RunningSimulator, start_jobs: StartJobs, symbols: list[str]
) -> None:
    job, day = JOBS["daily-bars"], datetime.now(KST).date()
    open_day(job, day)
    hand_out(job.name, day)
    simulator.control.mishap_on("slow", tr_id="FHKST03010100", value=0.7)
    worker = start_jobs("qcluster")
    worker.until(lambda: JobItem.objects.filter(state=State.DONE).count() >= 2, 90)
    worker.until(JobItem.objects.filter(state=State.RUNNING).exists)
    worker.kill()
    simulator.control.mishap_off("slow")
    assert JobItem.objects.filter(state=State.RUNNING).exists()
    done = dict(JobItem.objects.filter(state=State.DONE).values_list("item", "ended_at"))
    assert 0 < len(done) < WATCHED

    # As if the deadline of the lost item and the silence had passed.
    past = timezone.now() - timedelta(seconds=1)
    JobItem.objects.filter(state=State.RUNNING).update(deadline_at=past)
    JobDay.objects.update(handed_out_at=past - timedelta(minutes=5), worked_at=past - timedelta(minutes=5))
    JobDay.objects.filter(job="daily-bars").update(opened_at=past)
    start_jobs("run_reference", "--once").process.wait(60)
    again = start_jobs("qcluster")
    again.until(lambda: JobItem.objects.filter(job="daily-bars", state=State.DONE).count() == WATCHED, 120)
    assert set(DailyBar.objects.filter(on=day).values_list("symbol", flat=True)) == set(symbols)
    bars = {symbol: DailyBar.objects.filter(symbol=symbol).count() for symbol in symbols}
    assert len(set(bars.values())) == 1, bars
    for item, ended_at in done.items():
        assert JobItem.objects.get(job="daily-bars", item=item).ended_at == ended_at, "what was done is left alone"


def test_a_source_that_fails_leaves_the_stored_rows_and_says_why(
    simulator: RunningSimulator, start_jobs: StartJobs, symbols: list[str]
) -> None:
    job, day = JOBS["short-sales"], datetime.now(KST).date()
    open_day(job, day)
    hand_out(job.name, day)
    simulator.control.mishap_on("html-body", tr_id="FHPST04830000")
    ShortSale.objects.create(symbol=symbols[0], on=day, quantity=4711)
    worker = start_jobs("qcluster")
    worker.until(lambda: JobItem.objects.filter(state=State.FAILED).count() == WATCHED, 180)
    assert list(ShortSale.objects.values_list("quantity", flat=True)) == [4711]
    assert "FHPST04830000" in JobItem.objects.filter(state=State.FAILED)[0].error


def test_an_idle_cluster_costs_next_to_nothing(start_jobs: StartJobs, symbols: list[str]) -> None:
    worker = start_jobs("qcluster")
    worker.until(lambda: len(group(worker.process.pid)) >= 6, 60)
    time.sleep(5)  # the start is over
    before = seconds_of(worker.process.pid)
    time.sleep(15)
    share = (seconds_of(worker.process.pid) - before) / 15
    assert share < 0.01, f"{share:.1%} of a core"


def test_it_waits_for_the_database_calendar_and_reports_its_state(start_jobs: StartJobs, symbols: list[str]) -> None:
    daemon = start_jobs("run_reference")
    daemon.until(lambda: DaemonState.objects.filter(name="reference", counters__opened__gte=OF_THE_BROKER).exists())
    assert daemon.stop() == 0
    assert DaemonState.objects.get(name="reference").state == "stopped"


def group(leader: int) -> list[int]:
    """The processes of a group."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[2]) == leader:
                found.append(int(entry.name))
    return found


def seconds_of(leader: int) -> float:
    """CPU seconds that the processes of a group have used."""
    ticks = 0
    for process in group(leader):
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")

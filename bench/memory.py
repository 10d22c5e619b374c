"""What every daemon takes of RAM and CPU: in a market that stands still, in a busy one, and in a large one."""

import time
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import httpx

from bench.broker import seeded_desk
from bench.processes import Memory, cpu_seconds, daemons, largest, running
from bench.table import Measured, Row

BUDGET_MB = 90.0
STARTING_SECONDS, IDLE_SECONDS, LOAD_SECONDS = 15.0, 15.0, 60.0
TICKS = 2_000.0  # a second, in the busy market


class Taken(NamedTuple):
    """RAM of a daemon's largest process, and what all its processes took of one core since the look before."""

    memory: Memory
    cpu: float


def run(seconds: float = LOAD_SECONDS, sizes: Sequence[int] = (200, 2_500)) -> list[Row]:
    """Real processes on a stand-in broker, as the demo has them, once per number of issues. About four minutes."""
    found = [_measure(symbols, seconds) for symbols in sizes]
    small, large = found[0][1], found[-1][1]
    return [_row(name, sizes, found[-1][0][name], small[name], large[name]) for name in large]


def _measure(symbols: int, seconds: float) -> tuple[dict[str, Taken], dict[str, Taken]]:
    """Every daemon while nothing trades, and after so many seconds of a busy market."""
    with seeded_desk(symbols) as stand, running(daemons(), stand.environment) as groups:
        time.sleep(STARTING_SECONDS)
        idle = _look(groups, IDLE_SECONDS)
        options = {"ticks_per_second": TICKS}
        httpx.post(f"{stand.rest_url}/_simulator/options", json=options, trust_env=False).raise_for_status()
        return idle, _look(groups, seconds)


def _look(groups: Mapping[str, int], seconds: float) -> dict[str, Taken]:
    before, began = {name: cpu_seconds(group) for name, group in groups.items()}, time.monotonic()
    time.sleep(seconds)
    passed = time.monotonic() - began
    return {
        name: Taken(largest(group), (cpu_seconds(group) - before[name]) / passed) for name, group in groups.items()
    }


def _row(name: str, sizes: Sequence[int], idle: Taken, small: Taken, large: Taken) -> Row:
    title = (
        f"{name}: own {large.memory.uss:.0f} MB, {large.memory.rss - small.memory.rss:+.1f} from {sizes[0]:,} to"
        f" {sizes[-1]:,} issues; CPU {idle.cpu:.1%} idle, {large.cpu:.1%} busy"
    )
    measured = Measured(large.memory.rss, BUDGET_MB, large.memory.rss / BUDGET_MB)
    return Row(title, "MB in RAM", "budget of 90 MB", measured, at_most=1.0)

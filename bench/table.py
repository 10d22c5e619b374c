"""One row per claim: ours, the yardstick, and their ratio from pairs measured side by side in one run."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True, slots=True)
class Measured:
    """Medians of both sides and of the ratio, pair by pair."""

    ours: float
    yardstick: float
    ratio: float


@dataclass(frozen=True, slots=True)
class Row:
    """A claim: ``ratio`` is ours divided by the yardstick, and has a bound on one side."""

    title: str
    unit: str
    yardstick: str
    measured: Measured
    at_least: float | None = None
    at_most: float | None = None

    @property
    def holds(self) -> bool:
        ratio = self.measured.ratio
        return (self.at_least is None or ratio >= self.at_least) and (self.at_most is None or ratio <= self.at_most)


def median_ratio(pairs: Sequence[tuple[float, float]]) -> Measured:
    """Medians over (ours, yardstick) pairs; the ratio is taken within each pair, for the machine drifts."""
    return Measured(
        median(ours for ours, _ in pairs), median(theirs for _, theirs in pairs), median(o / t for o, t in pairs)
    )


def show(rows: Sequence[Row]) -> str:
    lines = [f"{'':70} {'ours':>12} {'yardstick':>12} {'ratio':>7}  bound"]
    for row in rows:
        bound = f">= {row.at_least}" if row.at_least is not None else f"<= {row.at_most}"
        mark = "ok" if row.holds else "MISSED"
        m = row.measured
        lines.append(
            f"{row.title:70} {m.ours:>12,.1f} {m.yardstick:>12,.1f} {m.ratio:>7.2f}  {bound} {mark}"
            f"   {row.unit}, against {row.yardstick}"
        )
    return "\n".join(lines)

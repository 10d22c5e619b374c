"""Does a figure that was sampled for a while grow?"""

from dataclasses import dataclass, field
from statistics import linear_regression, median


@dataclass(slots=True)
class Series:
    """One figure over time: when, in seconds on any one clock, and how much."""

    times: list[float] = field(default_factory=list)
    values: list[float] = field(default_factory=list)

    def add(self, at: float, value: float) -> None:
        self.times.append(at)
        self.values.append(value)

    def after(self, seconds: float) -> "Series":
        """Without what came within so many seconds of the first sample."""
        begins = next((i for i, at in enumerate(self.times) if at - self.times[0] >= seconds), len(self.times))
        return Series(self.times[begins:], self.values[begins:])

    def lows(self, parts: int = 6) -> "Series":
        """The least value of each of so many equal parts of the time: what a busy moment takes is given back."""
        if not self.times:
            return Series()
        part = (self.times[-1] - self.times[0]) / parts or 1.0
        least: dict[int, tuple[float, float]] = {}
        for at, value in zip(self.times, self.values, strict=True):
            number = min(int((at - self.times[0]) / part), parts - 1)
            if number not in least or value < least[number][1]:
                least[number] = (at, value)
        return Series(*map(list, zip(*least.values(), strict=True)))

    def per_hour(self) -> float:
        """The slope of the straight line that fits best (least squares); 0 for fewer than two samples."""
        if len(self.times) < 2:
            return 0.0
        return linear_regression(self.times, self.values).slope * 3600

    def thirds(self) -> tuple[float, float]:
        """The medians of the first and of the last third: a peak moves neither, a queue that grows moves the last."""
        share = max(len(self.values) // 3, 1)
        return median(self.values[:share]), median(self.values[-share:])

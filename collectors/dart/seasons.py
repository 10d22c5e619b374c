"""When periodic reports come in: four seasons a year, for business years that end in December."""

from dataclasses import dataclass
from datetime import date
from typing import Self

from collectors.dart.models import Figure
from collectors.errors import BadCall

# First month and day, last month and day, report. Due 45 days after a quarter and 90 after the year; corrections
# and late comers follow for a while.
SEASONS = (
    ((3, 1), (4, 15), Figure.Report.YEAR),
    ((5, 1), (6, 10), Figure.Report.Q1),
    ((8, 1), (9, 10), Figure.Report.HALF),
    ((11, 1), (12, 10), Figure.Report.Q3),
)


@dataclass(frozen=True, slots=True)
class Season:
    """One kind of report of one business year; as a text 2026/11014."""

    year: int
    report: str

    @classmethod
    def of(cls, day: date) -> Self | None:
        """The season of that day, None between the seasons."""
        for first, last, report in SEASONS:
            if first <= (day.month, day.day) <= last:
                return cls(day.year - (report == Figure.Report.YEAR), str(report))
        return None

    @classmethod
    def split(cls, item: str) -> tuple[Self, str]:
        """The season and the rest of an item such as 2026/11014/00126380."""
        try:
            year, report, rest = item.split("/", 2)
            return cls(int(year), report), rest
        except ValueError:
            raise BadCall(f"{item} is no item of a reporting season", source="dart") from None

    def __str__(self) -> str:
        return f"{self.year}/{self.report}"

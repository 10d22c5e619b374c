"""What the screens know, as versioned tables: each browser is told the cells that changed since it last heard.

No I/O and no clock: `market.live` puts rows in and takes text out for each browser. A browser that reads slowly
simply asks later and gets one merged delta, so nothing queues up for it.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from stockdesk.sheets import Value

# Rows that left are remembered for slow readers; past this many a reader from before gets everything anew.
TOMBSTONES = 1000


@dataclass(slots=True)
class _Row:
    values: list[Value]
    versions: list[int]  # of each cell: the version at which it took its value
    changed: int  # the highest of them


class Sheet:
    """One table of the screen: rows by key, every cell with the version at which it changed."""

    def __init__(self, columns: Sequence[str]) -> None:
        self.columns = tuple(columns)
        self._rows: dict[str, _Row] = {}
        self._gone: dict[str, int] = {}
        self._floor = 0  # below this version departures are forgotten

    def __len__(self) -> int:
        return len(self._rows)

    def others(self, keys: Iterable[str]) -> list[str]:
        """Keys of the rows that are not among these."""
        return list(self._rows.keys() - set(keys))

    def put(self, key: str, values: Sequence[Value], version: int) -> bool:
        """Store a whole row; True if any cell differs from before."""
        row = self._rows.get(key)
        if row is None:
            self._gone.pop(key, None)
            self._rows[key] = _Row(list(values), [version] * len(values), version)
            return True
        if row.values == values:
            return False
        for place, value in enumerate(values):
            if row.values[place] != value:
                row.values[place] = value
                row.versions[place] = version
                row.changed = version
        return row.changed == version

    def remove(self, key: str, version: int) -> bool:
        """Take a row off the screen; True if it was there."""
        if self._rows.pop(key, None) is None:
            return False
        self._gone[key] = version
        if len(self._gone) > TOMBSTONES:
            self._gone.clear()
            self._floor = version
        return True

    def forgot(self, since: int) -> bool:
        """Whether a reader of this version may have missed a departure and must start afresh."""
        return since < self._floor

    def changes(self, since: int) -> dict[str, list[Value]]:
        """Rows changed after ``since``: key -> [place, value, place, value ...] of the changed cells."""
        found: dict[str, list[Value]] = {}
        for key, row in self._rows.items():
            if row.changed > since:
                cells: list[Value] = []
                for place, version in enumerate(row.versions):
                    if version > since:
                        cells += (place, row.values[place])
                found[key] = cells
        return found

    def departures(self, since: int) -> list[str]:
        return [key for key, version in self._gone.items() if version > since]


class Feed:
    """All tables of the screen under one version number, and the text that brings a reader up to date."""

    def __init__(self, sheets: Mapping[str, Sequence[str]]) -> None:
        self.sheets = {name: Sheet(columns) for name, columns in sheets.items()}
        self.version = 0
        self._texts: dict[int, str] = {}

    def put(self, sheet: str, rows: Mapping[str, Sequence[Value]], *, whole: bool = False) -> bool:
        """Store rows; ``whole`` says that no others exist. True if a reader has something new to hear."""
        table = self.sheets[sheet]
        version = self.version + 1
        changed = [table.put(key, list(values), version) for key, values in rows.items()]
        if whole:
            changed += [table.remove(key, version) for key in table.others(rows)]
        if not any(changed):
            return False
        self.version = version
        self._texts.clear()
        return True

    def delta(self, since: int = 0) -> str:
        """JSON text for a reader that stands at version ``since``; 0 is a newcomer and gets everything.

        Most readers stand at the same version, so the text is made once and the same object goes to all.
        """
        text = self._texts.get(since)
        if text is None:
            text = self._texts[since] = json.dumps(
                self._message(since), ensure_ascii=False, separators=(",", ":"), allow_nan=False
            )
        return text

    def _message(self, since: int) -> dict[str, Any]:
        message: dict[str, Any] = {"v": self.version}
        if since <= 0 or any(sheet.forgot(since) for sheet in self.sheets.values()):
            since = 0
            message["columns"] = {name: sheet.columns for name, sheet in self.sheets.items()}
        for name, sheet in self.sheets.items():
            if rows := sheet.changes(since):
                message[name] = rows
        gone = {name: keys for name, sheet in self.sheets.items() if since and (keys := sheet.departures(since))}
        if gone:
            message["gone"] = gone
        return message

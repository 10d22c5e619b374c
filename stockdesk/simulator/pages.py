"""Continued lists (연속조회): pages of rows, and the keys by which the next one is asked for."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from stockdesk.simulator.responses import Answer

Row = TypeVar("Row")
KEY_WIDTH = 100
TEXT_WIDTH = 80
SEPARATOR = "!^"

MORE = ("KIOK0500", "조회가 계속됩니다..다음버튼을 Click 하십시오.")
LAST = ("KIOK0510", "조회가 완료되었습니다")
DONE = ("MCA00000", "정상처리 되었습니다.")
DONE_MOCK = ("20310000", "모의투자 조회가 완료되었습니다.")
NO_ROWS = ("70070000", "조회할 내역(자료)이 없습니다")


@dataclass(frozen=True, slots=True)
class Page:
    """Some rows of a list. ``more`` follow after it; ``continued`` when others came before it."""

    rows: list[Any]
    condition: str
    next_key: str
    more: bool
    continued: bool

    def answer(self, outputs: Mapping[str, Any], *, mock: bool, empty: tuple[str, str] | None = None) -> Answer:
        """The body around ``outputs``, worded as KIS does: more to come, the last of several, or all there is."""
        if self.more:
            said = MORE
        elif empty and not self.rows and not self.continued:
            said = empty
        elif mock:
            said = DONE_MOCK
        else:
            said = LAST if self.continued else DONE
        code, text = said
        body = {
            "ctx_area_fk100": (self.condition if self.more or self.continued else "").ljust(KEY_WIDTH),
            "ctx_area_nk100": self.next_key.ljust(KEY_WIDTH),
            **outputs,
            "rt_cd": "0",
            "msg_cd": code,
            "msg1": text if said == DONE else text.ljust(TEXT_WIDTH),
        }
        return Answer(body, tr_cont="M" if self.more else "D")


def page_of(
    rows: Sequence[Row], name: Callable[[Row], str], fields: Mapping[str, str], continued: bool, size: int
) -> Page:
    """The page that ``fields`` (CTX_AREA_NK100) ask for. ``name`` tells a row from all others.

    The key names the last row that was given, so that orders that come in between shift nothing; should that row
    have left the list, its place counts.
    """
    key = fields.get("CTX_AREA_NK100", "").strip() if continued else ""
    start = 0
    if key:
        last, place = (*key.split(SEPARATOR), "", "")[:2]
        found = [at for at, row in enumerate(rows) if name(row) == last]
        start = found[0] + 1 if found else int(place) if place.isdecimal() else 0
    chosen = list(rows[start : start + size])
    end = start + len(chosen)
    more = end < len(rows)
    asked = [fields.get(part, "").strip() for part in ("CANO", "ACNT_PRDT_CD", "INQR_DVSN", "PDNO", "CCLD_DVSN")]
    condition = SEPARATOR.join((*asked, ""))[:KEY_WIDTH]
    next_key = SEPARATOR.join((name(chosen[-1]), str(end), "")) if more else ""
    return Page(chosen, condition, next_key, more, bool(key))

"""What a mishap makes of a tick frame on its way to one session."""

from datetime import timedelta

from stockdesk.simulator.frames import data_frame, older
from stockdesk.simulator.mishaps import Mishaps, Switch
from stockdesk.simulator.options import Options

GARBAGE = (
    "",
    "0|H0STCNT0",
    "0|H0STCNT0|abc|x^y^z",
    "0|H0STCNT0|000|",
    "7|????????|001|^^^^^^^^^^",
    "<html><body>Bad Gateway</body></html>",
    '{"header":{"tr_id":',
    "0|H0STCNT0|-01|" + "^" * 46,
)
KEPT = (0, 1)  # symbol and time stay when all other fields are emptied
ODD = (2, 10, 11, 12, 13)  # price, ask, bid, volume, running volume
OVERSIZE = 1_100_000


class Damage:
    """Applies the mishaps that are on to the records of one frame."""

    def __init__(self, mishaps: Mishaps, options: Options) -> None:
        self.mishaps = mishaps
        self.options = options
        self._turn = 0

    def payload(self, tr_id: str, records: list[str], key: str | None) -> bytes | None:
        """The frame's bytes as this session gets them, or None when it gets nothing."""
        strikes = self.mishaps.strikes
        if strikes("silent", key) or strikes("pingpong-only", key):
            return None
        self._turn += 1
        if strikes("garbage", key):
            return GARBAGE[self._turn % len(GARBAGE)].encode()
        if strikes("bad-utf8", key):
            return data_frame(tr_id, records).encode() + b"\xff\xfe\x80"
        if strikes("oversize", key):
            return data_frame(tr_id, records).ljust(OVERSIZE, "0").encode()
        frame = data_frame(tr_id, [self._record(record, key) for record in records])
        if strikes("truncated", key):
            # At another place each time, so that cuts fall inside and between fields, first and last.
            frame = frame[: len(frame) * (self._turn % 9 + 1) // 11]
        return frame.encode()

    def _record(self, record: str, key: str | None) -> str:
        strikes = self.mishaps.strikes
        if switch := strikes("old-ticks", key):
            earlier = self.options.now() - timedelta(seconds=float(switch.value or 60))
            record = older(record, earlier.strftime("%H%M%S"))
        if switch := strikes("blank-fields", key):
            record = self._emptied(record, switch, "")
        if switch := strikes("null-fields", key):
            record = self._emptied(record, switch, "(null)")
        if switch := strikes("odd-values", key):
            text = "0" if switch.value is None else str(switch.value)
            fields = record.split("^")
            for place in ODD:
                fields[place] = text
            record = "^".join(fields)
        if switch := strikes("extra-columns", key):
            record += "^9" * int(switch.value or 1)
        return record

    def _emptied(self, record: str, switch: Switch, text: str) -> str:
        """All fields but symbol and time, or ``switch.value`` of them in turn, become ``text``."""
        fields = record.split("^")
        places = [place for place in range(len(fields)) if place not in KEPT]
        if switch.value is not None:
            start = self._turn % len(places)
            places = (places + places)[start : start + min(int(switch.value), len(places))]
        for place in places:
            fields[place] = text
        return "^".join(fields)

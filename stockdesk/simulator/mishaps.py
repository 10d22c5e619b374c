"""Everything that can be made to go wrong on demand: one table of names, and which of them are on."""

import random
import time
from collections import Counter
from dataclasses import dataclass
from typing import Any

MISHAPS: dict[str, str] = {
    # the socket and its session
    "refuse-connects": "new sockets are reset before the handshake",
    "accept-and-close": "the handshake succeeds, then the session is closed at once (`value` cut: no close frame)",
    "close-at-message": "the session is closed at its first message, so that its key is known to the ledger",
    "in-use": "the first message of a session is answered with OPSP8996 and the session is dropped",
    "held-slot": "after an unclean end the key stays in use (OPSP8996) for `value` seconds (default 20)",
    "unknown-approval": "registrations are answered with OPSP0011, invalid approval",
    "full": "registrations are answered with OPSP0008, max subscribe over",
    "deaf": "registrations are neither answered nor done",
    "wrong-hts-id": "a registration for notices is answered with OPSP0017 (`value` lost: the line is dropped)",
    "silent": "the session stays open and sends nothing at all, no PINGPONG, no replies",
    "pingpong-only": "PINGPONG and replies flow, ticks do not",
    "no-pingpong": "ticks flow, PINGPONG does not",
    # tick frames
    "truncated": "frames are cut off in the middle of a record",
    "garbage": "frames are replaced by text that is no frame",
    "bad-utf8": "a text frame carries bytes that are not UTF-8, which makes client libraries close with 1007",
    "oversize": "a frame larger than 1 MiB, which makes client libraries close with 1009",
    "blank-fields": "fields of a record come empty: `value` of them, or all but symbol and time",
    "null-fields": "as blank-fields, with the text (null)",
    "odd-values": "price, ask, bid and volume come as `value` (default 0)",
    "extra-columns": "records are `value` columns longer than we know (default 1)",
    "records": "every frame carries `value` records (default 3)",
    "old-ticks": "frames carry a trade of `value` seconds ago (default 60) with a smaller running volume",
    # notices
    "wrong-key": "notices are encrypted with another key than the one that was announced",
    "notices-lost": "execution notices are not sent",
    "notices-doubled": "execution notices are sent twice",
    "notices-late": "execution notices come `value` seconds late (default 10)",
    "notices-early": "notices of an order go out `value` seconds before its answer (default 0.3)",
    # orders: order-cash and order-rvsecncl alike, unless narrowed by TR id
    "order-refused": "orders are refused with code `value` (default APBK0918)",
    "order-lost": "orders are not booked, and the connection closes without an answer",
    "order-answer-lost": "orders are booked, and the connection closes without an answer",
    "order-timeout": "orders are answered with EGW00302, HTTP 500, though booked (`value` lost: and not booked)",
    "order-without-number": "orders are booked and answered with an empty order number",
    "order-rejected": "new and amended orders get a number and are then rejected by the exchange, with a notice",
    "no-fill": "orders that come in are never filled by the market",
    "part-fill": "of orders that come in only `value` per cent are filled by the market (default 50)",
    # lists
    "second-page": "continued pages of orders and holdings are answered with EGW00002, HTTP 500",
    "no-rows": "lists of orders and holdings come without rows, beside their true totals",
    # REST
    "over-limit": "calls are refused with EGW00201, HTTP 500",
    "over-limit-200": "calls are refused with EGW00201, HTTP 200",
    "ledger-limit": "calls are refused with EGW00215, HTTP 500",
    "token-dead": "calls are refused with EGW00123, whatever their token",
    "token-refused": "tokenP answers EGW00133, HTTP 403",
    "server-error": "calls are answered with EGW00002, HTTP 500",
    "html-body": "calls are answered with an HTML page and status `value` (default 200)",
    "empty-body": "calls are answered with an empty body, HTTP 200",
    "cut-body": "the connection closes in the middle of the body",
    "drip": "the body comes byte by byte, one every `value` seconds (default 0.5)",
    "no-answer": "the call is done, then the connection closes without an answer",
    "slow": "answers come `value` seconds late (default 5)",
    "short-master": "the master files end after `value` per cent of their lines (default 50)",
    "wrong-date": "the Date header is off by `value` seconds (default 600)",
    # the public sources; the ones above strike there too, under the TR ids dart and datagokr
    "dart-status": "DART answers with status `value` (default 020), XML in place of a zip",
    "dart-html": "DART answers with a page about maintenance, HTTP 200",
    "dart-broken-zip": "DART's zips are cut off in the middle",
    "dart-cp949": "DART's documents are CP949 though they say UTF-8",
    "dart-blank-amounts": "amounts in DART's figures come empty, null, as a hyphen or not at all",
    "dart-filing-between-pages": "a filing comes in between two pages of the list",
    "datagokr-code": "data.go.kr answers with resultCode `value` (default 22) in its ordinary envelope",
    "datagokr-gateway": "the gateway of data.go.kr refuses with code `value` (default 30), JSON, HTTP 403",
    "datagokr-gateway-xml": "the gateway refuses with code `value` (default 30), XML though JSON was asked, HTTP 200",
    "datagokr-text": "the gateway answers with the words `value` (default API token quota exceeded)",
    "datagokr-unpublished": "data.go.kr has no rows of any day yet",
    "datagokr-moving-count": "totalCount differs from page to page",
}

# mishaps whose `value` is a number, and between which bounds
NUMBERS: dict[str, tuple[float, float]] = {
    "held-slot": (0, 86_400),
    "blank-fields": (1, 100),
    "null-fields": (1, 100),
    "extra-columns": (1, 1_000),
    "records": (1, 999),
    "old-ticks": (0, 86_400),
    "html-body": (200, 504),
    "notices-late": (0, 3_600),
    "notices-early": (0, 60),
    "part-fill": (1, 99),
    "drip": (0, 60),
    "short-master": (0, 100),
    "slow": (0, 3_600),
    "wrong-date": (-1e9, 1e9),
}


@dataclass(slots=True)
class Switch:
    """One mishap that is on: the next ``count`` times, for ``seconds``, for one ``key`` or TR id, for a ``share``."""

    name: str
    count: int | None = None
    ends_at: float | None = None  # on the monotonic clock
    key: str | None = None  # id of the app key
    tr_id: str | None = None  # of a REST call; tokenP and Approval by these names
    share: float = 1.0
    value: Any = None

    def shown(self) -> dict[str, Any]:
        left = None if self.ends_at is None else round(self.ends_at - time.monotonic(), 1)
        return {
            "count": self.count,
            "seconds": left,
            "key": self.key,
            "tr_id": self.tr_id,
            "share": self.share,
            "value": self.value,
        }


class Mishaps:
    """Which mishaps are on. Asking with :meth:`strikes` spends one of a counted switch."""

    def __init__(self, seed: int = 1) -> None:
        self._random = random.Random(seed)
        self.on: dict[str, list[Switch]] = {}
        self.struck: Counter[str] = Counter()

    def switch_on(
        self,
        name: str,
        *,
        count: int | None = None,
        seconds: float | None = None,
        key: str | None = None,
        tr_id: str | None = None,
        share: float = 1.0,
        value: Any = None,
    ) -> Switch:
        """Switch ``name`` on, in place of an earlier switch of the same name and key; raises ValueError."""
        if name not in MISHAPS:
            raise ValueError(f"no mishap called {name}")
        if not 0 < share <= 1 or (count is not None and count < 1) or (seconds is not None and seconds <= 0):
            raise ValueError("share lies in (0, 1], count starts at 1, seconds are above 0")
        if value is not None and name in NUMBERS:
            least, most = NUMBERS[name]
            if type(value) not in (int, float) or not least <= value <= most:
                raise ValueError(f"value of {name} is a number from {least:g} to {most:g}")
        ends_at = None if seconds is None else time.monotonic() + seconds
        switch = Switch(name, count, ends_at, key, tr_id, share, value)
        self.switch_off(name, key)
        self.on.setdefault(name, []).append(switch)
        return switch

    def switch_off(self, name: str, key: str | None = None) -> None:
        """Switch ``name`` off for one key, or its switch for all keys."""
        if name not in MISHAPS:
            raise ValueError(f"no mishap called {name}")
        rest = [switch for switch in self.on.pop(name, []) if switch.key != key]
        if rest:
            self.on[name] = rest

    def clear(self) -> None:
        self.on.clear()
        self.struck.clear()

    def strikes(self, name: str, key: str | None, tr_id: str | None = None) -> Switch | None:
        """The switch that hits this occasion, or None. ``key`` and ``tr_id`` say whom it concerns, where known."""
        for switch in self.on.get(name, ()):
            if switch.ends_at is not None and time.monotonic() >= switch.ends_at:
                self._drop(switch)
                return self.strikes(name, key, tr_id)
            if switch.key not in (None, key) or switch.tr_id not in (None, tr_id):
                continue
            if switch.share < 1 and self._random.random() >= switch.share:
                continue
            if switch.count is not None:
                switch.count -= 1
                if switch.count <= 0:
                    self._drop(switch)
            self.struck[name] += 1
            return switch
        return None

    def _drop(self, switch: Switch) -> None:
        rest = [other for other in self.on[switch.name] if other is not switch]
        if rest:
            self.on[switch.name] = rest
        else:
            del self.on[switch.name]

    def shown(self) -> dict[str, list[dict[str, Any]]]:
        return {name: [switch.shown() for switch in switches] for name, switches in self.on.items()}

"""Every POST of an order that arrived, and what became of it: what a checker holds the desk's ledger against."""

import itertools
from collections import Counter, deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from stockdesk.simulator.ledger import busiest

POSTS_KEPT = 20_000
TEXT_KEPT = 20
# Account number, keys and whatever else a body may carry stay out.
SHOWN = frozenset(
    (
        "PDNO",
        "ORD_DVSN",
        "ORD_QTY",
        "ORD_UNPR",
        "CNDT_PRIC",
        "SLL_TYPE",
        "EXCG_ID_DVSN_CD",
        "KRX_FWDG_ORD_ORGNO",
        "ORGN_ODNO",
        "RVSE_CNCL_DVSN_CD",
        "QTY_ALL_ORD_YN",
    )
)


@dataclass(slots=True)
class Post:
    """One POST to order-cash or order-rvsecncl. ``done`` is booked, refused, or lost before it was booked."""

    serial: int
    at: float  # epoch seconds
    clock: float  # the same on the monotonic clock
    key: str
    tr_id: str
    new: bool  # order-cash
    body: dict[str, str]
    done: str = "refused"
    code: str = ""
    order_no: int | None = None

    def shown(self) -> dict[str, Any]:
        return {
            "serial": self.serial,
            "at": round(self.at, 4),
            "clock": round(self.clock, 4),
            "key": self.key,
            "tr_id": self.tr_id,
            "new": self.new,
            "body": self.body,
            "done": self.done,
            "code": self.code,
            "order_no": self.order_no,
        }


class Posts:
    """The last so many of them, in order of arrival."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        self.kept: deque[Post] = deque(maxlen=POSTS_KEPT)
        self._serial = itertools.count(1)

    def arrived(self, at: float, clock: float, key: str, tr_id: str, new: bool, body: Mapping[str, object]) -> Post:
        shown = {name: str(value)[:TEXT_KEPT] for name, value in body.items() if name in SHOWN}
        post = Post(next(self._serial), at, clock, key, tr_id, new, shown)
        self.kept.append(post)
        return post

    def shown(self, last: int) -> list[dict[str, Any]]:
        return [post.shown() for post in list(self.kept)[-last:]] if last > 0 else []

    def summary(self) -> dict[str, Any]:
        """Per key, of new orders: how many, what became of them, and how close together they came."""
        by_key: dict[str, list[Post]] = {}
        for post in self.kept:
            if post.new:
                by_key.setdefault(post.key, []).append(post)
        return {key: self._of_key(posts) for key, posts in by_key.items()}

    @staticmethod
    def _of_key(posts: list[Post]) -> dict[str, Any]:
        times = sorted(post.clock for post in posts)
        gaps = [later - earlier for earlier, later in itertools.pairwise(times)]
        return {
            "total": len(posts),
            "done": dict(Counter(post.done for post in posts)),
            "closest_seconds": round(min(gaps), 4) if gaps else None,
            "most_in_a_second": busiest(times, 1.0),
        }

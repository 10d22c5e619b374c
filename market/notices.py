"""Execution notices as they came: append only, and storing one twice is harmless."""

import hashlib
import hmac
from collections.abc import Iterable
from datetime import datetime, timedelta

from market.models import ExecutionNotice
from stockdesk.kis import messages

_COPIED = (
    "account", "order_no", "original_order_no", "side", "correction", "order_kind", "order_condition", "symbol",
    "name", "quantity", "price", "order_quantity", "order_price", "refused", "filled", "acceptance", "branch_no",
    "exchange", "credit_class", "credit_loan_on",
)  # fmt: skip


def save_notices(
    notices: Iterable[messages.ExecutionNotice], *, tr_id: str, hts_id: str, session: int, received_at: datetime
) -> int:
    """Store notices that arrived together; returns how many were offered. Safe to call again after an error.

    The digest adds place and second of arrival to KIS's text, and the position among equals: two equal
    fills in one second are two rows, one notice stored twice is one. Whose HTS id a notice carries is told by
    ``own`` alone; the id itself is stored nowhere. Raises ``django.db.Error``.
    """
    seen: dict[str, int] = {}
    rows = []
    for notice in notices:
        nth = seen[notice.digest] = seen.get(notice.digest, 0) + 1
        arrival = f"{notice.digest} {session} {received_at:%Y%m%d%H%M%S} {nth}"
        own = bool(hts_id) and hmac.compare_digest(notice.customer_id.encode(), hts_id.encode())
        digest = hashlib.sha256(arrival.encode()).hexdigest()
        rows.append(_row(notice, digest, tr_id, session, received_at, own=own))
    ExecutionNotice.objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows)


def _row(
    notice: messages.ExecutionNotice, digest: str, tr_id: str, session: int, received_at: datetime, *, own: bool
) -> ExecutionNotice:
    traded_at = datetime.combine(received_at.astimezone(messages.KST).date(), notice.clock_time, messages.KST)
    if traded_at - received_at > timedelta(hours=12):  # traded before midnight, told after it
        traded_at -= timedelta(days=1)
    copied = {name: getattr(notice, name) for name in _COPIED}
    return ExecutionNotice(
        digest=digest, received_at=received_at, session=session, tr_id=tr_id, own=own, traded_at=traded_at, **copied
    )

"""What trading draws over the chart of an issue: strike prices that are on, and what was filled."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from market.overlays import Line, Mark, Overlay, overlay_provider
from trading.models import Condition, Order

#: Further back the minutes themselves are gone.
FILLS_OF = timedelta(days=30)
MOST = 300


@overlay_provider
def conditions(symbol: str, user: Any) -> Iterator[Overlay]:
    """Strike prices of conditions that may fire; a rate or a trailing one has no price of its own."""
    if not user.has_perm("trading.view_condition"):
        return
    rows = Condition.objects.filter(symbol=symbol, enabled=True, problem="", strike_price__isnull=False)
    for row in rows.order_by("position", "id")[:MOST]:
        if row.strike_price is not None:
            if row.side == "buy":
                yield Line(row.strike_price, _("buy strike"), "buy")
            else:
                yield Line(row.strike_price, _("sell strike"), "sell")


@overlay_provider
def fills(symbol: str, user: Any) -> Iterator[Overlay]:
    """Orders that filled, each at its average price and at the time it became known."""
    if not user.has_perm("trading.view_order"):
        return
    since = timezone.now() - FILLS_OF
    rows = Order.objects.filter(symbol=symbol, filled_quantity__gt=0, filled_at__gte=since).order_by("-filled_at")
    for row in rows[:MOST]:
        if row.filled_at is not None:
            price = round(row.filled_amount / row.filled_quantity)
            yield Mark(row.filled_at, "buy" if row.side == "buy" else "sell", row.filled_quantity, price)

"""The account in the daily summary: total, the day's change, what is held."""

from collections.abc import Iterator
from datetime import date, datetime

from django.conf import settings
from django.utils.translation import gettext as _

from assets.accounts import own_account
from assets.models import Account, Balance, Holding
from stockdesk.alerts.registry import section
from stockdesk.kis.messages import KST

MOST_HOLDINGS = 10


@section("assets", 20)
def asset_lines(day: date, now: datetime) -> Iterator[str]:
    """Totals and holdings as the last complete balance had them. Nothing where the desk has no account."""
    if not settings.DESK.account:
        return
    account = Account.objects.filter(pk=own_account()).first()
    balance = Balance.objects.filter(account_id=own_account()).first()
    if account is None or account.updated_at is None or balance is None:
        yield _("Assets: no balance yet")
        return
    at = account.updated_at.astimezone(KST)
    stamp = f"{at:%H:%M}" if at.date() == day else f"{at:%Y-%m-%d %H:%M}"
    yield _("Total value: %(value)s KRW (at %(time)s)") % {"value": _won(balance.total_value), "time": stamp}
    if balance.total_value is not None and balance.previous_total:
        change = balance.total_value - balance.previous_total
        percent = change / balance.previous_total * 100
        yield _("Change of the day, realised and not: %(change)s KRW (%(rate)s%%)") % {
            "change": f"{change:+,}", "rate": f"{percent:+.2f}",
        }  # fmt: skip
    if (
        balance.realised_profit is not None
        and balance.realised_at
        and balance.realised_at.astimezone(KST).date() == day
    ):
        yield _("Realised profit and loss: %s KRW") % _won(balance.realised_profit, "+")
    yield _("Unrealised profit and loss: %s KRW") % _won(balance.profit_loss, "+")
    holdings = list(Holding.objects.filter(account_id=own_account(), quantity__gt=0).order_by("-evaluation_amount"))
    yield _("Holdings: %d") % len(holdings)
    for holding in holdings[:MOST_HOLDINGS]:
        rate = "" if holding.profit_rate is None else f" {holding.profit_rate:+.2f}%"
        shares = _("%s shares") % f"{holding.quantity:,}"
        yield f"- {holding.name or holding.symbol} {shares}{rate}"


def _won(amount: int | None, sign: str = "") -> str:
    return "-" if amount is None else f"{amount:{sign},}"

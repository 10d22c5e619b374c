"""Figures of the account: how old its balance is, and whether the last look at it failed."""

from collections.abc import Iterator

from django.conf import settings
from django.utils import timezone
from prometheus_client.core import Metric

from assets.accounts import own_account
from assets.models import Account
from stockdesk.metrics import figures_of_tables, plain


@figures_of_tables
def account() -> Iterator[Metric]:
    row = Account.objects.filter(pk=own_account()).first() if settings.DESK.account else None
    if row is None:
        return
    age = (timezone.now() - row.updated_at).total_seconds() if row.updated_at else None
    yield from plain("assets_age_seconds", "Seconds since the account was read whole.", age)
    yield from plain("assets_stale", "1 if the last look at the account failed, else 0.", int(row.stale))

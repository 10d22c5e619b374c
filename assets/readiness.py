"""What ``/readyz`` asks of the assets: a complete balance of the desk's account, young enough to act on."""

from collections.abc import Iterator

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from assets.accounts import own_account
from assets.models import Account
from stockdesk.health import Reason, ready_check
from stockdesk.manager.states import rests

ASSET_SECONDS = 30  # no order uses an older row


@ready_check
def assets_are_fresh() -> Iterator[Reason]:
    if not settings.DESK.account:
        return  # a desk may watch prices only
    if rests("assets"):
        return
    account = Account.objects.filter(pk=own_account()).first()
    if account is None or account.updated_at is None:
        yield Reason("assets_absent", _("No balance has arrived yet."))
        return
    seconds = (timezone.now() - account.updated_at).total_seconds()
    if seconds > ASSET_SECONDS:
        yield Reason("assets_stale", _("The balance is %d s old.") % seconds)

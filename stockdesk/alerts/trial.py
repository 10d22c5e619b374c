"""A message that tries the way: to every channel, whatever its level."""

from datetime import datetime

from django.utils.translation import gettext as _

from stockdesk.alert_models import Alert
from stockdesk.alerts import ledger
from stockdesk.alerts.channels import Channel
from stockdesk.kis.messages import KST


def words(now: datetime) -> tuple[str, str]:
    """Title and text of the message, in the active language."""
    at = f"{now.astimezone(KST):%Y-%m-%d %H:%M:%S}"
    return _("[Test] Alerts arrive"), _("Sent at %s. There is nothing to do.") % at


def queue(channels: list[Channel], now: datetime) -> None:
    """Have it sent by the program that sends all alerts; the list of sent alerts shows what becomes of it."""
    title, body = words(now)
    alert = Alert(kind=Alert.Kind.TEST, level=Alert.Level.INFO, title=title, body=body, created_at=now)
    ledger.write(alert, [], channels)

"""The desk's own nightly jobs: the master of listed issues, what is kept of raw answers, the backup."""

from datetime import date

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from collectors import backups, retention
from collectors.due import Newest, each_day
from collectors.errors import SourceError
from collectors.jobs import Job, one_item, register
from collectors.reference.days import is_trading_day
from collectors.sources import DESK, MASTER
from market.instruments import load_instruments
from stockdesk.kis.masterfiles import MasterFiles

#: Seconds for one of the three files: all of them must be there before another worker takes the item.
A_FILE = 30.0


def instruments(day: date, item: str) -> int:
    """Load KIS's master files; the number of listed issues. SourceError when a list was not taken."""
    loaded = load_instruments(MasterFiles(settings.DESK.kis_master_url, deadline=A_FILE))
    if loaded.refused:
        raise SourceError("; ".join(loaded.refused.values()), source=MASTER)
    return sum(loaded.listed.values())


register(
    Job(
        "instruments",
        _("List of issues"),
        one_item,
        instruments,
        Newest(each_day(6, 20, counts=is_trading_day)),
        MASTER,
    )
)
register(Job("backup", _("Backup"), one_item, backups.fetch, Newest(each_day(5, 20)), DESK))
register(Job("retention", _("Raw answers tidied up"), one_item, retention.fetch, Newest(each_day(5)), DESK))

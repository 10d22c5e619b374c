"""What the dashboard shows of other countries: one line of indices and rates."""

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from collectors.overseas.models import OverseasQuote
from stockdesk.sheets import Rows, say, show, table_rows

OVERSEAS = ("place", "name", "price", "change", "change_rate", "on", "is_open", "read_at")


def overseas_rows() -> Rows:
    rows = table_rows(OverseasQuote, OVERSEAS, "ORDER BY `place`")
    day = OVERSEAS.index("on")
    return {
        symbol: [str(v) if at == day and v is not None else v for at, v in enumerate(row)]
        for symbol, row in rows.items()
    }


show("overseas", OVERSEAS, overseas_rows)


def words() -> dict[str, str]:
    """What the strip says of an index."""
    return {
        "overseas.open": _("Trading, read at {time}"),
        "overseas.closed": _("Close of {day}, read at {time}"),
        "overseas.old": _("Trading, but not renewed since {time}"),
    }


say(words, [gettext_noop("{1} was asked for, {2} answered")])

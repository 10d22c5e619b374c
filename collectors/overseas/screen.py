"""What the dashboard shows of other countries: one line of indices and rates."""

from collectors.overseas.models import OverseasQuote
from stockdesk.sheets import Rows, show, table_rows

OVERSEAS = ("place", "name", "price", "change", "change_rate", "on", "is_open", "read_at")


def overseas_rows() -> Rows:
    rows = table_rows(OverseasQuote, OVERSEAS, "ORDER BY `place`")
    day = OVERSEAS.index("on")
    return {
        symbol: [str(v) if at == day and v is not None else v for at, v in enumerate(row)]
        for symbol, row in rows.items()
    }


show("overseas", OVERSEAS, overseas_rows)

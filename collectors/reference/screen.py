"""What the dashboard shows of the rankings: the first places of the newest day of each."""

from django.utils.translation import gettext_noop

from collectors.reference.models import Ranking
from stockdesk.sheets import Rows, columns, say, show, table_rows

RANKING = ("by", "on", "place", "symbol", "name", "price", "change", "sign", "change_rate", "volume")
SHOWN = (Ranking.By.VOLUME.value, Ranking.By.UP.value, Ranking.By.DOWN.value)
PLACES = 10

_TABLE, _BY, _ON, _PLACE = Ranking._meta.db_table, *(columns(Ranking, name) for name in ("by", "on", "place"))
_NEWEST = (
    f"WHERE {_PLACE} <= %s AND ({_BY}, {_ON}) IN "
    f"(SELECT {_BY}, MAX({_ON}) FROM `{_TABLE}` WHERE {_BY} IN (%s, %s, %s) GROUP BY {_BY})"
)


def ranking_rows() -> Rows:
    rows = table_rows(Ranking, RANKING, _NEWEST, PLACES, *SHOWN)
    day = RANKING.index("on")
    for row in rows.values():
        row[day] = str(row[day])
    return rows


show("rankings", RANKING, ranking_rows)


say(dict, [gettext_noop("tasks are queued, but no worker takes them: is the program worker running?")])

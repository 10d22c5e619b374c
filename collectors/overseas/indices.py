"""Which indices and rates are followed, at which exchange's hours, and by which names the broker calls them."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from collectors.overseas.holidays import HOLIDAYS

SATURDAY = 5
#: A bar is final this long after the close.
SETTLED = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Exchange:
    """Trading hours on the exchange's own clock; ``calendar`` is its name in the holidays library."""

    zone: str
    opens: time
    closes: time
    calendar: str = ""

    def local(self, now: datetime) -> datetime:
        return now.astimezone(ZoneInfo(self.zone))

    def is_session(self, on: date) -> bool:
        """Whether this date there is a day of trading, as far as is known."""
        return on.weekday() < SATURDAY and not (self.calendar and HOLIDAYS.has(self.calendar, on))

    def is_open(self, now: datetime) -> bool:
        local = self.local(now)
        return self.is_session(local.date()) and self.opens <= local.time() < self.closes

    def is_final(self, on: date, now: datetime) -> bool:
        """Whether the bar of that local date can change no more."""
        local = self.local(now)
        closed_at = datetime.combine(on, self.closes, ZoneInfo(self.zone))
        return on < local.date() or (on == local.date() and now >= closed_at + SETTLED)

    def last_session(self, now: datetime) -> date:
        """The newest local date whose bar is final."""
        on = self.local(now).date()
        while not (self.is_session(on) and self.is_final(on, now)):
            on -= timedelta(days=1)
        return on


NEW_YORK = Exchange("America/New_York", time(9, 30), time(16, 0), "NYSE")
# Cboe's index is computed until a quarter of an hour after the stocks.
CBOE = Exchange("America/New_York", time(9, 30), time(16, 15), "NYSE")
TOKYO = Exchange("Asia/Tokyo", time(9, 0), time(15, 30), "XJPX")
HONG_KONG = Exchange("Asia/Hong_Kong", time(9, 30), time(16, 0), "XHKG")
SHANGHAI = Exchange("Asia/Shanghai", time(9, 30), time(15, 0), "XSHG")
FRANKFURT = Exchange("Europe/Berlin", time(9, 0), time(17, 30), "XETR")
# The won has no clean close: by day in Seoul, by night elsewhere. A day's bar is done when the next has begun.
SEOUL = Exchange("Asia/Seoul", time(9, 0), time(23, 29))


@dataclass(frozen=True, slots=True)
class Index:
    """One index or rate. The broker's name for it, blanks aside, must hold one of ``names``, or be one with ``=``.

    Neighbours have names much alike (항셍 and 항셍 H지수, 다우존스 and 다우존스 운송), hence the long ones here.
    """

    symbol: str
    division: str  # N index, X currency, I bond
    name: str
    names: tuple[str, ...]
    exchange: Exchange


INDICES = (
    Index("SPX", "N", "S&P 500", ("S&P500",), NEW_YORK),
    Index("COMP", "N", "나스닥", ("나스닥종합", "=나스닥", "=나스닥지수", "NASDAQCOMP"), NEW_YORK),
    Index("NDX", "N", "나스닥 100", ("나스닥100", "NASDAQ100"), NEW_YORK),
    Index(
        ".DJI", "N", "다우", ("다우존스산업", "다우산업", "다우존스30", "=다우존스", "=다우", "DOWJONESIND"), NEW_YORK
    ),
    Index("SOX", "N", "필라델피아 반도체", ("필라델피아반도체", "PHLXSEMI"), NEW_YORK),
    Index("VIX", "N", "VIX", ("VIX", "변동성지수"), CBOE),
    Index("JP#NI225", "N", "닛케이 225", ("니케이225", "닛케이225", "=니케이", "=닛케이", "NIKKEI225"), TOKYO),
    Index("HK#HS", "N", "항셍", ("항셍지수", "=항셍", "=홍콩항셍", "HANGSENGINDEX"), HONG_KONG),
    Index("SHANG", "N", "상해종합", ("상해종합", "상하이종합", "=상해", "SHANGHAICOMP"), SHANGHAI),
    Index("GR#DAX", "N", "독일 DAX", ("DAX",), FRANKFURT),
    Index("FX@KRW", "X", "원/달러", ("원/달러", "달러/원", "USD/KRW", "USDKRW", "원달러"), SEOUL),
    Index("Y0202", "I", "미국채 10년", ("미국채10년", "미국국채10년", "미국10년", "美국채10년"), NEW_YORK),
)
BY_SYMBOL = {index.symbol: index for index in INDICES}
CALENDARS = sorted({index.exchange.calendar for index in INDICES} - {""})

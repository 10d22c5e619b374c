"""Market and account as values for the engine. It only reads: what others keep is not ours to change."""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time, timedelta

from assets.models import Account, Balance, Holding
from market.models import ExecutionNotice, FeedSession, Instrument, Quote
from stockdesk.kis.messages import KST
from trading.ports import MarketData
from trading.values import BalanceView, HoldingView, InstrumentView, Notice, QuoteView, age

#: run_ws_market writes its sessions' rows once a second; one that is older tells nothing any more.
MAX_SESSION_AGE = 10.0

_QUOTE = (
    "symbol", "last_price", "received_at", "traded_at", "base_price", "change", "source", "session", "halted",
)  # fmt: skip
REST = "rest"
_MARKS = ("halted", "administrative", "alerted", "liquidating", "overheated")
_INSTRUMENT = ("symbol", "kind", "base_price", *_MARKS)


class DatabaseReader:
    """`trading.ports.Reader` on the tables of market and assets.

    ``account`` is the asset rows' id of our account (`assets.accounts.own_account`), ``number`` its ten digits: a
    notice of anybody else's is none of ours. No table tells of VI: the broker is asked right before an order.
    """

    def __init__(
        self,
        *,
        account: str,
        number: str,
        using: str = "default",
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._account = account
        self._number = number.replace("-", "")
        self._using = using
        self._now = now
        self._assets: tuple[datetime, BalanceView, dict[str, HoldingView]] | None = None
        self._heard: tuple[date, int, list[Notice]] | None = None

    def market_data(self, symbols: Sequence[str]) -> MarketData:
        account = Account.objects.using(self._using).filter(pk=self._account).only("updated_at").first()
        if account is None or account.updated_at is None:
            return MarketData(self._quotes(symbols))
        balance, holdings = self._assets_of(account.updated_at)
        return MarketData(self._quotes(symbols), holdings, balance)

    def notices(self, day: date) -> list[Notice]:
        """Only what came since the last call is read: one process writes them, one after the other."""
        if self._heard is None or self._heard[0] != day:
            self._heard = (day, 0, [])
        _, last, heard = self._heard
        start = datetime.combine(day, time(0), KST)
        rows = ExecutionNotice.objects.using(self._using).filter(
            id__gt=last, received_at__gte=start, received_at__lt=start + timedelta(days=1)
        )
        for row in rows.order_by("id"):
            last = row.id
            if self._is_ours(row):
                heard.append(_notice(row))
        self._heard = (day, last, heard)
        return list(heard)

    def _assets_of(self, updated_at: datetime) -> tuple[BalanceView, dict[str, HoldingView]]:
        """Balance and holdings as read at that time: they are replaced together with it, in one transaction.

        Where it moved on while we read, the newer rows stand under the older time, which only makes them older.
        """
        if self._assets is None or self._assets[0] != updated_at:
            row = Balance.objects.using(self._using).filter(pk=self._account).first()
            cash = row.deposit_d2 if row is not None else None
            balance = BalanceView(cash=cash, asked_at=updated_at, day_profit=_day_profit(row))
            own = Holding.objects.using(self._using).filter(account_id=self._account)
            self._assets = (updated_at, balance, {holding.symbol: _holding(holding) for holding in own})
        return self._assets[1], self._assets[2]

    def _quotes(self, symbols: Sequence[str]) -> dict[str, QuoteView]:
        quotes = Quote.objects.using(self._using).filter(symbol__in=symbols).only(*_QUOTE)
        master = self._master(symbols)
        alive = {session.number for session in FeedSession.objects.using(self._using).all() if self._lives(session)}
        return {
            quote.symbol: QuoteView(
                symbol=quote.symbol,
                last_price=quote.last_price,
                received_at=quote.received_at,
                # REST tells of no trade: what stands there is of an older tick.
                traded_at=None if quote.source == REST else quote.traded_at,
                base_price=quote.base_price or _base_of(quote, master.get(quote.symbol)),
                covered=quote.source == REST or quote.session in alive,
                halted=None if quote.halted is None else quote.halted == "Y",
                single_price=False,
                instrument=_instrument(master.get(quote.symbol)),
            )
            for quote in quotes
        }

    def _master(self, symbols: Sequence[str]) -> dict[str, Instrument]:
        return Instrument.objects.using(self._using).only(*_INSTRUMENT).in_bulk(list(symbols))

    def _lives(self, session: FeedSession) -> bool:
        seconds = age(session.updated_at, self._now())
        fresh = seconds is not None and -1 <= seconds <= MAX_SESSION_AGE
        return session.state == FeedSession.State.LIVE and fresh

    def _is_ours(self, row: ExecutionNotice) -> bool:
        """KIS writes the account as eight or as ten digits. A mark of ours that is not set matches nothing."""
        accounts = (self._number, self._number[:8]) if self._number else ()
        return row.own and row.account in accounts and bool(row.order_no)


def _holding(row: Holding) -> HoldingView:
    return HoldingView(row.symbol, row.quantity, row.orderable_quantity, row.average_price)


def _instrument(row: Instrument | None) -> InstrumentView | None:
    return None if row is None else InstrumentView(row.kind, **{mark: getattr(row, mark) for mark in _MARKS})


def _base_of(quote: Quote, instrument: Instrument | None) -> int | None:
    if quote.last_price is not None and quote.change is not None:
        return quote.last_price - quote.change
    return instrument.base_price if instrument is not None else None


def _day_profit(row: Balance | None) -> int | None:
    """Total value against the day before; a deposit or a withdrawal of the day is in it too."""
    if row is None or row.total_value is None or row.previous_total is None:
        return None
    return row.total_value - row.previous_total


def _notice(row: ExecutionNotice) -> Notice:
    return Notice(
        order_no=row.order_no,
        symbol=row.symbol,
        side="buy" if row.side == "02" else "sell",
        quantity=row.quantity or 0,
        price=row.price or 0,
        filled=row.filled,
        refused=row.refused,
        traded_at=row.traded_at or row.received_at,
        original_order_no=row.original_order_no,
        order_quantity=row.order_quantity,
    )

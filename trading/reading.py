"""Market and account as values for the engine. It only reads: what others keep is not ours to change."""

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time, timedelta

from assets.models import Account, Balance, Holding
from market.models import ExecutionNotice, FeedSession, Instrument, Quote
from stockdesk.kis.messages import KST
from trading.ports import MarketData
from trading.views import BalanceView, HoldingView, InstrumentView, Notice, QuoteView, age

#: run_ws_market writes its sessions' rows once a second; one that is older tells nothing any more.
MAX_SESSION_AGE = 10.0


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

    def market_data(self, symbols: Sequence[str]) -> MarketData:
        account = Account.objects.using(self._using).filter(pk=self._account).first()
        balance, holdings = None, None
        if account is not None and account.updated_at is not None:
            row = Balance.objects.using(self._using).filter(pk=self._account).first()
            balance = BalanceView(
                cash=row.deposit_d2 if row is not None else None,
                asked_at=account.updated_at,
                stale=account.stale,
                day_profit=_day_profit(row),
            )
            own = Holding.objects.using(self._using).filter(account_id=self._account)
            holdings = {holding.symbol: _holding(holding) for holding in own}
        return MarketData(self._quotes(symbols), holdings, balance)

    def notices(self, day: date) -> list[Notice]:
        start = datetime.combine(day, time(0), KST)
        rows = ExecutionNotice.objects.using(self._using).filter(
            received_at__gte=start, received_at__lt=start + timedelta(days=1)
        )
        return [_notice(row) for row in rows.order_by("id") if self._is_ours(row)]

    def _quotes(self, symbols: Sequence[str]) -> dict[str, QuoteView]:
        quotes = Quote.objects.using(self._using).filter(symbol__in=symbols)
        master = Instrument.objects.using(self._using).in_bulk(list(symbols))
        alive = {session.number for session in FeedSession.objects.using(self._using).all() if self._lives(session)}
        return {
            quote.symbol: QuoteView(
                symbol=quote.symbol,
                last_price=quote.last_price,
                received_at=quote.received_at,
                traded_at=quote.traded_at,
                base_price=quote.base_price or _base_of(quote, master.get(quote.symbol)),
                covered=quote.source == "rest" or quote.session in alive,
                halted=None if quote.halted is None else quote.halted == "Y",
                single_price=False,
                instrument=_instrument(master.get(quote.symbol)),
            )
            for quote in quotes
        }

    def _lives(self, session: FeedSession) -> bool:
        seconds = age(session.updated_at, self._now())
        fresh = seconds is not None and -1 <= seconds <= MAX_SESSION_AGE
        return session.state == FeedSession.State.LIVE and fresh

    def _is_ours(self, row: ExecutionNotice) -> bool:
        """KIS writes the account as eight or as ten digits. A mark of ours that is not set matches nothing."""
        return (
            row.own and bool(self._number) and row.account in (self._number, self._number[:8]) and bool(row.order_no)
        )


def _holding(row: Holding) -> HoldingView:
    return HoldingView(row.symbol, row.quantity, row.orderable_quantity, row.average_price)


def _instrument(row: Instrument | None) -> InstrumentView | None:
    return None if row is None else InstrumentView(row.kind, row.halted, row.administrative, row.alerted)


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
        order_price=row.order_price,
    )

"""Market and account as ``run_ws_market`` and ``run_assets`` keep them, taken from the simulator by the test."""

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from assets.accounts import account_id
from assets.models import Account, Balance, Holding
from market.models import FeedSession, Instrument, Quote
from stockdesk.kis.messages import KST
from stockdesk.simulator.testing import RunningSimulator, new_key
from trading.models import Condition, Desk
from trading.views import Mode, Pricing, Sizing, Trigger

KEY, SECRET = new_key()
NUMBER = "50123456-01"
CASH = 5_000_000_000
SETTINGS = {
    "KIS_APP_KEY": KEY, "KIS_APP_SECRET": SECRET, "KIS_ACCOUNT": NUMBER, "KIS_HTS_ID": "toyuser",
    "DESK_DEMO": "1", "DESK_MODE": "mock",
}  # fmt: skip


class World:
    """The tables that trading reads, as fresh as the last `beat`."""

    def __init__(self, simulator: RunningSimulator) -> None:
        self.simulator = simulator
        self.symbols = [i.symbol for i in simulator.world.instruments if i.kind == "stock" and i.base_price < 90_000]
        Desk.objects.update_or_create(
            pk=1, defaults={
                "mode": Mode.MOCK.value, "max_orders_minute": 60, "max_orders_day": 10_000,
                "max_day_amount": 10**12, "max_symbol_amount": 10**12, "max_order_amount": 10**9,
            },
        )  # fmt: skip
        for instrument in simulator.world.instruments:
            Instrument.objects.create(
                symbol=instrument.symbol, name=instrument.name, market=instrument.market, kind=instrument.kind,
                base_price=instrument.base_price,
            )  # fmt: skip
        Quote.objects.bulk_create(
            Quote(symbol=i.symbol, last_price=i.base_price, base_price=i.base_price, source="ws", session=1)
            for i in simulator.world.instruments
        )
        # Somebody has touched this desk: the demo makes no conditions of its own beside the test's.
        Condition(symbol=self.symbols[-1], side="buy", enabled=False, strike_price=1, quantity=1).save()
        self.account = Account.objects.create(pk=account_id(NUMBER), number="5012****-01")
        self.frozen: set[str] = set()

    def beat(self) -> None:
        """Prices and the account as of now, but for what is ``frozen``: "quotes", "assets"."""
        now = datetime.now(KST)
        if "quotes" not in self.frozen:
            FeedSession.objects.update_or_create(number=1, defaults={"state": "live", "updated_at": now})
            Quote.objects.update(received_at=now, traded_at=now.replace(microsecond=0) - timedelta(seconds=1))
        if "assets" not in self.frozen:
            self._read_account(now)

    def _read_account(self, now: datetime) -> None:
        opened = list(self.simulator.control.accounts().values())  # it is opened by the first call of its key
        seen: dict[str, Any] = opened[0] if opened else {"cash": CASH, "holdings": {}}
        Balance.objects.update_or_create(account=self.account, defaults={"deposit_d2": seen["cash"]})
        for symbol, row in seen["holdings"].items():
            Holding.objects.update_or_create(
                pk=f"{self.account.pk}:{symbol}",
                defaults={
                    "account": self.account, "symbol": symbol,
                    "quantity": row["quantity"], "orderable_quantity": row["orderable"],
                    "average_price": Decimal(row["cost"]) / row["quantity"] if row["quantity"] else None,
                },
            )  # fmt: skip
        Account.objects.filter(pk=self.account.pk).update(updated_at=now)

    @staticmethod
    def now() -> datetime:
        return datetime.now(KST)

    def move(self, symbol: str, percent: int) -> None:
        """Let it trade that much above its base price."""
        base = self.simulator.world.by_symbol[symbol].base_price
        price = self.simulator.control.move(symbol, base * (100 + percent) // 100)
        Quote.objects.filter(pk=symbol).update(last_price=price)

    def buy(self, symbol: str, **changes: Any) -> Condition:
        """A buy of two shares that is met at any price, and fills at once."""
        base = self.simulator.world.by_symbol[symbol].base_price
        self.simulator.control.move(symbol, base)
        said = {
            "symbol": symbol, "side": "buy", "enabled": True, "trigger": Trigger.AT_OR_ABOVE.value, "strike_price": 1,
            "sizing": Sizing.QUANTITY.value, "quantity": 2, "pricing": Pricing.TICKS.value, "ticks": 10,
        }  # fmt: skip
        condition = Condition(**{**said, **changes})
        condition.save()
        return condition

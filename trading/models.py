"""Trading's tables, each subject in a module of its own."""

from trading.condition_models import Condition
from trading.desk_models import Desk, DeskChange
from trading.ledger_models import BrokerOrder, Fill, Order, Refusal
from trading.upkeep_models import Upkeep, UpkeepSetting

__all__ = ["BrokerOrder", "Condition", "Desk", "DeskChange", "Fill", "Order", "Refusal", "Upkeep", "UpkeepSetting"]

"""The broker's clients with the keys and addresses of the settings; every daemon makes its own here."""

from typing import TypeVar

from django.conf import settings

from stockdesk.budget import AsyncBudget, Budget
from stockdesk.env import AppKey
from stockdesk.keys import key_id
from stockdesk.kis.account import AccountClient
from stockdesk.kis.rest import Budget as Calls
from stockdesk.kis.rest import KisClient
from stockdesk.threads import DatabaseThread
from stockdesk.tokens import TokenStore

Account = TypeVar("Account", bound=AccountClient)


def market_client(key: AppKey, database: DatabaseThread, *, budget: Calls | None = None) -> KisClient:
    """For market data, with any key of the pool; ``database`` is where token and budget are asked for.

    ``budget`` where the caller watches the slots himself.
    """
    desk, identity = settings.DESK, key_id(key.key)
    return KisClient(
        desk.kis_rest_url,
        key.key,
        key.secret,
        mock=desk.on_mock_host,
        tokens=TokenStore(identity, database),
        budget=budget or AsyncBudget(Budget(identity, desk.calls_per_second), database),
    )


def account_client(kind: type[Account], database: DatabaseThread) -> Account:
    """For the desk's account, which belongs to the first key of the pool; without KIS_ACCOUNT there is none."""
    desk = settings.DESK
    key = desk.app_keys[0]
    identity = key_id(key.key)
    return kind(
        desk.kis_rest_url,
        key.key,
        key.secret,
        account=desk.account,
        mock=desk.on_mock,
        tokens=TokenStore(identity, database),
        budget=AsyncBudget(Budget(identity, desk.calls_per_second), database),
    )

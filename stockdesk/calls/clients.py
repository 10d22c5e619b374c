"""The broker's clients with the keys and addresses of the settings; every daemon makes its own here."""

from typing import Any, TypeVar

from django.conf import settings

from stockdesk.calls.budget import MAX_WAIT, AsyncBudget, Budget
from stockdesk.calls.keys import key_id
from stockdesk.calls.tally import tally_of
from stockdesk.calls.tokens import TokenStore
from stockdesk.env import AppKey
from stockdesk.kis.account import AccountClient
from stockdesk.kis.rest import Budget as Calls
from stockdesk.kis.rest import KisClient
from stockdesk.threads import DatabaseThread

Account = TypeVar("Account", bound=AccountClient)
Reader = TypeVar("Reader", bound=KisClient)


def market_client(key: AppKey, database: DatabaseThread, *, budget: Calls | None = None) -> KisClient:
    """For market data, with any key of the pool; ``database`` is where token and budget are asked for.

    ``budget`` where the caller watches the slots himself.
    """
    return reading_client(KisClient, key, database, budget=budget)


def reading_client(
    kind: type[Reader],
    key: AppKey,
    database: DatabaseThread,
    *,
    budget: Calls | None = None,
    max_wait: float = MAX_WAIT,
    **options: Any,
) -> Reader:
    """The same for a client that knows more calls, with what it takes besides; ``max_wait`` for a slot, seconds."""
    desk, identity = settings.DESK, key_id(key.key)
    return kind(
        desk.kis_rest_url,
        key.key,
        key.secret,
        mock=desk.on_mock_host,
        tokens=TokenStore(identity, database),
        failed=tally_of(identity).note,
        budget=budget or AsyncBudget(Budget(identity, desk.calls_per_second), database, max_wait=max_wait),
        **options,
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
        failed=tally_of(identity).note,
        budget=AsyncBudget(Budget(identity, desk.calls_per_second), database),
    )

"""One access token per app key for all processes, kept in MariaDB and sealed with SECRET_KEY.

KIS issues at most one token a minute and key, asks for one a day, and sends the account holder a message for
each (kis 2.1). So whoever needs one first claims the right to ask for it, in one UPDATE; the others wait.
"""

import asyncio
import base64
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.db import connection
from django.utils import timezone

from stockdesk.events import clear_event, raise_event
from stockdesk.kis.errors import KisError, NotSent
from stockdesk.kis.messages import IssuedToken
from stockdesk.logs import redact, redacted
from stockdesk.models import Token
from stockdesk.threads import DatabaseThread

log = logging.getLogger(__name__)

#: Events of a key without a usable token, and of one whose old token cannot be replaced.
SOURCE, REFUSED, OLD = "tokens", "token-refused", "token-old"

Issue = Callable[[], Awaitable[IssuedToken]]

#: Seconds between two attempts to issue: a minute, and one for the way there.
ISSUE_GAP = 61
#: After an attempt that never left this machine, and after a refused renewal while the old token still works.
UNSENT_GAP, RENEWAL_GAP = 5, 600
RENEW_BEFORE = timedelta(hours=1)
#: A token that ends sooner than this is over: the call must still arrive with it.
TOO_SHORT = timedelta(seconds=60)
PATIENCE = 15.0
POLL = 0.25
#: Seconds for which a token that was read is used without another look.
CACHED = 5.0

_CLAIM = """
    UPDATE stockdesk_token
    SET attempted_at = NOW(6), may_issue_at = NOW(6) + INTERVAL %s SECOND
    WHERE key_id = %s AND digest = %s
      AND (may_issue_at IS NULL OR may_issue_at <= NOW(6) OR may_issue_at > NOW(6) + INTERVAL 1 HOUR)
"""
_POSTPONE = """
    UPDATE stockdesk_token SET may_issue_at = attempted_at + INTERVAL %s SECOND, last_error = %s WHERE key_id = %s
"""
_REJECT = """
    UPDATE stockdesk_token SET sealed = '', digest = '', expires_at = NULL, last_error = 'refused by the broker'
    WHERE key_id = %s AND digest = %s
"""


@dataclass(frozen=True, slots=True)
class Held:
    """What the row says now."""

    value: str | None
    digest: str
    expires_at: datetime | None
    now: datetime

    @property
    def usable(self) -> bool:
        return self.value is not None and self.expires_at is not None and self.expires_at - self.now > TOO_SHORT

    @property
    def fresh(self) -> bool:
        return self.usable and self.expires_at is not None and self.expires_at - self.now > RENEW_BEFORE


class TokenStore:
    """The token of one app key, for `KisClient`."""

    def __init__(
        self,
        key_id: str,
        database: DatabaseThread,
        *,
        patience: float = PATIENCE,
        secret_key: str | None = None,
    ) -> None:
        self.key_id = key_id
        self._database = database
        self._patience = patience
        self._fernet = sealing_key(secret_key or settings.SECRET_KEY)
        self._one_at_a_time = asyncio.Lock()
        self._cached: tuple[str, float] | None = None

    async def get(self, issue: Issue) -> str:
        """The key's token: the stored one, or a new one from `issue` if it falls to this process to ask.

        Raises NotSent when no token came within 15 seconds, and whatever `issue` raises when it fails.
        """
        if self._cached and time.monotonic() < self._cached[1]:
            return self._cached[0]
        async with self._one_at_a_time:
            if self._cached and time.monotonic() < self._cached[1]:
                return self._cached[0]
            value = await self._find_or_issue(issue)
            self._cached = (value, time.monotonic() + CACHED)
            return value

    async def reject(self, token: str) -> None:
        """The broker no longer takes this token. However many processes say so, it is replaced once."""
        self._cached = None
        await self._database.run(self._reject, token)

    async def _find_or_issue(self, issue: Issue) -> str:
        end = time.monotonic() + self._patience
        while True:
            held = await self._database.run(self._read)
            if held.fresh and held.value:
                return held.value
            if await self._database.run(self._claim, held.digest):
                return await self._issue(issue, held)
            if held.usable and held.value:
                return held.value
            if time.monotonic() >= end:
                raise NotSent("no access token: another process is asking for one, or asked less than a minute ago")
            await asyncio.sleep(POLL)

    async def _issue(self, issue: Issue, held: Held) -> str:
        try:
            issued = await issue()
        except KisError as exc:
            gap = RENEWAL_GAP if held.usable else UNSENT_GAP if isinstance(exc, NotSent) else ISSUE_GAP
            await self._database.run(self._postpone, gap, str(exc), OLD if held.usable else REFUSED)
            if held.usable and held.value:
                log.warning("the access token of %s could not be renewed, the old one goes on: %s", self.key_id, exc)
                return held.value
            raise
        redact(issued.value)
        await self._database.run(self._store, issued)
        log.info("new access token for %s, good until %s", self.key_id, issued.expires_at)
        return issued.value

    def _read(self) -> Held:
        row, _made = Token.objects.get_or_create(pk=self.key_id)
        with connection.cursor() as cursor:
            cursor.execute("SELECT NOW(6)")
            now = timezone.make_aware(cursor.fetchone()[0], connection.timezone)
        return Held(self._opened(row.sealed), row.digest, row.expires_at, now)

    def _opened(self, sealed: str) -> str | None:
        if not sealed:
            return None
        try:
            value = self._fernet.decrypt(sealed.encode()).decode()
        except InvalidToken:
            # Sealed with another SECRET_KEY. Nobody can use it any more, so it counts as absent.
            log.warning("the stored access token of %s was sealed with another SECRET_KEY", self.key_id)
            return None
        redact(value)
        return value

    def _claim(self, digest: str) -> bool:
        with connection.cursor() as cursor:
            return bool(cursor.execute(_CLAIM, (ISSUE_GAP, self.key_id, digest)))

    def _postpone(self, seconds: int, error: str, code: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute(_POSTPONE, (seconds, redacted(error)[:200], self.key_id))
        level = "error" if code == REFUSED else "warning"
        raise_event(SOURCE, code, self.key_id, level=level, text=error)

    def _store(self, issued: IssuedToken) -> None:
        Token.objects.filter(pk=self.key_id).update(
            sealed=self._fernet.encrypt(issued.value.encode()).decode(),
            digest=digest_of(issued.value),
            issued_at=timezone.now(),
            expires_at=issued.expires_at,
            last_error="",
        )
        for code in (REFUSED, OLD):
            clear_event(SOURCE, code, self.key_id)

    def _reject(self, token: str) -> None:
        with connection.cursor() as cursor:
            cursor.execute(_REJECT, (self.key_id, digest_of(token)))


def digest_of(token: str) -> str:
    """16 hex characters that tell one token from another without showing either."""
    return sha256(token.encode()).hexdigest()[:16]


def sealing_key(secret_key: str) -> Fernet:
    """The cipher for tokens at rest, derived from SECRET_KEY for this purpose alone."""
    derived = HKDF(SHA256(), length=32, salt=None, info=b"stockdesk access token").derive(secret_key.encode())
    return Fernet(base64.urlsafe_b64encode(derived))

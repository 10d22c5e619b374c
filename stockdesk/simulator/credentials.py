"""App keys, access tokens and approval keys, as the gateway keeps them."""

import base64
import hashlib
import json
import uuid
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

APP_KEY_LENGTH = 36
APP_SECRET_LENGTH = 180
TOKEN_LIFE = timedelta(hours=24)
SAME_TOKEN = timedelta(hours=6)  # asked again within this, KIS hands out the token it gave before
APPROVALS_KEPT = 1000


class CredentialError(Exception):
    """Refused by the gateway; ``code`` is KIS's, the text carries no secret."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code
        self.text = text


def key_id(app_key: str) -> str:
    """A short name for an app key that may be shown and logged."""
    return hashlib.sha256(app_key.encode()).hexdigest()[:12]


@dataclass(slots=True)
class Token:
    text: str = field(repr=False)
    key: str
    issued_at: datetime
    dead: bool = False


@dataclass(slots=True)
class KnownKey:
    """One app key, bound to the first secret and the first HTS id that came with it; ``number`` counts from 1."""

    id: str
    number: int
    secret: str = field(repr=False)
    hts_id: str = field(default="", repr=False)
    token: Token | None = None
    answered_at: datetime | None = None  # the last time tokenP gave a token


class Credentials:
    """Takes any app key of the right length; from then on its secret must stay the same."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self.now = now
        self.keys: OrderedDict[str, KnownKey] = OrderedDict()
        self._tokens: dict[str, Token] = {}
        self._approvals: OrderedDict[str, tuple[str, datetime]] = OrderedDict()

    def check_key(self, app_key: str, secret: str) -> KnownKey:
        """The key's record; raises CredentialError EGW00102-EGW00105."""
        if not app_key:
            raise CredentialError("EGW00102", "AppKey는 필수입니다.")
        if not secret:
            raise CredentialError("EGW00104", "AppSecret은 필수입니다.")
        if len(app_key) != APP_KEY_LENGTH:
            raise CredentialError("EGW00103", "유효하지 않은 AppKey입니다.")
        if len(secret) != APP_SECRET_LENGTH:
            raise CredentialError("EGW00105", "유효하지 않은 AppSecret입니다.")
        identity = key_id(app_key)
        known = self.keys.get(identity)
        if known is None:
            known = self.keys[identity] = KnownKey(identity, len(self.keys) + 1, secret)
        if known.secret != secret:
            raise CredentialError("EGW00105", "유효하지 않은 AppSecret입니다.")
        return known

    def find(self, key: int | str) -> str:
        """The id of a key given as its number, its id or the app key itself; raises KeyError."""
        for known in self.keys.values():
            if key in (known.number, str(known.number), known.id) or key_id(str(key)) == known.id:
                return known.id
        raise KeyError("no such key here")

    def issue_token(self, known: KnownKey, every: float) -> Token:
        """tokenP: at most once in ``every`` seconds, the same token for six hours; raises CredentialError."""
        now = self.now()
        if known.answered_at is not None and now - known.answered_at < timedelta(seconds=every):
            raise CredentialError("EGW00133", "접근토큰 발급 잠시 후 다시 시도하세요(1분당 1회)")
        token = known.token
        if token is None or token.dead or now - token.issued_at >= SAME_TOKEN:
            serial = hashlib.sha512(f"{known.id}/{now.isoformat()}".encode()).digest()
            claims = json.dumps({"sub": "token", "iss": "simulator", "key": known.id}).encode()
            parts = (b'{"typ":"JWT","alg":"HS512"}', claims, serial)
            text = ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)
            token = known.token = self._tokens[text] = Token(text, known.id, now)
        known.answered_at = now
        return token

    @staticmethod
    def expires_at(token: Token) -> datetime:
        return token.issued_at + TOKEN_LIFE

    def seconds_left(self, token: Token) -> int:
        return int((self.expires_at(token) - self.now()).total_seconds())

    def check_token(self, authorization: str, known: KnownKey) -> None:
        """The ``authorization`` header of a call; raises CredentialError EGW00121-EGW00123 or EGW00205."""
        if not authorization:
            raise CredentialError("EGW00122", "token을 찾을 수 없습니다.")
        scheme, _, text = authorization.partition(" ")
        if scheme.lower() != "bearer":
            raise CredentialError("EGW00205", "credentials_type이 유효하지 않습니다.(Bearer)")
        token = self._tokens.get(text.strip())
        if token is None or token.key != known.id:
            raise CredentialError("EGW00121", "유효하지 않은 token 입니다.")
        if token.dead or self.now() - token.issued_at >= TOKEN_LIFE:
            raise CredentialError("EGW00123", "기간이 만료된 token 입니다.")

    def revoke(self, known: KnownKey, text: str) -> None:
        token = self._tokens.get(text)
        if token is None or token.key != known.id:
            raise CredentialError("EGW00121", "유효하지 않은 token 입니다.")
        del self._tokens[text]
        if known.token is token:
            known.token = None

    def kill_tokens(self, key: str | None = None) -> int:
        """Every token given so far (of one key) is expired from now on: EGW00123 at its next use."""
        alive = [t for t in self._tokens.values() if not t.dead and key in (None, t.key)]
        for token in alive:
            token.dead = True
        return len(alive)

    def approve(self, known: KnownKey) -> str:
        """A new approval key for the WebSocket, valid 24 hours."""
        approval = str(uuid.uuid4())
        self._approvals[approval] = (known.id, self.now())
        while len(self._approvals) > APPROVALS_KEPT:
            self._approvals.popitem(last=False)
        return approval

    def approved(self, approval: str) -> str | None:
        """The id of the app key that an approval key belongs to."""
        key, given_at = self._approvals.get(approval, (None, None))
        if key is None or given_at is None or self.now() - given_at >= TOKEN_LIFE:
            return None
        return key

    def owns(self, key: str, hts_id: str) -> bool:
        """Whether execution notices of this id may go to this app key's session; capitals count."""
        known = self.keys.get(key)
        if known is None:
            return False
        known.hts_id = known.hts_id or hts_id
        return known.hts_id == hts_id

    @staticmethod
    def hash_of(body: object) -> str:
        """hashkey: any text that depends on the body will do, nobody checks it."""
        return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()

    def forget(self) -> None:
        self.keys.clear()
        self._tokens.clear()
        self._approvals.clear()

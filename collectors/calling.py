"""One thin HTTP client for the public sources: paced, bounded, and silent about the key in its addresses."""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import quote, quote_plus

import requests
from requests.adapters import HTTPAdapter
from urllib3.util.retry import Retry

from collectors.errors import SourceError
from stockdesk.logs import MASK, redact

CONNECT_SECONDS, READ_SECONDS = 3.0, 20.0
WHOLE_SECONDS = 60.0  # for one answer, however slowly it drips
MOST_BYTES = 64 * 2**20
CHUNK = 2**16
RETRIES = 2
SERVER_ERRORS = (500, 502, 503, 504)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back, whatever its status; with these sources the body tells more than the status."""

    status: int
    body: bytes


class Pace:
    """At most so many calls a second by this process, evenly spaced."""

    def __init__(self, per_second: float, wait: Callable[[float], object] = time.sleep) -> None:
        self._gap = 1 / per_second
        self._wait = wait
        self._next = 0.0
        self._lock = threading.Lock()

    def take(self) -> None:
        """Wait for one's turn."""
        with self._lock:
            now = time.monotonic()
            turn = max(self._next, now)
            self._next = turn + self._gap
        if turn > now:
            self._wait(turn - now)


class PublicSession:
    """Calls of one source. The key goes into every query and comes out of every text that leaves here."""

    def __init__(self, source: str, base_url: str, key_name: str, key: str, *, per_second: float) -> None:
        redact(key)
        self.source = source
        self._base_url = base_url
        self._key = {key_name: key}
        self._spellings = [text.encode() for text in {key, quote(key), quote(key, safe=""), quote_plus(key)}]
        self._pace = Pace(per_second)
        self._session = requests.Session()
        # No proxy and no netrc of the environment, and no redirect: each would hand the key to a third party.
        self._session.trust_env = False
        retry = Retry(
            total=RETRIES,
            backoff_factor=0.5,
            status_forcelist=SERVER_ERRORS,
            allowed_methods={"GET"},
            raise_on_status=False,
            respect_retry_after_header=False,
        )
        self._session.mount("https://", HTTPAdapter(max_retries=retry))
        self._session.mount("http://", HTTPAdapter(max_retries=retry))

    def get(self, path: str, params: Mapping[str, str | int]) -> Answer:
        """One GET, repeated by itself after a connection that failed or a 5xx; the body is without the key.

        SourceError when no answer came, one that is too large or too slow, or one that leads elsewhere.
        """
        self._pace.take()
        try:
            return self._get(path, params)
        except requests.RequestException as exc:
            # Its text, its request and its context all hold the address: only the kind of failure leaves here.
            failure = type(exc).__name__
        raise SourceError(f"{path}: no answer came ({failure}); stored values stay", source=self.source)

    def _get(self, path: str, params: Mapping[str, str | int]) -> Answer:
        ends_at = time.monotonic() + WHOLE_SECONDS
        with self._session.get(
            f"{self._base_url}/{path}",
            params={**params, **self._key},
            timeout=(CONNECT_SECONDS, READ_SECONDS),
            allow_redirects=False,
            stream=True,
        ) as response:
            body = bytearray()
            for chunk in response.iter_content(CHUNK):
                body += chunk
                if len(body) > MOST_BYTES:
                    raise SourceError(f"{path}: more than {MOST_BYTES:,} bytes; not read", source=self.source)
                if time.monotonic() > ends_at:
                    raise SourceError(f"{path}: not complete after {WHOLE_SECONDS:.0f} s", source=self.source)
        if 300 <= response.status_code < 400:
            text = f"{path}: leads to another address (HTTP {response.status_code}), which is not followed"
            raise SourceError(text, source=self.source)
        return Answer(response.status_code, self._without_key(bytes(body)))

    def _without_key(self, body: bytes) -> bytes:
        """An error page may repeat the whole address, and bodies are stored and quoted."""
        for spelling in self._spellings:
            if spelling in body:
                body = body.replace(spelling, MASK.encode())
        return body

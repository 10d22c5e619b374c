"""Fetching KIS's master files: no key, no lane, from a file host of its own."""

import time

import httpx

from stockdesk.kis.errors import NotSent, OutcomeUnknown, Refused

#: Zipped; the real ones are below 300 kB.
MOST_BYTES = 16 << 20
CONNECT_SECONDS = 5.0


class MasterFiles:
    """The files under one address, such as ``https://new.real.download.dws.co.kr/common/master``.

    Blocking, for batch work. ``deadline`` is for one whole file, in seconds.
    """

    def __init__(self, base_url: str, *, transport: httpx.BaseTransport | None = None, deadline: float = 60.0) -> None:
        self._base_url = base_url.rstrip("/")
        self._transport = transport
        self._deadline = deadline

    def fetch(self, file: str) -> bytes:
        """``kospi_code.mst`` as it lies there, zipped. Raises NotSent, Refused or OutcomeUnknown; never a part."""
        ends_at = time.monotonic() + self._deadline
        timeout = httpx.Timeout(self._deadline, connect=CONNECT_SECONDS)
        name = f"{file}.zip"
        try:
            with (
                httpx.Client(transport=self._transport, trust_env=False, timeout=timeout) as http,
                http.stream("GET", f"{self._base_url}/{name}") as response,
            ):
                if response.status_code != 200:
                    raise Refused(f"HTTP {response.status_code}", tr_id=name)
                return _whole(response, name, ends_at)
        except (httpx.ConnectError, httpx.ConnectTimeout) as exc:
            raise NotSent(f"{type(exc).__name__} {exc}".strip(), tr_id=name) from exc
        except httpx.HTTPError as exc:
            raise OutcomeUnknown(type(exc).__name__, tr_id=name) from None


def _whole(response: httpx.Response, name: str, ends_at: float) -> bytes:
    chunks: list[bytes] = []
    size = 0
    for chunk in response.iter_bytes():
        size += len(chunk)
        if size > MOST_BYTES:
            raise OutcomeUnknown(f"more than {MOST_BYTES} bytes", tr_id=name)
        if time.monotonic() > ends_at:
            raise OutcomeUnknown("too slow", tr_id=name)
        chunks.append(chunk)
    return b"".join(chunks)

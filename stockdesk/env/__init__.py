"""The operator's environment as values; `reader` makes them of the file and the variables."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from stockdesk.env.alerts import AlertSettings

MODES = ("dry-run", "mock", "live")
APP_KEY_LENGTH, APP_SECRET_LENGTH = 36, 180
#: Host and port of the two worlds of KIS (kis 1); the mock socket differs from the real one by its port alone.
REAL_PLACES = {("openapi.koreainvestment.com", 9443), ("ops.koreainvestment.com", 21000)}
MOCK_PLACES = {("openapivts.koreainvestment.com", 29443), ("ops.koreainvestment.com", 31000)}
LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True, slots=True)
class AppKey:
    """One KIS app key of the pool; session n uses number n. Neither value is ever shown."""

    number: int
    key: str = field(repr=False)
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class GnuboardSettings:
    """Where the watch list lives in the Gnuboard database; columns are named by the site's owner."""

    table: str
    prefix: str
    col_run: str
    col_code: str
    col_price: str
    col_qty: str
    col_side: str
    col_name: str
    run_on: str
    run_off: str
    run_off_words: tuple[str, ...]
    include_replies: bool
    author: str


@dataclass(frozen=True, slots=True)
class RecordingSettings:
    """Where the tick frames of a day are kept, and how many of them."""

    on: bool
    directory: Path
    days: int
    most_bytes: int


@dataclass(frozen=True, slots=True)
class SourceSettings:
    """How one public source is asked: its key, empty where the operator has none, and its address."""

    key: str = field(repr=False)
    url: str


@dataclass(frozen=True, slots=True)
class Environment:
    """Everything that comes from ``.env``, checked and typed."""

    secret_key: str = field(repr=False)
    allowed_hosts: list[str]
    https: bool
    metrics_token: str = field(repr=False)
    database: dict[str, Any] = field(repr=False)
    trading_user: str
    trading_password: str = field(repr=False)
    collecting_user: str
    collecting_password: str = field(repr=False)
    mode: str
    kis_rest_url: str
    kis_ws_url: str
    kis_master_url: str
    app_keys: tuple[AppKey, ...]
    account: str = field(repr=False)
    hts_id: str = field(repr=False)
    calls_per_second: int
    ws_sessions: int
    ws_symbols_per_session: int
    flush_seconds: float
    recording: RecordingSettings
    gnuboard: GnuboardSettings
    sources: Mapping[str, SourceSettings]
    """By the names of `stockdesk.env.sources`."""
    demo: bool
    log_level: str
    backup_dir: str
    backup_keep: int
    alerts: AlertSettings = field(default_factory=AlertSettings)
    path: Path | None = None
    """The file it was read from, if any."""
    unknown: tuple[str, ...] = ()
    """Names in the file that begin like ours and mean nothing: `stockdesk.checks` warns of them."""

    @property
    def on_mock_host(self) -> bool:
        """Whether the broker is KIS's mock host, which lacks most calls for market data."""
        return place_of(self.kis_rest_url) in MOCK_PLACES

    @property
    def on_mock(self) -> bool:
        """Whether account and orders are mock trading's: on the mock host, or in mode mock on the simulator."""
        return self.mode == "mock" or self.on_mock_host

    @property
    def host(self) -> str:
        """Which broker answers at KIS_REST_URL: live, mock or simulator."""
        return "live" if place_of(self.kis_rest_url) in REAL_PLACES else "mock" if self.on_mock_host else "simulator"

    @property
    def broker(self) -> str:
        """Host and port of the broker's REST side: whose word a stored answer is."""
        host, port = place_of(self.kis_rest_url)
        return f"{host}:{port}"

    @property
    def around_the_clock(self) -> bool:
        """Whether the broker is the demo's stand-in, which never closes.

        The addresses are looked at once more: orders that leave this machine keep the exchange's hours, however
        these settings came about.
        """
        places = (place_of(self.kis_rest_url), place_of(self.kis_ws_url))
        return self.demo and self.mode != "live" and all(host in LOOPBACK for host, _port in places)


def place_of(url: str) -> tuple[str, int]:
    """Host, in small letters, and port of an address."""
    parts = urlsplit(url)
    default = {"https": 443, "wss": 443}.get(parts.scheme, 80)
    return (parts.hostname or "").lower(), parts.port or default

"""The operator's environment: read once, verbatim, and refused whole when something is missing or doubtful."""

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import environ


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
class Environment:
    """Everything that comes from ``.env``, checked and typed."""

    secret_key: str = field(repr=False)
    allowed_hosts: list[str]
    database: dict[str, Any] = field(repr=False)
    mode: str
    kis_rest_url: str
    kis_ws_url: str
    app_keys: tuple[AppKey, ...]
    account: str = field(repr=False)
    hts_id: str = field(repr=False)
    calls_per_second: int
    ws_sessions: int
    ws_symbols_per_session: int
    flush_seconds: float
    gnuboard: GnuboardSettings
    dart_api_key: str = field(repr=False)
    data_go_kr_key: str = field(repr=False)
    demo: bool


OFF_WORDS = ("", "n", "no", "f", "false", "off", "stop", "중지", "정지")


def read_environment(base: Path) -> Environment:
    path = Path(os.environ.get("STOCKDESK_ENV", base / ".env"))
    if path.exists():
        environ.Env.read_env(path)
    get = environ.Env.ENVIRON.get
    database = environ.Env.db_url_config(get("DATABASE_URL", "mysql://root@localhost/stockdesk"))
    database["OPTIONS"] = {"charset": "utf8mb4", "init_command": "SET SESSION sql_mode = 'STRICT_TRANS_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION', time_zone = '+09:00'", **database.get("OPTIONS", {})}
    keys = []
    for n in range(1, 6):
        suffix = "" if n == 1 else f"_{n}"
        if get(f"KIS_APP_KEY{suffix}"):
            keys.append(AppKey(n, get(f"KIS_APP_KEY{suffix}", ""), get(f"KIS_APP_SECRET{suffix}", "")))
    return Environment(
        secret_key=get("SECRET_KEY", "development-only"),
        allowed_hosts=[h for h in get("ALLOWED_HOSTS", "127.0.0.1,localhost").split(",") if h],
        database=database,
        mode=get("DESK_MODE", "dry-run"),
        kis_rest_url=get("KIS_REST_URL", "http://127.0.0.1:18080"),
        kis_ws_url=get("KIS_WS_URL", "ws://127.0.0.1:21000"),
        app_keys=tuple(keys),
        account=get("KIS_ACCOUNT", ""),
        hts_id=get("KIS_HTS_ID", ""),
        calls_per_second=int(get("KIS_CALLS_PER_SECOND", "18")),
        ws_sessions=int(get("WS_SESSIONS", "5")),
        ws_symbols_per_session=int(get("WS_SYMBOLS_PER_SESSION", "40")),
        flush_seconds=float(get("FLUSH_SECONDS", "1.0")),
        gnuboard=GnuboardSettings(
            table=get("GNUBOARD_TABLE", "g5_write_daemon_kind_stock"),
            prefix=get("GNUBOARD_PREFIX", "g5_"),
            col_run=get("GNUBOARD_COL_RUN", "x2_run"),
            col_code=get("GNUBOARD_COL_CODE", "wr_1"),
            col_price=get("GNUBOARD_COL_PRICE", "wr_2"),
            col_qty=get("GNUBOARD_COL_QTY", "wr_4"),
            col_side=get("GNUBOARD_COL_SIDE", "wr_3"),
            col_name=get("GNUBOARD_COL_NAME", "wr_subject"),
            run_on=get("GNUBOARD_RUN_ON", "1"),
            run_off=get("GNUBOARD_RUN_OFF", ""),
            run_off_words=tuple(w.strip() for w in get("GNUBOARD_RUN_OFF_WORDS", ",".join(OFF_WORDS)).split(",")),
            include_replies=get("GNUBOARD_INCLUDE_REPLIES", "false").lower() in ("1", "true", "yes", "on"),
            author=get("GNUBOARD_AUTHOR", ""),
        ),
        dart_api_key=get("DART_API_KEY", ""),
        data_go_kr_key=get("DATA_GO_KR_KEY", ""),
        demo=get("DESK_DEMO", "") == "1",
    )

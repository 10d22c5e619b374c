"""Every name of the environment, with its default and one line of explanation; ``.env.example`` is made from it."""

from dataclasses import dataclass

from stockdesk.public_sources import PUBLIC_SOURCES


@dataclass(frozen=True, slots=True)
class Name:
    """One setting. Without a default it is required; an empty default means it may stay away."""

    name: str
    doc: str
    default: str | None = None
    example: str = ""

    @property
    def required(self) -> bool:
        return self.default is None


OFF_WORDS = ",n,no,f,false,off,stop,중지,정지"

MASTER = "https://new.real.download.dws.co.kr/common/master"

ENVIRONMENT_NAMES: dict[str, tuple[Name, ...]] = {
    "The database": (
        Name(
            "DATABASE_URL",
            "MariaDB, the one Gnuboard uses; unix_socket= and ssl_ca= may follow as a query",
            example="mysql://stockdesk@localhost/gnuboard?unix_socket=/run/mysqld/mysqld.sock",
        ),
        Name("DATABASE_PASSWORD", "its password, letter by letter; wins over one inside DATABASE_URL", ""),
        Name("DATABASE_TRADING_USER", "run_trading's own user; empty: the database's name with _trading behind", ""),
        Name("DATABASE_TRADING_PASSWORD", "its password, 12 characters or more; ./desk manage database_users", ""),
        Name("DATABASE_COLLECTING_USER", "the collectors' own user; empty: the database's name and _collecting", ""),
        Name("DATABASE_COLLECTING_PASSWORD", "its password; without one they work as the desk's own user", ""),
    ),
    "The web pages": (
        Name("SECRET_KEY", "50 characters or more, from a generator; also seals the stored tokens"),
        Name("ALLOWED_HOSTS", "names under which the pages are reached, separated by commas", "127.0.0.1,localhost"),
        Name("DESK_HTTPS", "1 when served behind TLS: secure cookies, HSTS, redirect from http", "0"),
        Name("METRICS_TOKEN", "16 characters or more; what Prometheus shows at /metrics as a bearer token", ""),
    ),
    "What the desk does": (
        Name("DESK_MODE", "dry-run (everything but the send), mock (KIS 모의투자) or live", "dry-run"),
        Name("DESK_DEMO", "1 for the demo, whose broker is the simulator on this machine", "0"),
        Name(
            "LOG_LEVEL",
            "info, or debug for much more, also from libraries; secrets are taken out of both",
            "info",
        ),
    ),
    "The broker, KIS": (
        Name(
            "KIS_REST_URL",
            "real https://openapi.koreainvestment.com:9443, mock https://openapivts.koreainvestment.com:29443",
            example="https://openapi.koreainvestment.com:9443",
        ),
        Name(
            "KIS_WS_URL",
            "real ws://ops.koreainvestment.com:21000, mock ws://ops.koreainvestment.com:31000",
            example="ws://ops.koreainvestment.com:21000",
        ),
        Name(
            "KIS_MASTER_URL", "where the master files (kospi_code.mst.zip ...) lie; the demo's: the simulator", MASTER
        ),
        Name("KIS_APP_KEY", "36 characters; more keys for more sessions as KIS_APP_KEY_2 ... KIS_APP_KEY_5"),
        Name("KIS_APP_SECRET", "180 characters; likewise KIS_APP_SECRET_2 ... KIS_APP_SECRET_5"),
        Name("KIS_ACCOUNT", "8+2 digits, with or without the dash; required by mock and live", ""),
        Name("KIS_HTS_ID", "capitals count; execution notices come under it; required by mock and live", ""),
        Name("KIS_CALLS_PER_SECOND", "ceiling of REST calls per app key: real 18, mock 1, new customers 3", "18"),
        Name("WS_SESSIONS", "1-5; KIS allows one session per app key", "5"),
        Name("WS_SYMBOLS_PER_SESSION", "1-40; a session has 41 registrations, one for the notices", "40"),
        Name("FLUSH_SECONDS", "0.1-60; how often the latest prices are written", "1.0"),
    ),
    "The recording of the ticks": (
        Name("RECORD", "1 keeps every tick frame of the day for manage.py replay; 0 keeps none", "1"),
        Name("RECORD_DIRECTORY", "where; below the checkout unless it begins with a slash", "var/recordings"),
        Name("RECORD_DAYS", "1-9999; how many days are kept, the oldest go first; the demo keeps today's", "20"),
        Name("RECORD_GB", "1-9999; and how much of the disk they may take together", "10"),
    ),
    "The watch list, a Gnuboard board": (
        Name("GNUBOARD_TABLE", "its table", "g5_write_daemon_kind_stock"),
        Name("GNUBOARD_PREFIX", "prefix of Gnuboard's tables", "g5_"),
        Name("GNUBOARD_COL_RUN", "column of the run flag", "x2_run"),
        Name("GNUBOARD_COL_CODE", "column of the stock code", "wr_1"),
        Name("GNUBOARD_COL_PRICE", "column of the strike price; empty if there is none", "wr_2"),
        Name("GNUBOARD_COL_SIDE", "column of buy or sell; empty if there is none", "wr_3"),
        Name("GNUBOARD_COL_QTY", "column of the quantity; empty if there is none", "wr_4"),
        Name("GNUBOARD_COL_NAME", "column of the stock's name", "wr_subject"),
        Name("GNUBOARD_RUN_ON", "what is written to switch a row on", "1"),
        Name("GNUBOARD_RUN_OFF", "and off; a numeric column gets 0", ""),
        Name("GNUBOARD_RUN_OFF_WORDS", "what counts as off when read, separated by commas", OFF_WORDS),
        Name("GNUBOARD_INCLUDE_REPLIES", "true if answers to posts are watched too", "false"),
        Name("GNUBOARD_AUTHOR", "mb_id that rows made here are written under; empty: the site's admin", ""),
    ),
    "Backups": (
        Name("BACKUP_DIR", "the folder they are made in, best on another disk; empty: var/backup", ""),
        Name("BACKUP_KEEP", "1-366; of so many days the last one is kept", "14"),
    ),
    "Public sources": (
        *(Name(source.key, source.key_doc, "") for source in PUBLIC_SOURCES),
        *(Name(source.url, source.url_doc, source.address) for source in PUBLIC_SOURCES),
    ),
    "Alerts, for who is away from the screen": (
        Name(
            "ALERT_URLS",
            "where alerts go, separated by blanks: tgram://BOT_TOKEN/CHAT_ID/, json://host/path, "
            "mailto://user:password@gmail.com?to=me@example.com ... (apprise); empty: nowhere",
            "",
        ),
        Name("ALERT_MINIMUM", "info, warning or critical; or one for each of ALERT_URLS, separated by commas", "info"),
        Name("ALERT_LANGUAGE", "ko or en", "ko"),
        Name("ALERT_FILLS", "0 for no alert when an order fills", "1"),
        Name("ALERT_SUMMARY_AT", "when the day is summed up on trading days, HH:MM in Korea; empty: never", "20:10"),
        Name("ALERT_HEARTBEAT_URL", "asked for every five minutes while all is watched (healthchecks.io ...)", ""),
        Name("KIS_APP_KEY_EXPIRES", "2027-05-01; warned of from 14 days before; also KIS_APP_KEY_2_EXPIRES ...", ""),
        *(Name(f"{source.key}_EXPIRES", source.expires_doc, "") for source in PUBLIC_SOURCES),
    ),
}

#: Further app keys: no more than sessions.
MOST_KEYS = 5
FURTHER_KEYS = tuple(f"{stem}_{n}" for n in range(2, MOST_KEYS + 1) for stem in ("KIS_APP_KEY", "KIS_APP_SECRET"))
FURTHER_ENDS = tuple(f"KIS_APP_KEY_{n}_EXPIRES" for n in range(2, MOST_KEYS + 1))
#: The settings that say until when a key is good.
KEY_ENDS = ("KIS_APP_KEY_EXPIRES", *FURTHER_ENDS, *(f"{source.key}_EXPIRES" for source in PUBLIC_SOURCES))
DEFAULTS = {entry.name: entry.default for group in ENVIRONMENT_NAMES.values() for entry in group}
KNOWN = frozenset(DEFAULTS) | frozenset(FURTHER_KEYS) | frozenset(FURTHER_ENDS)
#: A name that begins like ours and is none of ours is most likely a slip.
OURS = (
    *("KIS_", "WS_", "DESK_", "DATABASE_", "GNUBOARD_", "FLUSH_", "ALERT_", "BACKUP_", "METRICS_", "RECORD_"),
    *(source.prefix for source in PUBLIC_SOURCES),
)

HEAD = """\
# stockdesk: copy to .env (chmod 600) and fill in.
#
# NAME=value, no blanks around the equals sign. A value goes to the end of its line and is taken letter by letter:
# $ @ # % and backslashes mean nothing. One pair of quotes around it is taken off, for blanks at either end.
# Variables of the process win over this file. Lines that are commented out show the defaults.
"""


def example_text() -> str:
    """The text of ``.env.example``."""
    parts = [HEAD]
    for title, names in ENVIRONMENT_NAMES.items():
        parts.append(f"\n# {title}\n")
        for entry in names:
            value = entry.example if entry.required else f"{entry.default}"
            parts.append(f"\n# {entry.doc}\n{'' if entry.required else '#'}{entry.name}={value}\n")
    return "".join(parts)


if __name__ == "__main__":
    print(example_text(), end="")

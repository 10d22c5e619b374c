"""The database server: does it answer, and is it set up so that what is stored stays stored."""

from collections.abc import Iterator
from dataclasses import dataclass

from django.conf import settings
from django.db import DatabaseError, connection

from stockdesk.doctor.findings import Finding, Grade, judged
from stockdesk.env import Environment

#: Ten programs with two or three connections each, the workers, and pages that open one each.
CONNECTIONS = 80
PACKET = 16 << 20  # bytes
#: What mends it, by the error's number.
REMEDIES: dict[int | str, str] = {
    1044: "GRANT ALL on the database to the user of DATABASE_URL.",
    1045: "The user in DATABASE_URL or the password in DATABASE_PASSWORD is wrong.",
    1698: "The user in DATABASE_URL or the password in DATABASE_PASSWORD is wrong.",
    1049: "There is no such database on this server: CREATE DATABASE, or correct the name in DATABASE_URL.",
    1040: "All connections are taken: raise max_connections on the server.",
    2002: "Is the server running, and is unix_socket in DATABASE_URL the one that it listens on?",
    2003: "Is the server running, and does it listen on the host and port in DATABASE_URL?",
    2005: "The host in DATABASE_URL has no address.",
    2026: "TLS failed: is ssl_ca in DATABASE_URL the certificate that signed the server's?",
}


@dataclass(frozen=True, slots=True)
class Facts:
    """What the server says of itself."""

    flush: int
    connections: int
    packet: int
    charset: str
    binary_log: str
    """The format of the binary log; empty where there is none."""
    may_make_events: bool


def answers() -> Finding:
    place = settings.DATABASES["default"]
    where = place.get("OPTIONS", {}).get("unix_socket") or place.get("HOST") or "localhost"
    try:
        connection.ensure_connection()
    except DatabaseError as exc:
        number = exc.args[0] if exc.args else type(exc).__name__
        remedy = REMEDIES.get(number, "Is it running (./desk status)? Is DATABASE_URL right, and DATABASE_PASSWORD?")
        return Finding("database", f"{where} does not let us in: error {number}", remedy, "bad")
    return Finding("database", f"{where} answers")


def examine(desk: Environment) -> Iterator[Finding]:
    return judge(facts(), real_orders=not desk.around_the_clock and desk.mode in ("mock", "live"))


def facts() -> Facts:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT @@innodb_flush_log_at_trx_commit, @@max_connections, @@max_allowed_packet,"
            " @@character_set_database, IF(@@log_bin, @@binlog_format, ''),"
            " EXISTS(SELECT 1 FROM information_schema.user_privileges WHERE privilege_type = 'EVENT')"
            " OR EXISTS(SELECT 1 FROM information_schema.schema_privileges"
            " WHERE privilege_type = 'EVENT' AND DATABASE() LIKE table_schema)"
        )
        flush, connections, packet, charset, binary_log, events = cursor.fetchone()
    return Facts(int(flush), int(connections), int(packet), charset, binary_log, bool(events))


def judge(found: Facts, *, real_orders: bool) -> Iterator[Finding]:
    """Each in its own line, for each is set by itself in the server's configuration."""
    serious: Grade = "bad" if real_orders else "doubtful"
    yield judged(
        "durability",
        f"innodb_flush_log_at_trx_commit = {found.flush}",
        "Set it to 1: at a power cut orders that were sent would be missing from the ledger.",
        well=found.flush == 1,
        otherwise=serious,
    )
    yield judged(
        "connections",
        f"max_connections = {found.connections}",
        f"Set max_connections = {CONNECTIONS} or more: the programs take about fifty, pages and PHP theirs.",
        well=found.connections >= CONNECTIONS,
        otherwise="doubtful",
    )
    yield judged(
        "packet size",
        f"max_allowed_packet = {found.packet / (1 << 20):.0f} MB",
        "Set max_allowed_packet = 16M or more: large answers of DART cannot be stored.",
        well=found.packet >= PACKET,
        otherwise="doubtful",
    )
    yield judged(
        "characters",
        f"the database's are {found.charset}",
        "ALTER DATABASE ... CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci: new tables would spoil Korean texts.",
        well=found.charset == "utf8mb4",
        otherwise="doubtful" if found.charset.startswith("utf8") else "bad",
    )
    if found.binary_log == "STATEMENT":
        remedy = "Set binlog_format = MIXED: the server refuses the desk's writes (error 1665)."
        yield Finding("binary log", "binlog_format = STATEMENT", remedy, "bad")
    if not found.may_make_events:
        remedy = "GRANT EVENT on the desk's database to the user of DATABASE_URL: bars are made by events."
        yield Finding("events", "the desk's user may make none", remedy, "doubtful")

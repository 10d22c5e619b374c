"""The invariants of the failure model, read from the simulator's log, the tables, the logs and the processes.

One for all scenarios: `begin` before the fault, `check` after the desk is well again. Nothing here asks the daemons,
and none of their rules are used.
"""

import itertools
import re
from collections import Counter
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import MySQLdb

from stockdesk.setup.mariadb import DATABASE
from tests.faults.desk import ACCOUNT, HTS_ID, KEYS, SECRET_KEY, Desk
from tests.faults.server import PASSWORD, TRADING_PASSWORD, as_trading

CALLS_A_SECOND, ORDERS_APART = 20, 1.0
KEY_GAP, KEY_CEILINGS = 5.0, {"most_in_60_seconds": 3, "most_in_600_seconds": 10}
ANY_GAP = 1.0
REGISTRATIONS = 41
TOKEN_GAP = 60.0
# Trading decides by whole steps; what the wire adds to the age it looked at is a second and a half at the most.
QUOTE_AGE, ASSETS_AGE = timedelta(seconds=11.5), timedelta(seconds=31.5)
KILL_WITHIN = timedelta(seconds=1)
CONTACT_WITHIN = 15.0
MEMORY_GROWTH = 50 << 20
LOG_GROWTH = 20 << 20
TOKEN_DEAD = frozenset({"EGW00121", "EGW00123"})
DENIED, NO_WRITE = 1142, frozenset({1142, 1143})
# Kept so that a notice can be matched with its account; no page shows it.
MAY_HOLD_ACCOUNT = frozenset({("market_executionnotice", "acnt_no"), ("market_executionnotice", "account")})


class Checker:
    """``complaints`` of one scenario are sentences; none is what is hoped for."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk
        self._tokens: dict[str, list[float]] = {}
        self._memory: dict[tuple[str, int], int] = {}
        self._logged: Counter[Path] = Counter()
        self._apart: set[str] = set()  # what the ledger and the broker disagreed on after an earlier fault

    def begin(self) -> datetime:
        """Forget what was; the moment from which events count."""
        desk = self.desk
        self._keep_tokens(desk.control.seen(arrivals=0))
        desk.control.reset()
        # As if it had been the day before yesterday: the ceilings of ten minutes are proved fault by fault.
        desk.tables.rows("UPDATE stockdesk_connection SET at = at - INTERVAL 2 DAY")
        desk.tables.rows(
            "UPDATE stockdesk_pace SET next_at = NULL, streak = 0, quarantines = 0, quarantined_until = NULL"
        )
        desk.witness.passed.clear()
        desk.watcher.forget()
        desk.ws.connected.clear()
        began = desk.now()
        desk.prompt.forget(began)
        return began

    def check(self, began: datetime) -> list[str]:
        """All complaints, those of the watcher among them; waits up to 15 s for the ledger to agree (I7)."""
        desk = self.desk
        seen = desk.control.seen(arrivals=0)
        posts = desk.control.posts_seen(20_000)
        found = [
            *self._one_booking(posts), *self._witnessed(), *self._paced(seen, posts), *self._connects(seen),
            *self._agrees(), *self._no_writes(), *self._no_secrets(), *self._bounded(), *self._tokens_apart(seen),
            *self._no_excess(posts), *self._reasons(began), *desk.prompt.late(), *desk.fallen(),
        ]  # fmt: skip
        return found + desk.watcher.complaints

    def _one_booking(self, posts: dict[str, Any]) -> list[str]:
        """I1 and I2: every POST has one intent, and no intent two, unless its token was refused."""
        found = []
        by_intent: dict[str, list[str]] = {}
        new = [post for post in posts["posts"] if post["new"]]
        for passed in self.desk.witness.passed:
            for row in passed.rows:
                by_intent.setdefault(row.intent, []).append(passed.symbol)
        refused = Counter(post["body"]["PDNO"] for post in new if post["code"] in TOKEN_DEAD)
        for intent, sent in by_intent.items():
            if len(sent) > 1 + refused[sent[0]]:
                found.append(f"I1: {intent} was sent {len(sent)} times")
        by_condition = self.desk.tables.rows(
            "SELECT condition_id, COUNT(*) FROM trading_order WHERE order_no <> '' AND source = 'condition'"
            " AND state <> 'rejected' GROUP BY condition_id, condition_revision HAVING COUNT(*) > 1"
        )
        return found + [f"I1: condition {number} stands {count} times at the broker" for number, count in by_condition]

    def _witnessed(self) -> list[str]:
        """I2, I3, I10, I11 and I19, as the tables were when each order passed by."""
        found = []
        for passed in self.desk.witness.passed:
            if passed.at is None:
                continue  # the database was away at this very moment: the ledger is compared below
            if len(passed.rows) != 1:
                found.append(f"I2: a POST for {passed.symbol} with {len(passed.rows)} rows committed as SENDING")
                continue
            row = passed.rows[0]
            if row.quote_at is None or not timedelta(0) <= passed.at - row.quote_at <= QUOTE_AGE:
                found.append(f"I3: {row.intent}: a quote of {row.quote_at} used at {passed.at}")
            if row.assets_at is None or not timedelta(0) <= passed.at - row.assets_at <= ASSETS_AGE:
                found.append(f"I3: {row.intent}: an account of {row.assets_at} used at {passed.at}")
            if not row.reason or row.quote_price is None:
                found.append(f"I19: {row.intent} was sent without its reason or the quote it saw")
            if passed.sender is not None and f":{passed.sender}:" not in passed.holder:
                found.append(f"I10: process {passed.sender} sent {row.intent}, the lease is with {passed.holder}")
            if passed.killed_at is not None and passed.at - passed.killed_at > KILL_WITHIN:
                found.append(f"I11: {row.intent} left {passed.at - passed.killed_at} after the kill switch")
        return found

    def _paced(self, seen: dict[str, Any], posts: dict[str, Any]) -> list[str]:
        found = []
        for key, calls in seen["calls"].items():
            if calls["most_in_a_second"] > CALLS_A_SECOND:
                found.append(f"I4: {calls['most_in_a_second']} calls of key {key} in a second")
        for key, summary in posts["by_key"].items():
            if summary["closest_seconds"] is not None and summary["closest_seconds"] < ORDERS_APART:
                found.append(f"I4: two orders of key {key} {summary['closest_seconds']} s apart")
        return found

    def _connects(self, seen: dict[str, Any]) -> list[str]:
        found = []
        for key, pace in seen["connects"]["by_key"].items():
            if pace["closest_seconds"] is not None and pace["closest_seconds"] < KEY_GAP:
                found.append(f"I5: two connects of key {key} {pace['closest_seconds']} s apart")
            for name, most in KEY_CEILINGS.items():
                if pace[name] > most:
                    found.append(f"I5: {name} of key {key}: {pace[name]}")
        gaps = [later - earlier for earlier, later in itertools.pairwise(self.desk.ws.connected)]
        if gaps and min(gaps) < ANY_GAP:
            found.append(f"I5: two connects {min(gaps):.2f} s apart")
        for session in seen["sessions"]:
            if session["registrations"] > REGISTRATIONS:
                found.append(f"I5: {session['registrations']} registrations in a session")
        at_once = Counter(session["key"] for session in seen["sessions"] if session["key"])
        return found + [f"I5: {count} sessions of key {key}" for key, count in at_once.items() if count > 1]

    def _agrees(self) -> list[str]:
        """I7 and I8: every order and every fill of the broker is in the ledger, and nothing else; said once each."""
        try:
            self.desk.until(lambda: not self._differences(), "a ledger that agrees", CONTACT_WITHIN)
        except AssertionError:
            found = self._differences()
            self._apart.update(found)
            return [f"I7: {difference}" for difference in found]
        return []

    def _differences(self) -> list[str]:
        rows = self.desk.tables.rows(
            "SELECT order_no, symbol, filled_quantity, filled_amount, source FROM trading_order WHERE order_no <> ''"
        )
        known = {str(number).lstrip("0"): rest for number, *rest in rows}
        found = []
        orders = {str(order["order_no"]): order for order in self.desk.control.orders() if order["kind"] == "new"}
        for number, order in orders.items():
            row = known.get(number)
            if row is None:
                found.append(f"order {number} of {order['symbol']} stands at the broker and not in the ledger")
                continue
            if (row[1], int(row[2])) != (order["filled"], order["filled_amount"]):
                found.append(f"order {number}: {row[1:3]} in the ledger, {order['filled']} at the broker")
            if (row[3] == "external") != bool(order["manual"]):
                found.append(f"order {number} is {row[3]} in the ledger, manual {order['manual']} at the broker")
        found += [f"order {number} is in the ledger alone" for number in known.keys() - orders.keys()]
        return [difference for difference in found if difference not in self._apart]

    def _no_writes(self) -> list[str]:
        """I9, by trying."""
        trading = as_trading(self.desk.server)
        found = []
        for table in ("market_quote", "assets_balance", "g5_write_daemon_kind_stock"):
            try:
                trading.rows(f"DELETE FROM {table} WHERE 1 = 0")
            except MySQLdb.Error as exc:
                if exc.args[0] not in NO_WRITE:
                    found.append(f"I9: {table}: {exc}")
            else:
                found.append(f"I9: the trading user may write {table}")
        return found

    def _no_secrets(self) -> list[str]:
        """I12: in no log, no column of any table and no process title."""
        secrets = [SECRET_KEY, PASSWORD, TRADING_PASSWORD, HTS_ID, ACCOUNT.split("-", maxsplit=1)[0]]
        secrets += [text for pair in KEYS for text in pair] + self._given()
        pattern = re.compile("|".join(re.escape(text) for text in secrets))
        found = [
            f"I12: a secret in {log.name}"
            for log in sorted(self.desk.server.places.logs.iterdir())
            if log.is_file() and pattern.search(log.read_text(errors="replace"))
        ]
        for pid in self.desk.running().values():
            with suppress(OSError):
                if pattern.search(Path(f"/proc/{pid}/cmdline").read_text()):
                    found.append(f"I12: a secret in the title of process {pid}")
        return found + self._in_tables(pattern)

    def _given(self) -> list[str]:
        """Tokens and approval keys that the broker has given out."""
        credentials = self.desk.control.credentials
        tokens = [known.token.text for known in credentials.keys.values() if known.token is not None]
        return [*tokens, *list(credentials._approvals)]

    def _in_tables(self, pattern: re.Pattern[str]) -> list[str]:
        columns = self.desk.tables.rows(
            "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = %s AND data_type IN"
            " ('varchar', 'char', 'text', 'mediumtext', 'longtext', 'json')", DATABASE,
        )  # fmt: skip
        by_table: dict[str, list[str]] = {}
        for table, column in columns:
            if (table, column) not in MAY_HOLD_ACCOUNT:
                by_table.setdefault(table, []).append(column)
        found = []
        for table, names in by_table.items():
            joined = ", ".join(f"COALESCE(`{name}`, '')" for name in names)
            for (text,) in self.desk.tables.rows(f"SELECT CONCAT_WS('\\n', {joined}) FROM `{table}`"):
                if pattern.search(text if isinstance(text, str) else bytes(text).decode(errors="replace")):
                    found.append(f"I12: a secret in {table}")
                    break
        return found

    def _bounded(self) -> list[str]:
        """I14: the memory of a copy and its log grow by so much at the most."""
        found = []
        for (name, pid), (_, most) in self.desk.watcher.memory.items():
            least = self._memory.setdefault((name, pid), most)
            if most - least > MEMORY_GROWTH:
                found.append(f"I14: {name} grew by {(most - least) >> 20} MiB")
        for log in self.desk.server.places.logs.iterdir():
            if log.is_file():
                size = log.stat().st_size
                if self._logged[log] and size - self._logged[log] > LOG_GROWTH:
                    found.append(f"I14: {log.name} grew by {(size - self._logged[log]) >> 20} MiB")
                self._logged[log] = size
        return found

    def _keep_tokens(self, seen: dict[str, Any]) -> None:
        for key, times in seen["token_issues"].items():
            known = self._tokens.setdefault(key, [])
            known += [at for at in times if at not in known]

    def _tokens_apart(self, seen: dict[str, Any]) -> list[str]:
        self._keep_tokens(seen)
        found = []
        for key, times in self._tokens.items():
            gaps = [later - earlier for earlier, later in itertools.pairwise(sorted(times))]
            if gaps and min(gaps) < TOKEN_GAP:
                found.append(f"I16: two tokens of key {key} {min(gaps):.0f} s apart")
        return found

    def _no_excess(self, posts: dict[str, Any]) -> list[str]:
        """I18, by the broker's own books."""
        short = {"APBK0986": "cash", "APBK1234": "shares"}
        found = [
            f"I18: an order for {post['body']['PDNO']} wanted more {short[post['code']]} than there is"
            for post in posts["posts"]
            if post["code"] in short
        ]
        for key, account in self.desk.control.accounts().items():
            if account["difference"]:
                found.append(f"the simulator's own books of {key} do not add up: {account['difference']}")
        both = self.desk.tables.rows(
            "SELECT symbol FROM trading_order WHERE state IN ('sending', 'unknown', 'accepted', 'partial')"
            " GROUP BY symbol HAVING COUNT(DISTINCT side) > 1"
        )
        return found + [f"I18: both sides of {symbol} are at work" for (symbol,) in both]

    def _reasons(self, began: datetime) -> list[str]:
        """I19: what was decided, either way, says why."""
        ordered = (
            "SELECT intent_key FROM trading_order WHERE created_at >= %s AND source = 'condition' AND reason = ''"
        )
        refused = "SELECT symbol FROM trading_refusal WHERE last_at >= %s AND text = ''"
        nameless = [name for sql in (ordered, refused) for (name,) in self.desk.tables.rows(sql, began)]
        return [f"I19: nothing says why {name} was ordered or not" for name in nameless]

"""Deliberate bugs of the daemons: each is put into the copies of one desk, and the checker has to find it.

    python -m tests.faults.mutants          # every bug against the faults that should tell of it
    pytest tests/faults --faults-bug NAME   # one bug against the short set

``apply`` runs in the copy, right after its fork; nothing of it reaches the suite or the other copies.
"""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

INVARIANT = re.compile(r"I\d+: ")


@dataclass(frozen=True, slots=True)
class Bug:
    """``found_by`` is the fault after which the checker complains, ``breaks`` the invariant that it names."""

    apply: Callable[[], None]
    found_by: str
    breaks: str


def repeat_after_a_lost_answer() -> None:
    """The POST leaves again although nobody knows what became of the first one."""
    from trading import ledger
    from trading.ledger import Attempt, Outcome
    from trading.views import Order

    def again(order: Order, attempt: Attempt) -> bool:
        return attempt.outcome in (Outcome.NOT_SENT, Outcome.UNKNOWN) and order.attempts < 3

    ledger.may_try_again = again


def take_a_lost_answer_for_a_no() -> None:
    from stockdesk.kis.errors import OutcomeUnknown
    from trading import ledger
    from trading.ledger import Attempt, Outcome

    original = ledger.judge

    def judge(result: Any) -> Attempt:
        return Attempt(Outcome.REJECTED, "LOST", "lost") if isinstance(result, OutcomeUnknown) else original(result)

    ledger.judge = judge


def commit_after_the_post() -> None:
    """SENDING is only thought of before the POST, and stored with its result."""
    from trading import ledger
    from trading.sending import Sender

    def commit(self: Sender, order: Any, issue: Any, around: Any) -> Any:
        return ledger.sending(order, self._core.clock(), cancel_after=None)

    Sender._commit_sending = commit  # type: ignore[method-assign]


def trust_the_lease() -> None:
    """Whoever slept past his lease sends what he had in hand, and no fence is looked at."""
    from contextlib import contextmanager

    from django.db import transaction

    from stockdesk.lease import Lease
    from trading import database

    @contextmanager
    def unfenced(daemon: str, fence: int) -> Any:
        with transaction.atomic():
            yield

    original = Lease.renew

    def renew(self: Lease, **changes: Any) -> bool:
        original(self, **changes)
        return True

    database.fenced = unfenced
    Lease.held = lambda self: True  # type: ignore[method-assign]
    Lease.renew = renew  # type: ignore[method-assign]


def blank_what_is_missing() -> None:
    """An empty field of a tick replaces what is stored: the COALESCE of the one statement is gone."""
    from market import quotes

    quotes._SET = re.sub(r"COALESCE\((b\.c\d+), [^)]*\)", r"\1", quotes._SET)


def connect_at_will() -> None:
    """The governor says yes to everything."""
    from stockdesk.governor import Governor

    Governor._wait = lambda self, everyone, pace, now: (0.0, "")  # type: ignore[method-assign]


def read_the_kill_switch_once() -> None:
    from trading.database import DatabaseStorage

    original = DatabaseStorage.desk
    read: list[Any] = []

    def desk(self: DatabaseStorage) -> Any:
        if self._fence is None:
            return original(self)  # the alarms look for themselves
        if not read:
            read.append(original(self))
        return read[0]

    DatabaseStorage.desk = desk  # type: ignore[method-assign]


def forget_the_spacing() -> None:
    from stockdesk import budget
    from stockdesk.kis import orders
    from trading.sending import Sender

    Sender._too_soon = lambda self, orders, now: False  # type: ignore[method-assign]
    orders.APART = 0.0
    budget.FIXED["order"] = 4


def believe_old_accounts() -> None:
    from trading import checks

    original = checks.first_refusal

    def first_refusal(wanted: Any, facts: Any, chosen: Any = checks.CHECKS) -> Any:
        if facts.balance is not None:
            facts = replace(facts, balance=replace(facts.balance, asked_at=facts.now))
        return original(wanted, facts, chosen)

    checks.first_refusal = first_refusal  # type: ignore[assignment]


def be_slow_to_tell() -> None:
    """A session may be down for minutes before anybody hears of it."""
    from collectors import feed

    feed.DOWN_AFTER = 300.0


def log_the_account() -> None:
    from django.conf import settings

    from assets.balances import AccountRows

    original = AccountRows.write

    def write(self: AccountRows, *arguments: Any) -> Any:
        sys.stderr.write(f"writing the balance of {settings.DESK.account}\n")
        return original(self, *arguments)

    AccountRows.write = write  # type: ignore[assignment, method-assign]


LOST = "F26 an order's answer is lost"
BURST = "F54 the kill switch in mid-burst"
BUGS: dict[str, Bug] = {
    "repeat-after-a-lost-answer": Bug(repeat_after_a_lost_answer, LOST, "I1"),
    "lost-answer-is-a-no": Bug(take_a_lost_answer_for_a_no, LOST, "I7"),
    "commit-after-the-post": Bug(commit_after_the_post, "F39 an order is made in the HTS", "I2"),
    "trust-the-lease": Bug(trust_the_lease, "F55-56 the holder sleeps past its lease", "I10"),
    "blank-what-is-missing": Bug(blank_what_is_missing, "F11 fields of a tick come empty", "I6"),
    "connect-at-will": Bug(connect_at_will, "F5-10 all sessions drop at once", "I5"),
    "kill-switch-read-once": Bug(read_the_kill_switch_once, BURST, "I11"),
    "forget-the-spacing": Bug(forget_the_spacing, BURST, "I4"),
    "believe-old-accounts": Bug(believe_old_accounts, "F42 the account's daemon hangs", "I3"),
    "slow-to-tell": Bug(be_slow_to_tell, "F6 connects are refused", "I13"),
    "log-the-account": Bug(log_the_account, "F39 an order is made in the HTS", "I12"),
}


def main() -> int:
    """Run each bug against its fault; 0 when the checker named what each one breaks."""
    missed = []
    for name in sys.argv[1:] or BUGS:
        bug = BUGS[name]
        node = f"tests/faults/test_faults.py::test_the_desk_lives_through[{bug.found_by}]"
        options = ["--faults", "--faults-bug", name, "-q", "-p", "no:cacheprovider"]
        done = subprocess.run(
            [sys.executable, "-m", "pytest", node, *options],
            env={**os.environ, "FAULTS_PATIENCE": "15"}, capture_output=True, text=True, check=False,
        )  # fmt: skip
        errors = [line[1:].strip() for line in done.stdout.splitlines() if line.startswith("E  ")]
        # A desk that did not come up, or was only slow, is no catch.
        told = [line for line in errors if line.startswith(f"{bug.breaks}: ")]
        shown = told or [line for line in errors if INVARIANT.match(line)] or errors or [f"pytest: {done.returncode}"]
        print(f"{name:28} {'caught' if told else 'MISSED'}  {shown[0][:140]}", flush=True)
        missed += [] if told else [name]
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())

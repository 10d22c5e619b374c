"""Deliberate bugs: each is patched in, and the checker has to find it."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from stockdesk.kis.errors import OutcomeUnknown
from tests.trading.model import schedule
from trading import checks, ledger, looking, matching, reservations, sending
from trading.ledger import Attempt, Outcome
from trading.states import State
from trading.values import Order

Bug = Callable[[pytest.MonkeyPatch], None]


def skip_the_look_up(patch: pytest.MonkeyPatch) -> None:
    """An order whose answer got lost is taken for absent by the first list that lacks it."""
    patch.setattr(matching, "_not_there", lambda order, look: matching.moved(order, State.NOT_PLACED, look.now))


def believe_part_of_a_list(patch: pytest.MonkeyPatch) -> None:
    """A list whose second page failed proves absence all the same."""
    original = matching.reconcile

    def reconcile(orders: Any, look: matching.LookUp) -> matching.Findings:
        return original(orders, replace(look, listing=replace(look.listing, complete=True)))

    patch.setattr(looking, "reconcile", reconcile)


def send_before_the_commit(patch: pytest.MonkeyPatch) -> None:
    def commit(self: sending.Sender, order: Order, issue: Any, around: Any) -> Order:
        return ledger.sending(order, self._core.clock(), cancel_after=None)

    patch.setattr(sending.Sender, "_commit_sending", commit)


def resend_on_unknown(patch: pytest.MonkeyPatch) -> None:
    def again(order: Order, attempt: Attempt) -> bool:
        return attempt.outcome in (Outcome.NOT_SENT, Outcome.UNKNOWN) and order.attempts < 3

    patch.setattr(ledger, "may_try_again", again)


def take_a_lost_answer_for_a_no(patch: pytest.MonkeyPatch) -> None:
    original = ledger.judge

    def judge(result: Any) -> Attempt:
        return Attempt(Outcome.REJECTED, "LOST", "lost") if isinstance(result, OutcomeUnknown) else original(result)

    patch.setattr(ledger, "judge", judge)


def send_again_after_a_crash(patch: pytest.MonkeyPatch) -> None:
    """A row found in mid-sending goes back to the queue."""

    def found(order: Order, now: Any) -> Order:
        return replace(order, state=State.CREATED, created_at=now) if order.state is State.SENDING else order

    patch.setattr(ledger, "found_at_start", found)


def forget_the_pause(patch: pytest.MonkeyPatch) -> None:
    original = ledger.history_of
    patch.setattr(checks, "_paused", lambda wanted, order, facts: None)
    patch.setattr(
        ledger,
        "history_of",
        lambda *args, **options: replace(original(*args, **options), pause_until=None, awaits_look_up=False),
    )


def ignore_the_kill_switch(patch: pytest.MonkeyPatch) -> None:
    _without(patch, checks.check_switches)


def ignore_the_age_of_quotes(patch: pytest.MonkeyPatch) -> None:
    _without(patch, checks.check_quote)
    patch.setattr("trading.decisions.is_fresh", lambda quote, now: True)


def ignore_other_orders_of_the_symbol(patch: pytest.MonkeyPatch) -> None:
    _without(patch, checks.check_symbol)


def drop_the_reservation(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(reservations, "open_quantity", lambda order, assets_at: 0)


def forget_late_fills(patch: pytest.MonkeyPatch) -> None:
    """What filled after the account was read counts as free again."""
    original = reservations.open_quantity
    patch.setattr(
        reservations, "open_quantity", lambda order, assets_at: original(replace(order, filled_at=None), assets_at)
    )


def let_fills_fall(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(matching, "raised", lambda known, told, ordered: min(told, ordered))


def trust_the_lease(patch: pytest.MonkeyPatch) -> None:
    """A process that was stopped for longer than its lease sends what it had in hand."""
    patch.setattr(schedule._Lease, "held", lambda self: True)


def guess_among_candidates(patch: pytest.MonkeyPatch) -> None:
    original = matching._unnumbered

    def unnumbered(order: Order, candidates: list[Any], contested: bool, *rest: Any) -> Order:
        return original(order, candidates[:1], False, *rest)

    patch.setattr(matching, "_unnumbered", unnumbered)


def forget_the_spacing(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(sending.Sender, "_too_soon", lambda self, orders, now: False)


def order_in_the_dark(patch: pytest.MonkeyPatch) -> None:
    """What the broker says of the issue right before the order is asked for and not looked at."""
    patch.setattr(sending, "inspected", lambda quote, issue: quote)


def _without(patch: pytest.MonkeyPatch, left_out: checks.Check) -> None:
    original = checks.first_refusal

    def first_refusal(wanted: Any, facts: Any, chosen: Any = checks.CHECKS) -> Any:
        return original(wanted, facts, [check for check in chosen if check is not left_out])

    patch.setattr(checks, "first_refusal", first_refusal)


BUGS: tuple[Bug, ...] = (
    skip_the_look_up, believe_part_of_a_list, send_before_the_commit, resend_on_unknown, take_a_lost_answer_for_a_no,
    send_again_after_a_crash, forget_the_pause, ignore_the_kill_switch, ignore_the_age_of_quotes,
    ignore_other_orders_of_the_symbol, drop_the_reservation, forget_late_fills, let_fills_fall,
    trust_the_lease, guess_among_candidates, forget_the_spacing, order_in_the_dark,
)  # fmt: skip
